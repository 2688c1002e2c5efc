"""What an order comes to: totals as ordered and current, money received, statuses.

Models Admin API 2026-10. Every function works in one currency of the order, named by its
index in the order's sides (0 the shop's). The current totals always satisfy
``subtotal + shipping (+ tax where prices exclude it) = total``.

Not modelled: cash rounding, tips, duties, additional fees (all are zero).
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from .order_money import ZERO
from .order_records import Line, Order, Share, Transaction

__all__ = [
    "Totals",
    "authorized",
    "capturable",
    "current_totals",
    "financial_status",
    "fulfillment_status",
    "line_share",
    "original_totals",
    "outstanding",
    "received",
    "refund_discrepancy",
    "refunded",
    "return_status",
    "shipped_units",
    "unfulfilled_units",
]


class Totals(msgspec.Struct, eq=False, gc=False):
    """Sums in one currency; ``subtotal`` is after discounts, ``gross`` before them."""

    gross: Decimal
    discount: Decimal
    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal


def line_share(line: Line, side: int, *, current: bool) -> Share:
    """Return a line's money as ordered, or what is left of it."""
    money = line.sides[side]
    if current:
        gross = money.unit * line.current_quantity
        return Share(gross, money.current_discount, money.current_taxes)
    return Share(money.unit * line.quantity, money.discount, money.taxes)


def original_totals(order: Order, side: int = 0) -> Totals:
    """Return the totals of everything that was ever ordered, additions by edits included."""
    gross = discount = tax = shipping = ZERO
    for line in order.lines:
        price = line.sides[side]
        gross += price.unit * line.quantity
        discount += price.discount
        for amount in price.taxes:
            tax += amount
    subtotal = gross - discount
    for way in order.shipping_lines:
        money = way.sides[side]
        shipping += money.discounted
        discount += money.price - money.discounted
        for amount in money.taxes:
            tax += amount
    total = subtotal + shipping
    if not order.taxes_included:
        total += tax
    return Totals(gross, discount, subtotal, shipping, tax, total)


def current_totals(order: Order, side: int = 0) -> Totals:
    """Return the totals of what is left after edits, refunds and cancellation."""
    gross = discount = tax = shipping = ZERO
    for line in order.lines:
        price = line.sides[side]
        gross += price.unit * line.current_quantity
        discount += price.current_discount
        for amount in price.current_taxes:
            tax += amount
    subtotal = gross - discount
    for way in order.shipping_lines:
        money = way.sides[side]
        shipping += money.discounted - money.refunded
        discount += money.price - money.discounted
        for amount in money.taxes:
            tax += amount
        for amount in money.refunded_taxes:
            tax -= amount
    total = subtotal + shipping
    if not order.taxes_included:
        total += tax
    return Totals(gross, discount, subtotal, shipping, tax, total)


def _moved(transactions: Iterable[Transaction], kinds: tuple[str, ...], side: int) -> Decimal:
    amount = ZERO
    for transaction in transactions:
        if transaction.kind in kinds and transaction.status == "SUCCESS":
            amount += transaction.amounts[side]
    return amount


def received(order: Order, side: int = 0) -> Decimal:
    """Return the money that came in: sales and captures."""
    return _moved(order.transactions, ("SALE", "CAPTURE"), side)


def refunded(order: Order, side: int = 0) -> Decimal:
    """Return the money that went back."""
    return _moved(order.transactions, ("REFUND",), side)


def authorized(order: Order, side: int = 0) -> Decimal:
    """Return the money that was promised by authorizations which are not void."""
    void = {
        transaction.parent.number
        for transaction in order.transactions
        if transaction.kind == "VOID" and transaction.parent is not None
    }
    live = [entry for entry in order.transactions if entry.number not in void]
    return _moved(live, ("AUTHORIZATION",), side)


def capturable(order: Order, side: int = 0) -> Decimal:
    """Return what is authorized and not captured yet."""
    return max(ZERO, authorized(order, side) - _moved(order.transactions, ("CAPTURE",), side))


def refund_discrepancy(order: Order, side: int = 0) -> Decimal:
    """Return how much more went back than the refunded lines and shipping were worth."""
    amount = ZERO
    for refund in order.refunds:
        for adjustment in refund.adjustments:
            if adjustment.kind == "refund_discrepancy":
                amount -= adjustment.amounts[side]
    return amount


def outstanding(order: Order, side: int = 0) -> Decimal:
    """Return what the customer still owes; negative: what the merchant owes the customer."""
    return _owed(order, received(order, side) - refunded(order, side), side)


def _owed(order: Order, kept: Decimal, side: int = 0) -> Decimal:
    return current_totals(order, side).total - kept - refund_discrepancy(order, side)


def financial_status(order: Order) -> str:
    """Return OrderDisplayFinancialStatus."""
    came = went = ZERO
    for entry in order.transactions:
        if entry.status == "SUCCESS":
            if entry.kind in ("SALE", "CAPTURE"):
                came += entry.amounts[0]
            elif entry.kind == "REFUND":
                went += entry.amounts[0]
    if not came:
        if capturable(order):
            return "AUTHORIZED"
        if order.cancelled_at or any(entry.kind == "VOID" for entry in order.transactions):
            return "VOIDED"
        return "PENDING" if current_totals(order).total else "PAID"
    if went:
        return "REFUNDED" if went >= came else "PARTIALLY_REFUNDED"
    return "PARTIALLY_PAID" if _owed(order, came) > 0 else "PAID"


def shipped_units(order: Order) -> int:
    """Return the units in parcels that were not cancelled."""
    return sum(
        line.quantity
        for parcel in order.fulfillments
        if parcel.status == "SUCCESS"
        for line in parcel.lines
    )


def unfulfilled_units(order: Order) -> int:
    """Return the units that still have to be shipped."""
    return sum(line.unfulfilled for line in order.lines)


def fulfillment_status(order: Order) -> str:
    """Return OrderDisplayFulfillmentStatus."""
    shipped = shipped_units(order)
    waiting = unfulfilled_units(order)
    if shipped:
        return "PARTIALLY_FULFILLED" if waiting else "FULFILLED"
    states = {entry.status for entry in order.fulfillment_orders}
    for state in ("ON_HOLD", "IN_PROGRESS"):
        if state in states:
            return state
    return "UNFULFILLED"


def return_status(order: Order) -> str:
    """Return OrderReturnStatus: an open return outweighs a request, that one a closed one."""
    states = {entry.status for entry in order.returns}
    for state, answer in (
        ("OPEN", "IN_PROGRESS"),
        ("REQUESTED", "RETURN_REQUESTED"),
        ("CLOSED", "RETURNED"),
    ):
        if state in states:
            return answer
    return "NO_RETURN"
