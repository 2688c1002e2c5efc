"""Each parcel has one label that was paid for, and each paid label has its parcel.

The carrier's books say which labels were bought and not given back. Every delivery that left
Odoo by a carrier must bear the tracking number of exactly one of them; a label that no finished
delivery bears was bought for nothing, or its record was lost on the way back. Two live labels
that name the same delivery are a parcel bought twice.

A label given back (refund asked for, or done) costs nothing and is not counted; one whose
refund was refused is. Judged at the end, so a delivery that was released by hand and labelled
later is fine.
Unknown: the carrier sold no label and no delivery left by a carrier.

Seen in public: openlinker-project/openlinker issue 1917, allegro/allegro-api issue 6202,
odoo/odoo issue 164252, facts F5, F7, F8.
"""

from collections import Counter, defaultdict
from decimal import Decimal

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.history import Event, History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "labels_once"
TITLE = "Every parcel has one label that was paid for, and every paid label has its parcel."
FLOWS = ("shipping",)

PAID = ("bought", "refund_rejected")


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Match the carrier's labels with Odoo's deliveries."""
    facts = Facts.of(history, claims, plan)
    labels = facts.final("carrier", "label")
    live = {key: label for key, label in labels.items() if label["status"] in PAID}
    parcels = {
        key: picking
        for key, picking in facts.final("odoo", "picking").items()
        if picking["type"] == "outgoing" and picking["state"] == "done" and picking["carrier_id"]
    }
    figures: Counter[str] = Counter(
        parcels=len(parcels), labels_bought=len(labels), labels_paid=len(live)
    )
    if not labels and not parcels:
        return unknown(NAME, "No label was bought and no parcel left.", dict(figures))
    findings = Findings(NAME)
    by_tracking: defaultdict[str, list[Record]] = defaultdict(list)
    for label in live.values():
        by_tracking[str(label["tracking_code"])].append(label)
    _parcels(findings, parcels, by_tracking)
    borne = {str(picking["tracking"]) for picking in parcels.values()}
    states: defaultdict[str, list[Event]] = defaultdict(list)
    for event in facts.of_kind("state", "label"):
        states[event.key].append(event)
    for label in live.values():
        if label["tracking_code"] not in borne:
            findings.add(
                "label bought for nothing",
                expected="a finished delivery in Odoo that bears its number",
                found=f"{label['tracking_code']} for {label['reference'] or 'nothing named'}, "
                f"{label['price']} {label['currency']}",
                subject=str(label["id"]),
                events=states[str(label["id"])],
                time_seconds=label.get("bought_seconds"),
            )
    _references(findings, live)
    spent = sum((Decimal(label["price"]) for label in live.values()), Decimal(0))
    passed = f"{len(parcels)} parcels, {len(live)} labels paid, {spent} in all."
    return findings.result(passed, max(len(parcels), len(labels)), dict(figures))


def _parcels(
    findings: Findings, parcels: dict[str, Record], by_tracking: dict[str, list[Record]]
) -> None:
    for picking in parcels.values():
        tracking = str(picking["tracking"])
        found = by_tracking.get(tracking, []) if tracking else []
        if len(found) != 1:
            findings.add(
                "parcel without a paid label" if not found else "parcel with several labels",
                expected="one label, bought and not given back",
                found=f"{len(found)} for tracking number {tracking or '(none)'}",
                subject=str(picking["name"]),
            )


def _references(findings: Findings, live: dict[str, Record]) -> None:
    """Find parcels that were bought more than once, by what the label names."""
    named: defaultdict[str, list[Record]] = defaultdict(list)
    for label in live.values():
        if label["reference"]:
            named[str(label["reference"])].append(label)
    for reference, found in named.items():
        if len(found) > 1:
            findings.add(
                "parcel bought twice",
                expected=f"one live label for {reference}",
                found=", ".join(
                    f"{label['tracking_code']} at {label['price']} {label['currency']}"
                    for label in found
                ),
                subject=reference,
            )


def _sent(*labels: tuple[str, str, str]) -> Chain:
    """One parcel with tracking number T1 and these labels (tracking, reference, status)."""
    chain = Chain()
    chain.order(1001, ("MUG", 1))
    chain.picked(1, 1001, (0, 1), tracking="T1", carrier=3)
    for place, (tracking, reference, status) in enumerate(labels):
        chain.label(f"L{place}", reference, tracking, status)
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=lambda: _sent(("T1", "OUT/1", "bought")), verdict=Verdict.PASS),
    Example(
        name="the second was given back",
        tell=lambda: _sent(("T1", "OUT/1", "bought"), ("T2", "OUT/1", "refunded")),
        verdict=Verdict.PASS,
    ),
    Example(
        name="bought twice",
        tell=lambda: _sent(("T1", "OUT/1", "bought"), ("T2", "OUT/1", "bought")),
        verdict=Verdict.VIOLATED,
        says="bought twice",
    ),
    Example(
        name="the refund was refused",
        tell=lambda: _sent(("T1", "OUT/1", "bought"), ("T2", "OUT/1", "refund_rejected")),
        verdict=Verdict.VIOLATED,
        says="bought for nothing",
    ),
    Example(name="no label", tell=_sent, verdict=Verdict.VIOLATED, says="without a paid label"),
    Example(
        name="the record was lost",
        tell=lambda: _sent(("T1", "", "bought"), ("T2", "", "bought")),
        verdict=Verdict.VIOLATED,
        says="bought for nothing",
    ),
]
