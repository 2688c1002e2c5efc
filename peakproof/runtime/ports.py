"""Free TCP ports on 127.0.0.1 that stay ours until we let go of them.

They lie below the range that the system hands out for outgoing connections, so that no
client of ours sits on a server's port while that server restarts; a lock file a port keeps
two harness processes apart.
"""

import fcntl
import os
import secrets
import socket
import tempfile
from pathlib import Path
from typing import IO

from peakproof.errors import EnvironmentLacks

__all__ = ["ReservedPort", "reserve_port"]

FIRST_PORT = 20_000
RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class ReservedPort:
    """A port number that no other peakproof process uses until ``close()``."""

    def __init__(self, number: int, lock: IO[bytes]) -> None:
        self.number = number
        self._lock = lock

    def close(self) -> None:
        """Give the port back."""
        self._lock.close()

    def require_free(self, who: str) -> None:
        """Raise EnvironmentLacks if something listens on the port that is not ours."""
        if not _is_free(self.number):
            raise EnvironmentLacks(
                f"Port {self.number} on 127.0.0.1, reserved for {who}, was taken by another "
                "program. Next step: run again; if it happens often, find the program with "
                f"`ss -ltnp 'sport = :{self.number}'`."
            )


def reserve_port() -> ReservedPort:
    """Reserve a port that is free now; raises EnvironmentLacks when none is."""
    folder = Path(tempfile.gettempdir()) / f"peakproof-ports-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    last_port = _first_outgoing_port()
    count = last_port - FIRST_PORT
    start = secrets.randbelow(count)
    for step in range(count):
        number = FIRST_PORT + (start + step) % count
        lock = (folder / str(number)).open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        if _is_free(number):
            return ReservedPort(number, lock)
        lock.close()
    raise EnvironmentLacks(
        f"No TCP port from {FIRST_PORT} to {last_port - 1} on 127.0.0.1 is free. "
        "Next step: stop programs that listen there (`ss -ltn`)."
    )


def _first_outgoing_port() -> int:
    try:
        first = int(RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError):
        first = 32_768
    return first if first > FIRST_PORT + 100 else 65_000


def _is_free(number: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True
