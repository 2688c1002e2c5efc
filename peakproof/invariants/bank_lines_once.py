"""Every booked transaction of the bank is one bank line in Odoo, to the cent, and nothing else is.

A line belongs to a transaction if it bears the transaction's identity, or else if amount,
currency and day (booking or value date) are the same. The bank tells days of its own, not moments:
a line has the booking or the value date, whatever time zone anybody else is in. What the bank
shows as pending is not money yet: a line for it is a finding. So is a line that no transaction
stands behind, and a transaction with two lines.

A batch may be one line, or a line for each payment in it.

Where a connector reads statement files and never asks the bank's interface, only transactions
that stood in a delivered statement are expected. Lines of journals that another invariant judges
(a payment gateway's) are recognised by the gateway's identities and left out.
Unknown: the bank booked nothing, or nothing that the connector could have seen.

Seen in public: OCA/bank-statement-import issues 499 and 1009, firefly-iii/firefly-iii issue 9165,
facts P7, P4, L1.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.evidence.chain import DAY
from peakproof.evidence.identities import borne, lines_by_identity
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "bank_lines_once"
TITLE = "Every booked bank transaction is one line in Odoo, to the cent, and nothing else is."
FLOWS = ("bank",)

Money = tuple[Decimal, str]


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Match the bank's transactions with Odoo's bank lines."""
    facts = Facts.of(history, claims, plan)
    transactions = facts.final("bank", "transaction")
    expected = {key: row for key, row in transactions.items() if row["status"] == "booked"}
    if not facts.of_kind("request", source="bank"):
        told = _in_statements(facts)
        expected = {key: row for key, row in expected.items() if key in told}
    figures: Counter[str] = Counter(booked=len(expected))
    if not expected:
        return unknown(NAME, "The bank booked nothing that could be seen.", dict(figures))
    of_gateway = facts.final("gateway", "balance_transaction")
    lines = {
        key: line
        for key, line in facts.final("odoo", "bank_line").items()
        if not any(borne(str(line["unique_import_id"]), of_gateway))
    }
    figures["lines"] = len(lines)
    findings = Findings(NAME)
    left = _by_identity(findings, transactions, expected, lines)
    _by_money(findings, left, transactions)
    passed = f"{len(expected)} transactions, {len(lines)} lines, one for each."
    return findings.result(passed, len(expected), dict(figures))


def _in_statements(facts: Facts) -> set[str]:
    """Return the transactions that stood in a statement which was delivered."""
    return {
        str(identity)
        for statement in facts.final("bank", "statement").values()
        if statement["delivered"]
        for identity in statement["transaction_ids"]
    }


def _money(row: Record) -> Money:
    return Decimal(str(row["amount"])), str(row["currency"])


class _Left:
    """What has not found its counterpart yet."""

    def __init__(self, expected: dict[str, Record], lines: dict[str, Record]) -> None:
        self.expected = expected
        self.lines = lines


def _by_identity(
    findings: Findings,
    transactions: Mapping[str, Record],
    expected: dict[str, Record],
    lines: dict[str, Record],
) -> _Left:
    """Match what bears an identity; return what is left."""
    left = _Left({}, dict(lines))
    bearing = lines_by_identity(lines, transactions)
    for identity, transaction in transactions.items():
        named = [key for key, _ in bearing.get(identity, []) if key in left.lines]
        if not named:
            if identity in expected:
                left.expected[identity] = transaction
            continue
        found = [left.lines.pop(key) for key in named]
        if transaction["status"] != "booked":
            _add(findings, "pending taken as booked", "no line before it is booked", found,
                 transaction)  # fmt: skip
        elif len(found) > 1:
            _add(findings, "line twice", "one line", found, transaction)
        elif _money(found[0]) != _money(transaction):
            _add(findings, "wrong amount", _text(transaction), found, transaction)
        elif str(found[0]["date"])[:10] not in _days(transaction):
            _add(findings, "line on another day", _text(transaction), found, transaction)
    return left


def _by_money(findings: Findings, left: _Left, transactions: Mapping[str, Record]) -> None:
    """Match the rest by amount, currency and day."""
    free: defaultdict[Money, list[Record]] = defaultdict(list)
    for line in left.lines.values():
        free[_money(line)].append(line)
    missing: list[Record] = []
    for transaction in left.expected.values():
        days = _days(transaction)
        # A batch may be told as the one entry that it is, or as the payments in it.
        payments = _payments(transaction)
        if not _take(free, [transaction], days) and not (payments and _take(free, payments, days)):
            missing.append(transaction)
    for transaction in missing:
        _add(findings, "transaction missing", "one line in Odoo", [], transaction)
    known = {_money(row) for row in transactions.values()}
    for money, lines in free.items():
        for line in lines:
            findings.add(
                "line twice" if money in known else "line without transaction",
                expected="one line for each booked transaction",
                found=f"{_text(line)} in {line['journal']}: {line['payment_ref']}",
                subject=f"bank line {line['id']}",
            )


def _days(transaction: Record) -> set[str]:
    return {str(transaction["booking_date"]), str(transaction["value_date"])}


def _payments(transaction: Record) -> list[Record]:
    currency = transaction["currency"]
    return [{"currency": currency, **part} for part in transaction.get("batch_of") or []]


def _take(free: dict[Money, list[Record]], rows: list[Record], days: set[str]) -> bool:
    """Take a line for each row out of what is free, or none at all; tell whether it was done."""
    taken: list[tuple[Money, Record]] = []
    for row in rows:
        lines = free.get(_money(row), [])
        same = [line for line in lines if str(line["date"])[:10] in days]
        if not same:
            for money, line in taken:
                free[money].append(line)
            return False
        lines.remove(same[0])
        taken.append((_money(row), same[0]))
    return True


def _text(row: Record) -> str:
    return f"{row['amount']} {row['currency']} on {row.get('booking_date') or row.get('date')}"


def _add(
    findings: Findings, what: str, expected: str, found: list[Record], transaction: Record
) -> None:
    findings.add(
        what,
        expected=expected,
        found=", ".join(f"line {line['id']}: {_text(line)}" for line in found) or "none",
        subject=f"{transaction['id']} {_text(transaction)} {transaction['remittance']}".strip(),
    )


def _bank(*lines: tuple[str, str], pending: bool = False) -> Chain:
    """A bank that booked T1 over 120.00, and Odoo's lines (amount, identity)."""
    chain = Chain()
    chain.booked("T1", "120.00", status="pending" if pending else "booked")
    chain.booked("T2", "-12.50")
    chain.bank_line(100, "-12.50", identity="T2")
    for number, (amount, identity) in enumerate(lines):
        chain.bank_line(number, amount, identity=identity)
    chain.event(1.0, "bank", "request", "transactions")
    return chain


def _from_files(delivered: int) -> Chain:
    chain = Chain()
    chain.booked("T1", "120.00")
    chain.booked("T2", "80.00")
    chain.bank_line(1, "120.00")
    chain.final("bank", "statement", "MAIN/1", {"transaction_ids": ["T1"], "delivered": 1})
    chain.final("bank", "statement", "MAIN/2", {"transaction_ids": ["T2"], "delivered": delivered})
    return chain


def _batch(*amounts: str) -> Chain:
    """A batch of two payments, booked as one entry of 200.00."""
    chain = _bank(("120.00", "T1"))
    chain.booked("T3", "200.00", payments=("150.00", "50.00"))
    for number, amount in enumerate(amounts, 20):
        chain.bank_line(number, amount)
    return chain


def _another_day(identity: str = "", value_date: str = DAY) -> Chain:
    chain = _bank()
    chain.amend("bank", "transaction", "T1", value_date=value_date)
    chain.bank_line(1, "120.00", identity=identity, day="2026-11-19")
    return chain


def _fee_of_gateway() -> Chain:
    chain = _bank(("120.00", "T1"))
    chain.balance("txn_9", "50.00")
    chain.bank_line(9, "50.00", identity="9-txn_9", journal="STRP")
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=lambda: _bank(("120.00", "US12-T1")), verdict=Verdict.PASS),
    Example(name="without identity", tell=lambda: _bank(("120.00", "")), verdict=Verdict.PASS),
    Example(name="missing", tell=_bank, verdict=Verdict.VIOLATED, says="missing"),
    Example(
        name="twice",
        tell=lambda: _bank(("120.00", "T1"), ("120.00", "T1-again")),
        verdict=Verdict.VIOLATED,
        says="twice",
    ),
    Example(
        name="twice under another identity",
        tell=lambda: _bank(("120.00", "T1"), ("120.00", "X9")),
        verdict=Verdict.VIOLATED,
        says="twice",
    ),
    Example(
        name="a cent off",
        tell=lambda: _bank(("119.99", "T1")),
        verdict=Verdict.VIOLATED,
        says="wrong amount",
    ),
    Example(
        name="pending as booked",
        tell=lambda: _bank(("120.00", "T1"), pending=True),
        verdict=Verdict.VIOLATED,
        says="pending",
    ),
    Example(
        name="of nobody",
        tell=lambda: _bank(("120.00", "T1"), ("7.00", "Z")),
        verdict=Verdict.VIOLATED,
        says="without transaction",
    ),
    Example(name="another day", tell=_another_day, verdict=Verdict.VIOLATED, says=DAY),
    Example(
        name="the evening before, with its identity",
        tell=lambda: _another_day("US12-T1"),
        verdict=Verdict.VIOLATED,
        says="line on another day",
    ),
    Example(
        name="the value date, with its identity",
        tell=lambda: _another_day("US12-T1", "2026-11-19"),
        verdict=Verdict.PASS,
    ),
    Example(name="a batch as one line", tell=lambda: _batch("200.00"), verdict=Verdict.PASS),
    Example(
        name="a batch payment by payment", tell=lambda: _batch("150.00", "50.00"),
        verdict=Verdict.PASS,
    ),
    Example(
        name="half a batch", tell=lambda: _batch("150.00"), verdict=Verdict.VIOLATED,
        says="missing",
    ),
    Example(name="a gateway's line", tell=_fee_of_gateway, verdict=Verdict.PASS),
    Example(name="a statement that was never sent", tell=lambda: _from_files(0),
            verdict=Verdict.PASS),
    Example(name="a statement not read", tell=lambda: _from_files(1), verdict=Verdict.VIOLATED,
            says="T2"),
]  # fmt: skip
