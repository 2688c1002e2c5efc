"""Stretches of time that may overlap, and which moments lie in one of them.

Each question costs the logarithm of their number: a long run has many deeds and many faults.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

__all__ = ["Spans"]


class Spans:
    """Stretches (begin, end) in seconds; an end may be infinite."""

    def __init__(self, spans: Iterable[tuple[float, float]]) -> None:
        ordered = sorted(spans, key=lambda span: span[0])
        self._begins = [begin for begin, _ in ordered]
        # The latest end of those that began up to here: it never falls.
        self._ends = list(accumulate((end for _, end in ordered), max))

    def touch(self, begun: float, ended: float, grace_seconds: float = 0.0) -> bool:
        """Say whether any of them, prolonged by the grace, overlaps a stretch of time."""
        before = bisect_right(self._begins, ended)
        return before > 0 and self._ends[before - 1] + grace_seconds >= begun

    def over(self, moment: float, grace_seconds: float = 0.0) -> int:
        """Return how many of the first, in order of beginning, are over at a moment."""
        return bisect_right(self._ends, moment, key=lambda end: end + grace_seconds)
