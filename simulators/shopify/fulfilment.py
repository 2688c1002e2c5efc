"""Shipping: fulfilments with tracking and carrier events, and their cancellation.

Models fulfillmentCreate, fulfillmentCancel, fulfillmentTrackingInfoUpdate and
fulfillmentEventCreate of Admin API 2026-10. A fulfilment takes units out of open fulfilment
orders of one order and one location; cancelling it puts them back, into a new fulfilment order
where the old one is closed.

Not modelled: fulfilment services, shipping labels, partial cancellation.
"""

from collections.abc import Sequence
from typing import Any

from .errors import Refused
from .fulfilment_records import (
    Fulfillment,
    FulfillmentEvent,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Tracking,
)
from .fulfilment_stock import close_if_done
from .order_records import Order
from .order_totals import fulfillment_status
from .orders import Orders
from .payload_fulfilment import event_payload, fulfillment_payload
from .shop import Cause

__all__ = ["EVENT_STATUSES", "add_event", "cancel_fulfillment", "ship", "ship_rest", "track"]

Units = Sequence[tuple[FulfillmentOrder, Sequence[tuple[FulfillmentOrderLine, int]] | None]]
EVENT_STATUSES = (
    "LABEL_PURCHASED",
    "LABEL_PRINTED",
    "CONFIRMED",
    "READY_FOR_PICKUP",
    "CARRIER_PICKED_UP",
    "IN_TRANSIT",
    "DELAYED",
    "OUT_FOR_DELIVERY",
    "ATTEMPTED_DELIVERY",
    "DELIVERED",
    "FAILURE",
)


def _check(units: Units) -> list[tuple[FulfillmentOrderLine, int]]:
    """Return the lines with the units to ship; raises Refused before anything has changed."""
    if not units:
        raise Refused("nothing_to_fulfil", "No fulfilment order is named.")
    first = units[0][0]
    wanted: list[tuple[FulfillmentOrderLine, int]] = []
    for entry, parts in units:
        if entry.order is not first.order:
            raise Refused("mixed_orders", "The fulfilment orders belong to different orders.")
        if entry.location is not first.location:
            raise Refused("mixed_locations", "The fulfilment orders are at different locations.")
        if entry.status == "ON_HOLD":
            raise Refused("on_hold", f"{entry.id} is on hold.")
        if not entry.open:
            raise Refused("not_open", f"{entry.id} has status {entry.status}.")
        if parts is None:
            parts = [(line, line.remaining) for line in entry.lines if line.remaining]
        seen: dict[int, int] = {}
        for line, quantity in parts:
            if line.fulfillment_order is not entry:
                raise Refused("unknown_line", f"{line.id} is no line of {entry.id}.")
            seen[line.number] = seen.get(line.number, 0) + quantity
            if quantity < 1 or seen[line.number] > line.remaining:
                raise Refused(
                    "bad_quantity",
                    f"{line.line.sku}: {quantity} units, {line.remaining} are left to ship.",
                )
            wanted.append((line, quantity))
    if not wanted:
        raise Refused("nothing_to_fulfil", "Nothing is left to ship.")
    return wanted


def ship(
    orders: Orders,
    units: Units,
    tracking: Sequence[Tracking] = (),
    *,
    notify_customer: bool = False,
    cause: Cause | None = None,
) -> Fulfillment:
    """Ship units of fulfilment orders (None: all that is left); raises Refused."""
    wanted = _check(units)
    shop = orders.shop
    order, location = units[0][0].order, units[0][0].location
    number, identity = orders.identity("Fulfillment")
    now = shop.now()
    order.fulfillment_count += 1
    parcel = Fulfillment(
        number=number,
        id=identity,
        order=order,
        name=f"{order.name}.{order.fulfillment_count}",
        location=location,
        created_at=now,
        updated_at=now,
        tracking=list(tracking),
        fulfillment_orders=[entry for entry, _ in units],
        notify_customer=notify_customer,
    )
    cause = cause or shop.cause("fulfilment", identity)
    for part, quantity in wanted:
        part.remaining -= quantity
        part.line.unfulfilled -= quantity
        line_number, line_identity = orders.identity("FulfillmentLineItem")
        entry_line = FulfillmentLine(line_number, line_identity, parcel, part, part.line, quantity)
        parcel.lines.append(entry_line)
        orders.fulfillment_lines[line_number] = entry_line
        item = part.line.item
        if item is not None:
            shop.inventory.fulfil(item, location, quantity, cause)
    for entry, _ in units:
        entry.fulfillments.append(parcel)
        entry.status = "IN_PROGRESS"
        close_if_done(entry, orders)
    order.fulfillments.append(parcel)
    orders.fulfillments[number] = parcel
    shop.emit("fulfillments/create", identity, lambda: fulfillment_payload(shop, parcel))
    done = fulfillment_status(order) == "FULFILLED"
    orders.changed(
        order, "fulfilment", ("orders/fulfilled" if done else "orders/partially_fulfilled",)
    )
    return parcel


def ship_rest(orders: Orders, order: Order, tracking: Sequence[Tracking] = ()) -> list[Fulfillment]:
    """Ship everything that is open, one parcel per location."""
    places: dict[int, list[FulfillmentOrder]] = {}
    for entry in order.fulfillment_orders:
        if entry.open and entry.status != "ON_HOLD" and entry.remaining:
            places.setdefault(entry.location.number, []).append(entry)
    if not places:
        raise Refused("already_fulfilled", f"{order.name} has nothing left to ship.")
    return [
        ship(orders, [(entry, None) for entry in entries], tracking) for entries in places.values()
    ]


def _touched(orders: Orders, parcel: Fulfillment) -> None:
    shop = orders.shop
    parcel.updated_at = max(parcel.updated_at, shop.now())
    shop.emit("fulfillments/update", parcel.id, lambda: fulfillment_payload(shop, parcel))


def cancel_fulfillment(orders: Orders, parcel: Fulfillment) -> None:
    """Take a shipment back; raises Refused (already_cancelled, returned)."""
    if parcel.status == "CANCELLED":
        raise Refused("already_cancelled", f"{parcel.name} has been cancelled before.")
    counts: dict[int, int] = {}
    for entry in parcel.lines:
        counts[entry.line.number] = counts.get(entry.line.number, 0) + entry.quantity
        if counts[entry.line.number] > entry.line.shipped_current or entry.returned:
            raise Refused("returned", f"{parcel.name} has units that were refunded or returned.")
    parcel.status = "CANCELLED"
    cause = orders.shop.cause("fulfilment", parcel.id)
    fresh: dict[int, FulfillmentOrder] = {}
    for entry in parcel.lines:
        target = entry.source
        if not target.fulfillment_order.open:
            target = _reopened(orders, target, fresh)
            target.total += entry.quantity
        target.remaining += entry.quantity
        entry.line.unfulfilled += entry.quantity
        item = entry.line.item
        if item is not None:
            orders.shop.inventory.unfulfil(item, parcel.location, entry.quantity, cause)
    for order_entry in parcel.fulfillment_orders:
        if order_entry.open and all(
            other.status != "SUCCESS" for other in order_entry.fulfillments
        ):
            order_entry.status = "OPEN"
    _touched(orders, parcel)
    orders.changed(parcel.order, "fulfilment_cancel")


def _reopened(
    orders: Orders, source: FulfillmentOrderLine, fresh: dict[int, FulfillmentOrder]
) -> FulfillmentOrderLine:
    """Return a line of a new fulfilment order that stands for a closed one."""
    old = source.fulfillment_order
    entry = fresh.get(old.number)
    if entry is None:
        number, identity = orders.identity("FulfillmentOrder")
        now = orders.shop.now()
        entry = fresh[old.number] = FulfillmentOrder(
            number, identity, old.order, old.location, old.requires_shipping, now, now
        )
        old.order.fulfillment_orders.append(entry)
    line = FulfillmentOrderLine(orders.next_part(), entry, source.line, 0, 0)
    entry.lines.append(line)
    orders.add_fulfillment_order(entry)
    return line


def track(orders: Orders, parcel: Fulfillment, tracking: Sequence[Tracking]) -> None:
    """Replace a shipment's tracking; raises Refused ``already_cancelled``."""
    if parcel.status == "CANCELLED":
        raise Refused("already_cancelled", f"{parcel.name} has been cancelled.")
    parcel.tracking = list(tracking)
    _touched(orders, parcel)
    orders.changed(parcel.order, "tracking")


def add_event(
    orders: Orders, parcel: Fulfillment, status: str, values: dict[str, Any] | None = None
) -> FulfillmentEvent:
    """Add a carrier's report to a shipment; raises Refused ``bad_status``."""
    if status not in EVENT_STATUSES:
        raise Refused("bad_status", f"{status!r} is none of {', '.join(EVENT_STATUSES)}.")
    if parcel.status == "CANCELLED":
        raise Refused("already_cancelled", f"{parcel.name} has been cancelled.")
    shop = orders.shop
    number, identity = orders.identity("FulfillmentEvent")
    now = shop.now()
    settings = {"happened_at": now, **(values or {})}
    event = FulfillmentEvent(
        number=number, id=identity, fulfillment=parcel, status=status, created_at=now, **settings
    )
    parcel.events.append(event)
    shop.emit("fulfillment_events/create", identity, lambda: event_payload(shop, event))
    _touched(orders, parcel)
    return event
