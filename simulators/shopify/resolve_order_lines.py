"""Answers about lines, shipping lines and transactions of orders.

Models types LineItem, ShippingLine, OrderTransaction and what they hold, Admin API 2026-10.
Code discounts are order-level: they show in ``discountAllocations`` and in the unit price after
all discounts, not in ``discountedTotalSet`` unless asked for. That unit price is what the
current units cost divided by their number; where this is no whole cent, twelve places are shown:
Shopify does not tell how it rounds, and a client that multiplies is not blamed for our guess.

Not modelled: payment details, settlement in another currency.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .context import Context
from .money import Bag, Money
from .order_money import ZERO, quantum_of, rounded
from .order_records import Allocation, Line, ShippingLine, Transaction
from .order_totals import capturable, line_share
from .refund_money import payment_left
from .registry import Arguments, Resolvers
from .resolve_orders import bag_of, first_of, tax_line

__all__ = ["RESOLVERS", "allocation_record", "plain_line"]

RESOLVERS = Resolvers()
_FINE = Decimal("1E-12")


def _line_bag(line: Line, work: Callable[[Line, int], Decimal]) -> Bag:
    order = line.order
    money = Money(work(line, 0), order.currency)
    if len(line.sides) == 1:
        return Bag(money, money)
    return Bag(money, Money(work(line, 1), order.presentment_currency))


def _unit(line: Line, side: int) -> Decimal:
    return line.sides[side].unit


def _gross(line: Line, side: int) -> Decimal:
    return line.sides[side].unit * line.quantity


def _after_all(line: Line, side: int) -> Decimal:
    money = line.sides[side]
    share = line_share(line, side, current=line.current_quantity > 0)
    units = line.current_quantity or line.quantity
    if not units:
        return money.unit
    price = share.subtotal / units
    cents = rounded(price, quantum_of(money.currency))
    return cents if cents == price else rounded(price, _FINE)


def _net(line: Line, side: int) -> Decimal:
    return line.sides[side].unit * line.quantity - line.sides[side].discount


def _untaxed(line: Line, side: int) -> Decimal:
    tax = sum(line.sides[side].taxes, ZERO) if line.order.taxes_included else ZERO
    return _net(line, side) - tax


def _open_gross(line: Line, side: int) -> Decimal:
    return line.sides[side].unit * line.unfulfilled


def _zero(_line: Line, _side: int) -> Decimal:
    return ZERO


BAGS: dict[str, Callable[[Line, int], Decimal]] = {
    "originalUnitPriceSet": _unit,
    "discountedUnitPriceSet": _unit,
    "discountedUnitPriceAfterAllDiscountsSet": _after_all,
    "originalTotalSet": _gross,
    "totalDiscountSet": _zero,
    "unfulfilledOriginalTotalSet": _open_gross,
    "unfulfilledDiscountedTotalSet": _open_gross,
    "priceAfterAllDiscountsBeforeTaxesSet": _untaxed,
}
PLAIN = (
    "originalUnitPrice",
    "discountedUnitPrice",
    "originalTotal",
    "totalDiscount",
    "unfulfilledOriginalTotal",
    "unfulfilledDiscountedTotal",
)


def plain_line(type_name: str, name: str, work: Callable[[Line, int], Decimal]) -> None:
    """Answer a deprecated Money field of a line with the shop's amount."""
    RESOLVERS.field(type_name, name)(lambda line, _arguments, _context: work(line, 0))


def _bag(name: str) -> None:
    work = BAGS[name]
    RESOLVERS.field("LineItem", name)(lambda line, _arguments, _context: _line_bag(line, work))


for _name in BAGS:
    _bag(_name)
for _name in PLAIN:
    plain_line("LineItem", _name, BAGS[f"{_name}Set"])
plain_line("LineItem", "discountedTotal", _gross)


@RESOLVERS.field("LineItem", "discountedTotalSet")
def discounted_total(line: Line, arguments: Arguments, _context: Context) -> Bag:
    """Answer LineItem.discountedTotalSet."""
    return _line_bag(line, _net if arguments.get("withCodeDiscounts") else _gross)


def _word(line: Line) -> str:
    if line.unfulfilled >= line.current_quantity:
        return "unfulfilled"
    return "partial" if line.unfulfilled else "fulfilled"


VALUES: dict[str, Callable[[Line], Any]] = {
    "unfulfilledQuantity": lambda line: line.unfulfilled,
    "fulfillableQuantity": lambda line: line.unfulfilled,
    "nonFulfillableQuantity": lambda line: line.quantity - line.unfulfilled,
    "refundableQuantity": lambda line: line.current_quantity,
    "fulfillmentStatus": _word,
    "isGiftCard": lambda line: line.gift_card,
    "restockable": lambda line: line.variant is not None and line.current_quantity > 0,
    "canRestock": lambda line: line.variant is not None and line.current_quantity > 0,
    "merchantEditable": lambda line: line.unfulfilled > 0,
    "customAttributes": lambda line: [
        {"key": name, "value": said} for name, said in line.properties
    ],
    "weight": lambda line: {"value": float(line.grams), "unit": "GRAMS"},
}


def _value(name: str) -> None:
    work = VALUES[name]
    RESOLVERS.field("LineItem", name)(lambda line, _arguments, _context: work(line))


for _name in VALUES:
    _value(_name)


@RESOLVERS.field("LineItem", "variant")
def variant(line: Line, _arguments: Arguments, context: Context) -> Any:
    """Answer LineItem.variant: null once it was deleted."""
    return context.shop.catalog.variant(line.variant.number) if line.variant else None


@RESOLVERS.field("LineItem", "product")
def product(line: Line, _arguments: Arguments, context: Context) -> Any:
    """Answer LineItem.product: null once it was deleted."""
    return context.shop.catalog.product(line.variant.product.number) if line.variant else None


@RESOLVERS.field("LineItem", "taxLines")
def line_taxes(line: Line, arguments: Arguments, context: Context) -> list[dict[str, Any]]:
    """Answer LineItem.taxLines: as ordered, before refunds."""
    lines = [
        tax_line(
            rate.title, rate.rate, bag_of(line.order, [side.taxes[index] for side in line.sides])
        )
        for index, rate in enumerate(line.tax_rates)
    ]
    return first_of(lines, arguments, context)


def allocation_record(order: Any, allocation: Allocation) -> dict[str, Any]:
    """Return a DiscountAllocation."""
    amounts = bag_of(order, allocation.amounts)
    return {
        "allocatedAmount": amounts.shop_money,
        "allocatedAmountSet": amounts,
        "discountApplication": allocation.application,
    }


@RESOLVERS.field("LineItem", "discountAllocations")
def line_discounts(line: Line, _arguments: Arguments, _context: Context) -> list[dict[str, Any]]:
    """Answer LineItem.discountAllocations."""
    return [allocation_record(line.order, entry) for entry in line.allocations]


def _way_bag(way: ShippingLine, amounts: list[Decimal]) -> Bag:
    currencies = [side.currency for side in way.sides]
    return Bag(Money(amounts[0], currencies[0]), Money(amounts[-1], currencies[-1]))


WAY: dict[str, Callable[[ShippingLine], Any]] = {
    "originalPriceSet": lambda way: _way_bag(way, [side.price for side in way.sides]),
    "originalPrice": lambda way: Money(way.sides[0].price, way.sides[0].currency),
    "price": lambda way: way.sides[0].price,
    "discountedPriceSet": lambda way: _way_bag(way, [side.discounted for side in way.sides]),
    "discountedPrice": lambda way: Money(way.sides[0].discounted, way.sides[0].currency),
    "currentDiscountedPriceSet": lambda way: _way_bag(way, [side.current for side in way.sides]),
    "custom": lambda _way: False,
    "isRemoved": lambda _way: False,
    "discountAllocations": lambda _way: [],
    "carrierIdentifier": lambda _way: None,
    "deliveryCategory": lambda _way: None,
    "phone": lambda _way: None,
    "shippingRateHandle": lambda _way: None,
    "taxLines": lambda way: [
        tax_line(rate.title, rate.rate, _way_bag(way, [side.taxes[index] for side in way.sides]))
        for index, rate in enumerate(way.tax_rates)
    ],
}


def _way(name: str) -> None:
    work = WAY[name]
    RESOLVERS.field("ShippingLine", name)(lambda way, _arguments, _context: work(way))


for _name in WAY:
    _way(_name)


def _amounts(transaction: Transaction) -> Bag:
    return bag_of(transaction.order, transaction.amounts)


def _refundable(transaction: Transaction) -> Money | None:
    if transaction.kind not in ("SALE", "CAPTURE"):
        return None
    return Money(payment_left(transaction), transaction.order.presentment_currency)


def _gateway(transaction: Transaction) -> str:
    return transaction.gateway.replace("_", " ").title()


def _capturable(transaction: Transaction) -> bool:
    return transaction.kind == "AUTHORIZATION" and capturable(transaction.order) > 0


PAID: dict[str, Callable[[Transaction], Any]] = {
    "amountSet": _amounts,
    "amount": lambda entry: entry.amounts[0],
    "amountV2": lambda entry: _amounts(entry).shop_money,
    "formattedGateway": _gateway,
    "parentTransaction": lambda entry: entry.parent,
    "test": lambda entry: entry.order.test,
    "authorizationCode": lambda entry: entry.authorization,
    "manualPaymentGateway": lambda entry: entry.gateway == "manual",
    "manuallyCapturable": _capturable,
    "multiCapturable": lambda _entry: False,
    "maximumRefundableV2": _refundable,
    "maximumRefundable": lambda entry: (found := _refundable(entry)) and found.amount,
    "totalUnsettledSet": lambda entry: bag_of(
        entry.order, entry.amounts if entry.status == "PENDING" else [ZERO]
    ),
    "settlementCurrency": lambda entry: entry.order.currency,
    "settlementCurrencyRate": lambda _entry: None,
    "receiptJson": lambda entry: json.dumps(entry.receipt),
    "accountNumber": lambda _entry: None,
    "authorizationExpiresAt": lambda _entry: None,
}


def _paid(name: str) -> None:
    work = PAID[name]
    RESOLVERS.field("OrderTransaction", name)(lambda entry, _arguments, _context: work(entry))


for _name in PAID:
    _paid(_name)


@RESOLVERS.field("OrderTransaction", "fees")
def fees(entry: Transaction, _arguments: Arguments, context: Context) -> list[dict[str, Any]]:
    """Answer OrderTransaction.fees: what Shopify Payments kept of a charge."""
    found: list[dict[str, Any]] = context.shop.orders.payouts.fees_of(entry)
    return found


RESOLVERS.node("OrderTransaction", lambda shop, number: shop.orders.transactions.get(number))
RESOLVERS.node("LineItem", lambda shop, number: shop.orders.lines.get(number))
