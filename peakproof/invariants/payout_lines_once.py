"""Charges - refunds - fees - disputes = payout = bank: each movement once in Odoo, to the cent.

The gateway's balance is a ledger: every charge, refund, fee, dispute and payout moves it. Each
movement must stand in Odoo exactly once: the lines that bear its identity add up to what it
moved, net of its fee. A payout that the bank received must be there as well, and the movements
that it bundles must add up to it.

A connector may write a movement and its fee as two lines, or the net as one. Movements in a
currency other than the journal's are expected in the currency that they settled in.

A line stands in the month in which the money moved where the business is. The gateway tells
moments (Stripe: seconds since 1970), Odoo keeps days; its own reports take the account's time zone
unless somebody asks for UTC (docs.stripe.com/reports/options). So the day is that of the moment in
the business's time zone, and a payment on the evening of the 31st belongs to that month, be it the
1st at Greenwich or not. Of days within a month nothing is said, for UTC is a convention as well;
over a month's end it moves turnover to another period. A line may also bear the day on which the
money was, or will be, available: of a payout it is the day of its arrival.

The balance is the payment gateway's or, where a story has none, the sales channel's own. A
connector may also book payouts instead of movements: entries in a bank's journal whose reference
or labels name the payout. Then each payout is judged: the posted entries that name it add up to
what it paid, or to nothing if it failed; what has not been paid out may wait.
Unknown: the balance did not move.

Seen in public: Automattic/woocommerce-payments issue 8588, microsoft/ALAppExtensions pull
22763, mollie/Shopware6 issue 1279, OCA/bank-statement-import issue 859, facts P4, P5, R8.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "FLOWS_ANY", "NAME", "TITLE", "check"]

NAME = "payout_lines_once"
TITLE = "Every movement of the gateway's balance stands once in Odoo; payouts add up to the cent."
FLOWS = ()
FLOWS_ANY = ("payouts", "channel_payouts")


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Match the balance's movements with Odoo's lines, and payouts with what they bundle."""
    facts = Facts.of(history, claims, plan)
    system = "gateway" if facts.final("gateway", "balance_transaction") else "shopify"
    movements = facts.final(system, "balance_transaction")
    payouts = facts.final(system, "payout")
    figures: Counter[str] = Counter(movements=len(movements), payouts=len(payouts))
    if not movements:
        return unknown(NAME, "The gateway's balance did not move.", dict(figures))
    findings = Findings(NAME)
    lines: defaultdict[str, list[Record]] = defaultdict(list)
    for line in facts.final("odoo", "bank_line").values():
        identity = _identity(str(line["unique_import_id"]), movements)
        if identity:
            lines[identity].append(line)
    figures["lines"] = sum(map(len, lines.values()))
    if payouts and not lines:
        entries = list(facts.final("odoo", "entry").values())
        for payout in payouts.values():
            figures["entries"] += _payout(findings, payout, entries)
    else:
        zone = ZoneInfo(plan.shop.timezone)
        for identity, movement in movements.items():
            _movement(findings, identity, movement, lines[identity])
            _month(findings, identity, movement, lines[identity], zone)
    for payout in payouts.values():
        _adds_up(findings, payout, movements)
    left: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in movements.values():
        left[row["currency"]] += Decimal(row["net"])
    balance = ", ".join(f"{amount} {currency}" for currency, amount in sorted(left.items()))
    passed = f"{len(movements)} movements, {len(payouts)} payouts; the balance is {balance}."
    return findings.result(passed, len(movements), dict(figures))


def _identity(text: str, movements: Mapping[str, Record]) -> str:
    """Return the movement that a line bears: its identity may be wrapped or have a suffix."""
    if text in movements:
        return text
    words = text.replace("-", " ").split()
    stems = [word.removesuffix("_fee") for word in words]
    return next((stem for stem in stems if stem in movements), "")


def _movement(findings: Findings, identity: str, movement: Record, lines: list[Record]) -> None:
    net = Decimal(str(movement["net"]))
    told = sum((Decimal(str(line["amount"])) for line in lines), Decimal(0))
    if not lines and net == 0:
        return
    if not lines:
        what = "movement missing"
    elif len(lines) > 2 or _twice(lines):
        what = "movement twice"
    elif told != net:
        what = "movement with another amount"
    elif {line["currency"] for line in lines} != {movement["currency"]}:
        what = "movement in another currency"
    else:
        return
    findings.add(
        what,
        expected=f"{net} {movement['currency']} "
        f"({movement['amount']} less {movement['fee']} fee), once",
        found=f"{told} in {len(lines)} lines",
        subject=f"{movement['type']} {identity}",
    )


def _month(
    findings: Findings, identity: str, movement: Record, lines: list[Record], zone: ZoneInfo
) -> None:
    """Find lines in a month in which the money did not move."""
    if not movement.get("created"):
        return
    day = _day_in(movement["created"], zone)
    days = {day, _day_in(movement["available_on"], zone)}
    for line in lines:
        dated = str(line["date"])[:10]
        if dated not in days and dated[:7] != day[:7]:
            findings.add(
                "movement in another month",
                expected=f"{day}: {movement['created']} in {zone.key}",
                found=f"line {line['id']} of {dated}",
                subject=f"{movement['type']} {identity}",
            )


def _day_in(moment: str, zone: ZoneInfo) -> str:
    """Return the day of a moment in a zone; a midnight of UTC is how vendors write a day."""
    at = datetime.fromisoformat(moment)
    return str((at if at.time() == time() else at.astimezone(zone)).date())


def _payout(findings: Findings, payout: Record, entries: list[Record]) -> int:
    """Judge a payout that is booked as a whole; return how many entries name it."""
    marks = {str(payout["id"]), str(payout["id"]).rpartition("/")[2], str(payout["reference"])}
    named = [row for row in entries if marks & set(_words(row))]
    posted = [row for row in named if row["state"] == "posted"]
    told = sum((Decimal(str(row["amount"])) for row in posted), Decimal(0))
    failed = payout["status"] in ("failed", "canceled")
    net = Decimal(0) if failed else Decimal(str(payout["amount"]))
    if told == net and {row["currency"] for row in posted} <= {payout["currency"]}:
        return len(named)
    if not named:
        what = "payout missing"
    elif not posted:
        what = "payout only a draft"
    elif failed:
        what = "failed payout booked"
    elif told == net:
        what = "payout in another currency"
    elif len(posted) > 1:
        what = "payout twice"
    else:
        what = "payout with another amount"
    findings.add(
        what,
        expected=f"{net} {payout['currency']}, once",
        found=f"{told} in {len(posted)} posted entries",
        subject=f"payout {payout['id']} ({payout['reference']}, {payout['status']})",
    )
    return len(named)


def _words(entry: Record) -> list[str]:
    return " ".join([str(entry["ref"]), *map(str, entry["labels"])]).split()


def _twice(lines: list[Record]) -> bool:
    """Tell whether the same line stands there more than once."""
    seen = Counter((line["unique_import_id"], line["amount"]) for line in lines)
    return max(seen.values()) > 1


def _adds_up(findings: Findings, payout: Record, movements: Mapping[str, Record]) -> None:
    """Check the gateway itself: what a payout bundles is what it pays."""
    bundled = [movements[key] for key in payout["transaction_ids"] if key in movements]
    # What came back of a payout that failed is paid out with the next one.
    inner = [
        row
        for row in bundled
        if row["type"] != "payout"
        and not (row["type"] == "payout_failure" and row.get("source") == payout["id"])
    ]
    total = sum((Decimal(row["net"]) for row in inner), Decimal(0))
    if inner and total != Decimal(payout["amount"]):
        findings.add(
            "payout that does not add up",
            expected=f"{payout['amount']} {payout['currency']}",
            found=f"{total} in {len(inner)} movements",
            subject=f"payout {payout['id']}",
        )


def _dated(timezone: str, created: str, day: str, **movement: str) -> Chain:
    """A movement of that moment, of a business in that zone, and its line of a day."""
    chain = Chain()
    chain.timezone = timezone
    chain.balance("txn_1", "96.80", created=created, **movement)
    chain.bank_line(1, "96.80", identity="txn_1", journal="STRP", day=day)
    return chain


_WEST, _EAST = "America/New_York", "Asia/Tokyo"
_AFTER, _BEFORE = "2026-07-01T00:20:00Z", "2026-06-30T23:30:00Z"  # midnight at Greenwich


def _day(*lines: tuple[str, str]) -> Chain:
    """A charge of 100.00 with 3.20 of fee, its payout, and Odoo's lines (identity, amount)."""
    chain = Chain()
    chain.balance("txn_1", "100.00", "3.20", payout="po_1")
    chain.balance("txn_2", "-96.80", kind="payout", payout="po_1")
    chain.payout("po_1", "96.80", "txn_1", "txn_2")
    for number, (identity, amount) in enumerate(lines):
        chain.bank_line(number, amount, identity=identity, journal="STRP")
    return chain


_PAID = ("txn_2", "-96.80")


def _does_not_add_up() -> Chain:
    chain = _day(("txn_1", "96.80"), _PAID)
    chain.payout("po_1", "97.00", "txn_1", "txn_2")
    return chain


def _paid_again() -> Chain:
    """A payout of 40.00 failed; its money is paid with the next one."""
    chain = _day(("txn_1", "96.80"), _PAID, ("txn_3", "40.00"))
    chain.balance("txn_3", "40.00", kind="payout_failure", source="po_0")
    chain.payout("po_1", "136.80", "txn_1", "txn_2", "txn_3")
    return chain


def _whole(*entries: tuple[str, str], status: str = "paid", state: str = "posted") -> Chain:
    """The channel's payout of 96.80 (a charge less its fee), and entries (amount, reference).

    One more charge waits for the next payout.
    """
    chain = Chain()
    chain.balance("gid://x/Txn/1", "100.00", "3.20", payout="gid://x/Payout/7", system="shopify")
    chain.balance("gid://x/Txn/2", "50.00", "1.75", system="shopify")
    chain.payout(
        "gid://x/Payout/7",
        "96.80",
        "gid://x/Txn/1",
        status=status,
        system="shopify",
        reference="PP7",
    )
    for number, (amount, ref) in enumerate(entries):
        chain.entry(number, amount, ref, state=state)
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN),
    Example(
        name="clean, fee apart",
        tell=lambda: _day(("7-txn_1", "100.00"), ("7-txn_1_fee", "-3.20"), _PAID),
        verdict=Verdict.PASS,
    ),
    Example(name="clean, net", tell=lambda: _day(("txn_1", "96.80"), _PAID), verdict=Verdict.PASS),
    Example(
        name="gross taken as net",
        tell=lambda: _day(("txn_1", "100.00"), _PAID),
        verdict=Verdict.VIOLATED,
        says="another amount",
    ),
    Example(
        name="in the month of the business, west",
        tell=lambda: _dated(_WEST, _AFTER, "2026-06-30"),
        verdict=Verdict.PASS,
    ),
    Example(
        name="in the month of the business, east",
        tell=lambda: _dated(_EAST, _BEFORE, "2026-07-01"),
        verdict=Verdict.PASS,
    ),
    Example(
        name="in the month of Greenwich, west",
        tell=lambda: _dated(_WEST, _AFTER, "2026-07-01"),
        verdict=Verdict.VIOLATED,
        says="another month",
    ),
    Example(
        name="in the month of Greenwich, east",
        tell=lambda: _dated(_EAST, _BEFORE, "2026-06-30"),
        verdict=Verdict.VIOLATED,
        says="2026-07-01",
    ),
    Example(
        name="the day of Greenwich within a month",
        tell=lambda: _dated(_WEST, "2026-06-18T00:20:00Z", "2026-06-18"),
        verdict=Verdict.PASS,
    ),
    Example(
        name="a payout on the day of its arrival",
        tell=lambda: _dated(
            _WEST, _BEFORE, "2026-07-02", kind="payout", available_on="2026-07-02T00:00:00Z"
        ),
        verdict=Verdict.PASS,
    ),
    Example(name="a failed payout paid again", tell=_paid_again, verdict=Verdict.PASS),
    Example(
        name="a fee twice",
        tell=lambda: _day(
            ("txn_1", "100.00"), ("txn_1_fee", "-3.20"), ("txn_1_fee", "-3.20"), _PAID
        ),
        verdict=Verdict.VIOLATED,
        says="twice",
    ),
    Example(
        name="the payout is missing",
        tell=lambda: _day(("txn_1", "96.80")),
        verdict=Verdict.VIOLATED,
        says="missing",
    ),
    Example(
        name="a payout that does not add up",
        tell=_does_not_add_up,
        verdict=Verdict.VIOLATED,
        says="add up",
    ),
    Example(
        name="clean, a payout as a whole",
        tell=lambda: _whole(("96.80", "PP7 / 2026-11-20")),
        verdict=Verdict.PASS,
    ),
    Example(
        name="clean, a payout as a whole by its number",
        tell=lambda: _whole(("96.80", "Payout 7"), ("12.00", "PP77")),
        verdict=Verdict.PASS,
    ),
    Example(
        name="a payout as a whole is missing",
        tell=lambda: _whole(("96.80", "PP77")),
        verdict=Verdict.VIOLATED,
        says="payout missing",
    ),
    Example(
        name="a payout as a whole, gross",
        tell=lambda: _whole(("100.00", "PP7")),
        verdict=Verdict.VIOLATED,
        says="another amount",
    ),
    Example(
        name="a payout as a whole, twice",
        tell=lambda: _whole(("96.80", "PP7"), ("96.80", "PP7")),
        verdict=Verdict.VIOLATED,
        says="payout twice",
    ),
    Example(
        name="a payout as a whole that nobody posted",
        tell=lambda: _whole(("96.80", "PP7"), state="draft"),
        verdict=Verdict.VIOLATED,
        says="draft",
    ),
    Example(
        name="a payout as a whole that failed and stayed booked",
        tell=lambda: _whole(("96.80", "PP7"), status="failed"),
        verdict=Verdict.VIOLATED,
        says="failed payout booked",
    ),
    Example(
        name="clean, a payout as a whole that failed and was taken back",
        tell=lambda: _whole(("96.80", "PP7"), ("-96.80", "Reversal PP7"), status="failed"),
        verdict=Verdict.PASS,
    ),
]
