"""No refund above the limit is booked before a person has approved it, and it shows who did.

The limit is the connector's own (``[approvals] above`` in connector.toml); a connector that
declares none is not judged. Every credit note above it that was posted needs an approval in the
story which began before the posting, and the connector must be able to tell who approved, and
when, for that very order.
Unknown: nothing was refunded above the limit.

Seen in public: no thread is known; refunds without a second pair of eyes are how an insider, or
a wrong automation, pays money out (facts R8 shows an amount that nobody looked at).
"""

from collections import Counter
from decimal import Decimal

from peakproof.evidence import (
    Chain,
    Claims,
    Example,
    Facts,
    Findings,
    Operation,
    Record,
    Result,
    unknown,
)
from peakproof.evidence.creditnotes import credit_notes, posted_seconds
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "approvals"
TITLE = "Refunds above the limit are booked only after a person approved them, and it shows who."
FLOWS = ("returns",)


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Look for the approval of every credit note above the limit."""
    declared = (claims.operations.get("approvals") or {}).get("above")
    if not declared:
        return Result(
            name=NAME,
            verdict=Verdict.NOT_CLAIMED,
            summary="The connector declares no limit above which refunds need approval.",
        )
    limit = Decimal(str(declared))
    facts = Facts.of(history, claims, plan)
    findings = Findings(NAME)
    figures: Counter[str] = Counter(refunds_above=0, credit_notes_above=0, approvals=0)
    figures["refunds_above"] = sum(
        Decimal(str(refund["amount"])) > limit
        for order in facts.orders.values()
        for refund in order.get("refunds") or []
    )
    posted = posted_seconds(facts)
    for gid, notes in credit_notes(facts).items():
        for note in notes:
            if note["state"] == "posted" and Decimal(str(note["amount_total"])) > limit:
                figures["credit_notes_above"] += 1
                _judge(facts, findings, figures, (gid, note), posted.get(str(note["id"])))
    tested = figures["credit_notes_above"] + figures["refunds_above"]
    if not tested:
        return unknown(NAME, f"Nothing was refunded above {limit}.", dict(figures))
    passed = (
        f"{figures['credit_notes_above']} credit notes above {limit}, each approved before; "
        f"{figures['refunds_above']} refunds were above it."
    )
    return findings.result(passed, tested, dict(figures))


def _judge(
    facts: Facts,
    findings: Findings,
    figures: Counter[str],
    about: tuple[str, Record],
    posted: float | None,
) -> None:
    gid, note = about
    subject = f"{note['name']} of {(facts.orders.get(gid) or {}).get('name', 'no order')} {gid}"
    given = [
        one
        for one in facts.operations_on.get(gid, [])
        if one.action == "approve" and one.outcome != "fail" and one.arguments.get("order") == gid
    ]
    if not given:
        findings.add(
            "booked without approval",
            expected=f"an approval before {note['amount_total']} were credited",
            found="nobody approved it",
            subject=subject,
            time_seconds=posted,
        )
        return
    figures["approvals"] += 1
    first = min(given, key=lambda one: one.began_seconds)
    if posted is not None and posted < first.began_seconds:
        findings.add(
            "booked before its approval",
            expected=f"posted after {first.began_seconds:.3f} s",
            found=f"posted at {posted:.3f} s",
            subject=subject,
            time_seconds=posted,
        )
    _trace(facts, findings, (gid, first), subject)


def _trace(facts: Facts, findings: Findings, about: tuple[str, Operation], subject: str) -> None:
    gid, approval = about
    rows = facts.approvals_of.get(gid, [])
    who = approval.arguments.get("who")
    if any(row.get("who") == who and row.get("approved_at") for row in rows):
        return
    findings.add(
        "who approved is not told",
        expected=f"an approval by {who}, with its time",
        found=", ".join(f"{row.get('who') or 'nobody'} at {row.get('approved_at')}" for row in rows)
        or "no approval on record",
        subject=subject,
        events=approval.events,
    )


def _claims(above: str = "50") -> Claims:
    operations = {"approvals": {"above": above}} if above else {}
    return Claims(name="example", version="1", flows={"returns"}, operations=operations)


def _story(
    amount: str = "80.00", *, approved: float = 40.0, who: str = "Ada", booked: bool = True
) -> Chain:
    chain = Chain()
    gid = chain.order(1001, ("MUG", 2))
    chain.refunded(gid, amount)
    if booked:
        chain.credited(70, 1001, amount, time=50.0)
    if approved:
        arguments = {"order": gid, "who": "Ada"}
        chain.event(approved, "Ada", "operation", "approve", key="op-1", outcome="invoke",
                    value={"system": "connector", "arguments": arguments, "label": ""})  # fmt: skip
        chain.event(approved + 0.1, "Ada", "operation", "approve", key="op-1", outcome="ok",
                    value={"result": {}})  # fmt: skip
    if who:
        chain.final("connector", "approval", "1", {
            "id": 1, "order": gid, "amount": amount, "pending": False, "who": who,
            "approved_at": "2026-11-20 10:00:00+00",
        })  # fmt: skip
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN, claims=_claims()),
    Example(
        name="none declared", tell=_story, verdict=Verdict.NOT_CLAIMED, claims=_claims(above="")
    ),
    Example(
        name="below the limit", tell=lambda: _story("20.00", approved=0), verdict=Verdict.UNKNOWN,
        claims=_claims(),
    ),
    Example(name="clean", tell=_story, verdict=Verdict.PASS, claims=_claims()),
    Example(
        name="not booked, not approved", tell=lambda: _story(approved=0, who="", booked=False),
        verdict=Verdict.PASS, claims=_claims(),
    ),
    Example(
        name="nobody asked", tell=lambda: _story(approved=0), verdict=Verdict.VIOLATED,
        claims=_claims(), says="without approval",
    ),
    Example(
        name="too early", tell=lambda: _story(approved=60.0), verdict=Verdict.VIOLATED,
        claims=_claims(), says="before its approval",
    ),
    Example(
        name="nobody knows who", tell=lambda: _story(who=""), verdict=Verdict.VIOLATED,
        claims=_claims(), says="not told",
    ),
    Example(
        name="somebody else", tell=lambda: _story(who="Bob"), verdict=Verdict.VIOLATED,
        claims=_claims(), says="not told",
    ),
]  # fmt: skip
