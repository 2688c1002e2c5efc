"""Exchange lines of a return: the pieces that go out for those that come back.

Models ``exchangeLineItems`` of returnCreate and returnProcess of Admin API 2026-10. A return only
announces them. When they are processed they become lines of the order itself: their stock is
committed and a fulfilment order of their own is opened. What came back counts towards them; where
something is still owed, that fulfilment order is on hold (AWAITING_PAYMENT).

Not published, chosen by us: an exchange line costs what its variant costs when it is processed,
taxed like any other and without the order's discounts; what is sold out is refused then; the hold
goes by itself once nothing is owed.

Not modelled: discounts and gift card codes on exchange lines, removing them from a return,
returnCalculate, suggestedFinancialOutcome.
"""

from collections.abc import Sequence
from decimal import Decimal

from .catalog import Variant
from .errors import Refused
from .fulfilment_orders import hold, release
from .fulfilment_records import FulfillmentOrder
from .order_checkout import make_line, open_fulfillment_orders
from .order_money import ZERO
from .order_records import Line, Order
from .order_stock import Placement, place
from .order_totals import line_share, outstanding
from .orders import Orders
from .refund_records import ExchangeLine, Return

__all__ = ["Chosen", "announce", "commit", "owed", "prepare", "release_paid"]

Chosen = Sequence[tuple[ExchangeLine, int]]
HOLDER = "exchange"  # the client of our own holds


def announce(orders: Orders, back: Return, wanted: Sequence[tuple[Variant, int]]) -> None:
    """Put exchange lines on a new return; raises Refused ``bad_quantity``."""
    for variant, quantity in wanted:
        if quantity < 1:
            raise Refused("bad_quantity", f"{variant.sku}: an exchange needs one unit or more.")
        number, identity = orders.identity("ExchangeLineItem")
        back.exchange_lines.append(ExchangeLine(number, identity, back, variant, quantity))


def prepare(orders: Orders, back: Return, chosen: Chosen) -> list[tuple[Line, Placement]]:
    """Return the lines to be and where they ship from; nothing has changed.

    Raises Refused (unknown_line, bad_quantity, sold_out).
    """
    counts: dict[int, int] = {}
    for entry, quantity in chosen:
        counts[entry.number] = counts.get(entry.number, 0) + quantity
        if entry.return_ is not back or quantity < 1 or counts[entry.number] > entry.unprocessed:
            raise Refused(
                "bad_quantity",
                f"{entry.id}: {quantity} units, {entry.unprocessed} are unprocessed.",
            )
    placements = place(orders.shop, [(entry.variant, quantity) for entry, quantity in chosen])
    lines = [
        make_line(orders, back.order, entry.variant, quantity, entry.variant.price)
        for entry, quantity in chosen
    ]
    return list(zip(lines, placements, strict=True))


def owed(order: Order, lines: Sequence[Line]) -> list[Decimal]:
    """Return, per currency, what the customer would owe with these lines on the order."""
    sums = []
    for side in range(len(order.currencies)):
        shares = [line_share(line, side, current=True) for line in lines]
        added = sum((share.subtotal for share in shares), ZERO)
        if not order.taxes_included:
            added += sum((share.tax for share in shares), ZERO)
        sums.append(max(ZERO, outstanding(order, side) + added))
    return sums


def commit(
    orders: Orders, back: Return, chosen: Chosen, placed: Sequence[tuple[Line, Placement]]
) -> list[FulfillmentOrder]:
    """Make prepared lines part of the order; return their fulfilment orders."""
    order, cause = back.order, orders.shop.cause("edit", back.order.id)
    for (entry, quantity), (line, _) in zip(chosen, placed, strict=True):
        entry.processed += quantity
        entry.lines.append(line)
        order.lines.append(line)
        orders.lines[line.number] = line
    opened = open_fulfillment_orders(orders, order, placed)
    for found in opened:
        orders.add_fulfillment_order(found)
        for part in found.lines:
            if part.line.item is not None:
                orders.shop.inventory.commit(part.line.item, found.location, part.remaining, cause)
        if outstanding(order) > 0:
            hold(orders, found, "AWAITING_PAYMENT", client=HOLDER)
    return opened


def release_paid(orders: Orders, order: Order) -> None:
    """Let the pieces of an exchange go once nothing is owed any more."""
    if outstanding(order) > 0:
        return
    for entry in order.fulfillment_orders:
        ours = [found.id for found in entry.holds if found.client == HOLDER]
        if ours:
            release(orders, entry, ours)
