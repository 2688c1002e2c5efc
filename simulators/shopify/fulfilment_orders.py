"""What a merchant does with fulfilment orders: move, hold, release, split, open, report progress.

Models fulfillmentOrderMove, -Hold, -ReleaseHold, -Split, -Open and -ReportProgress of Admin API
2026-10. Moving or holding a part splits the rest off into a new fulfilment order: the ids that
a client knows then stand for fewer units. A move also moves the committed stock.

Not modelled: requests to fulfilment services, cancellation, merging, rescheduling.
"""

from collections.abc import Sequence

from .errors import Refused
from .fulfilment_records import FulfillmentHold, FulfillmentOrder, FulfillmentOrderLine
from .locations import Location
from .orders import Orders
from .payload_fulfilment import fulfillment_order_payload, hold_payload

__all__ = [
    "HOLD_REASONS",
    "hold",
    "move",
    "release",
    "report_progress",
    "set_open",
    "split",
    "supported_actions",
]

HOLD_REASONS = (
    "AWAITING_PAYMENT",
    "AWAITING_RETURN_ITEMS",
    "HIGH_RISK_OF_FRAUD",
    "INCORRECT_ADDRESS",
    "INVENTORY_OUT_OF_STOCK",
    "ONLINE_STORE_POST_PURCHASE_CROSS_SELL",
    "OTHER",
    "UNKNOWN_DELIVERY_DATE",
)
HOLDS_MAX = 10
Part = tuple[FulfillmentOrderLine, int]


def supported_actions(entry: FulfillmentOrder) -> list[str]:
    """Return the FulfillmentOrderActions that would be accepted now."""
    if entry.status == "OPEN":
        actions = ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD"]
        return [*actions, "SPLIT"] if entry.remaining > 1 else actions
    if entry.status == "IN_PROGRESS":
        actions = ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD"]
        return actions if entry.fulfillments else [*actions, "MARK_AS_OPEN"]
    return ["RELEASE_HOLD", "HOLD", "MOVE"] if entry.status == "ON_HOLD" else []


def _check_parts(entry: FulfillmentOrder, parts: Sequence[Part]) -> None:
    for line, quantity in parts:
        if line.fulfillment_order is not entry:
            raise Refused("unknown_line", f"{line.id} is no line of {entry.id}.")
        if quantity < 1 or quantity > line.remaining:
            raise Refused(
                "bad_quantity", f"{line.line.sku}: {quantity} units, {line.remaining} remain."
            )


def _new(orders: Orders, like: FulfillmentOrder, location: Location) -> FulfillmentOrder:
    number, identity = orders.identity("FulfillmentOrder")
    now = orders.shop.now()
    entry = FulfillmentOrder(
        number, identity, like.order, location, like.requires_shipping, now, now
    )
    like.order.fulfillment_orders.append(entry)
    return entry


def _take(
    orders: Orders, source: FulfillmentOrder, parts: Sequence[Part], location: Location
) -> FulfillmentOrder:
    """Put units of a fulfilment order into a new one."""
    entry = _new(orders, source, location)
    for line, quantity in parts:
        line.total -= quantity
        line.remaining -= quantity
        entry.lines.append(
            FulfillmentOrderLine(orders.next_part(), entry, line.line, quantity, quantity)
        )
    source.lines = [line for line in source.lines if line.total]
    source.updated_at = orders.shop.now()
    orders.add_fulfillment_order(entry)
    return entry


def _rest(entry: FulfillmentOrder, parts: Sequence[Part]) -> list[Part]:
    """Return what stays when the parts go."""
    gone: dict[int, int] = {}
    for line, quantity in parts:
        gone[line.number] = gone.get(line.number, 0) + quantity
    left = [(line, line.remaining - gone.get(line.number, 0)) for line in entry.lines]
    return [(line, quantity) for line, quantity in left if quantity]


def _untouched(entry: FulfillmentOrder, parts: Sequence[Part]) -> bool:
    """Tell whether the parts are all of a fulfilment order of which nothing was shipped."""
    return not _rest(entry, parts) and all(line.total == line.remaining for line in entry.lines)


def move(
    orders: Orders,
    entry: FulfillmentOrder,
    location: Location,
    parts: Sequence[Part] | None = None,
) -> tuple[FulfillmentOrder, FulfillmentOrder, FulfillmentOrder | None]:
    """Give units to another location.

    Returns (moved, original, remaining); ``remaining`` is None when everything moved. Raises
    Refused (not_open, same_location, inactive_location, bad_quantity).
    """
    if "MOVE" not in supported_actions(entry):
        raise Refused("not_open", f"{entry.id} has status {entry.status}.")
    if location is entry.location:
        raise Refused("same_location", "The fulfilment order is at that location.")
    if not location.active:
        raise Refused("inactive_location", f"{location.name} is not active.")
    chosen = list(parts) if parts else [(line, line.remaining) for line in entry.lines]
    chosen = [(line, quantity) for line, quantity in chosen if quantity]
    _check_parts(entry, chosen)
    source = entry.location
    cause = orders.shop.cause("move", entry.id)
    remaining = None
    if _untouched(entry, chosen):
        entry.location, moved = location, entry
        entry.updated_at = orders.shop.now()
    else:
        moved = _take(orders, entry, chosen, location)
        remaining = entry if entry.remaining else None
        if not entry.remaining:
            entry.status = "CLOSED"
    for line, quantity in chosen:
        item = line.line.item
        if item is not None:
            orders.shop.inventory.move_commitment(item, source, location, quantity, cause)
    shop = orders.shop
    shop.emit(
        "fulfillment_orders/moved",
        moved.id,
        lambda: {
            "original_fulfillment_order": fulfillment_order_payload(entry),
            "moved_fulfillment_order": fulfillment_order_payload(moved),
            "source_location": {"id": source.id},
            "destination_location_id": location.id,
            "fulfillment_order_line_items_requested": [
                {"id": line.id, "quantity": quantity} for line, quantity in parts or ()
            ],
        },
    )
    orders.changed(entry.order, "move")
    return moved, entry, remaining


def hold(
    orders: Orders,
    entry: FulfillmentOrder,
    reason: str = "OTHER",
    notes: str | None = None,
    handle: str | None = None,
    client: str = "",
    parts: Sequence[Part] | None = None,
) -> tuple[FulfillmentHold, FulfillmentOrder | None]:
    """Hold a fulfilment order, or a part of it; the rest is split off.

    Returns (hold, the new fulfilment order of the rest or None). Raises Refused.
    """
    if not entry.open:
        raise Refused("not_open", f"{entry.id} has status {entry.status}.")
    if reason not in HOLD_REASONS:
        raise Refused("bad_reason", f"{reason!r} is none of {', '.join(HOLD_REASONS)}.")
    if any(other.handle == handle and other.client == client for other in entry.holds):
        raise Refused("duplicate_handle", "A hold with that handle is there already.")
    if len(entry.holds) >= HOLDS_MAX:
        raise Refused("too_many_holds", f"{entry.id} has {HOLDS_MAX} holds.")
    remaining = None
    if parts:
        _check_parts(entry, parts)
        if entry.holds:
            raise Refused("on_hold", "A part of a held fulfilment order cannot be held.")
        rest = _rest(entry, parts)
        if rest:
            remaining = _take(orders, entry, rest, entry.location)
    number, identity = orders.identity("FulfillmentHold")
    found = FulfillmentHold(number, identity, reason, notes, handle, client)
    entry.holds.append(found)
    first = entry.status != "ON_HOLD"
    entry.status, entry.updated_at = "ON_HOLD", orders.shop.now()
    shop = orders.shop
    _announce_hold(orders, "added", entry, found)
    if first:
        shop.emit(
            "fulfillment_orders/placed_on_hold",
            entry.id,
            lambda: _held(entry, found, remaining, parts or ()),
        )
    orders.changed(entry.order, "hold")
    return found, remaining


def _announce_hold(
    orders: Orders, what: str, entry: FulfillmentOrder, found: FulfillmentHold
) -> None:
    orders.shop.emit(
        f"fulfillment_holds/{what}",
        found.id,
        lambda: {
            "fulfillment_order": fulfillment_order_payload(entry),
            "fulfillment_hold": hold_payload(found),
        },
    )


def _held(
    entry: FulfillmentOrder,
    found: FulfillmentHold,
    remaining: FulfillmentOrder | None,
    parts: Sequence[Part],
) -> dict[str, object]:
    return {
        "fulfillment_order": {
            "id": entry.id,
            "status": entry.status.lower(),
            "fulfillment_holds": [hold_payload(other) for other in entry.holds],
        },
        "remaining_fulfillment_order": (
            {"id": remaining.id, "status": remaining.status.lower()} if remaining else None
        ),
        "held_fulfillment_order_line_items": [
            {"id": line.id, "quantity": quantity} for line, quantity in parts
        ],
        "created_fulfillment_hold": hold_payload(found),
    }


def release(orders: Orders, entry: FulfillmentOrder, holds: Sequence[str] | None = None) -> None:
    """Release holds (by gid; None: all). Raises Refused (not_held, unknown_hold)."""
    if entry.status != "ON_HOLD":
        raise Refused("not_held", f"{entry.id} is not on hold.")
    chosen = [found for found in entry.holds if holds is None or found.id in holds]
    if holds is not None and len(chosen) != len(set(holds)):
        raise Refused("unknown_hold", f"{entry.id} has no such hold.")
    shop = orders.shop
    for found in chosen:
        entry.holds.remove(found)
        _announce_hold(orders, "released", entry, found)
    if not entry.holds:
        entry.status = "IN_PROGRESS" if entry.fulfillments else "OPEN"
        entry.updated_at = shop.now()
        shop.emit(
            "fulfillment_orders/hold_released",
            entry.id,
            lambda: {"fulfillment_order": fulfillment_order_payload(entry)},
        )
    orders.changed(entry.order, "hold")


def split(orders: Orders, entry: FulfillmentOrder, parts: Sequence[Part]) -> FulfillmentOrder:
    """Put units into a fulfilment order of their own; return it. Raises Refused."""
    if "SPLIT" not in supported_actions(entry) or not parts:
        raise Refused("not_splittable", f"{entry.id} cannot be split.")
    _check_parts(entry, parts)
    if not _rest(entry, parts):
        raise Refused("not_splittable", "A split has to leave something.")
    fresh = _take(orders, entry, parts, entry.location)
    orders.shop.emit(
        "fulfillment_orders/split",
        entry.id,
        lambda: {
            "fulfillment_order": fulfillment_order_payload(entry),
            "remaining_fulfillment_order": fulfillment_order_payload(fresh),
            "split_line_items": [{"id": line.id, "quantity": quantity} for line, quantity in parts],
        },
    )
    orders.changed(entry.order, "split")
    return fresh


def report_progress(orders: Orders, entry: FulfillmentOrder) -> None:
    """Mark a fulfilment order as being worked on; raises Refused ``not_open``."""
    if entry.status not in ("OPEN", "IN_PROGRESS"):
        raise Refused("not_open", f"{entry.id} has status {entry.status}.")
    entry.status, entry.updated_at = "IN_PROGRESS", orders.shop.now()
    orders.shop.emit(
        "fulfillment_orders/progress_reported",
        entry.id,
        lambda: {"fulfillment_order": fulfillment_order_payload(entry)},
    )
    orders.changed(entry.order, "progress")


def set_open(orders: Orders, entry: FulfillmentOrder) -> None:
    """Mark a fulfilment order as not begun; raises Refused ``not_open``."""
    if entry.status != "IN_PROGRESS" or entry.fulfillments:
        raise Refused("not_open", f"{entry.id} has status {entry.status}.")
    entry.status, entry.updated_at = "OPEN", orders.shop.now()
    orders.changed(entry.order, "progress")
