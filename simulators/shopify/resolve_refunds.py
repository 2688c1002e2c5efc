"""Answers about refunds, and refundCreate.

Models type Refund and Mutation.refundCreate of Admin API 2026-10 (the executor enforces
@idempotent). Amounts of ``transactions`` are in the presentment currency; ``currency`` is
required where that differs from the shop's.

Not modelled: duties, refundMethods (store credit), notifications, processedAt.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .connection import connection
from .context import Context
from .errors import ApiError, Refused, user_error
from .ids import number_of
from .money import Money
from .order_money import ZERO
from .order_records import Order, Transaction
from .orders import Orders
from .refund import give_back
from .refund_money import RefundPlan, RefundUnits, shipping_left
from .refund_records import Adjustment, Refund, RefundLine, RefundShipping
from .refusals import missing, refusal
from .registry import Arguments, Resolvers
from .resolve_orders import bag_of, order_of

__all__ = ["RESOLVERS", "location_of", "payments_of"]

RESOLVERS = Resolvers()
REASONS = {
    "CUSTOMER": "CUSTOMER",
    "DAMAGE": "DAMAGE",
    "RESTOCK": "RESTOCK",
    "OTHER": "REFUND_DISCREPANCY",
}


@RESOLVERS.query("refund")
def refund_by_id(arguments: Arguments, context: Context) -> Refund | None:
    """Answer QueryRoot.refund."""
    return _orders(context).refunds.get(number_of(arguments["id"], "Refund"))


RESOLVERS.node("Refund", lambda shop, number: shop.orders.refunds.get(number))


def _orders(context: Context) -> Orders:
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    return orders


def _total(refund: Refund) -> list[Decimal]:
    sides = range(len(refund.order.currencies))
    return [sum((entry.amounts[side] for entry in refund.transactions), ZERO) for side in sides]


FIELDS: dict[str, Callable[[Refund], Any]] = {
    "legacyResourceId": lambda refund: refund.number,
    "processedAt": lambda refund: refund.created_at,
    "updatedAt": lambda refund: refund.created_at,
    "return": lambda refund: refund.return_,
    "totalRefundedSet": lambda refund: bag_of(refund.order, _total(refund)),
    "totalRefunded": lambda refund: Money(_total(refund)[0], refund.order.currency),
    "duties": lambda _refund: [],
}
LISTS: dict[str, Callable[[Refund], list[Any]]] = {
    "refundLineItems": lambda refund: refund.lines,
    "refundShippingLines": lambda refund: refund.shipping,
    "orderAdjustments": lambda refund: refund.adjustments,
    "transactions": lambda refund: refund.transactions,
}
LINE: dict[str, Callable[[RefundLine], Any]] = {
    "lineItem": lambda entry: entry.line,
    "restocked": lambda entry: entry.restock_type != "NO_RESTOCK",
    "price": lambda entry: entry.line.sides[0].unit,
    "priceSet": lambda entry: bag_of(entry.line.order, [side.unit for side in entry.line.sides]),
    "subtotal": lambda entry: entry.sides[0].subtotal,
    "subtotalSet": lambda entry: bag_of(
        entry.line.order, [share.subtotal for share in entry.sides]
    ),
    "totalTax": lambda entry: entry.sides[0].tax,
    "totalTaxSet": lambda entry: bag_of(entry.line.order, [share.tax for share in entry.sides]),
}


def _field(type_name: str, name: str, work: Callable[[Any], Any]) -> None:
    RESOLVERS.field(type_name, name)(lambda found, _arguments, _context: work(found))


def _list(name: str) -> None:
    items = LISTS[name]
    RESOLVERS.field("Refund", name)(
        lambda refund, arguments, context: connection(items(refund), arguments, context)
    )


for _name in LISTS:
    _list(_name)
for _name, _work in FIELDS.items():
    _field("Refund", _name, _work)
for _name, _line_work in LINE.items():
    _field("RefundLineItem", _name, _line_work)


@RESOLVERS.field("RefundShippingLine", "subtotalAmountSet")
def shipping_amount(entry: RefundShipping, _arguments: Arguments, context: Context) -> Any:
    """Answer RefundShippingLine.subtotalAmountSet."""
    return bag_of(_owner(entry.number, context), entry.amounts)


@RESOLVERS.field("RefundShippingLine", "taxAmountSet")
def shipping_tax(entry: RefundShipping, _arguments: Arguments, context: Context) -> Any:
    """Answer RefundShippingLine.taxAmountSet."""
    return bag_of(_owner(entry.number, context), entry.taxes)


@RESOLVERS.field("OrderAdjustment", "amountSet")
def adjustment_amount(entry: Adjustment, _arguments: Arguments, context: Context) -> Any:
    """Answer OrderAdjustment.amountSet."""
    return bag_of(_owner(entry.number, context), entry.amounts)


@RESOLVERS.field("OrderAdjustment", "taxAmountSet")
def adjustment_tax(entry: Adjustment, _arguments: Arguments, context: Context) -> Any:
    """Answer OrderAdjustment.taxAmountSet."""
    return bag_of(_owner(entry.number, context), entry.taxes)


@RESOLVERS.field("OrderAdjustment", "reason")
def adjustment_reason(entry: Adjustment, _arguments: Arguments, _context: Context) -> str:
    """Answer OrderAdjustment.reason."""
    return REASONS.get(entry.reason, "REFUND_DISCREPANCY")


def _owner(part: int, context: Context) -> Order:
    """Return the order of a refund's shipping line or adjustment."""
    return _orders(context).refund_parts[part]


def location_of(identity: str | None, context: Context) -> Any:
    """Return a location by gid; None for None. Raises Refused ``unknown_location``."""
    if identity is None:
        return None
    found = context.shop.locations.by_number.get(number_of(identity, "Location"))
    if found is None:
        raise Refused("unknown_location", "Location does not exist")
    return found


def payments_of(
    given: list[dict[str, Any]], order: Order, context: Context
) -> list[tuple[Decimal, Transaction | None]]:
    """Return the (amount, payment) pairs of OrderTransactionInputs; raises Refused."""
    payments: list[tuple[Decimal, Transaction | None]] = []
    for entry in given:
        if entry["kind"] not in ("REFUND", "SUGGESTED_REFUND"):
            raise Refused("bad_kind", "Transactions of a refund must be of kind REFUND")
        parent = None
        if entry.get("parentId"):
            number = number_of(entry["parentId"], "OrderTransaction")
            parent = _orders(context).transactions.get(number)
            if parent is None or parent.order is not order:
                raise Refused("unknown_transaction", "Parent transaction does not exist")
            if parent.kind not in ("SALE", "CAPTURE"):
                raise Refused("bad_parent", "Parent transaction must be a sale or a capture")
        payments.append((entry["amount"], parent))
    return payments


def _plan(given: dict[str, Any], order: Order, context: Context) -> RefundPlan:
    units = []
    for entry in given.get("refundLineItems") or []:
        line = _orders(context).lines.get(number_of(entry["lineItemId"], "LineItem"))
        if line is None or line.order is not order:
            raise Refused("unknown_line", "Refund line items line item does not exist")
        kind = entry.get("restockType") or "NO_RESTOCK"
        if kind == "LEGACY_RESTOCK":
            raise Refused("bad_restock", "Restock type LEGACY_RESTOCK is not accepted")
        location = location_of(entry.get("locationId"), context)
        units.append(RefundUnits(line, entry["quantity"], kind, location))
    last = len(order.currencies) - 1
    shipping = given.get("shipping") or {}
    left = shipping_left(order, last)
    amount: Decimal = shipping.get("amount") or ZERO
    payments = payments_of(given.get("transactions") or [], order, context)
    return RefundPlan(
        order,
        units,
        left if shipping.get("fullRefund") else amount,
        payments,
        given.get("note"),
        allow_over=bool(given.get("allowOverRefunding")),
        reason=given.get("discrepancyReason") or "OTHER",
    )


@RESOLVERS.mutation("refundCreate")
def refund_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.refundCreate."""
    given = arguments["input"]
    empty: dict[str, Any] = {"refund": None, "order": None}
    order = order_of(given["orderId"], context)
    if order is None:
        return missing("Order", ["orderId"], payload=empty)
    currency = given.get("currency")
    if currency is None and order.presentment_currency != order.currency:
        text = "Currency must be provided for orders in another currency than the shop's"
        return {**empty, "userErrors": [user_error(["currency"], text)]}
    if currency not in (None, order.presentment_currency):
        text = f"Currency must be {order.presentment_currency}"
        return {**empty, "userErrors": [user_error(["currency"], text)]}
    try:
        plan = _plan(given, order, context)
        if not plan.units and not plan.shipping and not plan.payments:
            raise Refused("empty", "Refund must have line items, shipping or transactions")
        refund = give_back(_orders(context), plan)
    except Refused as error:
        return refusal(error, None, payload={**empty, "order": order})
    except ApiError as error:
        return {**empty, "order": order, "userErrors": [user_error(None, error.message)]}
    return {"refund": refund, "order": order, "userErrors": []}
