"""Findings and results: what an invariant says, with the evidence for it.

A Result never holds more than ``KEPT_MAX`` findings, but always counts all of them.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from peakproof.history import Event
from peakproof.outcomes import Verdict

__all__ = ["KEPT_MAX", "TRAIL_MAX", "Finding", "Findings", "Result", "summarise", "unknown"]

KEPT_MAX = 50
TRAIL_MAX = 12


class Finding(msgspec.Struct, kw_only=True):
    """One thing that is not as it should be.

    ``subject`` is the key of the order, SKU or event it is about; ``trail`` a few one-line
    summaries of the events that show it; ``time_seconds`` when it became visible.
    """

    what: str
    expected: str
    found: str
    subject: str = ""
    trail: list[str] = []
    time_seconds: float | None = None


class Result(msgspec.Struct, kw_only=True):
    """What one invariant says of one history.

    ``tested`` is how many things were looked at: zero is never a pass. ``finding_count`` is
    exact, ``findings`` are the first of them. ``figures`` are numbers that a reader may want
    beside the verdict.
    """

    name: str
    verdict: Verdict
    summary: str
    tested: int = 0
    findings: list[Finding] = []
    finding_count: int = 0
    figures: dict[str, Any] = {}


class Findings:
    """Collects findings for one invariant: keeps the first ones, counts them all."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept: list[Finding] = []
        self.count = 0

    def add(
        self,
        what: str,
        *,
        expected: object,
        found: object,
        subject: str = "",
        events: Iterable[Event] = (),
        time_seconds: float | None = None,
    ) -> None:
        """Note one finding, with the events that show it."""
        self.count += 1
        if len(self.kept) >= KEPT_MAX:
            return
        shown = [event for _, event in zip(range(TRAIL_MAX), events, strict=False)]
        if time_seconds is None and shown:
            time_seconds = shown[-1].time
        self.kept.append(
            Finding(
                what=what,
                expected=str(expected),
                found=str(found),
                subject=subject,
                trail=[summarise(event) for event in shown],
                time_seconds=time_seconds,
            )
        )

    def result(
        self,
        passed: str,
        tested: int,
        figures: dict[str, Any],
        *,
        failed: str = "",
        verdict: Verdict = Verdict.VIOLATED,
    ) -> Result:
        """Return the result: ``verdict`` where there are findings, else a pass."""
        if not self.count:
            return Result(
                name=self.name,
                verdict=Verdict.PASS,
                summary=passed,
                tested=tested,
                figures=figures,
            )
        first = self.kept[0]
        summary = failed or (
            f"{self.count} finding{'s' if self.count > 1 else ''}; the first: {first.what} "
            f"({first.subject}): expected {first.expected}, found {first.found}"
        )
        return Result(
            name=self.name,
            verdict=verdict,
            summary=summary,
            tested=tested,
            findings=list(self.kept),
            finding_count=self.count,
            figures=figures,
        )


def unknown(name: str, why: str, figures: dict[str, Any] | None = None) -> Result:
    """Return the result that stands for "this run does not tell"."""
    return Result(name=name, verdict=Verdict.UNKNOWN, summary=why, figures=figures or {})


def summarise(event: Event) -> str:
    """Return one line that shows an event to a person: when, who, what, the telling values."""
    parts = [f"{event.time:.3f} s", event.source, event.kind, event.name]
    if event.key:
        parts.append(event.key)
    if event.outcome:
        parts.append(event.outcome)
    details = []
    for name, value in event.value.items():
        if value in (None, "", [], {}):
            continue
        text = str(value)
        details.append(f"{name}={text if len(text) <= 80 else text[:77] + '...'}")
    line = " ".join(parts) + (": " + ", ".join(details) if details else "")
    return line if len(line) <= 300 else line[:297] + "..."
