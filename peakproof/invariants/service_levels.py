"""The connector is as quick as it promises, and recovers as fast as it promises.

Per flow (see peakproof.evidence.latencies) the 95th percentile of what was not disturbed by a
fault must not exceed the claimed ``p95_seconds``. What a fault disturbed must have arrived
``recovery_seconds`` after its heal. An order that only the last, long-period reconciliation
found is late, whatever the percentile says. Order changes are judged by the level of
``orders``.

A miss is not a violation: the verdict is "service level missed" (exit code 3). What never
arrived is for the other invariants; it is counted here. Not claimed: no service level for
anything that was measured. Unknown: there is a promise and nothing was
measured.

Seen in public: microsoft/BCApps issue 6395, Shopify/shopify-api-js issue 916, facts S16, L1,
F11, I11.
"""

from typing import Any

import msgspec

from peakproof.evidence import (
    Claims,
    Example,
    Facts,
    Findings,
    Result,
    ServiceLevel,
    Story,
    unknown,
)
from peakproof.evidence.latencies import LEVEL_OF, Latencies, Sample, percentile
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "service_levels"
TITLE = "Changes arrive within the claimed service levels, and soon after a fault has healed."
FLOWS: tuple[str, ...] = ()

SHOWN_MAX = 3  # slowest samples shown with a missed percentile


class Split(msgspec.Struct):
    """A flow's samples: those that a fault disturbed, the others, those that never ended."""

    calm: list[Sample]
    disturbed: list[Sample]
    unfinished: int


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Measure every flow and hold it against its level."""
    facts = Facts.of(history, claims, plan)
    latencies = Latencies.of(facts)
    findings = Findings(NAME)
    figures: dict[str, Any] = {}
    measured = judged = 0
    for flow, level_name in LEVEL_OF.items():
        if level_name not in claims.flows:
            continue
        samples = latencies.flow(flow)
        level = claims.service_levels.get(level_name)
        split = _split(facts, samples, level or ServiceLevel(p95_seconds=0), level_name)
        figures[flow] = _figures(samples, split, level)
        ended = len(split.calm) + len(split.disturbed)
        measured += ended
        if level is not None and ended:
            judged += ended
            _judge(facts, flow, level_name, level, split, findings)
    promised = {level for level in LEVEL_OF.values() if level in claims.flows}
    if not measured and promised & set(claims.service_levels):
        return unknown(NAME, "No latency could be measured.", figures)
    if not judged:
        return Result(
            name=NAME,
            verdict=Verdict.NOT_CLAIMED,
            summary="The connector claims no service level for what was measured.",
            figures=figures,
        )
    passed = f"{judged} changes arrived within the claimed service levels."
    return findings.result(passed, judged, figures, verdict=Verdict.SLOW)


def _split(facts: Facts, samples: list[Sample], level: ServiceLevel, flow: str) -> Split:
    split = Split([], [], 0)
    for sample in samples:
        if sample.ended_seconds is None:
            split.unfinished += 1
            continue
        due = sample.begun_seconds + level.p95_seconds
        until = max(sample.begun_seconds, min(sample.ended_seconds, due))
        disturbed = facts.faults.disturbed(
            sample.begun_seconds, until, level.recovery_seconds, flow
        )
        (split.disturbed if disturbed else split.calm).append(sample)
    return split


def _figures(samples: list[Sample], split: Split, level: ServiceLevel | None) -> dict[str, Any]:
    calm = [sample.seconds or 0.0 for sample in split.calm]
    return {
        "count": len(samples),
        "calm": len(calm),
        "disturbed": len(split.disturbed),
        "unfinished": split.unfinished,
        "late": sum(sample.late for sample in samples),
        "p50_seconds": _rounded(percentile(calm, 0.50)),
        "p95_seconds": _rounded(percentile(calm, 0.95)),
        "max_seconds": _rounded(max(calm, default=None)),
        "level_p95_seconds": level.p95_seconds if level else None,
        "level_recovery_seconds": level.recovery_seconds if level else None,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _judge(
    facts: Facts, flow: str, level_name: str, level: ServiceLevel, split: Split, findings: Findings
) -> None:
    calm = [sample for sample in split.calm if not sample.late]
    p95 = percentile([sample.seconds or 0.0 for sample in calm], 0.95)
    if p95 is not None and p95 > level.p95_seconds:
        slowest = sorted(calm, key=lambda sample: -(sample.seconds or 0))[:SHOWN_MAX]
        named = "; ".join(f"{one.subject} {one.seconds:.3f} s" for one in slowest)
        findings.add(
            f"{flow} too slow",
            expected=f"95 of 100 within {level.p95_seconds:g} s",
            found=f"p95 {p95:.3f} s of {len(calm)}; slowest: {named}",
            subject=flow,
            events=[event for sample in slowest for event in sample.events],
        )
    for sample in [*split.calm, *split.disturbed]:
        if sample.late:
            findings.add(
                "found by the last reconciliation only",
                expected="in Odoo when the connector had fallen quiet",
                found=f"in Odoo {sample.seconds or 0:.3f} s after the channel took it",
                subject=sample.subject,
                events=sample.events,
            )
    for sample in split.disturbed:
        due = facts.faults.deadline(
            sample.begun_seconds, level.p95_seconds, level.recovery_seconds, level_name
        )
        if not sample.late and sample.ended_seconds is not None and sample.ended_seconds > due:
            findings.add(
                f"{flow} not recovered in time",
                expected=f"there by {due:.3f} s, {level.recovery_seconds:g} s after the heal",
                found=f"there at {sample.ended_seconds:.3f} s",
                subject=sample.subject,
                events=sample.events,
            )


def _order(arrives: float) -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.0 + arrives, "1001")
    return story


def _stock(arrives: float) -> Story:
    story = _order(1.0)
    story.store_sale(30.0, "MUG")
    story.pushed(30.0 + arrives, "MUG")
    return story.finish()


def _recovered(arrives: float) -> Story:
    story = Story()
    story.fault(0.5, 30.0)
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(arrives, "1001")
    return story.finish()


def _found_last() -> Story:
    story = _order(1.0)
    story.checkout(2.0, "1002", {"MUG": 1})
    story.finish(50.0, "settled")
    story.imported(60.0, "1002")
    return story.finish(100.0, "reconciled")


def _unanswered() -> Story:
    story = _order(2.0)
    story.checkout(5.0, "1002", {"MUG": 1}, answered=False, reaches_shop=False)
    story.store_sale(7.0, "MUG", outcome="info", happens=False)
    return story.finish()


def _edit(arrives: float) -> Story:
    story = _order(1.0)
    story.edit(10.0, "1001", "MUG", 2)
    story.updated_in_odoo(10.0 + arrives, "1001")
    return story.finish()


EXAMPLES = [
    Example(name="empty", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=lambda: _stock(2.0), verdict=Verdict.PASS),
    Example(name="a slow order", tell=lambda: _order(40.0).finish(), verdict=Verdict.SLOW),
    Example(name="slow stock", tell=lambda: _stock(9.0), verdict=Verdict.SLOW, says="inventory"),
    Example(name="a slow edit", tell=lambda: _edit(15.0), verdict=Verdict.SLOW, says="changes"),
    Example(name="recovered in time", tell=lambda: _recovered(45.0), verdict=Verdict.PASS),
    Example(name="recovered late", tell=lambda: _recovered(70.0), verdict=Verdict.SLOW),
    Example(name="found last", tell=_found_last, verdict=Verdict.SLOW, says="reconciliation"),
    Example(name="deeds without answer", tell=_unanswered, verdict=Verdict.PASS),
    Example(
        name="no level claimed",
        tell=lambda: _stock(9.0),
        verdict=Verdict.NOT_CLAIMED,
        claims=Claims(flows={"orders", "inventory"}),
    ),
]
