"""What stands in an Odoo order is what the customer bought, to the cent.

Compared with the channel's CURRENT content, so edits count: per SKU the quantity, the total
the customer pays and the tax in it; everything else (shipping, lines without SKU) as one sum; the
order's tax and total; currency (the shop's or the shopper's); e-mail, name, shipping address.

Generous in form: Odoo may show a discount as a percentage, as a lower price or as a negative
line of its own; prices with or without tax; the street in one field or two; capitals and
spaces as it likes. Strict in money: every cent counts, per SKU as in total.

A gift card pays and takes nothing off: an Odoo order that comes to less by just what gift cards
paid took the payment for a discount.

Left out and counted: cancelled orders (orders_exactly_once judges those), orders without
exactly one confirmed sale order (likewise), refunded orders whose sale order shows neither the
goods as bought nor as kept. Unknown: no order was left to compare.

Seen in public: microsoft/BCApps pull 10462, odoo/odoo issue 13687, OCA/connector-magento
issue 116, facts O10, T1, T2, T4, T7, T8, C1, O13.
"""

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from peakproof.evidence import (
    LIVE,
    Claims,
    Example,
    Facts,
    Findings,
    Record,
    Result,
    Story,
    unknown,
)
from peakproof.evidence.currencies import in_currency
from peakproof.evidence.persons import person_differences
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "order_content"
TITLE = "An Odoo order says what the customer bought, to the cent."
FLOWS = ("orders",)

_ZERO = Decimal(0)


class Share(msgspec.Struct):
    """A part of an order: units, the money paid for it and the tax in that money."""

    quantity: Decimal = _ZERO
    total: Decimal = _ZERO
    tax: Decimal = _ZERO

    def add(self, quantity: Decimal, total: Decimal, tax: Decimal) -> None:
        """Add a line."""
        self.quantity += quantity
        self.total += total
        self.tax += tax


class Content(msgspec.Struct):
    """An order, taken apart alike on both sides."""

    goods: dict[str, Share]
    other: Share
    reductions: Share  # Odoo's negative lines


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Compare every live channel order with its one confirmed sale order."""
    facts = Facts.of(history, claims, plan)
    if not facts.checkpoint:
        return unknown(NAME, "No final records were read: the run did not come to its end.")
    findings = Findings(NAME)
    figures: Counter[str] = Counter(compared=0)
    for gid, order in facts.orders.items():
        if order.get("cancelled"):
            figures["left_out_cancelled"] += 1
            continue
        live = [
            facts.odoo_orders[number]
            for number in facts.odoo_ids.get(gid, [])
            if (facts.odoo_orders.get(number) or {}).get("state") in LIVE
        ]
        if len(live) != 1:
            figures["left_out_not_exactly_one"] += 1
            continue
        _compare(facts, gid, in_currency(order, live[0]), live[0], findings, figures)
    if not figures["compared"]:
        return unknown(NAME, "No channel order was left to compare.", dict(figures))
    passed = f"{figures['compared']} orders agree with the channel to the cent."
    return findings.result(passed, figures["compared"], dict(figures))


def _compare(
    facts: Facts,
    gid: str,
    order: Record,
    sale: Record,
    findings: Findings,
    figures: Counter[str],
) -> None:
    differences = _money(order, sale, facts.known_skus)
    if differences and order.get("refunds"):
        if not _as_bought(order, sale):
            figures["left_out_refunded"] += 1
        return
    figures["compared"] += 1
    figures["edited"] += bool(order.get("edited"))
    differences += person_differences(order, sale)
    if not differences:
        return
    figures["different"] += 1
    events = [event for one in facts.sales_of(gid) for event in one.events][-3:]
    for what, expected, found in differences:
        findings.add(
            what,
            expected=expected,
            found=found,
            subject=f"{order.get('name')} {gid} as {sale.get('name')}",
            events=events,
        )


def _decimal(value: object) -> Decimal:
    try:
        return Decimal(str(value if value not in (None, "") else 0))
    except InvalidOperation:
        return _ZERO


def _channel_content(order: Record) -> Content:
    content = Content({}, Share(), Share())
    included = bool(order.get("taxes_included"))
    for line in order.get("lines") or []:
        units, tax = _decimal(line.get("current_quantity")), _decimal(line.get("tax"))
        total = _decimal(line.get("total"))
        if line.get("sku"):
            content.goods.setdefault(str(line["sku"]), Share()).add(units, total, tax)
        else:
            content.other.add(units, total, tax)
    for rate in order.get("shipping") or []:
        price, tax = rate.get("discounted_price", rate.get("price")), _decimal(rate.get("tax"))
        content.other.add(_ZERO, _decimal(price) + (_ZERO if included else tax), tax)
    content.goods = {sku: share for sku, share in content.goods.items() if share.quantity}
    return content


def _odoo_content(sale: Record, skus: set[str]) -> Content:
    content = Content({}, Share(), Share())
    for line in sale.get("lines") or []:
        sku = str(line.get("sku") or "")
        units, total = _decimal(line.get("quantity")), _decimal(line.get("total"))
        tax = _decimal(line.get("tax"))
        if total < 0:
            content.reductions.add(_ZERO, total, tax)
        elif sku in skus:
            content.goods.setdefault(sku, Share()).add(units, total, tax)
        elif total or tax:
            content.other.add(units, total, tax)
    # A line at zero units is how Odoo keeps what was taken off an order.
    content.goods = {sku: s for sku, s in content.goods.items() if s.quantity or s.total}
    return content


def _money(order: Record, sale: Record, known_skus: set[str]) -> list[tuple[str, str, str]]:
    """Return what differs in goods and money as (what, expected, found)."""
    wanted = _channel_content(order)
    # What the shop sells is goods; what Odoo adds beside (delivery, a fee) is not.
    skus = {str(line["sku"]) for line in order.get("lines") or [] if line.get("sku")}
    got = _odoo_content(sale, skus | known_skus)
    differences: list[tuple[str, str, str]] = []
    gaps = Share()
    for sku in sorted(wanted.goods.keys() | got.goods.keys()):
        mine, theirs = wanted.goods.get(sku, Share()), got.goods.get(sku, Share())
        if mine.quantity != theirs.quantity:
            differences.append((f"quantity of {sku}", f"{mine.quantity:f}", f"{theirs.quantity:f}"))
        gap, tax_gap = theirs.total - mine.total, theirs.tax - mine.tax
        if got.reductions.total and gap >= 0 and tax_gap >= 0:
            gaps.add(_ZERO, gap, tax_gap)  # shown at full price, taken off in a line of its own
            continue
        differences += _differ(f"total of {sku}", mine.total, theirs.total)
        differences += _differ(f"tax of {sku}", mine.tax, theirs.tax)
    differences += _other(wanted, got, gaps)
    totals = order.get("totals") or {}
    tax, total = _decimal(totals.get("tax")), _decimal(totals.get("total"))
    differences += _differ("tax of the order", tax, _decimal(sale.get("amount_tax")))
    missing = total - _decimal(sale.get("amount_total"))
    differences += _differ("grand total", total, total - missing)
    card = _paid_by_gift_card(order)
    if card and missing == card:
        said = f"{total - missing:.2f}, less by the {card:.2f} that a gift card paid"
        differences.append(("gift card taken for a discount", f"{total:.2f}", said))
    if order.get("currency") != sale.get("currency"):
        differences.append(("currency", str(order.get("currency")), str(sale.get("currency"))))
    if differences:
        differences = [_explained(one, order, sale) for one in differences]
    return differences


def _paid_by_gift_card(order: Record) -> Decimal:
    paid = (
        _decimal(one["amount"])
        for one in order.get("transactions") or []
        if one["gateway"] == "gift_card" and one["kind"] == "SALE" and one["status"] == "SUCCESS"
    )
    return sum(paid, _ZERO)


def _other(wanted: Content, got: Content, gaps: Share) -> list[tuple[str, str, str]]:
    """Compare all that is not goods, with what negative lines take off set against the gaps."""
    differences = []
    over = gaps.total + got.reductions.total  # below zero: more was taken off than was added
    over_tax = gaps.tax + got.reductions.tax
    differences += _differ("shipping and other charges", wanted.other.total, got.other.total + over)
    differences += _differ(
        "tax of shipping and other charges", wanted.other.tax, got.other.tax + over_tax
    )
    return differences


def _differ(what: str, expected: Decimal, found: Decimal) -> list[tuple[str, str, str]]:
    return [] if expected == found else [(what, f"{expected:.2f}", f"{found:.2f}")]


def _explained(
    difference: tuple[str, str, str], order: Record, sale: Record
) -> tuple[str, str, str]:
    """Add to a difference in a SKU's money how each side came to it."""
    what, expected, found = difference
    sku = what.removeprefix("total of ").removeprefix("tax of ")
    mine = [line for line in order.get("lines") or [] if line.get("sku") == sku]
    theirs = [line for line in sale.get("lines") or [] if line.get("sku") == sku]
    for line in mine:
        expected += (
            f" ({line.get('current_quantity')} x {line.get('unit_price')}"
            f" - {line.get('discount')} discount, tax {line.get('tax')})"
        )
    for line in theirs:
        found += (
            f" ({line.get('quantity')} x {line.get('unit_price')}"
            f" - {line.get('discount_percent')} %, tax {line.get('tax')})"
        )
    return what, expected, found


def _as_bought(order: Record, sale: Record) -> bool:
    """Say whether a refunded order stands in Odoo as it was bought, refunds booked elsewhere."""
    bought: Counter[str] = Counter()
    for line in order.get("lines") or []:
        bought[str(line.get("sku"))] += int(line.get("quantity") or 0)
    got = _odoo_content(sale, set(bought))
    return all(got.goods.get(sku, Share()).quantity == units for sku, units in bought.items())


def _one(**options: Any) -> Story:
    story = Story(stock={"MUG": 9, "TEE": 9}, prices={"TEE": "24.99"}, **options)
    story.checkout(1.0, "1001", {"MUG": 2, "TEE": 1}, discount="0.1")
    story.imported(1.5, "1001")
    return story


def _edited() -> Story:
    story = _one(tax_rate="0.0825")
    story.edit(2.0, "1001", "MUG", 1)
    story.updated_in_odoo(2.5, "1001")
    return story.finish()


def _edit_ignored() -> Story:
    story = _one()
    story.edit(2.0, "1001", "MUG", 1)
    return story.finish()


def _cent_off() -> Story:
    story = _one(tax_rate="0.0825")
    sale = story.odoo[1]
    sale["lines"][1]["tax"] = str(Decimal(sale["lines"][1]["tax"]) + Decimal("0.01"))
    sale["lines"][1]["total"] = str(Decimal(sale["lines"][1]["total"]) + Decimal("0.01"))
    sale["amount_tax"] = str(Decimal(sale["amount_tax"]) + Decimal("0.01"))
    sale["amount_total"] = str(Decimal(sale["amount_total"]) + Decimal("0.01"))
    return story.finish()


def _discount_line() -> Story:
    story = _one()
    lines = story.odoo[1]["lines"]
    lines[0].update(discount_percent="0", total="20.00", subtotal="20.00")
    lines[1].update(discount_percent="0", total="24.99", subtotal="24.99")
    lines.append(
        {"sku": "", "name": "Discount", "quantity": "1", "unit_price": "-4.50",
         "discount_percent": "0", "subtotal": "-4.50", "tax": "0", "total": "-4.50"}
    )  # fmt: skip
    return story.finish()


def _discount_forgotten() -> Story:
    story = _one()
    sale = story.odoo[1]
    sale["lines"][0].update(discount_percent="0", total="20.00", subtotal="20.00")
    sale["amount_total"] = str(Decimal(sale["amount_total"]) + 2)
    return story.finish()


def _gift_card(*, as_discount: bool) -> Story:
    story = _one()
    paid = {"kind": "SALE", "status": "SUCCESS", "gateway": "gift_card", "amount": "7.00"}
    story.orders["1001"]["transactions"] = [paid]
    if as_discount:
        sale = story.odoo[1]
        sale["lines"].append({"sku": "", "name": "Gift card", "quantity": "1", "total": "-7.00"})
        sale["amount_total"] = str(Decimal(sale["amount_total"]) - 7)
    return story.finish()


def _other_customer() -> Story:
    story = _one()
    story.odoo[1]["partner"]["email"] = "somebody.else@example.com"
    return story.finish()


def _nowhere_to_ship() -> Story:
    story = _one()
    story.odoo[1]["shipping"] = {"name": "Ada Buyer 1001"}
    return story.finish()


def _spelled_otherwise() -> Story:
    story = _one(taxes_included=True, tax_rate="0.19")
    place = story.odoo[1]["shipping"]
    place.update(name="ADA  buyer 1001", city="austin ", street="1 main", street2="Street")
    return story.finish()


def _only_cancelled() -> Story:
    story = _one()
    story.cancel(2.0, "1001")
    return story.finish()


def _something_else() -> Story:
    story = Story(stock={"MUG": 9, "CUP": 9})
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    story.odoo[1]["lines"][0]["sku"] = "CUP"  # the price is the same, the goods are not
    return story.finish()


def _delivery_product() -> Story:
    story = _one(tax_rate="0.0825")
    story.odoo[1]["lines"][2].update(sku="D-007", name="Courier", is_delivery=True)
    return story.finish()


def _unanswered() -> Story:
    story = _one()
    story.checkout(3.0, "1002", {"MUG": 1}, answered=False, reaches_shop=False)
    story.checkout(4.0, "1003", {"MUG": 1}, answered=False)
    story.imported(4.5, "1003")
    return story.finish()


EXAMPLES = [
    Example(name="empty", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN),
    Example(name="only cancelled orders", tell=_only_cancelled, verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=lambda: _one().finish(), verdict=Verdict.PASS),
    Example(name="edited", tell=_edited, verdict=Verdict.PASS),
    Example(name="edit ignored", tell=_edit_ignored, verdict=Verdict.VIOLATED, says="MUG"),
    Example(name="one cent off", tell=_cent_off, verdict=Verdict.VIOLATED, says="tax of TEE"),
    Example(name="discount in a line of its own", tell=_discount_line, verdict=Verdict.PASS),
    Example(name="discount forgotten", tell=_discount_forgotten, verdict=Verdict.VIOLATED),
    Example(
        name="paid by gift card", tell=lambda: _gift_card(as_discount=False), verdict=Verdict.PASS
    ),
    Example(
        name="a gift card as a discount",
        tell=lambda: _gift_card(as_discount=True),
        verdict=Verdict.VIOLATED,
        says="gift card taken for a discount",
    ),
    Example(name="another customer", tell=_other_customer, verdict=Verdict.VIOLATED),
    Example(
        name="nowhere to ship to",
        tell=_nowhere_to_ship,
        verdict=Verdict.VIOLATED,
        says="ada buyer 1001, -, -, -, -, -",
    ),
    Example(name="spelled otherwise, tax included", tell=_spelled_otherwise, verdict=Verdict.PASS),
    Example(name="other goods", tell=_something_else, verdict=Verdict.VIOLATED, says="CUP"),
    Example(name="shipping as a product", tell=_delivery_product, verdict=Verdict.PASS),
    Example(name="checkouts without answer", tell=_unanswered, verdict=Verdict.PASS),
]
