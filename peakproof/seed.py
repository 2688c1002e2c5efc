"""The only source of randomness and of time.

Everything drawn in a run comes from one integer through named streams, so that adding a
draw to one stream moves no other. Times are seconds since the run began, the same in every
process of the machine (they rest on the machine's monotonic clock).

Not here: determinism of Odoo, of PostgreSQL and of the connector, which run on real time.
"""

import hashlib
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from peakproof.errors import WaitExpired

__all__ = ["Clock", "Seed", "wait_until"]

T = TypeVar("T")


class Seed:
    """A run's seed: ``stream("shoppers")`` is an independent, repeatable ``Random``."""

    def __init__(self, value: int) -> None:
        self.value = value

    def stream(self, name: str) -> random.Random:
        """Return the random stream of that name, always from its beginning."""
        return random.Random(self.number(name))

    def number(self, name: str) -> int:
        """Return a 64-bit number drawn for that name."""
        digest = hashlib.sha256(f"{self.value}|{name}".encode()).digest()
        return int.from_bytes(digest[:8], "big")

    def token(self, name: str, length: int = 32) -> str:
        """Return a hexadecimal word for that name (throw-away credentials, ids)."""
        return hashlib.sha256(f"{self.value}|token|{name}".encode()).hexdigest()[:length]


class Clock:
    """The run's clock: seconds since the run began, shared by every process of the run."""

    def __init__(self, origin_monotonic_ns: int, origin_epoch_seconds: float) -> None:
        self.origin_monotonic_ns = origin_monotonic_ns
        self.origin_epoch_seconds = origin_epoch_seconds

    @classmethod
    def start(cls) -> "Clock":
        """Return a clock that stands at zero now."""
        return cls(time.monotonic_ns(), time.time_ns() / 1e9)

    def now(self) -> float:
        """Return the seconds since the run began."""
        return (time.monotonic_ns() - self.origin_monotonic_ns) / 1e9

    def wall(self, at_seconds: float | None = None) -> datetime:
        """Return the date and time (UTC) at a moment of the run, by default now."""
        moment = self.now() if at_seconds is None else at_seconds
        return datetime.fromtimestamp(self.origin_epoch_seconds + moment, UTC)

    def from_epoch(self, epoch_seconds: float) -> float:
        """Return the run time of a wall-clock moment given as seconds since 1970."""
        return epoch_seconds - self.origin_epoch_seconds


def wait_until(
    condition: Callable[[], T],
    limit_seconds: float,
    what: str,
    poll_seconds: float = 0.05,
) -> T:
    """Poll until ``condition()`` is truthy and return its value.

    Raises WaitExpired, naming ``what``, after ``limit_seconds``.
    """
    deadline = time.monotonic() + limit_seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise WaitExpired(f"Waited {limit_seconds:g} s for {what}; it did not come about.")
        time.sleep(poll_seconds)
