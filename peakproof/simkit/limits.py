"""Rate limits and idempotency keys, on the run's clock; the numbers are the vendor's."""

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

__all__ = ["Bucket", "IdempotencyState", "IdempotencyStore"]

T = TypeVar("T")
_canonical = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode


class Bucket:
    """A token bucket: ``maximum`` tokens, ``restore_per_second`` come back.

    Seen from the other side it is a leaky bucket: ``used`` runs out at the same rate. ``now``
    returns run time in seconds.
    """

    def __init__(self, now: Callable[[], float], maximum: float, restore_per_second: float) -> None:
        self.maximum = maximum
        self.restore_per_second = restore_per_second
        self._now = now
        self._tokens = maximum
        self._at = now()

    def available(self) -> float:
        """Return the tokens there are now."""
        moment = self._now()
        if moment > self._at:
            tokens = self._tokens + (moment - self._at) * self.restore_per_second
            self._tokens = tokens if tokens < self.maximum else self.maximum
            self._at = moment
        return self._tokens

    def used(self) -> float:
        """Return how full the bucket is, seen as a leaky one."""
        return self.maximum - self.available()

    def charge(self, amount: float = 1.0) -> bool:
        """Take ``amount`` tokens if they are there; say whether they were."""
        if self.available() < amount:
            return False
        self._tokens -= amount
        return True

    def refund(self, amount: float) -> None:
        """Give tokens back: an operation cost less than it was charged up front."""
        self._tokens = min(self.maximum, self.available() + amount)

    def wait_seconds(self, amount: float = 1.0) -> float:
        """Return after how long ``amount`` tokens will be there (inf if never)."""
        if amount > self.maximum:
            return float("inf")
        return max(0.0, (amount - self.available()) / self.restore_per_second)

    def drain(self) -> None:
        """Empty the bucket (another client of the same app used it up)."""
        self.available()
        self._tokens = 0.0


class IdempotencyState(StrEnum):
    """What a key stands for when a request arrives with it."""

    NEW = "new"  # process it, then call finish or fail
    REPLAY = "replay"  # processed before: answer with the result that is returned
    MISMATCH = "mismatch"  # known with other parameters
    CONCURRENT = "concurrent"  # the first one is still being processed
    PREVIOUS_FAILED = "previous_failed"  # the first one failed


class _Entry(Generic[T]):
    __slots__ = ("at", "digest", "result", "state")

    def __init__(self, at: float, digest: bytes) -> None:
        self.at = at
        self.digest = digest
        self.state = IdempotencyState.CONCURRENT
        self.result: T | None = None


class IdempotencyStore(Generic[T]):
    """Remembers results by key for ``retention_seconds`` (real; scale the vendor's figure)."""

    def __init__(self, now: Callable[[], float], retention_seconds: float) -> None:
        self._now = now
        self._retention_seconds = retention_seconds
        self._entries: dict[str, _Entry[T]] = {}  # in order of arrival

    def begin(self, key: str, parameters: Any) -> tuple[IdempotencyState, T | None]:
        """Say what a key stands for, with the result if it is a replay.

        ``parameters`` are whatever must be the same the second time (JSON-able). Put the
        client and the operation into ``key`` where the vendor keeps them apart.
        """
        self._forget_old()
        digest = hashlib.sha256(_canonical(parameters)).digest()
        entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = _Entry(self._now(), digest)
            return IdempotencyState.NEW, None
        if entry.digest != digest:
            return IdempotencyState.MISMATCH, None
        return entry.state, entry.result

    def finish(self, key: str, result: T) -> None:
        """Keep the result for replays."""
        entry = self._entries[key]
        entry.state, entry.result = IdempotencyState.REPLAY, result

    def fail(self, key: str) -> None:
        """Remember that the first attempt failed."""
        self._entries[key].state = IdempotencyState.PREVIOUS_FAILED

    def release(self, key: str) -> None:
        """Forget a key: the vendor lets a refused request be sent again with it."""
        self._entries.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)

    def _forget_old(self) -> None:
        oldest = self._now() - self._retention_seconds
        while self._entries:
            key = next(iter(self._entries))
            if self._entries[key].at >= oldest:
                return
            del self._entries[key]
