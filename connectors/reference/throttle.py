"""Stays within the channel's calculated query cost instead of running into the limit.

Keeps an estimate of the bucket: what the last answer said, less what was sent since, plus what
has been restored. A request is sent when its cost fits; waiting requests keep their order.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Throttle"]


class Throttle:
    """The channel's leaky bucket, seen from the client. Costs are points, times seconds."""

    def __init__(
        self,
        maximum: float = 1000.0,
        restore_per_second: float = 50.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.maximum = maximum
        self.restore_per_second = restore_per_second
        self.available = maximum
        self.waited_seconds = 0.0
        self._clock = clock
        self._at = clock()
        self._turn = asyncio.Lock()
        self._costs: dict[str, float] = {}
        self._not_before = 0.0

    def cost_of(self, document: str) -> float:
        """Return what a document is expected to cost: as the channel said, or a guess."""
        return self._costs.get(document, 50.0)

    def _restore(self) -> None:
        now = self._clock()
        gained = (now - self._at) * self.restore_per_second
        self.available = min(self.maximum, self.available + gained)
        self._at = now

    def wait_seconds(self, cost: float) -> float:
        """Return how long to wait until a request of that cost may be sent."""
        self._restore()
        missing = min(cost, self.maximum) - self.available
        return max(0.0, missing / self.restore_per_second, self._not_before - self._clock())

    def hold(self, seconds: float) -> None:
        """Send nothing for a while: the channel said so."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    async def take(self, document: str) -> None:
        """Wait until the document's cost fits, and take it from the bucket."""
        async with self._turn:
            cost = self.cost_of(document)
            while (wait := self.wait_seconds(cost)) > 0:
                self.waited_seconds += wait
                await asyncio.sleep(wait)
            self.available -= cost

    def learn(self, document: str, extensions: dict[str, Any]) -> None:
        """Take over what an answer's ``extensions.cost`` says."""
        cost = extensions.get("cost") or {}
        if cost.get("requestedQueryCost"):
            self._costs[document] = float(cost["requestedQueryCost"])
        status = cost.get("throttleStatus") or {}
        if status:
            self._restore()
            self.maximum = float(status["maximumAvailable"])
            self.restore_per_second = float(status["restoreRate"])
            # What is under way may not be charged there yet, and others may spend as well:
            # the lower of both views counts.
            actual = cost.get("actualQueryCost")
            requested = float(cost.get("requestedQueryCost") or 0)
            refund = max(0.0, requested - float(actual)) if actual is not None else 0.0
            self.available = min(self.available + refund, float(status["currentlyAvailable"]))
