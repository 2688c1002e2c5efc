"""An outage of one partner slows no other flow: a dead carrier stalls no order.

While a part of the world was broken (a fault that names it: the carrier, the bank ...), the
flows that do not need it go on as promised: of what began during the fault, 95 of 100 changes
arrive within the flow's service level, without the grace that ``service_levels`` grants after a
fault. What never arrived counts as late.

A miss is not a violation: the verdict is "service level missed". Not claimed: the connector
promises nothing for a flow that was to go on.
Unknown: no fault broke one part only, or nothing else went on meanwhile.

Seen in public: ParsimonyGit/shipstation_integration pull 5, facts F11, Q2 and L1 (one dead
endpoint starves every queue).
"""

from typing import Any

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
from peakproof.evidence.faultwindows import FLOWS_OF_PART, FaultWindow
from peakproof.evidence.latencies import LEVEL_OF, Latencies, Sample, percentile
from peakproof.evidence.spans import Spans
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "isolation"
TITLE = "An outage of one partner slows no other flow."
FLOWS: tuple[str, ...] = ()


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Measure, during each partner's outage, the flows that do not need it."""
    facts = Facts.of(history, claims, plan)
    windows = [window for window in facts.faults.windows if window.part in FLOWS_OF_PART]
    if not set(LEVEL_OF.values()) & claims.flows & set(claims.service_levels):
        return Result(
            name=NAME,
            verdict=Verdict.NOT_CLAIMED,
            summary="The connector promises no time for a flow that was to go on.",
        )
    findings = Findings(NAME)
    figures: dict[str, Any] = {}
    judged = 0
    for flow, level_name in LEVEL_OF.items():
        level = claims.service_levels.get(level_name)
        if level is None or level_name not in claims.flows:
            continue
        others = [window for window in windows if not window.hinders(level_name)]
        broken = Spans((window.begin_seconds, window.end_seconds) for window in others)
        samples = [
            sample
            for sample in Latencies.of(facts).flow(flow)
            if broken.touch(sample.begun_seconds, sample.begun_seconds)
        ]
        judged += len(samples)
        if samples:
            figures[flow] = _judge(findings, flow, level, samples, others)
    if not judged:
        return unknown(NAME, "Nothing else went on while one partner was broken.", figures)
    parts = ", ".join(sorted({window.part for window in windows}))
    passed = f"{judged} changes of other flows arrived in time while {parts} was broken."
    return findings.result(passed, judged, figures, verdict=Verdict.SLOW)


def _judge(
    findings: Findings,
    flow: str,
    level: ServiceLevel,
    samples: list[Sample],
    windows: list[FaultWindow],
) -> dict[str, Any]:
    seconds = [float("inf") if sample.seconds is None else sample.seconds for sample in samples]
    p95 = percentile(seconds, 0.95) or 0.0
    if p95 > level.p95_seconds:
        slowest = max(samples, key=lambda sample: sample.seconds or float("inf"))
        findings.add(
            "slowed by another's outage",
            expected=f"p95 of at most {level.p95_seconds:g} s",
            found=f"{p95:.1f} s for {len(samples)} changes",
            subject=f"{flow} while {', '.join(sorted({window.part for window in windows}))} "
            "was broken",
            events=slowest.events,
        )
    return {"count": len(samples), "p95_seconds": round(p95, 3)}


def _outage(arrives: float, part: str = "carrier") -> Story:
    """Two orders while a part is broken; the second is imported at ``arrives``."""
    story = Story()
    options = {"options": {"simulator": part}}
    story.add(0.5, "harness", "fault", "api_errors", key="f1", outcome="injected", value=options)
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    story.checkout(2.0, "1002", {"MUG": 1})
    story.imported(arrives, "1002")
    story.add(60.0, "harness", "fault", "api_errors", key="f1", outcome="healed", value=options)
    return story.finish()


def _calm() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    return story.finish()


EXAMPLES = [
    Example(name="nothing broken", tell=_calm, verdict=Verdict.UNKNOWN),
    Example(name="orders go on", tell=lambda: _outage(2.5), verdict=Verdict.PASS),
    Example(
        name="orders wait for the carrier",
        tell=lambda: _outage(59.0),
        verdict=Verdict.SLOW,
        says="while carrier was broken",
    ),
    Example(
        name="the channel itself was broken",
        tell=lambda: _outage(59.0, part="shopify"),
        verdict=Verdict.UNKNOWN,
    ),
    Example(
        name="no promise",
        tell=lambda: _outage(2.5),
        verdict=Verdict.NOT_CLAIMED,
        claims=Claims(flows={"orders"}),
    ),
]
