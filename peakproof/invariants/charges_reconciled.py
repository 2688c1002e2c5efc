"""What shoppers paid through the gateway is reconciled with the invoices of their orders.

A charge names its order; where the books hold posted invoices with that reference, in the currency
of the charge and over enough, the bank line of the charge is reconciled with them and with nothing
else, and they are open by what was not paid. A refund is reconciled with a credit note of the order
in the same way. A line of a charge may also settle a payment that paid the invoice.

Where an order's charges are more than its invoices nobody can say which of them has to wait, and a
charge that was disputed may be taken off its invoice again. Then only what is certain is judged: no
line settles another order's documents, and no document is settled by more than it is over. Not
judged: lines that are missing (payout_lines_once). Unknown: nothing that was paid has a document.

Seen in public: odoo/odoo issues 9177 and 61584, OCA/bank-payment issue 62.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "charges_reconciled"
TITLE = "Every charge with an invoice is reconciled with exactly that invoice, refunds likewise."
FLOWS = ("payouts", "payments")

INVOICE, CREDIT = "out_invoice", "out_refund"


class Paid(msgspec.Struct, kw_only=True):
    """A charge or a refund: what it moved for the shopper, and its lines in Odoo."""

    id: str
    kind: str
    order: str
    amount: Decimal
    currency: str
    disputed: bool
    lines: list[Record]

    @property
    def place(self) -> tuple[str, str, str]:
        """What documents must have in common with it."""
        return self.kind, self.order, self.currency


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Match charges and refunds with the documents of their orders."""
    facts = Facts.of(history, claims, plan)
    documents = {
        str(key): row
        for key, row in facts.final("odoo", "invoice").items()
        if row["state"] == "posted"
    }
    by_place: defaultdict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for row in documents.values():
        by_place[row["move_type"], str(row["ref"]), row["currency"]].append(row)
    paid: defaultdict[tuple[str, str, str], list[Paid]] = defaultdict(list)
    for one in _paid(facts):
        if one.order and one.lines:
            paid[one.place].append(one)
    figures: Counter[str] = Counter(documents=len(documents), paid=sum(map(len, paid.values())))
    findings = Findings(NAME)
    for place, several in paid.items():
        figures["judged"] += _judge(findings, several, by_place[place], documents)
    if not figures["judged"] and not findings.count:
        return unknown(NAME, "Nothing that was paid has an invoice.", dict(figures))
    passed = f"{figures['judged']} charges and refunds, each reconciled with its document."
    return findings.result(passed, figures["judged"], dict(figures))


def _paid(facts: Facts) -> Iterator[Paid]:
    """Return what moved the balance for a shopper, with Odoo's lines of it."""
    lines: defaultdict[str, list[Record]] = defaultdict(list)
    movements = facts.final("gateway", "balance_transaction")
    for line in facts.final("odoo", "bank_line").values():
        for word in str(line["unique_import_id"]).replace("-", " ").split():
            if word in movements:
                lines[word].append(line)
    charges, refunds = facts.final("gateway", "charge"), facts.final("gateway", "refund")
    for key, movement in movements.items():
        kind, row = CREDIT, refunds.get(movement["source"])
        if movement["type"] in ("charge", "payment"):
            kind, row = INVOICE, charges.get(movement["source"])
        if movement["type"] not in ("charge", "payment", "refund") or row is None:
            continue
        charge = row if kind == INVOICE else charges.get(row["charge_id"], {})
        yield Paid(
            id=key,
            kind=kind,
            order=str(charge.get("order_reference", "")),
            amount=Decimal(row["amount"]),
            currency=row["currency"],
            disputed=bool(charge.get("disputed")),
            lines=lines[key],
        )


def _judge(
    findings: Findings, paid: list[Paid], fitting: list[Record], documents: dict[str, Record]
) -> int:
    """Judge what was paid for one order in one direction; return how much had to be settled."""
    for one in paid:
        _strangers(findings, one, documents)
    over = sum((Decimal(row["amount_total"]) for row in fitting), Decimal(0))
    total = sum((one.amount for one in paid), Decimal(0))
    left = sum((Decimal(row["amount_residual"]) for row in fitting), Decimal(0))
    names = ", ".join(str(row["name"]) for row in fitting)
    _too_much(findings, paid, fitting)
    if not fitting or total > over or any(one.disputed for one in paid):
        return 0
    open_lines = [(one, line) for one in paid for line in one.lines if not line["is_reconciled"]]
    for one, line in open_lines:
        findings.add(
            "charge not reconciled" if one.kind == INVOICE else "refund not reconciled",
            expected=f"reconciled with {names} of {one.order}",
            found=f"line {line['id']} over {line['amount']} {line['currency']} is open",
            subject=f"{one.id} over {one.amount} {one.currency}",
        )
    # Credit notes may have paid an invoice as well, so less may be open, never more.
    if left > over - total and not open_lines:
        findings.add(
            "document open though it was paid",
            expected=f"{over - total} of {names} open at most",
            found=f"{left} open",
            subject=f"{paid[0].order}, {total} {paid[0].currency} paid",
        )
    return len(paid)


def _strangers(findings: Findings, one: Paid, documents: dict[str, Record]) -> None:
    """Find documents of other orders that a line settles."""
    for line in one.lines:
        settled = [documents[str(key)] for key in line.get("invoices") or ()
                   if str(key) in documents]  # fmt: skip
        others = [row for row in settled if str(row["ref"]) != one.order]
        if others:
            findings.add(
                "reconciled with another's document",
                expected=f"only documents of {one.order}",
                found=", ".join(f"{row['name']} of {row['ref'] or 'no order'}" for row in others),
                subject=f"{one.id} over {one.amount} {one.currency}, line {line['id']}",
            )


def _too_much(findings: Findings, paid: list[Paid], fitting: list[Record]) -> None:
    """Find a document that is settled by more than it is over."""
    for row in fitting:
        settles = [one for one in paid for line in one.lines if row["id"] in _alone(line)]
        total = sum((one.amount for one in settles), Decimal(0))
        if total > Decimal(row["amount_total"]):
            findings.add(
                "document settled twice",
                expected=f"{row['amount_total']} {row['currency']} for {row['name']}",
                found=f"{total} in {len(settles)} lines",
                subject=f"{row['name']} of {row['ref']}",
            )


def _alone(line: Record) -> list[int]:
    """Return the document of a line that settles one and nothing else."""
    settled = list(line.get("invoices") or ())
    return settled if len(settled) == 1 and line["is_reconciled"] else []


def _books(
    *lines: tuple[str, tuple[int, ...]], residual: str = "0.00", over: str = "100.00",
    ref: str = "#1", currency: str = "USD",
) -> Chain:  # fmt: skip
    """A charge of 100.00 for #1, its invoice 7, one of 100.00 for #2, lines (movement, invoices).

    Another charge, of 40.00 for #3, has no invoice.
    """
    chain = Chain()
    chain.charge("ch_1", "100.00", "#1")
    chain.balance("txn_1", "100.00", "3.20", source="ch_1")
    chain.charge("ch_3", "40.00", "#3")
    chain.balance("txn_3", "40.00", "1.46", source="ch_3")
    chain.invoice(7, over, ref, residual=residual, currency=currency)
    chain.invoice(8, "100.00", "#2", residual="100.00")
    for number, (identity, invoices) in enumerate(lines):
        amount = "100.00" if identity == "txn_1" else "40.00"
        chain.bank_line(number, amount, identity=f"5-{identity}", journal="STRP",
                        invoices=invoices)  # fmt: skip
    chain.bank_line(90, "-3.20", identity="txn_1_fee", journal="STRP", reconciled=True)
    return chain


def _through_a_payment() -> Chain:
    chain = _books()
    chain.bank_line(1, "100.00", identity="txn_1", journal="STRP", reconciled=True)
    return chain


def _two_charges(second: tuple[int, ...]) -> Chain:
    """The shopper paid #1 twice; there is one invoice."""
    chain = _books(("txn_1", (7,)))
    chain.charge("ch_2", "100.00", "#1")
    chain.balance("txn_2", "100.00", "3.20", source="ch_2")
    chain.bank_line(2, "100.00", identity="txn_2", journal="STRP", invoices=second)
    return chain


def _disputed() -> Chain:
    chain = _books(("txn_1", ()), residual="100.00")
    chain.amend("gateway", "charge", "ch_1", disputed=True)
    return chain


def _refunded(*notes: int, credited: bool = True) -> Chain:
    chain = _books(("txn_1", (7,)))
    chain.refund("re_1", "1.25", "ch_1")
    chain.balance("txn_4", "-1.25", kind="refund", source="re_1")
    if credited:
        chain.invoice(9, "1.25", "#1", kind=CREDIT, residual="0.00" if notes else "1.25")
    chain.bank_line(4, "-1.25", identity="txn_4", journal="STRP", invoices=notes)
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN),
    Example(name="without invoice", tell=lambda: _books(("txn_3", ())), verdict=Verdict.UNKNOWN),
    Example(
        name="in another currency than the invoice",
        tell=lambda: _books(("txn_1", ()), currency="EUR", residual="100.00"),
        verdict=Verdict.UNKNOWN,
    ),
    Example(name="clean", tell=lambda: _books(("txn_1", (7,))), verdict=Verdict.PASS),
    Example(
        name="clean, one waits for its invoice",
        tell=lambda: _books(("txn_1", (7,)), ("txn_3", ())),
        verdict=Verdict.PASS,
    ),
    Example(
        name="part of an invoice",
        tell=lambda: _books(("txn_1", (7,)), over="120.00", residual="20.00"),
        verdict=Verdict.PASS,
    ),
    Example(name="through a payment", tell=_through_a_payment, verdict=Verdict.PASS),
    Example(name="taken off after a dispute", tell=_disputed, verdict=Verdict.UNKNOWN),
    Example(name="paid twice, one waits", tell=lambda: _two_charges(()), verdict=Verdict.UNKNOWN),
    Example(name="refund with its credit note", tell=lambda: _refunded(9), verdict=Verdict.PASS),
    Example(
        name="refund without credit note",
        tell=lambda: _refunded(credited=False),
        verdict=Verdict.PASS,
    ),
    Example(
        name="left open",
        tell=lambda: _books(("txn_1", ()), residual="100.00"),
        verdict=Verdict.VIOLATED,
        says="charge not reconciled",
    ),
    Example(
        name="with another's invoice",
        tell=lambda: _books(("txn_1", (8,)), residual="100.00"),
        verdict=Verdict.VIOLATED,
        says="another's document",
    ),
    Example(
        name="without an invoice of its own, with another's",
        tell=lambda: _books(("txn_3", (8,))),
        verdict=Verdict.VIOLATED,
        says="of #2",
    ),
    Example(
        name="written off instead of paid",
        tell=lambda: _books(("txn_1", (7,)), residual="60.00"),
        verdict=Verdict.VIOLATED,
        says="60.00 open",
    ),
    Example(
        name="an invoice settled twice",
        tell=lambda: _two_charges((7,)),
        verdict=Verdict.VIOLATED,
        says="settled twice",
    ),
    Example(
        name="refund left open",
        tell=_refunded,
        verdict=Verdict.VIOLATED,
        says="refund not reconciled",
    ),
]
