"""What operators are told is true, and what they do works once: letters, replay, gauge, audit.

Orders that Odoo could not take as they were (they name an item that it lacks) must be listed as
dead letters when all is quiet; the gauge in the metrics must say as many as the list; the audit
must tell something about each. When the cause was put right and the letters were tried again,
each twice, none of them may be left, and the gauge must say none.

That a letter tried twice is done once is for ``orders_exactly_once``. Gauge and audit are judged
only where connector.toml names them. Not claimed: no replay.
Unknown: no operator looked, or nothing ever needed one.

Seen in public: OCA/queue pull 622, microsoft/BCApps pull 9211, odoo/documentation's unknown
items, facts Q2, Q3, L7, S17.
"""

from collections import Counter

from peakproof.evidence import (
    Claims,
    Example,
    Facts,
    Findings,
    Operation,
    Result,
    Story,
    unknown,
)
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "operations_sound"
TITLE = "Dead letters are listed, counted and audited; tried again they are done, once."
FLOWS: tuple[str, ...] = ()


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Judge what the operator saw before and after the replay."""
    if "replay" not in claims.operations:
        return Result(
            name=NAME,
            verdict=Verdict.NOT_CLAIMED,
            summary="The connector offers no replay of dead letters.",
        )
    facts = Facts.of(history, claims, plan)
    looks = [one for one in facts.operations if one.action == "inspect" and one.outcome == "ok"]
    replays = [one for one in facts.operations if one.action == "replay"]
    strange = _strange(facts)
    if len(looks) < 2 or not replays:
        return unknown(NAME, "No operator looked before and after a replay.")
    before, after = looks[0], looks[-1]
    listed = set(before.result["listed"])
    if not strange and not listed:
        return unknown(NAME, "Nothing needed a person, so nothing was tested.")
    findings = Findings(NAME)
    figures: Counter[str] = Counter(strange=len(strange), listed=len(listed))
    for gid in sorted(strange - listed):
        findings.add(
            "dead letter not listed",
            expected="a dead letter, for Odoo lacks an item of the order",
            found=f"{len(listed)} letters, none about it",
            subject=gid,
            events=before.events,
        )
    for look, when in ((before, "before"), (after, "after")):
        _gauge(findings, look, when)
        _audit(findings, look, when)
    for replay in replays:
        if replay.outcome != "ok":
            findings.add(
                "replay refused",
                expected="every letter is tried again",
                found=replay.value.get("message") or replay.outcome,
                subject="replay",
                events=replay.events,
            )
        figures["replayed"] += len(replay.result.get("replayed") or [])
    for resource in sorted(set(after.result["listed"]) & listed):
        findings.add(
            "still a dead letter",
            expected="done, for its cause was put right and it was tried again",
            found="listed as before",
            subject=resource,
            events=after.events,
        )
    passed = f"{len(listed)} letters listed, tried again twice each, none is left."
    return findings.result(passed, len(strange | listed), dict(figures))


def _strange(facts: Facts) -> set[str]:
    """Return the orders that name an item which Odoo lacked when they were placed."""
    return {
        gid
        for gid, order in facts.orders.items()
        if {str(line["sku"]) for line in order.get("lines") or []} - facts.known_skus
    }


def _gauge(findings: Findings, look: Operation, when: str) -> None:
    result = look.result
    if "gauge" in result and float(result["gauge"]) != len(result["listed"]):
        findings.add(
            "false metric",
            expected=f"{len(result['listed'])} dead letters, as listed",
            found=f"{result['gauge']:g} in the metrics",
            subject=f"metrics {when} the replay",
            events=look.events,
        )


def _audit(findings: Findings, look: Operation, when: str) -> None:
    for resource, entries in (look.result.get("audited") or {}).items():
        if not entries:
            findings.add(
                "audit incomplete",
                expected="at least one entry",
                found="none",
                subject=f"{resource} {when} the replay",
                events=look.events,
            )


_GID = "gid://shopify/Order/1001"


def _operators_day(
    listed: list[str], left: list[str], *, gauge: float | None = None, audited: int = 1
) -> Story:
    """An order with an item that only the channel knows, and what the operator saw of it."""
    story = Story(stock={"MUG": 5, "NEW": 5}, unknown_to_odoo={"NEW"})
    story.checkout(1.0, "1001", {"NEW": 1})
    seen = {"listed": listed, "audited": dict.fromkeys(listed, audited)}
    story.operated(5.0, "inspect", seen | {"gauge": len(listed) if gauge is None else gauge})
    story.operated(6.0, "replay", {"replayed": listed})
    if not left:
        story.imported(7.0, "1001")
    story.operated(9.0, "inspect", {"listed": left, "gauge": len(left), "audited": {}})
    return story.finish()


_CLAIMS = Claims(flows={"orders"}, operations={"replay": True, "metrics": True, "audit": True})

EXAMPLES = [
    Example(
        name="no replay is offered",
        tell=lambda: _operators_day([_GID], []),
        verdict=Verdict.NOT_CLAIMED,
    ),
    Example(name="nobody looked", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN,
            claims=_CLAIMS),
    Example(
        name="clean", tell=lambda: _operators_day([_GID], []), verdict=Verdict.PASS,
        claims=_CLAIMS,
    ),
    Example(
        name="not listed", tell=lambda: _operators_day([], []), verdict=Verdict.VIOLATED,
        claims=_CLAIMS, says="not listed",
    ),
    Example(
        name="still there", tell=lambda: _operators_day([_GID], [_GID]),
        verdict=Verdict.VIOLATED, claims=_CLAIMS, says="still a dead letter",
    ),
    Example(
        name="false metric", tell=lambda: _operators_day([_GID], [], gauge=0),
        verdict=Verdict.VIOLATED, claims=_CLAIMS, says="false metric",
    ),
    Example(
        name="no audit", tell=lambda: _operators_day([_GID], [], audited=0),
        verdict=Verdict.VIOLATED, claims=_CLAIMS, says="audit incomplete",
    ),
]  # fmt: skip
