"""Answers about returns, and the mutations that move them on.

Models type Return, ``return``, ``returnableFulfillments`` and returnCreate, returnRequest,
returnApproveRequest, returnDeclineRequest, returnProcess, returnClose, returnReopen and
returnCancel of Admin API 2026-10.

Not modelled: fees, reverse fulfilment orders and dispositions
(processed units are restocked where they came from), return reason definitions.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from . import returns
from .catalog import Variant
from .connection import connection
from .context import Context
from .errors import Refused
from .fulfilment_records import Fulfillment, FulfillmentLine
from .ids import gid, number_of
from .order_money import ZERO
from .order_records import Transaction
from .orders import Orders
from .refund_money import shipping_left
from .refund_records import ExchangeLine, Return, ReturnLine
from .refusals import missing, refusal
from .registry import Arguments, Resolvers
from .resolve_orders import bag_of, order_of
from .returns import Sending, returnable

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
Part = TypeVar("Part", ReturnLine, ExchangeLine)


def _orders(context: Context) -> Orders:
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    return orders


@RESOLVERS.query("return")
def return_by_id(arguments: Arguments, context: Context) -> Return | None:
    """Answer QueryRoot.return."""
    return _orders(context).returns.get(number_of(arguments["id"], "Return"))


RESOLVERS.node("Return", lambda shop, number: shop.orders.returns.get(number))


def _decline(back: Return) -> dict[str, Any] | None:
    if back.status != "DECLINED":
        return None
    return {"reason": back.decline_reason, "note": back.decline_note}


FIELDS: dict[str, Callable[[Return], Any]] = {
    "requestApprovedAt": lambda back: back.approved_at,
    "decline": _decline,
    "totalQuantity": lambda back: sum(line.quantity for line in back.lines),
}
LISTS: dict[str, Callable[[Return], list[Any]]] = {
    "returnLineItems": lambda back: back.lines,
    "exchangeLineItems": lambda back: back.exchange_lines,
    "refunds": lambda back: back.refunds,
    "transactions": lambda back: [e for refund in back.refunds for e in refund.transactions],
}


def _value(line: ReturnLine) -> list[Decimal]:
    """Return what the units cost after all discounts, per currency."""
    amounts = []
    for side in line.fulfillment_line.line.sides:
        ordered = line.fulfillment_line.line.quantity
        net = side.unit * ordered - side.discount
        amounts.append((net * line.quantity / ordered).quantize(side.unit))
    return amounts


LINE: dict[str, Callable[[ReturnLine], Any]] = {
    "processableQuantity": lambda line: line.unprocessed,
    "processedQuantity": lambda line: line.processed,
    "unprocessedQuantity": lambda line: line.unprocessed,
    "refundableQuantity": lambda line: line.quantity - line.refunded,
    "refundedQuantity": lambda line: line.refunded,
    "returnReason": lambda line: line.reason,
    "returnReasonNote": lambda line: line.reason_note,
    "fulfillmentLineItem": lambda line: line.fulfillment_line,
    "withCodeDiscountedTotalPriceSet": lambda line: bag_of(line.return_.order, _value(line)),
}


EXCHANGE: dict[str, Callable[[Any], Any]] = {
    "processableQuantity": lambda line: line.unprocessed,
    "processedQuantity": lambda line: line.processed,
    "unprocessedQuantity": lambda line: line.unprocessed,
    "variantId": lambda line: line.variant.id,
    "variantSku": lambda line: line.variant.sku,
    "variantTitle": lambda line: line.variant.title,
    "productId": lambda line: line.variant.product.id,
    "title": lambda line: line.variant.product.title,
    "lineItem": lambda line: line.lines[0] if line.lines else None,
    "lineItems": lambda line: line.lines,
}


def _field(type_name: str, name: str, work: Callable[[Any], Any]) -> None:
    RESOLVERS.field(type_name, name)(lambda found, _arguments, _context: work(found))


def _list(name: str) -> None:
    items = LISTS[name]
    RESOLVERS.field("Return", name)(
        lambda back, arguments, context: connection(items(back), arguments, context)
    )


for _name in LISTS:
    _list(_name)
for _name, _work in FIELDS.items():
    _field("Return", _name, _work)
for _name, _line_work in LINE.items():
    _field("ReturnLineItem", _name, _line_work)
for _name, _exchange_work in EXCHANGE.items():
    _field("ExchangeLineItem", _name, _exchange_work)


class Returnable:
    """A shipment with units that can come back."""

    graphql_type = "ReturnableFulfillment"

    def __init__(self, parcel: Fulfillment) -> None:
        self.number, self.fulfillment = parcel.number, parcel
        self.id = gid("ReturnableFulfillment", parcel.number)


@RESOLVERS.query("returnableFulfillments")
def returnable_fulfillments(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.returnableFulfillments."""
    order = order_of(arguments["orderId"], context)
    parcels = order.fulfillments if order else []
    found = [
        Returnable(parcel) for parcel in parcels if any(returnable(line) for line in parcel.lines)
    ]
    return connection(found, arguments, context)


class ReturnableLine:
    """Units of a shipment that can come back."""

    def __init__(self, line: FulfillmentLine) -> None:
        self.number, self.fulfillment_line_item = line.number, line
        self.quantity = returnable(line)


@RESOLVERS.field("ReturnableFulfillment", "returnableFulfillmentLineItems")
def returnable_lines(found: Returnable, arguments: Arguments, context: Context) -> Any:
    """Answer ReturnableFulfillment.returnableFulfillmentLineItems."""
    lines = [ReturnableLine(line) for line in found.fulfillment.lines if returnable(line)]
    return connection(lines, arguments, context)


def _sendings(given: list[dict[str, Any]], context: Context) -> list[Sending]:
    sendings = []
    for entry in given:
        number = number_of(entry["fulfillmentLineItemId"], "FulfillmentLineItem")
        line = _orders(context).fulfillment_lines.get(number)
        if line is None:
            raise Refused("unknown_line", "Fulfillment line item does not exist")
        sendings.append(
            Sending(
                line,
                entry["quantity"],
                entry.get("returnReason") or "UNKNOWN",
                entry.get("returnReasonNote") or "",
                entry.get("customerNote"),
            )
        )
    return sendings


def _wanted(given: list[dict[str, Any]], context: Context) -> list[tuple[Variant, int]]:
    """Return the variants and units of ExchangeLineItemInputs; raises Refused."""
    wanted = []
    for entry in given:
        number = number_of(entry["variantId"], "ProductVariant") if entry.get("variantId") else 0
        variant = context.shop.catalog.variant(number)
        if variant is None:
            raise Refused("unknown_variant", "Exchange line item variant does not exist")
        wanted.append((variant, entry["quantity"]))
    return wanted


def _open(given: dict[str, Any], context: Context, *, approved: bool) -> dict[str, Any]:
    order = order_of(given["orderId"], context)
    if order is None:
        return missing("Order", ["orderId"], payload={"return": None})
    try:
        sendings = _sendings(given["returnLineItems"], context)
        exchange = _wanted(given.get("exchangeLineItems") or [], context)
        back = returns.request(
            _orders(context), order, sendings, approved=approved, exchange=exchange
        )
    except Refused as error:
        return refusal(error, ["returnLineItems"], payload={"return": None})
    return {"return": back, "userErrors": []}


@RESOLVERS.mutation("returnCreate")
def return_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.returnCreate."""
    return _open(arguments["returnInput"], context, approved=True)


@RESOLVERS.mutation("returnRequest")
def return_request(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.returnRequest."""
    return _open(arguments["input"], context, approved=False)


def _step(identity: str, context: Context, work: Callable[[Orders, Return], Any]) -> dict[str, Any]:
    back = _orders(context).returns.get(number_of(identity, "Return"))
    if back is None:
        return missing("Return", ["id"], payload={"return": None})
    try:
        work(_orders(context), back)
    except Refused as error:
        code = "INVALID_STATE" if error.code == "bad_status" else "INVALID"
        return refusal(error, ["id"], payload={"return": None}, code=code)
    return {"return": back, "userErrors": []}


@RESOLVERS.mutation("returnApproveRequest")
def return_approve(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.returnApproveRequest."""
    return _step(arguments["input"]["id"], context, returns.approve)


@RESOLVERS.mutation("returnDeclineRequest")
def return_decline(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.returnDeclineRequest."""
    given = arguments["input"]
    return _step(
        given["id"],
        context,
        lambda orders, back: returns.decline(
            orders, back, given["declineReason"], given.get("declineNote")
        ),
    )


@RESOLVERS.mutation("returnClose")
def return_close(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.returnClose."""
    return _step(arguments["id"], context, returns.close)


@RESOLVERS.mutation("returnReopen")
def return_reopen(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.returnReopen."""
    return _step(arguments["id"], context, returns.reopen)


@RESOLVERS.mutation("returnCancel")
def return_cancel(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.returnCancel."""
    return _step(arguments["id"], context, returns.cancel_return)


def _chosen(
    lines: list[Part], given: list[dict[str, Any]] | None, kind: str
) -> list[tuple[Part, int]]:
    """Return which lines of a return, and how many of each, inputs name; raises Refused."""
    known = {line.number: line for line in lines}
    chosen = []
    for entry in given or []:
        line = known.get(number_of(entry["id"], f"{kind}LineItem"))
        if line is None:
            raise Refused("unknown_line", f"{kind} line item does not exist")
        chosen.append((line, entry["quantity"]))
    return chosen


@RESOLVERS.mutation("returnProcess")
def return_process(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.returnProcess: without a financial transfer no money goes back."""
    given = arguments["input"]

    def work(orders: Orders, back: Return) -> None:
        units = _chosen(back.lines, given.get("returnLineItems"), "Return")
        exchange = _chosen(back.exchange_lines, given.get("exchangeLineItems"), "Exchange")
        transfer = (given.get("financialTransfer") or {}).get("issueRefund") or {}
        payments: list[tuple[Decimal, Transaction | None]] = []
        for entry in transfer.get("orderTransactions") or []:
            parent = orders.transactions.get(number_of(entry["parentId"], "OrderTransaction"))
            if parent is None or parent.order is not back.order:
                raise Refused("unknown_transaction", "Parent transaction does not exist")
            payments.append((entry["transactionAmount"]["amount"], parent))
        shipping = given.get("refundShipping") or {}
        money = (shipping.get("shippingRefundAmount") or {}).get("amount") or ZERO
        if shipping.get("fullRefund"):
            money = shipping_left(back.order, len(back.order.currencies) - 1)
        returns.process(
            orders,
            back,
            units,
            payments=payments,
            shipping=money,
            note=given.get("note"),
            exchange=exchange,
        )

    return _step(given["returnId"], context, work)
