"""What partners were asked: calls of the journal by part, with the facts that are kept of them."""

from heapq import merge
from typing import Any

import msgspec

from peakproof.evidence.facts import Facts
from peakproof.history import Event

__all__ = ["Call", "calls"]

UNREADABLE = "partner_malformed"  # carried out and answered, and nobody can tell how


class Call(msgspec.Struct, kw_only=True):
    """One call: ``outcome`` is ok where it was carried out, info where nobody can tell."""

    time_seconds: float
    outcome: str
    facts: dict[str, Any]
    fault: str
    event: Event

    @property
    def readable(self) -> bool:
        """Whether the caller could tell what was answered."""
        return self.outcome == "ok" and self.fault != UNREADABLE


def calls(facts: Facts, *parts: str) -> list[Call]:
    """Return what the partners of some parts were asked, in order of time."""
    return [
        Call(
            time_seconds=event.time,
            outcome=event.outcome,
            facts=event.value.get("arguments") or {},
            fault=str(event.value.get("fault") or ""),
            event=event,
        )
        for event in merge(
            *(facts.of_kind("request", source=part) for part in parts),
            key=lambda event: event.time,
        )
    ]
