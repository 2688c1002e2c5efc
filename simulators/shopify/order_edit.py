"""Editing an order: changes are staged on a calculated order and committed in one go.

Models orderEditBegin, orderEditAddVariant, orderEditSetQuantity and orderEditCommit of Admin
API 2026-10. Only unshipped units can be removed; added units are priced at the line's (or the
variant's present) price. A percentage off the order follows, a fixed amount does not grow (see
``order_repricing``). Stock that is not there refuses the commit.

Not modelled: staged discounts, custom items, shipping line changes, invoices for the balance.
"""

from decimal import Decimal

import msgspec

from .catalog import Variant
from .errors import Refused
from .fulfilment_stock import pull_units, want_units
from .order_checkout import make_line
from .order_money import ZERO
from .order_pricing import price_line
from .order_records import Line, Order, Share
from .order_repricing import Part, edited_shares, part_of, reprice
from .order_stock import place
from .order_totals import current_totals, line_share
from .orders import Orders
from .payload_order import edited_payload

__all__ = ["Added", "Edit", "begin", "commit", "edit", "staged_total"]


class Added(msgspec.Struct, eq=False):
    """A line that an edit would add."""

    number: int
    variant: Variant
    quantity: int


class Edit(msgspec.Struct, eq=False):
    """An edit under way: what the units of lines would become, and what would be added."""

    number: int
    id: str
    order: Order
    quantities: dict[int, int] = {}
    restock: dict[int, bool] = {}
    added: list[Added] = []
    committed: bool = False

    def quantity_of(self, line: Line) -> int:
        """Return the units a line would have."""
        return self.quantities.get(line.number, line.current_quantity)

    def stage(self, line: Line, quantity: int, *, restock: bool = True) -> None:
        """Stage a quantity; raises Refused (unknown_line, bad_quantity, already_fulfilled)."""
        if line.order is not self.order:
            raise Refused("unknown_line", f"{line.id} is no line of {self.order.name}.")
        if quantity < 0:
            raise Refused("bad_quantity", "A quantity may not be negative.")
        if quantity < line.shipped_current:
            raise Refused(
                "already_fulfilled",
                f"{line.sku}: {line.shipped_current} units were shipped, they cannot be removed.",
            )
        self.quantities[line.number] = quantity
        self.restock[line.number] = restock

    def add(self, number: int, variant: Variant, quantity: int) -> Added:
        """Stage a new line; raises Refused ``bad_quantity``."""
        if quantity < 1:
            raise Refused("bad_quantity", "An added line needs one unit or more.")
        entry = Added(number, variant, quantity)
        self.added.append(entry)
        return entry


def begin(orders: Orders, order: Order) -> Edit:
    """Begin an edit; raises Refused ``already_cancelled``."""
    if order.cancelled_at is not None:
        raise Refused("already_cancelled", f"{order.name} has been cancelled.")
    number, identity = orders.identity("CalculatedOrder")
    return Edit(number, identity, order)


def staged_total(orders: Orders, change: Edit, side: int = 0) -> Decimal:
    """Return what the order would come to in one currency if the edit were committed now."""
    order = change.order
    parts = [
        part_of(line, change.quantity_of(line), line.current_quantity, side) for line in order.lines
    ]
    for entry in change.added:
        rates = orders.tax_rates if entry.variant.taxable else ()
        money = price_line(
            entry.variant.price, entry.quantity, rates, order.currencies, order.rate,
            order.taxes_included,
        )[side]  # fmt: skip
        parts.append(Part(money.unit * entry.quantity, ZERO, rates))
    total = current_totals(order, side).total
    total -= sum(
        (_value(order, line_share(line, side, current=True)) for line in order.lines), ZERO
    )
    return total + sum((_value(order, one) for one in edited_shares(order, parts, side)), ZERO)


def _value(order: Order, share: Share) -> Decimal:
    return share.subtotal + (ZERO if order.taxes_included else share.tax)


def commit(
    orders: Orders, change: Edit, *, notify_customer: bool = False, staff_note: str | None = None
) -> list[Line]:
    """Carry an edit out; return the new lines. Raises Refused ``sold_out`` before any change."""
    order, shop = change.order, orders.shop
    if change.committed:
        raise Refused("already_committed", f"{change.id} has been committed.")
    if order.cancelled_at is not None:
        raise Refused("already_cancelled", f"{order.name} has been cancelled.")
    grown = [
        (line, change.quantity_of(line) - line.current_quantity)
        for line in order.lines
        if change.quantity_of(line) != line.current_quantity
    ]
    _check(orders, change, grown)
    before = [line.current_quantity for line in order.lines]
    cause = shop.cause("edit", order.id)
    additions: list[tuple[int, int]] = []
    removals: list[tuple[int, int]] = []
    for line, delta in grown:
        if delta < 0:
            pull_units(orders, line, -delta, cause, restock=change.restock.get(line.number, True))
            line.current_quantity += delta
            removals.append((line.number, -delta))
        else:
            want_units(orders, line, delta, cause)
            line.quantity += delta
            line.current_quantity += delta
            line.unfulfilled += delta
            additions.append((line.number, delta))
    fresh = []
    for entry in change.added:
        line = make_line(orders, order, entry.variant, entry.quantity, entry.variant.price)
        line.added_by_edit = True
        order.lines.append(line)
        orders.lines[line.number] = line
        want_units(orders, line, entry.quantity, cause)
        additions.append((line.number, entry.quantity))
        fresh.append(line)
    reprice(order, [*before, *(0 for _ in fresh)])
    change.committed = True
    order.edited = True
    number, _ = orders.identity("OrderEdit")
    shop.emit(
        "orders/edited",
        order.id,
        lambda: edited_payload(
            shop, order, number, additions, removals,
            notify_customer=notify_customer, staff_note=staff_note,
        ),
    )  # fmt: skip
    orders.changed(order, "edit")
    return fresh


def _check(orders: Orders, change: Edit, grown: list[tuple[Line, int]]) -> None:
    """Raise Refused if shipped units would go or stock is missing; changes nothing."""
    if not grown and not change.added:
        raise Refused("no_change", "The edit changes nothing.")
    for line, delta in grown:
        if -delta > line.unfulfilled:
            raise Refused("already_fulfilled", f"{line.sku}: too few units are unshipped.")
    wanted: dict[int, tuple[Variant, int]] = {}
    more = [(line.variant, delta) for line, delta in grown if delta > 0 and line.variant]
    for variant, units in [*more, *((entry.variant, entry.quantity) for entry in change.added)]:
        before = wanted.get(variant.number, (variant, 0))[1]
        wanted[variant.number] = (variant, before + units)
    if wanted:
        place(orders.shop, list(wanted.values()))


def edit(orders: Orders, order: Order, changes: list[tuple[Variant, int]]) -> list[Line]:
    """Set the units of variants on an order in one edit; return the new lines.

    Every named variant ends with that many units on the order (0 removes it). A variant on
    several lines is taken from the last line first.
    """
    change = begin(orders, order)
    for variant, quantity in changes:
        lines = [entry for entry in order.lines if entry.variant is variant]
        whole = sum(change.quantity_of(entry) for entry in lines)
        missing = quantity - whole
        if quantity < 0:
            raise Refused("bad_quantity", f"{variant.sku}: {quantity} units.")
        live = [entry for entry in lines if entry.current_quantity]
        if missing > 0 and not live:
            change.add(orders.shop.ids.next("CalculatedLineItem"), variant, missing)
        elif missing > 0:
            change.stage(live[0], change.quantity_of(live[0]) + missing)
        for entry in reversed(live if missing < 0 else []):
            part = min(-missing, change.quantity_of(entry) - entry.shipped_current)
            change.stage(entry, change.quantity_of(entry) - part)
            missing += part
        if missing < 0:
            raise Refused("already_fulfilled", f"{variant.sku}: too few units are unshipped.")
    return commit(orders, change)
