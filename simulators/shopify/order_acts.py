"""What shoppers and staff do through the control API: buy, cancel, edit, ship, refund, return.

Models the deeds behind Admin API 2026-10 without its wire. Every act answers with what it made,
or is refused with a code: sold_out, already_cancelled, already_fulfilled, already_paid,
over_refund, not_shipped, on_hold, unknown_order, unknown_sku ... and then nothing has changed.

Not modelled: staff permissions.
"""

from collections.abc import Callable
from typing import Any

from . import fulfilment, order_change, order_edit, returns
from .errors import Refused
from .fulfilment_records import Fulfillment, FulfillmentOrder, FulfillmentOrderLine, Tracking
from .order_arguments import (
    amount_of,
    cart_of,
    line_units,
    location_of,
    nearest,
    unit_lines,
    units_of,
    variant_of,
)
from .order_checkout import buy
from .order_money import quantum_of, rounded
from .order_records import Order
from .order_totals import current_totals
from .orders import Orders
from .refund import give_back
from .refund_money import RefundPlan, RefundUnits, shipping_left
from .shop import Shop

__all__ = ["ACTS", "summary"]

Act = Callable[[Shop, dict[str, Any]], dict[str, Any]]


def _orders(shop: Shop) -> Orders:
    orders = shop.orders
    assert isinstance(orders, Orders)
    return orders


def _order(shop: Shop, arguments: dict[str, Any]) -> Order:
    reference = arguments.get("order_id") or arguments.get("order") or arguments.get("name")
    if not reference:
        raise Refused("unknown_order", "Say which order: order_id is its gid, number or name.")
    return _orders(shop).find(str(reference))


def summary(order: Order) -> dict[str, Any]:
    """Return what every act on an order answers."""
    total = rounded(current_totals(order).total, quantum_of(order.currency))
    return {
        "order_id": order.id,
        "legacy_id": order.number,
        "name": order.name,
        "total": str(total),
    }


def _checkout(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    return summary(buy(_orders(shop), cart_of(shop, arguments)))


def _cancel(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    order = _order(shop, arguments)
    order_change.cancel(
        _orders(shop),
        order,
        str(arguments.get("reason", "CUSTOMER")).upper(),
        restock=bool(arguments.get("restock", True)),
        refund=bool(arguments.get("refund", True)),
        note=arguments.get("note"),
    )
    return summary(order)


def _edit(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    order = _order(shop, arguments)
    changes = [
        (variant_of(shop, entry.get("sku", "")), units_of(entry.get("quantity"), 0))
        for entry in arguments.get("changes") or []
    ]
    fresh = order_edit.edit(_orders(shop), order, changes)
    return {**summary(order), "added_lines": [line.id for line in fresh]}


def _refund(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    order = _order(shop, arguments)
    restock = bool(arguments.get("restock", True))
    location = location_of(shop, arguments.get("location_code"))
    units = []
    for line, quantity in line_units(shop, order, arguments.get("lines") or ()):
        shipped = min(quantity, line.shipped_current)
        if arguments.get("only_shipped") and shipped < quantity:
            raise Refused("not_shipped", f"{order.name}: {shipped} of {quantity} were shipped.")
        if shipped:
            kind = "RETURN" if restock else "NO_RESTOCK"
            units.append(RefundUnits(line, shipped, kind, location))
        if quantity - shipped:
            kind = "CANCEL" if restock else "NO_RESTOCK"
            units.append(RefundUnits(line, quantity - shipped, kind, location))
    shipping = arguments.get("shipping")
    left = shipping_left(order, len(order.currencies) - 1)
    plan = RefundPlan(
        order,
        units,
        left if shipping is True else amount_of(shipping or 0),
        [(amount_of(arguments["amount"]), None)] if "amount" in arguments else None,
        arguments.get("note"),
    )
    if not units and not plan.shipping and not plan.payments:
        raise Refused("nothing_to_refund", "Name lines, shipping or an amount.")
    refund = give_back(_orders(shop), plan)
    amount = sum((entry.amounts[0] for entry in refund.transactions), start=left - left)
    return {
        **summary(order),
        "refund_id": refund.id,
        "amount": str(rounded(amount, quantum_of(order.currency))),
    }


Wanted = tuple[FulfillmentOrder, list[tuple[FulfillmentOrderLine, int]]]


def _wanted(order: Order, arguments: dict[str, Any], shop: Shop) -> list[Wanted]:
    """Return which units of which fulfilment orders ``lines`` (and a location) mean."""
    location = location_of(shop, arguments.get("location_code"))
    wishes = line_units(shop, order, arguments["lines"], "already_fulfilled")
    left = {line.number: units for line, units in wishes}
    found: dict[int, Wanted] = {}
    for entry in order.fulfillment_orders:
        if not entry.open or entry.status == "ON_HOLD" or location not in (None, entry.location):
            continue
        for part in entry.lines:
            taken = min(left.get(part.line.number, 0), part.remaining)
            if taken:
                left[part.line.number] -= taken
                found.setdefault(entry.number, (entry, []))[1].append((part, taken))
    missing = [f"{line.sku} x {left[line.number]}" for line, _ in wishes if left[line.number]]
    if missing:
        raise Refused("already_fulfilled", f"{order.name}: not left to ship: {missing}.")
    return list(found.values())


def _fulfil(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    order, orders = _order(shop, arguments), _orders(shop)
    tracking = [
        Tracking(
            arguments.get("tracking_company"),
            arguments.get("tracking_number"),
            arguments.get("tracking_url"),
        )
    ]
    if not any((tracking[0].company, tracking[0].number, tracking[0].url)):
        tracking = []
    if not arguments.get("lines"):
        parcels = fulfilment.ship_rest(orders, order, tracking)
    else:
        places: dict[int, Any] = {}
        for entry, parts in _wanted(order, arguments, shop):
            places.setdefault(entry.location.number, []).append((entry, parts))
        parcels = [fulfilment.ship(orders, units, tracking) for units in places.values()]
    return {**summary(order), "fulfillment_ids": [parcel.id for parcel in parcels]}


def _parcel(shop: Shop, arguments: dict[str, Any]) -> Fulfillment:
    orders = _orders(shop)
    reference = str(arguments.get("fulfillment_id") or "")
    if reference:
        tail = reference.rsplit("/", 1)[-1]
        parcel = orders.fulfillments.get(int(tail)) if tail.isdigit() else None
        if parcel is None:
            raise Refused("unknown_fulfillment", f"There is no fulfilment {reference!r}.")
        return parcel
    order = _order(shop, arguments)
    live = [entry for entry in order.fulfillments if entry.status == "SUCCESS"]
    if not live:
        raise Refused("not_shipped", f"{order.name} has no shipment.")
    return live[-1]


def _cancel_fulfilment(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    parcel = _parcel(shop, arguments)
    fulfilment.cancel_fulfillment(_orders(shop), parcel)
    return {**summary(parcel.order), "fulfillment_id": parcel.id}


def _tracking_event(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    parcel = _parcel(shop, arguments)
    status = str(arguments.get("status", "IN_TRANSIT")).upper()
    values = {"message": arguments.get("message"), "city": arguments.get("city")}
    event = fulfilment.add_event(_orders(shop), parcel, status, values)
    return {**summary(parcel.order), "fulfillment_id": parcel.id, "event_id": event.id}


def _request_return(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    order, orders = _order(shop, arguments), _orders(shop)
    sendings = []
    for given in arguments.get("lines") or []:
        variant = variant_of(shop, given.get("sku", ""))
        left = units_of(given.get("quantity", 1))
        for parcel in order.fulfillments:
            for entry in parcel.lines if parcel.status == "SUCCESS" else []:
                part = min(left, returns.returnable(entry)) if entry.line.variant is variant else 0
                if part:
                    reason = str(given.get("reason", "UNKNOWN")).upper()
                    note = given.get("note", "")
                    sendings.append(returns.Sending(entry, part, reason, note, note or None))
                    left -= part
        if left:
            raise Refused("not_returnable", f"{variant.sku}: {left} units cannot come back.")
    back = returns.request(
        orders,
        order,
        sendings,
        approved=bool(arguments.get("approved", False)),
        exchange=unit_lines(shop, arguments.get("exchange") or ()),
    )
    return {**summary(order), "return_id": back.id, "status": back.status}


def _handle_return(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    """Approve, decline, process, close, reopen or cancel: ``step`` says which."""
    orders = _orders(shop)
    tail = str(arguments.get("return_id", "")).rsplit("/", 1)[-1]
    back = orders.returns.get(int(tail)) if tail.isdigit() else None
    if back is None:
        raise Refused("unknown_return", f"There is no return {arguments.get('return_id')!r}.")
    step = str(arguments.get("step", "process"))
    steps: dict[str, Callable[[], Any]] = {
        "approve": lambda: returns.approve(orders, back),
        "decline": lambda: returns.decline(orders, back, note=arguments.get("note")),
        "process": lambda: returns.process(
            orders,
            back,
            [(line, line.unprocessed) for line in back.lines if line.unprocessed],
            restock=bool(arguments.get("restock", True)),
            location=location_of(shop, arguments.get("location_code")),
            payments=None if arguments.get("refund", True) else [],
            exchange=[(line, line.unprocessed) for line in back.exchange_lines if line.unprocessed],
        ),
        "close": lambda: returns.close(orders, back),
        "reopen": lambda: returns.reopen(orders, back),
        "cancel": lambda: returns.cancel_return(orders, back),
    }
    if step not in steps:
        raise nearest("bad_step", "step of a return", step, steps)
    if step == "process" and back.status == "REQUESTED":
        returns.approve(orders, back)
    steps[step]()
    return {**summary(back.order), "return_id": back.id, "status": back.status}


def _add_note(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    order = _order(shop, arguments)
    values: dict[str, object] = {}
    if "note" in arguments:
        values["note"] = arguments["note"]
    if "tags" in arguments:
        values["tags"] = list(arguments["tags"])
    if not values:
        raise Refused("no_change", "Give a note or tags.")
    order_change.update(_orders(shop), order, values)
    return summary(order)


def _mark_paid(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    order = _order(shop, arguments)
    paid = order_change.mark_paid(_orders(shop), order)
    return {**summary(order), "transaction_id": paid.id}


ACTS: dict[str, Act] = {
    "checkout": _checkout,
    "cancel_order": _cancel,
    "edit_order": _edit,
    "refund_order": _refund,
    "fulfil_order": _fulfil,
    "cancel_fulfilment": _cancel_fulfilment,
    "tracking_event": _tracking_event,
    "request_return": _request_return,
    "handle_return": _handle_return,
    "add_note": _add_note,
    "mark_paid": _mark_paid,
}
