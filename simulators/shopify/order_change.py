"""What a merchant does to an order: cancel it, take its money, write on it.

Models orderCancel, orderMarkAsPaid, orderCapture, transactionVoid and orderUpdate of Admin API
2026-10. An order with shipped units is not cancelled. Cancelling takes every unit and the
shipping out of the order (a refund record, with or without money) and voids what is authorized.

Not modelled: refunds to store credit, customer notifications, cancelling a part.
"""

from decimal import Decimal

from .errors import Refused
from .exchanges import release_paid
from .fulfilment_records import FulfillmentOrder
from .order_money import ZERO, quantum_of, rounded
from .order_records import Order, Transaction
from .order_totals import (
    capturable,
    financial_status,
    outstanding,
    shipped_units,
)
from .orders import Orders
from .refund import give_back
from .refund_money import RefundPlan, RefundUnits, shipping_left

__all__ = [
    "CANCEL_REASONS",
    "add_note",
    "cancel",
    "capture",
    "check_cancellable",
    "mark_paid",
    "set_tags",
    "update",
    "void",
]

CANCEL_REASONS = ("CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF")


def check_cancellable(order: Order) -> None:
    """Raise Refused ``already_cancelled`` or ``already_fulfilled``."""
    if order.cancelled_at is not None:
        raise Refused("already_cancelled", f"{order.name} has been cancelled before.")
    if shipped_units(order):
        raise Refused("already_fulfilled", f"{order.name} has shipped units.")


def cancel(
    orders: Orders,
    order: Order,
    reason: str = "CUSTOMER",
    *,
    restock: bool = True,
    refund: bool = True,
    note: str | None = None,
) -> None:
    """Cancel an order; raises Refused (already_cancelled, already_fulfilled, bad_reason)."""
    if reason not in CANCEL_REASONS:
        raise Refused("bad_reason", f"{reason!r} is none of {', '.join(CANCEL_REASONS)}.")
    check_cancellable(order)
    kind = "CANCEL" if restock else "NO_RESTOCK"
    plan = RefundPlan(
        order,
        [
            RefundUnits(line, line.current_quantity, kind)
            for line in order.lines
            if line.current_quantity
        ],
        shipping_left(order, len(order.currencies) - 1),
        None if refund else [],
        change="cancel",
    )
    for transaction in [*order.transactions]:
        if transaction.kind == "AUTHORIZATION" and capturable(order):
            orders.announce_payment(_void(orders, order, transaction))
    give_back(orders, plan)
    now = orders.shop.now()
    order.cancelled_at, order.cancel_reason, order.cancel_note = now, reason, note
    for entry in order.fulfillment_orders:
        _cancel_fulfillment_order(entry)
    orders.changed(order, "cancel", ("orders/cancelled",))


def _cancel_fulfillment_order(entry: FulfillmentOrder) -> None:
    if entry.open:
        entry.status = "CANCELLED"
        entry.holds.clear()
    elif entry.status == "CLOSED" and not entry.fulfillments:
        entry.status = "CANCELLED"


def mark_paid(orders: Orders, order: Order) -> Transaction:
    """Take what is outstanding: capture what is authorized, else book a manual payment.

    Raises Refused ``already_paid`` or ``already_cancelled``.
    """
    if order.cancelled_at is not None:
        raise Refused("already_cancelled", f"{order.name} has been cancelled.")
    if outstanding(order) <= 0:
        raise Refused("already_paid", f"{order.name} has nothing outstanding.")
    if capturable(order):
        return capture(orders, order)
    before = financial_status(order)
    amounts = [outstanding(order, side) for side in range(len(order.currencies))]
    paid = orders.pay(order, "SALE", amounts, gateway="manual")
    orders.announce_payment(paid)
    orders.changed(order, "paid", orders.paid_topics(order, before))
    release_paid(orders, order)
    return paid


def capture(
    orders: Orders, order: Order, amount: Decimal | None = None, parent: Transaction | None = None
) -> Transaction:
    """Capture authorized money (``amount`` in the presentment currency; None: all that is left).

    Raises Refused ``nothing_to_capture`` or ``over_capture``.
    """
    last = len(order.currencies) - 1
    left = capturable(order, last)
    if parent is None:
        parent = next((e for e in order.transactions if e.kind == "AUTHORIZATION"), None)
    if parent is None or parent.kind != "AUTHORIZATION" or not left:
        raise Refused("nothing_to_capture", f"{order.name} has nothing left to capture.")
    quantum = quantum_of(order.presentment_currency)
    wanted = left if amount is None else rounded(amount, quantum)
    if wanted <= 0 or wanted > left:
        raise Refused("over_capture", f"{order.name}: {wanted} to capture, {left} is authorized.")
    before = financial_status(order)
    amounts = [wanted]
    if last:
        shop = capturable(order) if wanted == left else None
        if shop is None:
            shop = rounded(
                parent.amounts[0] * wanted / parent.amounts[last], quantum_of(order.currency)
            )
        amounts = [shop, wanted]
    paid = orders.pay(order, "CAPTURE", amounts, gateway=parent.gateway, parent=parent)
    orders.announce_payment(paid)
    orders.changed(order, "paid", orders.paid_topics(order, before))
    release_paid(orders, order)
    return paid


def _void(orders: Orders, order: Order, parent: Transaction) -> Transaction:
    amounts = [ZERO for _ in parent.amounts]
    return orders.pay(order, "VOID", amounts, gateway=parent.gateway, parent=parent)


def void(orders: Orders, parent: Transaction) -> Transaction:
    """Void an authorization; raises Refused ``not_voidable`` once something was captured."""
    order = parent.order
    touched = any(entry.parent is parent for entry in order.transactions)
    if parent.kind != "AUTHORIZATION" or touched:
        raise Refused("not_voidable", f"{parent.id} is no authorization that is still whole.")
    transaction = _void(orders, order, parent)
    orders.announce_payment(transaction)
    orders.changed(order, "void")
    return transaction


def add_note(orders: Orders, order: Order, note: str | None) -> None:
    """Write the order's note anew."""
    update(orders, order, {"note": note})


def set_tags(orders: Orders, order: Order, tags: list[str]) -> None:
    """Replace the order's tags; they are kept without repeats, in alphabetical order."""
    update(orders, order, {"tags": tags})


def update(orders: Orders, order: Order, values: dict[str, object]) -> None:
    """Set attributes of an order (note, tags, email, phone, po_number, shipping_address ...)."""
    for name, value in values.items():
        if name == "tags":
            assert isinstance(value, list)
            order.tags = sorted({str(tag).strip() for tag in value if str(tag).strip()})
        else:
            setattr(order, name, value)
    orders.changed(order, "note" if [*values] == ["note"] else "update")
