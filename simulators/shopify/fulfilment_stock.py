"""Units that no longer have to be shipped, and units that now do.

Models Admin API 2026-10. The remaining quantities of open fulfilment orders are the stock that
is committed; both change together here, for edits, cancellation and refunds.

Differs from the documentation: a refund of unshipped units without restock also takes them out
of the fulfilment orders (their stock is written off), so that what is committed is always what
the open orders still want.
"""

from .errors import Refused
from .fulfilment_records import FulfillmentOrder, FulfillmentOrderLine
from .order_records import Line
from .order_stock import place_one
from .orders import Orders
from .shop import Cause

__all__ = ["close_if_done", "pull_units", "want_units"]


def close_if_done(entry: FulfillmentOrder, orders: Orders, status: str = "CLOSED") -> None:
    """Close a fulfilment order that has nothing left to ship."""
    entry.updated_at = orders.shop.now()
    if entry.open and not entry.remaining:
        entry.status = status
        entry.holds.clear()


def pull_units(
    orders: Orders,
    line: Line,
    units: int,
    cause: Cause,
    *,
    restock: bool,
    status: str = "CLOSED",
) -> None:
    """Take unshipped units of a line out of its fulfilment orders, the latest first.

    With ``restock`` the stock becomes available again, else it is gone. The caller has checked
    that so many units are unshipped.
    """
    left = units
    inventory = orders.shop.inventory
    for entry in reversed(line.order.fulfillment_orders):
        if not entry.open:
            continue
        for part in entry.lines:
            taken = min(left, part.remaining) if part.line is line else 0
            if not taken:
                continue
            part.remaining -= taken
            part.total -= taken
            left -= taken
            item = line.item
            if item is not None:
                move = inventory.release if restock else inventory.drop
                move(item, entry.location, taken, cause)
        close_if_done(entry, orders, status)
    if left:
        raise Refused("not_unfulfilled", f"{line.sku}: only {units - left} units are unshipped.")
    line.unfulfilled -= units


def want_units(orders: Orders, line: Line, units: int, cause: Cause) -> None:
    """Commit stock for more units of a line and add them to fulfilment orders.

    Raises Refused ``sold_out`` before anything has changed. The line counts them already.
    """
    order = line.order
    stock = "obey" if line.reserved else "bypass"
    for location, part in place_one(orders.shop, line.variant, units, stock):
        entry = next(
            (
                other
                for other in order.fulfillment_orders
                if other.status == "OPEN"
                and other.location is location
                and other.requires_shipping == line.requires_shipping
            ),
            None,
        )
        if entry is None:
            number, identity = orders.identity("FulfillmentOrder")
            now = orders.shop.now()
            entry = FulfillmentOrder(
                number, identity, order, location, line.requires_shipping, now, now
            )
            order.fulfillment_orders.append(entry)
            orders.fulfillment_orders[number] = entry
        own = next((other for other in entry.lines if other.line is line), None)
        if own is None:
            own = FulfillmentOrderLine(orders.next_part(), entry, line, 0, 0)
            entry.lines.append(own)
            orders.fulfillment_order_lines[own.number] = own
        own.total += part
        own.remaining += part
        entry.updated_at = orders.shop.now()
        if line.item is not None:
            orders.shop.inventory.commit(line.item, location, part, cause)
