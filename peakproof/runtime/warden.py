"""The warden: a tiny process that cleans up when its harness is gone, however it went.

It reads lines: ``keep KIND NAME`` and ``forget KIND NAME``, where the kind is ``group`` (a
process group by id), ``leader`` (a process that cleans up after itself on SIGQUIT), ``folder``,
or ``container`` or ``network`` (of the docker engine, by id). When the pipe breaks it stops the
processes by id and removes the rest.
It runs alone, by path: it imports nothing of peakproof.
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable

__all__ = ["main"]

LEADER_GRACE_SECONDS = 3.0
ENGINE_SECONDS = 20.0


def main() -> None:
    """Serve the harness until it is gone, then clean up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kept: dict[tuple[str, str], None] = {}
    for line in sys.stdin:
        verb, kind, name = line.rstrip("\n").split(" ", 2)
        if verb == "keep":
            kept[kind, name] = None
        else:
            kept.pop((kind, name), None)
    leaders = [int(name) for kind, name in kept if kind == "leader"]
    for pid in leaders:
        send(os.kill, pid, signal.SIGQUIT)
    for kind, name in kept:
        if kind == "group":
            send(os.killpg, int(name), signal.SIGKILL)
    for wanted in ("container", "network"):  # a network goes once nothing is in it
        for kind, name in kept:
            if kind == wanted:
                remove_from_engine(f"/{kind}s/{name}?force=1&v=1")
    deadline = time.monotonic() + LEADER_GRACE_SECONDS
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{pid}") for pid in leaders):
        time.sleep(0.02)
    for pid in leaders:
        send(os.kill, pid, signal.SIGKILL)
    for kind, name in kept:
        if kind == "folder":
            shutil.rmtree(name, ignore_errors=True)


def remove_from_engine(path: str) -> None:
    """Ask the docker engine of this machine to remove something; nobody is left to tell."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    scheme, _, place = address.partition("://")
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("localhost", timeout=ENGINE_SECONDS)
        if scheme == "unix":
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.settimeout(ENGINE_SECONDS)
            connection.sock.connect(place)
        else:
            connection = http.client.HTTPConnection(place, timeout=ENGINE_SECONDS)
        connection.request("DELETE", path)
        connection.getresponse().read()
        connection.close()


def send(how: Callable[[int, int], None], target: int, number: int) -> None:
    """Send a signal; a target that is gone already is as good."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(target, number)


if __name__ == "__main__":
    main()
