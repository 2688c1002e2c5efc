"""Refunds: goods taken back, money given back, stock put back, and what is refused.

Models refundCreate of Admin API 2026-10. The restock type says what becomes of the units:
RETURN (shipped units back into stock), CANCEL (unshipped units released), NO_RESTOCK (shipped
units first, then unshipped ones). What is paid back beyond or below the value of the goods
becomes an order adjustment. Paying back more than came in is refused unless allowed.

Not modelled: store credit, refund duties, refunds that fail at the gateway.
"""

from decimal import Decimal

from .errors import Refused
from .fulfilment_stock import pull_units
from .locations import Location
from .order_pricing import take_out
from .order_records import Line
from .order_totals import received
from .orders import Orders
from .payload_refund import refund_payload
from .refund_money import (
    RefundPlan,
    RefundUnits,
    payments_of_plan,
    restock_rank,
    shipping_left,
    split_shipping,
    value_of_plan,
)
from .refund_records import Adjustment, Refund, RefundLine, RefundShipping
from .shop import Cause

__all__ = ["give_back"]


def _check_units(plan: RefundPlan) -> None:
    lots: dict[int, tuple[Line, dict[str, int]]] = {}
    for entry in plan.units:
        line = entry.line
        if line.order is not plan.order:
            raise Refused("unknown_line", f"{line.id} is no line of {plan.order.name}.")
        if entry.quantity < 1:
            raise Refused("bad_quantity", f"{line.sku}: a refund needs one unit or more.")
        counts = lots.setdefault(line.number, (line, {}))[1]
        counts[entry.restock_type] = counts.get(entry.restock_type, 0) + entry.quantity
    for line, counts in lots.values():
        whole = sum(counts.values())
        if whole > line.current_quantity:
            raise Refused(
                "over_refund",
                f"{line.sku}: {whole} units to refund, {line.current_quantity} are refundable.",
            )
        if counts.get("CANCEL", 0) > line.unfulfilled:
            raise Refused("not_unfulfilled", f"{line.sku}: {line.unfulfilled} are unshipped.")
        if counts.get("RETURN", 0) > line.shipped_current:
            raise Refused("not_shipped", f"{line.sku}: {line.shipped_current} were shipped.")


def _refund_shipping(
    orders: Orders, refund: Refund, index: int, amounts: list[Decimal], taxes: list[Decimal]
) -> None:
    way = refund.order.shipping_lines[index]
    for money, amount, tax in zip(way.sides, amounts, taxes, strict=True):
        money.refunded += amount
        if money.refunded_taxes:
            money.refunded_taxes[0] += tax
    number, identity = orders.identity("RefundShippingLine")
    orders.refund_parts[number] = refund.order
    refund.shipping.append(RefundShipping(number, identity, way, amounts, taxes))


def _refund_units(orders: Orders, refund: Refund, entry: RefundUnits, cause: Cause) -> None:
    line = entry.line
    shipped = line.shipped_current
    location = entry.location
    unshipped = entry.quantity if entry.restock_type == "CANCEL" else 0
    if entry.restock_type == "NO_RESTOCK":
        unshipped = max(0, entry.quantity - shipped)
    if unshipped:
        pull_units(orders, line, unshipped, cause, restock=entry.restock_type == "CANCEL")
    if location is None and entry.restock_type != "NO_RESTOCK":
        location = _home(line)
    if entry.restock_type == "RETURN" and line.variant is not None and location is not None:
        orders.shop.inventory.restock(line.variant.item, location, entry.quantity, cause)
    shares = take_out(line, entry.quantity)
    number, identity = orders.identity("RefundLineItem")
    refund.lines.append(
        RefundLine(number, identity, line, entry.quantity, entry.restock_type, location, shares)
    )


def _home(line: Line) -> Location | None:
    """Return the location that shipped the line or was to ship it."""
    for parcel in line.order.fulfillments:
        if any(part.line is line for part in parcel.lines):
            return parcel.location
    for entry in line.order.fulfillment_orders:
        if any(part.line is line for part in entry.lines):
            return entry.location
    return None


def _adjust(orders: Orders, refund: Refund, value: list[Decimal], reason: str) -> None:
    """Book the difference between the goods' value and the money as an adjustment."""
    sides = range(len(value))
    paid = [
        sum((entry.amounts[side] for entry in refund.transactions), Decimal(0)) for side in sides
    ]
    difference = [value[side] - paid[side] for side in sides]
    if any(difference):
        number, identity = orders.identity("OrderAdjustment")
        orders.refund_parts[number] = refund.order
        zero = [Decimal(0) for _ in sides]
        refund.adjustments.append(
            Adjustment(number, identity, "refund_discrepancy", reason, difference, zero)
        )


def give_back(orders: Orders, plan: RefundPlan) -> Refund:
    """Carry a refund out; raises Refused (over_refund ...) before anything has changed."""
    order, shop = plan.order, orders.shop
    plan.units.sort(key=restock_rank)
    _check_units(plan)
    if plan.shipping > shipping_left(order, len(order.currencies) - 1):
        raise Refused("over_refund", f"{order.name}: more shipping than is left.")
    value = value_of_plan(plan)
    paid = payments_of_plan(plan, value)
    number, identity = orders.identity("Refund")
    refund = Refund(number, identity, order, shop.now(), plan.note, return_=plan.return_)
    cause = shop.cause("cancel" if plan.change == "cancel" else "refund", identity)
    for index, amounts, taxes in split_shipping(order, plan.shipping):
        _refund_shipping(orders, refund, index, amounts, taxes)
    for entry in plan.units:
        _refund_units(orders, refund, entry, cause)
    for amounts, source in paid:
        refund.transactions.append(
            orders.pay(order, "REFUND", amounts, gateway=source.gateway, parent=source)
        )
    if paid or (plan.payments is None and received(order)):
        _adjust(orders, refund, value, plan.reason)
    order.refunds.append(refund)
    orders.refunds[number] = refund
    if plan.return_ is not None:
        plan.return_.refunds.append(refund)
    shop.emit("refunds/create", identity, lambda: refund_payload(shop, refund))
    for transaction in refund.transactions:
        orders.announce_payment(transaction)
    if plan.change == "refund":
        orders.changed(order, "refund")
    return refund
