"""The warden: a tiny process that cleans up when its harness is gone, however it went.

It reads lines: ``keep KIND NAME`` and ``forget KIND NAME``, where the kind is ``group`` (a
process group by id), ``leader`` (a process that cleans up after itself on SIGQUIT) or
``folder``. When the pipe breaks it stops the processes by id and removes the folders.
It runs alone, by path: it imports nothing of peakproof.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable

__all__ = ["main"]

LEADER_GRACE_SECONDS = 3.0


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
    deadline = time.monotonic() + LEADER_GRACE_SECONDS
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{pid}") for pid in leaders):
        time.sleep(0.02)
    for pid in leaders:
        send(os.kill, pid, signal.SIGKILL)
    for kind, name in kept:
        if kind == "folder":
            shutil.rmtree(name, ignore_errors=True)


def send(how: Callable[[int, int], None], target: int, number: int) -> None:
    """Send a signal; a target that is gone already is as good."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(target, number)


if __name__ == "__main__":
    main()
