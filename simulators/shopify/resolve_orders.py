"""Answers about orders: how they are found and every field that is worked out.

Models ``order``, ``orders``, ``ordersCount`` and type Order of Admin API 2026-10.

Not modelled: saved searches, events, agreements, channels, publications, risk beyond one low
assessment, customer journeys.
"""

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any

from . import order_totals
from .connection import connection, filtered, search_connection
from .context import Context
from .ids import number_of
from .money import Bag, Money
from .order_money import ZERO
from .order_records import DiscountApplication, Order
from .order_search import FILTERS, SORTS, gateways_of
from .order_totals import Totals, current_totals, financial_status, original_totals, received
from .payload_line import order_tax_lines
from .refund_money import refundable
from .registry import Arguments, Resolvers

__all__ = ["RESOLVERS", "bag_of", "first_of", "order_of", "tax_line"]

RESOLVERS = Resolvers()
BagOf = Callable[[Order, Context], Bag]


def bag_of(order: Order, amounts: list[Decimal]) -> Bag:
    """Return amounts per currency as a MoneyBag."""
    money = Money(amounts[0], order.currency)
    if len(amounts) == 1:
        return Bag(money, money)
    return Bag(money, Money(amounts[1], order.presentment_currency))


def first_of(items: list[Any], arguments: Arguments, context: Context) -> list[Any]:
    """Return a plain list's first items, as its ``first`` argument asks."""
    first = arguments.get("first")
    return items if first is None or context.bulk else items[:first]


def order_of(identity: str, context: Context) -> Order | None:
    """Return the order of a gid, or None."""
    found: Order | None = context.shop.orders.by_number.get(number_of(identity, "Order"))
    return found


def tax_line(title: str, rate: Decimal, price: Bag) -> dict[str, Any]:
    """Return a TaxLine."""
    return {
        "title": title,
        "rate": float(rate),
        "ratePercentage": float(rate * 100),
        "price": price.shop_money.amount,
        "priceSet": price,
        "source": "Shopify",
        "channelLiable": False,
    }


@RESOLVERS.query("order")
def order_by_id(arguments: Arguments, context: Context) -> Order | None:
    """Answer QueryRoot.order."""
    return order_of(arguments["id"], context)


@RESOLVERS.query("orders")
def orders(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.orders."""
    return search_connection(context.shop.orders.all, arguments, context, FILTERS, SORTS)


@RESOLVERS.query("ordersCount")
def orders_count(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.ordersCount."""
    return counted(len(filtered(context.shop.orders.all, arguments, context, FILTERS)), arguments)


def counted(whole: int, arguments: Arguments) -> dict[str, Any]:
    """Return a Count, capped by ``limit``."""
    limit = arguments.get("limit")
    if limit is not None and whole > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": whole, "precision": "EXACT"}


RESOLVERS.node("Order", lambda shop, number: shop.orders.by_number.get(number))


def _per_side(order: Order, work: Callable[[Order, int], Decimal]) -> Bag:
    money = Money(work(order, 0), order.currency)
    if order.presentment_currency == order.currency:
        return Bag(money, money)
    return Bag(money, Money(work(order, 1), order.presentment_currency))


def _totals(name: str, sums: Callable[[Order, int], Totals]) -> BagOf:
    """Return what takes one of an order's sums; within a query they are worked out once."""
    amount = attrgetter(name)

    def answer(order: Order, context: Context) -> Bag:
        if context.summed is not order:
            context.summed, context.sums = order, {}
        found = context.sums.get(sums)
        if found is None:
            found = [sums(order, side) for side in range(len(order.currencies))]
            if context.reading:
                context.sums[sums] = found
        return bag_of(order, [amount(totals) for totals in found])

    return answer


def _shipping_refunded(order: Order, side: int) -> Decimal:
    return sum((way.sides[side].refunded for way in order.shipping_lines), ZERO)


def _sum(work: Callable[[Order, int], Decimal]) -> BagOf:
    return lambda order, _context: _per_side(order, work)


def _nothing(order: Order, _context: Context | None = None) -> Bag:
    return bag_of(order, [ZERO for _ in order.currencies])


BAGS: dict[str, BagOf] = {
    "subtotalPriceSet": _totals("subtotal", original_totals),
    "totalDiscountsSet": _totals("discount", original_totals),
    "cartDiscountAmountSet": _totals("discount", original_totals),
    "totalShippingPriceSet": _totals("shipping", original_totals),
    "totalTaxSet": _totals("tax", original_totals),
    "totalPriceSet": _totals("total", original_totals),
    "originalTotalPriceSet": _totals("total", original_totals),
    "currentSubtotalPriceSet": _totals("subtotal", current_totals),
    "currentTotalDiscountsSet": _totals("discount", current_totals),
    "currentCartDiscountAmountSet": _totals("discount", current_totals),
    "currentShippingPriceSet": _totals("shipping", current_totals),
    "currentTotalTaxSet": _totals("tax", current_totals),
    "currentTotalPriceSet": _totals("total", current_totals),
    "totalReceivedSet": _sum(received),
    "totalRefundedSet": _sum(order_totals.refunded),
    "totalRefundedShippingSet": _sum(_shipping_refunded),
    "netPaymentSet": _sum(refundable),
    "totalOutstandingSet": _sum(order_totals.outstanding),
    "totalCapturableSet": _sum(order_totals.capturable),
    "refundDiscrepancySet": _sum(order_totals.refund_discrepancy),
    "totalTipReceivedSet": _nothing,
}
PLAIN = (
    "subtotalPrice",
    "totalDiscounts",
    "totalShippingPrice",
    "totalTax",
    "totalPrice",
    "totalReceived",
    "totalRefunded",
    "netPayment",
    "totalCapturable",
    "cartDiscountAmount",
)


def _bag(name: str) -> None:
    work = BAGS[name]
    RESOLVERS.field("Order", name)(lambda order, _arguments, context: work(order, context))


def _plain(name: str) -> None:
    work = BAGS[f"{name}Set"]
    RESOLVERS.field("Order", name)(
        lambda order, _arguments, context: work(order, context).shop_money.amount
    )


for _name in BAGS:
    _bag(_name)
for _name in PLAIN:
    _plain(_name)


def _taxes(order: Order, *, current: bool) -> list[dict[str, Any]]:
    return [
        tax_line(rate.title, rate.rate, bag_of(order, amounts))
        for rate, amounts in order_tax_lines(order, current=current)
    ]


def _open_units(order: Order) -> bool:
    return order.cancelled_at is None and order_totals.unfulfilled_units(order) > 0


def _editable_errors(order: Order) -> list[str]:
    return ["Order is cancelled"] if order.cancelled_at else []


def _rounding(order: Order) -> dict[str, Any]:
    return {"paymentSet": _nothing(order), "refundSet": _nothing(order)}


RISK: dict[str, Any] = {
    "recommendation": "ACCEPT",
    "assessments": [{"riskLevel": "LOW", "facts": []}],
}
VALUES: dict[str, Callable[[Order], Any]] = {
    "legacyResourceId": lambda order: order.number,
    "number": lambda order: order.sequence,
    "cancellation": lambda order: {"staffNote": order.cancel_note} if order.cancelled_at else None,
    "closed": lambda order: order.closed_at is not None,
    "confirmed": lambda _order: True,
    "currencyCode": lambda order: order.currency,
    "presentmentCurrencyCode": lambda order: order.presentment_currency,
    "displayFinancialStatus": financial_status,
    "displayFulfillmentStatus": order_totals.fulfillment_status,
    "returnStatus": order_totals.return_status,
    "billingAddressMatchesShippingAddress": lambda order: (
        order.billing_address is order.shipping_address
    ),
    "displayAddress": lambda order: order.shipping_address or order.billing_address,
    "customAttributes": lambda order: [
        {"key": entry["name"], "value": entry["value"]} for entry in order.note_attributes
    ],
    "customerLocale": lambda _order: "en",
    "shippingLine": lambda order: order.shipping_lines[0] if order.shipping_lines else None,
    "discountCode": lambda order: order.discount_codes[0] if order.discount_codes else None,
    "taxLines": lambda order: _taxes(order, current=False),
    "currentTaxLines": lambda order: _taxes(order, current=True),
    "taxExempt": lambda _order: False,
    "dutiesIncluded": lambda _order: False,
    "estimatedTaxes": lambda _order: False,
    "transactionsCount": lambda order: counted(len(order.transactions), {}),
    "fulfillmentsCount": lambda order: counted(len(order.fulfillments), {}),
    "risk": lambda _order: RISK,
    "riskLevel": lambda _order: "LOW",
    "totalCashRoundingAdjustment": _rounding,
    "fulfillable": _open_units,
    "fullyPaid": lambda order: order_totals.outstanding(order) <= 0,
    "unpaid": lambda order: not received(order) and order_totals.outstanding(order) > 0,
    "refundable": lambda order: refundable(order) > 0,
    "restockable": lambda order: any(line.current_quantity for line in order.lines),
    "capturable": lambda order: order_totals.capturable(order) > 0,
    "canMarkAsPaid": lambda order: (
        order.cancelled_at is None and order_totals.outstanding(order) > 0
    ),
    "canNotifyCustomer": lambda order: bool(order.email),
    "merchantEditable": lambda order: order.cancelled_at is None,
    "merchantEditableErrors": _editable_errors,
    "requiresShipping": lambda order: any(line.requires_shipping for line in order.lines),
    "subtotalLineItemsQuantity": lambda order: sum(line.quantity for line in order.lines),
    "currentSubtotalLineItemsQuantity": lambda order: sum(
        line.current_quantity for line in order.lines
    ),
    "totalWeight": lambda order: sum(line.grams * line.quantity for line in order.lines),
    "currentTotalWeight": lambda order: sum(
        line.grams * line.current_quantity for line in order.lines
    ),
    "paymentGatewayNames": gateways_of,
    "totalTipReceived": lambda order: Money(ZERO, order.currency),
}


def _value(name: str) -> None:
    work = VALUES[name]
    RESOLVERS.field("Order", name)(lambda order, _arguments, _context: work(order))


for _name in VALUES:
    _value(_name)


@RESOLVERS.field("Order", "statusPageUrl")
def status_page(order: Order, _arguments: Arguments, context: Context) -> str:
    """Answer Order.statusPageUrl."""
    shop = context.shop
    return f"https://{shop.domain}/{shop.number}/orders/{order.token}/authenticate"


@RESOLVERS.field("Order", "email")
def email(order: Order, _arguments: Arguments, _context: Context) -> str | None:
    """Answer Order.email: null for an order without one."""
    return order.email or None


LISTS: dict[str, Callable[[Order], list[Any]]] = {
    "lineItems": lambda order: order.lines,
    "nonFulfillableLineItems": lambda order: [e for e in order.lines if not e.unfulfilled],
    "shippingLines": lambda order: order.shipping_lines,
    "returns": lambda order: order.returns,
    "fulfillmentOrders": lambda order: order.fulfillment_orders,
}


def _connected(name: str) -> None:
    items = LISTS[name]
    RESOLVERS.field("Order", name)(
        lambda order, arguments, context: connection(items(order), arguments, context)
    )


for _name in LISTS:
    _connected(_name)


@RESOLVERS.field("Order", "discountApplications")
def discount_applications(order: Order, arguments: Arguments, context: Context) -> Any:
    """Answer Order.discountApplications."""
    return connection(order.applications, arguments, context)


@RESOLVERS.field("DiscountCodeApplication", "value")
@RESOLVERS.field("ManualDiscountApplication", "value")
@RESOLVERS.field("AutomaticDiscountApplication", "value")
def discount_value(
    application: DiscountApplication, _arguments: Arguments, _context: Context
) -> dict[str, Any]:
    """Answer DiscountApplication.value."""
    if application.kind == "percentage":
        return {"__typename": "PricingPercentageValue", "percentage": float(application.value)}
    return {
        "__typename": "MoneyV2",
        "amount": application.value,
        "currencyCode": application.currency,
    }


@RESOLVERS.field("Order", "transactions")
def transactions(order: Order, arguments: Arguments, context: Context) -> list[Any]:
    """Answer Order.transactions."""
    found = order.transactions
    if arguments.get("capturable"):
        left = order_totals.capturable(order) > 0
        found = [entry for entry in found if left and entry.kind == "AUTHORIZATION"]
    return first_of(found, arguments, context)


@RESOLVERS.field("Order", "refunds")
def refunds(order: Order, arguments: Arguments, context: Context) -> list[Any]:
    """Answer Order.refunds."""
    return first_of(order.refunds, arguments, context)


@RESOLVERS.field("Order", "fulfillments")
def fulfillments(order: Order, arguments: Arguments, context: Context) -> list[Any]:
    """Answer Order.fulfillments."""
    return first_of(order.fulfillments, arguments, context)
