"""Follows one item at one place: Odoo's stock changes, then the channel's level.

A level that the connector writes may be a little behind in a rush: it counts as the answer to
every change up to the last moment at which Odoo's free stock was what it wrote. Units that the
channel sold and Odoo does not know yet may be subtracted or not; both are the truth.
"""

from collections.abc import Container, Iterator, Sequence
from heapq import merge

from peakproof.evidence.quants import QuantState
from peakproof.evidence.stock import LevelChange
from peakproof.history import Event

__all__ = ["LevelWatch"]

FOREVER = float("inf")


class LevelWatch:
    """Joins the changes in Odoo with the level that answers each of them."""

    def __init__(self, initial: float, deliveries: Container[int | None] = ()) -> None:
        """``deliveries`` are the transactions in which goods left for orders."""
        self._deliveries = deliveries
        self._on_hand = self._free = initial
        self._available = initial
        self._unknown = 0  # units sold in the channel that Odoo does not know of
        self._until: dict[float, float] = {}  # free stock -> when it was last that
        self._waiting: list[tuple[float, Event]] = []

    def follow(
        self,
        states: Sequence[QuantState],
        levels: Sequence[LevelChange],
        unknown_units: Sequence[tuple[float, int]],
    ) -> Iterator[tuple[float, float | None, Event]]:
        """Yield each change's beginning, its end (None: never) and its event."""
        timeline = merge(
            ((state.time_seconds, 0, state) for state in states),
            ((time, 1, units) for time, units in sorted(unknown_units)),
            ((level.time_seconds, 2, level) for level in levels),
            key=lambda entry: (entry[0], entry[1]),
        )
        for time, _, entry in timeline:
            reach = -FOREVER
            if isinstance(entry, QuantState):
                self._committed(entry)
            elif isinstance(entry, LevelChange):
                self._available = entry.available
                if entry.cause == "api":
                    reach = self._reach()
            elif isinstance(entry, int):
                self._unknown += entry
            if self._available in (self._free, self._free - self._unknown):
                reach = FOREVER
            answered = [one for one in self._waiting if one[0] < reach]
            if answered:
                self._waiting = [one for one in self._waiting if one[0] >= reach]
                for begun, event in answered:
                    yield begun, max(begun, time), event
        for begun, event in self._waiting:
            yield begun, None, event

    def _committed(self, state: QuantState) -> None:
        self._until[self._free] = state.time_seconds
        # What leaves as promised changes nothing that could be sold: no level answers it.
        left = state.on_hand < self._on_hand and state.transaction in self._deliveries
        if state.on_hand != self._on_hand and not left:
            self._waiting.append((state.time_seconds, state.event))
        self._on_hand, self._free = state.on_hand, state.free

    def _reach(self) -> float:
        """Return up to when Odoo's changes are in the level that was just written."""
        shown = (self._available, self._available + self._unknown)
        return max(self._until.get(number, -FOREVER) for number in shown)
