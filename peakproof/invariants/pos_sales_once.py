"""Every sale of the shops stands once in Odoo, to the cent and piece; days and stock agree.

- A completed sale is exactly once in Odoo, with its total and its quantities, also one that an
  offline till sent late, or twice. A refund likewise, with its amount.
- A pickup of an online order is no sale of its own: that order is in Odoo already.
- In every shop the stock on hand moved by what was sold there, less what came back on the shelf.
- The close of a day comes to what Odoo holds: the same sales and refunds, and where they are in
  sessions of Odoo's point of sale, closed ones with nothing else in them and the cash counted.

A connector may book sales as orders of the point of sale, as sale orders or as invoices. Refunds
of a day are compared where their times tell the day. Stock is compared for items that nobody
counted or received at the till. Unknown: nothing was sold.

Seen in public: odoo/odoo issues 40567, 42862, 108518 and 152259, facts O17, O19.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.evidence.example import example_claims
from peakproof.evidence.quants import Quants
from peakproof.evidence.stock import StockLedger
from peakproof.evidence.tillbooks import Booking, TillBooks
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "pos_sales_once"
TITLE = "Every sale of the shops stands once in Odoo, to the cent; stock and days agree."
FLOWS = ("pos",)


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Match the tills' sales, refunds and days with what Odoo holds."""
    facts = Facts.of(history, claims, plan)
    books = TillBooks(facts)
    sales = {key: sale for key, sale in books.sales.items() if _is_sale(sale)}
    figures: Counter[str] = Counter(sales=len(sales))
    if not sales:
        return unknown(NAME, "No shop sold anything, so nothing was tested.", dict(figures))
    findings = Findings(NAME)
    for identity, sale in sales.items():
        figures["duplicates"] += bool(sale["duplicate_of"])
        if not sale["duplicate_of"]:
            _sale(findings, sale, books.of_sale(identity))
            _refunds(findings, figures, books, identity)
    for stranger in books.strangers:
        findings.add(
            "sale that no till knows",
            expected="no order without a sale of a till",
            found=f"{stranger.amount} in {stranger.name}",
            subject=stranger.name,
        )
    _stock(findings, figures, facts, books)
    for close in facts.final("pos", "day_close").values():
        _day(findings, figures, facts, books, close)
    passed = (
        f"{figures['sales'] - figures['duplicates']} sales, {figures['refunds']} refunds and "
        f"{figures['days']} days stand in Odoo once, to the cent."
    )
    return findings.result(passed, figures["sales"], dict(figures))


def _is_sale(sale: Record) -> bool:
    return bool(sale["state"] == "completed" and sale["lines"])


def _sale(findings: Findings, sale: Record, found: list[Booking]) -> None:
    subject = f"sale {sale['reference']}"
    if sale["channel_order"]:
        own = [booking for booking in found if booking.kind == "pos_order"]
        if own:
            findings.add(
                "pickup booked as a sale",
                expected=f"only the online order {sale['channel_order']}",
                found=", ".join(booking.name for booking in own),
                subject=subject,
            )
        return
    names = ", ".join(booking.name for booking in found)
    if len(found) != 1:
        findings.add(
            "sale twice" if found else "sale missing",
            expected=f"{sale['total']} {sale['currency']}, once",
            found=names or "nothing",
            subject=subject,
        )
        return
    booking = found[0]
    if booking.amount != Decimal(sale["total"]):
        findings.add(
            "sale with another total",
            expected=sale["total"],
            found=f"{booking.amount} in {names}",
            subject=subject,
        )
    wanted: Counter[str] = Counter()
    for line in sale["lines"]:
        wanted[line["sku"]] += line["quantity"]
    units = {sku: booking.units.get(sku, 0) for sku in wanted}
    if booking.kind != "invoice" and units != dict(wanted):
        findings.add(
            "sale with other quantities", expected=dict(wanted), found=units, subject=subject
        )


def _refunds(findings: Findings, figures: Counter[str], books: TillBooks, identity: str) -> None:
    given = books.refunds_of.get(identity, [])
    figures["refunds"] += len(given)
    wanted = sorted(Decimal(refund["amount"]) for refund in given)
    found = books.of_refunds(identity)
    amounts = sorted(-booking.amount for booking in found)
    if wanted == amounts:
        return
    what = "refund with another amount"
    if len(wanted) != len(amounts):
        what = "refund missing" if len(wanted) > len(amounts) else "refund twice"
    findings.add(
        what,
        expected=", ".join(map(str, wanted)) or "none",
        found=", ".join(f"{-booking.amount} in {booking.name}" for booking in found) or "nothing",
        subject=f"sale {books.sales[identity]['reference']}",
    )


def _stock(findings: Findings, figures: Counter[str], facts: Facts, books: TillBooks) -> None:
    records = facts.final("odoo", "stock")
    if not records:
        figures["stock_not_judged"] += 1
        return
    low = {
        (sku, code): float(units)
        for sku, stock in StockLedger.of(facts).initial.items()
        for code, units in stock.items()
    }
    for (sku, code), units in _left(facts, books).items():
        low[sku, code] = low.get((sku, code), 0.0) - units
    high = dict(low)
    for move in StockLedger.of(facts).moves:
        place = (move.sku, move.location)
        if place in low and move.operation.system == "odoo":
            low[place] += move.units if move.certain or move.units < 0 else 0
            high[place] += move.units if move.certain or move.units > 0 else 0
    counted = _counted(facts, books)
    for sku, code in (place for place in low if place not in counted):
        figures["stock_compared"] += 1
        found = float(records.get(f"{sku}@{code}", {}).get("on_hand") or 0)
        if not low[sku, code] <= found <= high[sku, code]:
            findings.add(
                "stock on hand in Odoo",
                expected=f"{low[sku, code]:g} by what was there, sold and put back",
                found=f"{found:g} ({found - low[sku, code]:+g})",
                subject=f"{sku}@{code}",
            )


def _left(facts: Facts, books: TillBooks) -> dict[tuple[str, str], float]:
    """Return how many pieces left each shop for ever: over the counter, and for online orders."""
    left: defaultdict[tuple[str, str], float] = defaultdict(float)
    for sale in books.sales.values():
        if _is_sale(sale) and not sale["duplicate_of"] and not sale["channel_order"]:
            for line in sale["lines"]:
                left[line["sku"], sale["location_code"]] += line["quantity"]
    for refund in books.refunds.values():
        if refund["restocked"] and refund["state"] == "completed":
            for line in refund["lines"]:
                left[line["sku"], refund["location_code"]] -= line["quantity"]
    in_shops = {
        key
        for key, picking in facts.final("odoo", "picking").items()
        if picking["sale_id"] in books.sale_order_ids
    }
    for place, units in Quants.of(facts).delivered_without(in_shops).items():
        left[place] += units
    return left


def _counted(facts: Facts, books: TillBooks) -> set[tuple[str, str]]:
    """Return the items and places whose stock the till changed otherwise."""
    places = {
        (str(operation.arguments.get("sku")), str(operation.arguments.get("location_code")))
        for operation in facts.operations
        if operation.system == "pos" and operation.action in ("count_stock", "receive_stock")
    }
    for refund in books.refunds.values():
        if refund["restocked"] and refund["state"] != "completed":
            places |= {(line["sku"], refund["location_code"]) for line in refund["lines"]}
    return places


def _day(
    findings: Findings,
    figures: Counter[str],
    facts: Facts,
    books: TillBooks,
    close: Record,
) -> None:
    """Compare a day's sales; where they are in sessions, what the sessions hold as well."""
    figures["days"] += 1
    subject = f"{close['date']} of {close['location_code']}"
    pickups = [key for key in close["sale_ids"] if books.sales[key]["channel_order"]]
    own = [key for key in close["sale_ids"] if key not in pickups]
    sold = [booking for key in own for booking in books.of_sale(key)]
    wanted = Decimal(close["total"]) - sum(Decimal(books.sales[key]["total"]) for key in pickups)
    total = sum((booking.amount for booking in sold), Decimal(0))
    if total != wanted:
        findings.add("day with other sales", expected=wanted, found=total, subject=subject)
    numbers = {booking.record["session_id"] for booking in sold if booking.kind == "pos_order"}
    if numbers:
        held = [one for number in sorted(numbers) for one in books.in_session.get(number, [])]
        known = facts.final("odoo", "pos_session")
        sessions = [known[str(number)] for number in sorted(numbers) if str(number) in known]
        _sessions(findings, subject, held, sessions, close, wanted)


def _sessions(
    findings: Findings,
    subject: str,
    held: list[Booking],
    sessions: list[Record],
    close: Record,
    sold: Decimal,
) -> None:
    """Compare the sessions of a day with its close: closed, nothing else in them, cash counted."""
    still_open = [session["name"] for session in sessions if session["state"] != "closed"]
    if still_open:
        findings.add("day still open", expected="closed", found=still_open, subject=subject)
        return
    cash = [
        Decimal(payment["amount"])
        for booking in held
        for payment in booking.record["payments"]
        if payment["is_cash"]
    ]
    due_cash = Decimal(close["tenders"]["cash"]) - Decimal(close["refunds"]["cash"])
    counted = [Decimal(session["counted_cash"]) for session in sessions]
    nothing = Decimal(0)
    for what, due, found in (
        (
            "session with another total",
            sold - Decimal(close["refund_total"]),
            sum((booking.amount for booking in held), nothing),
        ),
        ("session with other cash", due_cash, sum(cash, nothing)),
        ("day counted otherwise", Decimal(close["counted_cash"]), sum(counted, nothing)),
    ):
        if due != found:
            findings.add(what, expected=due, found=found, subject=subject)


def _claims() -> Claims:
    claims = example_claims()
    claims.flows.add("pos")
    return claims


def _two_sales() -> Chain:
    """Two sales, one of them sent twice, and a refund whose goods came back."""
    chain = Chain()
    first = chain.sold("MAIN-1", "20.00", ("MUG", 2))
    second = chain.sold("MAIN-2", "10.00", ("MUG", 1))
    chain.sold("MAIN-2", "10.00", ("MUG", 1), duplicate_of=second)
    chain.gave_back("R1", first, "10.00", ("MUG", 1), restocked=True)
    chain.day_closed(first, second, refund_total="10.00", counted="120.00")
    return chain


def _booked(on_hand: int = 8) -> Chain:
    """Return the same with what Odoo should hold of it."""
    chain = _two_sales()
    chain.receipt(1, "MAIN-1", "20.00", ("MUG", 2))
    chain.receipt(2, "MAIN-2", "10.00", ("MUG", 1))
    chain.receipt(3, "MAIN-1 REFUND", "-10.00", ("MUG", -1), refund_of=1)
    chain.session(1, "120.00")
    chain.stocked("MUG", "MAIN", 10, on_hand)
    return chain


def _with(change: Callable[[Chain], object]) -> Callable[[], Chain]:
    def tell() -> Chain:
        chain = _booked()
        change(chain)
        return chain

    return tell


def _as_sale_orders() -> Chain:
    """The same, booked as sale orders and a credit note."""
    chain = _two_sales()
    for number, reference, total, units in ((1, "MAIN-1", "20.00", 2), (2, "MAIN-2", "10.00", 1)):
        chain.final("odoo", "order", str(number), {
            "id": number, "name": f"S{number}", "state": "sale", "client_order_ref": reference,
            "amount_total": total, "lines": [{"sku": "MUG", "quantity": units}],
        })  # fmt: skip
    chain.final("odoo", "invoice", "3", {
        "id": 3, "name": "RINV/3", "move_type": "out_refund", "state": "posted",
        "ref": "Refund of MAIN-1", "invoice_origin": "", "amount_total": "10.00",
    })  # fmt: skip
    chain.stocked("MUG", "MAIN", 10, 8)
    return chain


def _pickup(booked: bool) -> Chain:
    chain = _booked()
    sale = chain.sold("WEB-1001", "5.00", ("MUG", 1), tender="external", channel_order="WEB-1001")
    if booked:
        chain.receipt(4, sale, "5.00", ("MUG", 1), session=2)
    return chain


def _violated(name: str, tell: Callable[[], Chain], says: str) -> Example:
    return Example(name=name, tell=tell, verdict=Verdict.VIOLATED, says=says, claims=_claims())


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN, claims=_claims()),
    Example(name="clean", tell=_booked, verdict=Verdict.PASS, claims=_claims()),
    Example(
        name="clean, as sale orders", tell=_as_sale_orders, verdict=Verdict.PASS, claims=_claims()
    ),
    Example(
        name="a pickup is no sale",
        tell=lambda: _pickup(booked=False),
        verdict=Verdict.PASS,
        claims=_claims(),
    ),
    _violated("a pickup sold again", lambda: _pickup(booked=True), "pickup booked as a sale"),
    _violated("nothing booked", _two_sales, "sale missing"),
    _violated(
        "the resent sale twice",
        _with(lambda chain: chain.receipt(4, "MAIN-2", "10.00", ("MUG", 1))),
        "sale twice",
    ),
    _violated(
        "a cent too little",
        _with(lambda chain: chain.receipt(2, "MAIN-2", "9.99", ("MUG", 1))),
        "another total",
    ),
    _violated(
        "a piece too many",
        _with(lambda chain: chain.receipt(2, "MAIN-2", "10.00", ("MUG", 2))),
        "other quantities",
    ),
    _violated(
        "a refund twice",
        _with(lambda chain: chain.receipt(4, "MAIN-1 R1", "-10.00", refund_of=1)),
        "refund twice",
    ),
    _violated(
        "a refund of another amount",
        _with(lambda chain: chain.receipt(3, "R1", "-9.00", ("MUG", -1), refund_of=1)),
        "refund with another amount",
    ),
    _violated("not back on the shelf", lambda: _booked(on_hand=7), "stock on hand"),
    _violated("nobody's sale", _with(lambda chain: chain.receipt(5, "X", "1.00")), "no till knows"),
    _violated(
        "the day left open",
        _with(lambda chain: chain.session(1, "120.00", state="opened")),
        "still open",
    ),
    _violated(
        "the day counted otherwise",
        _with(lambda chain: chain.session(1, "119.65")),
        "counted otherwise",
    ),
    _violated(
        "a sale in another day's session",
        _with(lambda chain: chain.receipt(6, "Y", "3.00")),
        "another total",
    ),
]
