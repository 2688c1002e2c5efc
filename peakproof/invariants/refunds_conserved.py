"""What the channel gave back is what Odoo booked and took back: every cent, every piece, once.

For every channel order with a refund, the refunds' amounts are compared with the posted credit
notes for its customer in Odoo, and the pieces that were put back into stock (RETURN) with those
that Odoo's returns of that order's deliveries brought in, item by item. Pieces that were
refunded before they were sent may not still be on their way out of Odoo. No order may be given
back more than was paid for it, and no credit note may stand there without a refund.

In an exchange by the channel's exchange lines the goods that came back pay for those that go out:
how this is booked is left open, but invoices less credit notes must come to what the channel kept.

A cancelled order that Odoo never invoiced needs no credit note; an exchange of an order that it
never invoiced, or that is not paid in full, is left out and counted. A refund that waits for an
approval nobody gave need not be booked; ``approvals`` is about those. Pieces that Odoo never
sent cannot come back and are left out.
Unknown: the channel refunded nothing.

Seen in public: microsoft/BCApps pull 9112, pull 8554, mollie/Shopware6 issue 1279,
microsoft/ALAppExtensions issue 26215, facts R1, R2, R5, R8.
"""

from collections import Counter
from decimal import Decimal

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.evidence.creditnotes import credit_notes, invoiced_origins, invoices
from peakproof.evidence.currencies import in_currency
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "refunds_conserved"
TITLE = "Every refund is booked once to the cent, and what was restocked came back, once."
FLOWS = ("returns",)

ZERO = Decimal(0)


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Compare refunds with credit notes and returns, order by order."""
    facts = Facts.of(history, claims, plan)
    if not facts.checkpoint:
        return unknown(NAME, "No final records were read: the run did not come to its end.")
    findings = Findings(NAME)
    figures: Counter[str] = Counter(orders=0, refunds=0, credit_notes=0, units_back=0)
    notes = dict(credit_notes(facts))
    for gid, order in facts.orders.items():
        refunds = order.get("refunds") or []
        booked = notes.pop(gid, [])
        if not refunds and not booked:
            continue
        order = in_currency(order, next(iter(booked), None))
        figures["orders"] += 1
        figures["refunds"] += len(refunds)
        figures["credit_notes"] += len(booked)
        subject = f"{order.get('name')} {gid}"
        if _exchanged(order):
            _exchange(findings, figures, (order, invoices(facts).get(gid, []), booked), subject)
        else:
            _money(facts, findings, figures, (gid, order, booked), subject)
        _goods(facts, findings, figures, (gid, order), subject)
    for note in notes.get("", []):
        findings.add(
            "credit note of no channel order",
            expected="a credit note for each refund and no other",
            found=f"{note['name']} over {note['amount_total']}, {note['state']}",
            subject=str(note["name"]),
        )
    if not figures["refunds"] and not findings.count:
        return unknown(NAME, "The channel refunded nothing, so nothing was tested.", dict(figures))
    passed = (
        f"{figures['refunds']} refunds of {figures['orders']} orders in "
        f"{figures['credit_notes']} credit notes, {figures['units_back']} units back in stock."
    )
    return findings.result(passed, figures["orders"], dict(figures))


def _sum(records: list[Record], name: str = "amount") -> Decimal:
    return sum((Decimal(str(record[name])) for record in records), ZERO)


def _exchanged(order: Record) -> bool:
    lines = (line for one in order.get("returns") or [] for line in one.get("exchange") or [])
    return any(line["line_ids"] for line in lines)


def _exchange(
    findings: Findings,
    figures: Counter[str],
    about: tuple[Record, list[Record], list[Record]],
    subject: str,
) -> None:
    """Compare what the channel kept of an order with exchange lines with what Odoo booked."""
    order, bills, notes = about
    figures["exchanges"] += 1
    posted = [bill for bill in bills if bill["state"] == "posted"]
    if not posted or order.get("financial_status") == "PARTIALLY_PAID":
        figures["exchanges_left_out"] += 1
        return
    kept = _paid(order) - _sum(order.get("refunds") or [])
    credited = [note for note in notes if note["state"] == "posted"]
    booked = _sum(posted, "amount_total") - _sum(credited, "amount_total")
    if booked != kept:
        findings.add(
            "exchange booked wrongly",
            expected=f"{kept} invoiced less credited, as the channel kept",
            found=f"{booked} in {len(posted)} invoices and {len(credited)} credit notes",
            subject=subject,
        )


def _paid(order: Record) -> Decimal:
    return _sum(
        [
            one
            for one in order.get("transactions") or []
            if one["kind"] in ("SALE", "CAPTURE") and one["status"] == "SUCCESS"
        ]
    )


def _money(
    facts: Facts,
    findings: Findings,
    figures: Counter[str],
    about: tuple[str, Record, list[Record]],
    subject: str,
) -> None:
    gid, order, notes = about
    given = _sum(order.get("refunds") or [])
    paid = _paid(order)
    if given > paid:
        findings.add(
            "refunded more than was paid", expected=f"at most {paid}", found=given, subject=subject
        )
    posted = [note for note in notes if note["state"] == "posted"]
    booked = _sum(posted, "amount_total")
    if order.get("cancelled") and not notes and not _invoiced(facts, gid):
        figures["cancelled_before_invoice"] += 1
        return
    waiting = _waiting(facts, gid)
    if waiting:
        figures["waiting_for_approval"] += 1
    if booked == given - waiting:
        _tax(findings, order, posted, subject)
        return
    drafts = [note for note in notes if note["state"] == "draft"]
    found = f"{booked} in {len(posted)} posted credit notes"
    found += f", {_sum(drafts, 'amount_total')} in drafts" if drafts else ""
    reason = facts.dead_letters.get(gid)
    found += f"; dead letter: {reason}" if reason else ""
    what = "refund booked wrongly" if posted else "refund not booked"
    if booked > given - waiting:
        what = "more credited than refunded"
    findings.add(
        what,
        expected=f"{given - waiting} credited, as the channel gave back in "
        f"{len(order.get('refunds') or [])} refunds",
        found=found,
        subject=subject,
        time_seconds=facts.created_seconds.get(gid),
    )


def _tax(findings: Findings, order: Record, posted: list[Record], subject: str) -> None:
    """Compare the taxes, where goods alone were refunded at what they had cost."""
    refunds = order.get("refunds") or []
    included = bool(order.get("taxes_included"))
    lines = [line for refund in refunds for line in refund["lines"]]
    if not all("tax" in line and "subtotal" in line for line in lines):
        return
    tax = _sum(lines, "tax")
    worth = _sum(lines, "subtotal") + (ZERO if included else tax)
    if worth != _sum(refunds) or any(Decimal(str(one.get("shipping", 0))) for one in refunds):
        return
    booked = _sum(posted, "amount_tax")
    if posted and booked != tax:
        findings.add(
            "tax of the refund", expected=f"{tax} tax given back", found=booked, subject=subject
        )


def _invoiced(facts: Facts, gid: str) -> bool:
    names = {(facts.odoo_orders.get(n) or {}).get("name") for n in facts.odoo_ids.get(gid, [])}
    return not names.isdisjoint(invoiced_origins(facts))


def _waiting(facts: Facts, gid: str) -> Decimal:
    """Return what waits for an approval, if nobody in the story gave it."""
    approved = any(
        one.action == "approve" and one.outcome == "ok" and one.arguments.get("order") == gid
        for one in facts.operations_on.get(gid, [])
    )
    rows = [row for row in facts.approvals_of.get(gid, []) if row["pending"]]
    return ZERO if approved else _sum(rows)


def _goods(
    facts: Facts,
    findings: Findings,
    figures: Counter[str],
    about: tuple[str, Record],
    subject: str,
) -> None:
    gid, order = about
    numbers = dict.fromkeys(facts.correlated().get(gid, []))
    mine = [picking for number in numbers for picking in facts.pickings_of.get(number, [])]
    sent, open_units, moves = Counter[str](), Counter[str](), set()
    for picking in mine:
        for line in picking["lines"] if picking["type"] == "outgoing" else []:
            sent[line["sku"]] += int(line["moved"])
            if picking["state"] not in ("done", "cancel"):
                open_units[line["sku"]] += int(line["demand"])
            moves.add(line["id"])
    back: Counter[str] = Counter()
    for move in moves:
        for line in facts.returns_of.get(move, []):
            back[line["sku"]] += int(line["moved"])
    refunded = [line for refund in order.get("refunds") or [] for line in refund["lines"]]
    wanted, kept = Counter[str](), Counter[str]()
    for line in refunded:
        if line["restock_type"] == "RETURN":
            wanted[line["sku"]] += int(line["quantity"])
        if line["restock_type"] != "CANCEL":
            kept[line["sku"]] += int(line["quantity"])
    for sku in sorted({*wanted, *back}):
        expected = min(wanted[sku], sent[sku])
        figures["units_back"] += back[sku]
        figures["units_never_sent"] += wanted[sku] - expected
        if back[sku] != expected:
            findings.add(
                "restocked units missing" if back[sku] < expected else "too many units restocked",
                expected=f"{expected} of {sku} back in stock, as the channel restocked",
                found=f"{back[sku]} came back in Odoo",
                subject=subject,
            )
    if order.get("cancelled"):
        return
    current: Counter[str] = Counter()
    for line in order.get("lines") or []:
        current[str(line["sku"])] += int(line["current_quantity"])
    for sku in sorted({line["sku"] for line in refunded if line["restock_type"] == "CANCEL"}):
        left = max(0, current[sku] + kept[sku] - sent[sku])
        if open_units[sku] > left:
            findings.add(
                "refunded, but still to be sent",
                expected=f"{left} of {sku} still to be sent",
                found=f"{open_units[sku]} in Odoo's open deliveries",
                subject=subject,
            )


ORDER = "gid://shopify/Order/1001"


def _story(
    *notes: str, back: int = 1, state: str = "posted", paid: str = "100.00", tax: str = "1.50"
) -> Chain:
    """Two pieces were sent, one came back for 20.00; what Odoo made of it."""
    chain = Chain()
    gid = chain.order(1001, ("MUG", 2))
    chain.picked(1, 1001, (0, 2))
    chain.refunded(gid, "20.00", (0, 1, "RETURN"), paid=paid, tax="1.50")
    for place, amount in enumerate(notes):
        chain.credited(70 + place, 1001, amount, state=state, tax=tax if not place else "0.00")
    if back:
        chain.came_back(2, 1001, 1, (0, back))
    return chain


def _unsent(demand: int) -> Chain:
    """One of two pieces was refunded before it was sent."""
    chain = Chain()
    gid = chain.order(1001, ("MUG", 2))
    chain.picked(1, 1001, (0, demand), state="assigned")
    chain.refunded(gid, "20.00", (0, 1, "CANCEL"))
    chain.credited(70, 1001, "20.00")
    return chain


def _nothing_given() -> Chain:
    chain = Chain()
    chain.order(1001, ("MUG", 2))
    return chain


def _unfounded() -> Chain:
    chain = _nothing_given()
    chain.credited(70, 1001, "20.00")
    return chain


def _cancelled(note: bool) -> Chain:
    chain = Chain()
    gid = chain.order(1001, ("MUG", 2))
    chain.refunded(gid, "40.00", (0, 2, "CANCEL"))
    chain.amend("shopify", "order", gid, cancelled=True)
    if note:
        chain.credited(70, 1001, "39.00")
    return chain


def _swapped(*credited: str, invoiced: str = "150.00") -> Chain:
    """A piece of 20.00 came back for one of 50.00, and the customer paid 30.00 more."""
    chain = Chain()
    gid = chain.order(1001, ("MUG", 2), ("TEE", 1))
    chain.picked(1, 1001, (0, 2))
    chain.refunded(gid, "0.00", (0, 1, "RETURN"), paid="130.00")
    line = {"sku": "TEE", "quantity": 1, "line_ids": ["gid://shopify/LineItem/10011"]}
    chain.amend("shopify", "order", gid, returns=[{"exchange": [line]}], financial_status="PAID")
    if invoiced:
        chain.credited(60, 1001, invoiced, kind="out_invoice")
    for place, amount in enumerate(credited):
        chain.credited(70 + place, 1001, amount)
    chain.came_back(2, 1001, 1, (0, 1))
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN),
    Example(name="no refund", tell=_nothing_given, verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=lambda: _story("20.00"), verdict=Verdict.PASS),
    Example(name="in two notes", tell=lambda: _story("15.00", "5.00"), verdict=Verdict.PASS),
    Example(
        name="not booked", tell=_story, verdict=Verdict.VIOLATED, says="refund not booked"
    ),
    Example(
        name="left as a draft", tell=lambda: _story("20.00", state="draft"),
        verdict=Verdict.VIOLATED, says="20.00 in drafts",
    ),
    Example(
        name="booked twice", tell=lambda: _story("20.00", "20.00"),
        verdict=Verdict.VIOLATED, says="more credited than refunded",
    ),
    Example(
        name="a cent less", tell=lambda: _story("19.99"), verdict=Verdict.VIOLATED,
        says="booked wrongly",
    ),
    Example(
        name="without its tax", tell=lambda: _story("20.00", tax="0.00"),
        verdict=Verdict.VIOLATED, says="tax of the refund",
    ),
    Example(
        name="not restocked", tell=lambda: _story("20.00", back=0), verdict=Verdict.VIOLATED,
        says="restocked units missing",
    ),
    Example(
        name="restocked twice", tell=lambda: _story("20.00", back=2), verdict=Verdict.VIOLATED,
        says="too many units restocked",
    ),
    Example(
        name="more than was paid", tell=lambda: _story("20.00", paid="10.00"),
        verdict=Verdict.VIOLATED, says="more than was paid",
    ),
    Example(
        name="a note for nothing", tell=_unfounded, verdict=Verdict.VIOLATED,
        says="more credited",
    ),
    Example(name="exchanged", tell=lambda: _swapped("20.00"), verdict=Verdict.PASS),
    Example(
        name="exchanged, in one invoice", tell=lambda: _swapped(invoiced="130.00"),
        verdict=Verdict.PASS,
    ),
    Example(
        name="exchanged, never invoiced", tell=lambda: _swapped(invoiced=""),
        verdict=Verdict.PASS,
    ),
    Example(
        name="exchanged, not credited", tell=_swapped, verdict=Verdict.VIOLATED,
        says="exchange booked wrongly",
    ),
    Example(
        name="exchanged, the new piece not invoiced",
        tell=lambda: _swapped("20.00", invoiced="100.00"), verdict=Verdict.VIOLATED,
        says="exchange booked wrongly",
    ),
    Example(name="taken off the delivery", tell=lambda: _unsent(1), verdict=Verdict.PASS),
    Example(
        name="sent all the same", tell=lambda: _unsent(2), verdict=Verdict.VIOLATED,
        says="still to be sent",
    ),
    Example(
        name="cancelled and never invoiced", tell=lambda: _cancelled(note=False),
        verdict=Verdict.PASS,
    ),
    Example(
        name="cancelled, credited wrongly", tell=lambda: _cancelled(note=True),
        verdict=Verdict.VIOLATED, says="booked wrongly",
    ),
]  # fmt: skip
