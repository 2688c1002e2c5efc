"""A payout leaves the gateway and arrives at the bank: both lines in Odoo say so to each other.

Every paid payout is one booked transaction of the bank over the same amount. In Odoo the line
that took it out of the gateway's journal and the line that brought it to the bank stand once
each, to the cent, and are reconciled: with each other, or at least both. One that is reconciled
with a different payout's money is a finding. A payout that failed leaves nothing at the bank: it
never came, or it was sent back.

A bank transaction belongs to a payout whose id or reference it carries. A payout that the bank
still shows as pending is not judged. Unknown: no payout was paid.

Seen in public: microsoft/ALAppExtensions pull 22763, Automattic/woocommerce-payments issue 8588,
facts P4, P7.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.evidence.identities import lines_by_identity
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "payouts_reconciled"
TITLE = "Every payout that was paid is reconciled with its money at the bank, to the cent."
FLOWS = ("payouts", "bank", "payments")


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Follow every payout from the gateway's journal to the bank's."""
    facts = Facts.of(history, claims, plan)
    payouts = facts.final("gateway", "payout")
    paid = {key: row for key, row in payouts.items() if row["status"] == "paid"}
    figures: Counter[str] = Counter(payouts=len(payouts), paid=len(paid))
    if not paid:
        return unknown(NAME, "No payout was paid.", dict(figures))
    findings = Findings(NAME)
    books = _Books(facts)
    for payout in payouts.values():
        arrived = books.at_bank(payout)
        if payout["status"] == "paid":
            figures["judged"] += _paid(findings, books, payout, arrived)
        elif payout["status"] in ("failed", "canceled"):
            _failed(findings, payout, arrived)
    if not figures["judged"] and not findings.count:
        return unknown(NAME, "The bank has not booked any of the payouts yet.", dict(figures))
    passed = f"{figures['judged']} payouts, each reconciled with its money at the bank."
    return findings.result(passed, figures["judged"], dict(figures))


class _Books:
    """The bank's transactions and Odoo's lines."""

    def __init__(self, facts: Facts) -> None:
        self.transactions = facts.final("bank", "transaction")
        lines, movements = (
            facts.final("odoo", "bank_line"),
            facts.final("gateway", "balance_transaction"),
        )
        self.bearing = lines_by_identity(lines, {*movements, *self.transactions})
        named = {key for found in self.bearing.values() for key, _ in found}
        self.nameless: defaultdict[tuple[Decimal, str], list[Record]] = defaultdict(list)
        for key, line in lines.items():
            if key not in named:
                self.nameless[_money(line)].append(line)
        self.marked: defaultdict[str, dict[str, Record]] = defaultdict(dict)
        for key, row in self.transactions.items():
            for mark in (row["end_to_end_id"], *str(row["remittance"]).split()):
                self.marked[mark][key] = row
        self.left: defaultdict[str, list[str]] = defaultdict(list)
        for key, row in movements.items():
            if row["type"] == "payout":
                self.left[row["source"]].append(key)

    def at_bank(self, payout: Record) -> list[Record]:
        """Return the bank's transactions that carry a payout's id or reference."""
        marks = [mark for mark in (payout["id"], payout["reference"]) if mark]
        found = {key: row for mark in marks for key, row in self.marked.get(mark, {}).items()}
        return list(found.values())

    def left_gateway(self, payout: Record) -> list[Record]:
        """Return Odoo's lines of the movement by which a payout left the balance."""
        return [
            line
            for name in self.left.get(payout["id"], [])
            for _, line in self.bearing.get(name, [])
        ]

    def arrived(self, transaction: Record) -> list[Record]:
        """Return Odoo's lines of a bank transaction: by its identity, else by amount and day."""
        days = {transaction["booking_date"], transaction["value_date"]}
        return [line for _, line in self.bearing.get(transaction["id"], [])] or [
            line
            for line in self.nameless.get(_money(transaction), [])
            if str(line["date"])[:10] in days
        ]


def _money(row: Mapping[str, object]) -> tuple[Decimal, str]:
    return Decimal(str(row["amount"])), str(row["currency"])


def _paid(findings: Findings, books: _Books, payout: Record, arrived: list[Record]) -> int:
    """Judge one paid payout; return 1 if there was something to judge."""
    amount, currency = _money(payout)
    subject = f"payout {payout['id']} over {amount} {currency}"
    if arrived and any(row["status"] == "pending" for row in arrived):
        return 0
    if len(arrived) != 1 or _money(arrived[0]) != (amount, currency):
        told = ", ".join(f"{row['amount']} {row['currency']}" for row in arrived) or "nothing"
        findings.add("paid payout not at the bank", expected=f"{amount} {currency}, once",
                     found=told, subject=subject)  # fmt: skip
        return 1
    left, came = books.left_gateway(payout), books.arrived(arrived[0])
    for side, lines, wanted in (("gateway", left, -amount), ("bank", came, amount)):
        if [_money(line) for line in lines] == [(wanted, currency)]:
            continue
        told = ", ".join(f"line {line['id']}: {line['amount']}" for line in lines) or "no line"
        findings.add(f"payout in the {side}'s journal", expected=f"one line over {wanted}",
                     found=told, subject=subject)  # fmt: skip
        return 1
    _reconciled(findings, left[0], came[0], subject)
    return 1


def _reconciled(findings: Findings, left: Record, came: Record, subject: str) -> None:
    """Check that the two lines of a payout settle each other."""
    pair = f"line {left['id']} reconciled with line {came['id']}"
    still = [line["id"] for line in (left, came) if not line["is_reconciled"]]
    if still:
        found = f"not reconciled: {', '.join(f'line {number}' for number in still)}"
        findings.add("payout not reconciled", expected=pair, found=found, subject=subject)
        return
    for line, other in ((left, came), (came, left)):
        if line["counterparts"] and other["id"] not in line["counterparts"]:
            found = f"line {line['id']} reconciled with lines {line['counterparts']}"
            what = "reconciled with other money"
            findings.add(what, expected=pair, found=found, subject=subject)
            return


def _failed(findings: Findings, payout: Record, arrived: list[Record]) -> None:
    """A failed payout never arrived, or went back."""
    left = sum((Decimal(row["amount"]) for row in arrived if row["status"] == "booked"), Decimal(0))
    if left:
        findings.add(
            "failed payout at the bank",
            expected="nothing left of it at the bank",
            found=f"{left} {payout['currency']} in {len(arrived)} transactions",
            subject=f"payout {payout['id']}",
        )


def _told(
    *, left: tuple[str, ...] = ("-96.80",), came: tuple[str, ...] = ("96.80",),
    settled: bool = True, status: str = "paid", booked: str = "96.80",
) -> Chain:  # fmt: skip
    """A payout over 96.80, what the bank booked of it, and Odoo's lines of either side."""
    chain = Chain()
    chain.balance("txn_1", "100.00", "3.20", payout="po_1")
    chain.balance("txn_2", "-96.80", kind="payout", source="po_1")
    chain.payout("po_1", "96.80", "txn_1", status=status)
    if booked:
        chain.booked("T1", booked, end_to_end_id="po_1")
    for number, amount in enumerate(left, 10):
        chain.bank_line(number, amount, identity="txn_2", journal="STRP",
                        counterparts=[20] if settled else [])  # fmt: skip
    for number, amount in enumerate(came, 20):
        chain.bank_line(number, amount, identity="T1", counterparts=[10] if settled else [])
    return chain


def _with_another() -> Chain:
    chain = _told()
    chain.bank_line(10, "-96.80", identity="txn_2", journal="STRP", counterparts=[30])
    return chain


def _each_by_itself() -> Chain:
    chain = _told(settled=False)
    chain.bank_line(10, "-96.80", identity="txn_2", journal="STRP", reconciled=True)
    chain.bank_line(20, "96.80", reconciled=True)
    return chain


def _still_pending() -> Chain:
    chain = _told(came=(), settled=False)
    chain.booked("T1", "96.80", end_to_end_id="po_1", status="pending")
    return chain


def _one_failed(*, returned: bool) -> Chain:
    chain = _told()
    chain.payout("po_2", "50.00", status="failed")
    chain.booked("T2", "50.00", end_to_end_id="po_2")
    if returned:
        chain.booked("T3", "-50.00", end_to_end_id="po_2")
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN),
    Example(
        name="under way",
        tell=lambda: _told(status="in_transit", booked="", came=()),
        verdict=Verdict.UNKNOWN,
    ),
    Example(name="pending at the bank", tell=_still_pending, verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=_told, verdict=Verdict.PASS),
    Example(name="each settled by itself", tell=_each_by_itself, verdict=Verdict.PASS),
    Example(
        name="failed and sent back", tell=lambda: _one_failed(returned=True), verdict=Verdict.PASS
    ),
    Example(
        name="open",
        tell=lambda: _told(settled=False),
        verdict=Verdict.VIOLATED,
        says="not reconciled",
    ),
    Example(
        name="with another payout's money",
        tell=_with_another,
        verdict=Verdict.VIOLATED,
        says="other money",
    ),
    Example(
        name="arrived twice in Odoo",
        tell=lambda: _told(came=("96.80", "96.80")),
        verdict=Verdict.VIOLATED,
        says="bank's journal",
    ),
    Example(
        name="never left in Odoo",
        tell=lambda: _told(left=()),
        verdict=Verdict.VIOLATED,
        says="gateway's journal",
    ),
    Example(
        name="a cent off",
        tell=lambda: _told(came=("96.79",)),
        verdict=Verdict.VIOLATED,
        says="96.79",
    ),
    Example(
        name="never at the bank",
        tell=lambda: _told(booked=""),
        verdict=Verdict.VIOLATED,
        says="not at the bank",
    ),
    Example(
        name="failed but kept by the bank",
        tell=lambda: _one_failed(returned=False),
        verdict=Verdict.VIOLATED,
        says="failed payout",
    ),
]
