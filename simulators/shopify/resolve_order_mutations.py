"""Mutations that change an order as a whole, and the refund that would suit it.

Models orderUpdate, orderCancel (asynchronous: a job), orderMarkAsPaid, orderCapture,
transactionVoid, orderClose, orderOpen and Order.suggestedRefund of Admin API 2026-10.

Not modelled: refunds to store credit, notifications, localized fields.
"""

from decimal import Decimal
from typing import Any

from . import order_change
from .context import Context
from .errors import Refused, user_error
from .ids import gid, number_of
from .order_money import ZERO
from .order_pricing import shares_of
from .order_records import Order
from .orders import Orders
from .refund_money import (
    RefundPlan,
    RefundUnits,
    payments_of_plan,
    refundable,
    shipping_left,
    value_of_plan,
)
from .refusals import missing, refusal
from .registry import Arguments, Resolvers
from .resolve_orders import bag_of, order_of

__all__ = ["CANCEL_SECONDS", "RESOLVERS", "address_from"]

RESOLVERS = Resolvers()
CANCEL_SECONDS = 0.05
_ADDRESS = {
    "firstName": "first_name", "lastName": "last_name", "company": "company",
    "address1": "address1", "address2": "address2", "city": "city", "province": "province",
    "provinceCode": "province_code", "zip": "zip", "country": "country",
    "countryCode": "country_code", "phone": "phone",
}  # fmt: skip


def _orders(context: Context) -> Orders:
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    return orders


def address_from(given: dict[str, Any], context: Context) -> Any:
    """Return the address of a MailingAddressInput."""
    fields = {_ADDRESS[name]: value for name, value in given.items() if name in _ADDRESS}
    return context.shop.customers.address_from(fields)


@RESOLVERS.mutation("orderUpdate")
def order_update(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderUpdate."""
    given = arguments["input"]
    order = order_of(given["id"], context)
    if order is None:
        return missing("Order", ["id"], payload={"order": None})
    names = {"note": "note", "email": "email", "phone": "phone", "poNumber": "po_number"}
    values: dict[str, object] = {
        attribute: given[name] for name, attribute in names.items() if name in given
    }
    if "tags" in given:
        values["tags"] = [tag for text in given["tags"] or [] for tag in text.split(",")]
    if "customAttributes" in given:
        values["note_attributes"] = [
            {"name": entry["key"], "value": entry["value"]}
            for entry in given["customAttributes"] or []
        ]
    if given.get("shippingAddress"):
        values["shipping_address"] = address_from(given["shippingAddress"], context)
    for entry in given.get("metafields") or []:
        context.shop.metafields.write(order.id, entry)
    order_change.update(_orders(context), order, values)
    return {"order": order, "userErrors": []}


@RESOLVERS.mutation("orderCancel")
def order_cancel(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderCancel: the order is cancelled by a job a moment later."""
    order = order_of(arguments["orderId"], context)
    name = "orderCancelUserErrors"
    empty: dict[str, Any] = {"job": None, "userErrors": []}
    if order is None:
        return missing("Order", ["orderId"], payload=empty, errors=name)
    try:
        order_change.check_cancellable(order)
    except Refused as error:
        return refusal(error, ["orderId"], payload=empty, errors=name)
    method = arguments.get("refundMethod") or {}
    wants = bool(arguments.get("refund") or method.get("originalPaymentMethodsRefund"))
    restock, note = bool(arguments["restock"]), arguments.get("staffNote")
    orders, reason = _orders(context), str(arguments["reason"])

    def work() -> None:
        if order.cancelled_at is None:
            order_change.cancel(orders, order, reason, restock=restock, refund=wants, note=note)

    number = context.shop.ids.next("Job")
    context.shop.later(CANCEL_SECONDS, work)
    job = {"__typename": "Job", "id": gid("Job", number), "done": False}
    return {"job": job, name: [], "userErrors": []}


@RESOLVERS.mutation("orderMarkAsPaid")
def order_mark_as_paid(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderMarkAsPaid."""
    order = order_of(arguments["input"]["id"], context)
    if order is None:
        return missing("Order", ["id"], payload={"order": None})
    try:
        order_change.mark_paid(_orders(context), order)
    except Refused as error:
        return refusal(error, ["id"], payload={"order": order})
    return {"order": order, "userErrors": []}


@RESOLVERS.mutation("orderCapture")
def order_capture(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderCapture."""
    given = arguments["input"]
    order = order_of(given["id"], context)
    if order is None:
        return missing("Order", ["input", "id"], payload={"transaction": None})
    orders = _orders(context)
    parent = orders.transactions.get(number_of(given["parentTransactionId"], "OrderTransaction"))
    if parent is None or parent.order is not order:
        return missing(
            "Parent transaction", ["input", "parentTransactionId"], payload={"transaction": None}
        )
    currency = given.get("currency")
    if currency is None and order.presentment_currency != order.currency:
        text = "Currency must be provided when the presentment currency differs from the shop's"
        return {"transaction": None, "userErrors": [user_error(["input", "currency"], text)]}
    if currency not in (None, order.presentment_currency):
        text = "Currency must be the presentment currency of the order"
        return {"transaction": None, "userErrors": [user_error(["input", "currency"], text)]}
    try:
        paid = order_change.capture(orders, order, given["amount"], parent)
    except Refused as error:
        return refusal(error, ["input", "amount"], payload={"transaction": None})
    return {"transaction": paid, "userErrors": []}


@RESOLVERS.mutation("transactionVoid")
def transaction_void(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.transactionVoid."""
    orders = _orders(context)
    number = number_of(arguments["parentTransactionId"], "OrderTransaction")
    parent = orders.transactions.get(number)
    field = ["parentTransactionId"]
    if parent is None:
        return missing(
            "Transaction", field, payload={"transaction": None}, code="TRANSACTION_NOT_FOUND"
        )
    try:
        voided = order_change.void(orders, parent)
    except Refused as error:
        return refusal(error, field, payload={"transaction": None}, code="AUTH_NOT_VOIDABLE")
    return {"transaction": voided, "userErrors": []}


def _set_closed(arguments: Arguments, context: Context, closed: bool) -> dict[str, Any]:
    order = order_of(arguments["input"]["id"], context)
    if order is None:
        return missing("Order", ["id"], payload={"order": None})
    moment = context.shop.now() if closed else None
    if (order.closed_at is None) is closed:
        order_change.update(_orders(context), order, {"closed_at": moment})
    return {"order": order, "userErrors": []}


@RESOLVERS.mutation("orderClose")
def order_close(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderClose: the order is archived."""
    return _set_closed(arguments, context, closed=True)


@RESOLVERS.mutation("orderOpen")
def order_open(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderOpen."""
    return _set_closed(arguments, context, closed=False)


def _plan(order: Order, arguments: Arguments, orders: Orders) -> RefundPlan:
    last = len(order.currencies) - 1
    whole = bool(arguments.get("suggestFullRefund"))
    units = []
    for entry in arguments.get("refundLineItems") or []:
        line = orders.lines.get(number_of(entry["lineItemId"], "LineItem"))
        if line is not None and line.order is order:
            kind = entry.get("restockType") or "NO_RESTOCK"
            units.append(RefundUnits(line, min(entry["quantity"], line.current_quantity), kind))
    if whole:
        units = [
            RefundUnits(line, line.current_quantity)
            for line in order.lines
            if line.current_quantity
        ]
    left = shipping_left(order, last)
    amount: Decimal = arguments.get("shippingAmount") or ZERO
    shipping = left if whole or arguments.get("refundShipping") else min(left, amount)
    return RefundPlan(order, units, shipping)


@RESOLVERS.field("Order", "suggestedRefund")
def suggested_refund(order: Order, arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Order.suggestedRefund: what refundCreate would pay back for such lines."""
    plan = _plan(order, arguments, _orders(context))
    sides = range(len(order.currencies))
    value = [
        min(amount, refundable(order, side)) for side, amount in enumerate(value_of_plan(plan))
    ]
    payments = payments_of_plan(plan, value_of_plan(plan)) if any(value) else []
    shares = [
        [shares_of(entry.line, (entry.quantity,), side)[0] for side in sides]
        for entry in plan.units
    ]
    subtotal = [sum((row[side].subtotal for row in shares), ZERO) for side in sides]
    taxes = [sum((row[side].tax for row in shares), ZERO) for side in sides]
    discounts = [sum((row[side].discount for row in shares), ZERO) for side in sides]
    zero = bag_of(order, [ZERO for _ in sides])
    left = bag_of(order, [refundable(order, side) for side in sides])
    shipping = bag_of(order, [plan.shipping] * len(order.currencies))
    if len(order.currencies) > 1:
        whole = shipping_left(order, 1)
        part = plan.shipping * shipping_left(order) / whole if whole else ZERO
        shipping = bag_of(order, [part, plan.shipping])
    shipping_max = bag_of(order, [shipping_left(order, side) for side in sides])
    return {
        "amount": value[0], "amountSet": bag_of(order, value),
        "subtotal": subtotal[0], "subtotalSet": bag_of(order, subtotal),
        "discountedSubtotalSet": bag_of(order, subtotal),
        "totalTaxes": taxes[0], "totalTaxSet": bag_of(order, taxes),
        "totalDutiesSet": zero, "totalCartDiscountAmountSet": bag_of(order, discounts),
        "maximumRefundable": left.shop_money.amount, "maximumRefundableSet": left,
        "refundLineItems": [
            {
                "__typename": "RefundLineItem", "id": None, "lineItem": entry.line,
                "quantity": entry.quantity, "restockType": entry.restock_type,
                "restocked": False, "location": None,
                "price": entry.line.sides[0].unit,
                "priceSet": bag_of(order, [side.unit for side in entry.line.sides]),
                "subtotal": row[0].subtotal,
                "subtotalSet": bag_of(order, [share.subtotal for share in row]),
                "totalTax": row[0].tax,
                "totalTaxSet": bag_of(order, [share.tax for share in row]),
            }
            for entry, row in zip(plan.units, shares, strict=True)
        ],
        "shipping": {
            "amount": shipping.shop_money.amount, "amountSet": shipping,
            "maximumRefundable": shipping_max.shop_money.amount,
            "maximumRefundableSet": shipping_max, "tax": ZERO, "taxSet": zero,
        },
        "suggestedTransactions": [
            {
                "amount": amounts[0], "amountSet": bag_of(order, amounts),
                "gateway": source.gateway, "formattedGateway": source.gateway,
                "kind": "SUGGESTED_REFUND", "parentTransaction": source,
                "maximumRefundable": left.shop_money.amount, "maximumRefundableSet": left,
                "accountNumber": None,
            }
            for amounts, source in payments
        ],
    }  # fmt: skip
