"""Mutations of an order edit, and the calculated order that they stage changes on.

Models orderEditBegin, orderEditAddVariant, orderEditSetQuantity and orderEditCommit of Admin
API 2026-10. Line ids of the calculated order are ``CalculatedLineItem`` with the number of the
order's line; an edit that is never committed changes nothing.

Not modelled: discounts, custom items and shipping lines in edits; sessions do not expire.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from . import order_edit
from .connection import connection
from .context import Context
from .errors import Refused
from .ids import gid, number_of, type_of
from .money import Bag
from .order_edit import Added, Edit
from .order_money import ZERO
from .order_records import Line
from .order_totals import current_totals, outstanding
from .orders import Orders
from .payload_line import order_tax_lines
from .refusals import missing, refusal
from .registry import Arguments, Resolvers
from .resolve_orders import bag_of, order_of, tax_line

__all__ = ["RESOLVERS", "Staged"]

RESOLVERS = Resolvers()


class Staged:
    """A line of the calculated order: one of the order's own, or one that is added."""

    graphql_type = "CalculatedLineItem"

    def __init__(self, change: Edit, entry: Line | Added) -> None:
        self.change, self.entry = change, entry
        self.number = entry.number
        self.id = gid("CalculatedLineItem", entry.number)

    @property
    def quantity(self) -> int:
        """Units if the edit were committed."""
        if isinstance(self.entry, Line):
            return self.change.quantity_of(self.entry)
        return self.entry.quantity

    @property
    def before(self) -> int:
        """Units before the edit."""
        return self.entry.current_quantity if isinstance(self.entry, Line) else 0

    @property
    def shipped(self) -> int:
        """Units that cannot be changed any more."""
        return self.entry.shipped_current if isinstance(self.entry, Line) else 0

    def unit(self, side: int) -> Decimal:
        """Return the unit price in one currency."""
        if isinstance(self.entry, Line):
            return self.entry.sides[side].unit
        price = self.entry.variant.price
        return price if not side else price * self.change.order.rate


def _edits(context: Context) -> dict[int, Edit]:
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    return orders.edits


def _edit(identity: str, context: Context) -> Edit | None:
    kind = type_of(identity)
    number = number_of(identity, kind if kind == "OrderEditSession" else "CalculatedOrder")
    found = _edits(context).get(number)
    return None if found is None or found.committed else found


def _session(change: Edit) -> dict[str, Any]:
    return {"__typename": "OrderEditSession", "id": gid("OrderEditSession", change.number)}


def _lines(change: Edit) -> list[Staged]:
    kept = [Staged(change, line) for line in change.order.lines if line.current_quantity]
    return [*kept, *(Staged(change, entry) for entry in change.added)]


@RESOLVERS.mutation("orderEditBegin")
def begin(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderEditBegin."""
    order = order_of(arguments["id"], context)
    empty = {"calculatedOrder": None, "orderEditSession": None}
    if order is None:
        return missing("Order", ["id"], payload=empty)
    try:
        change = order_edit.begin(context.shop.orders, order)
    except Refused as error:
        return refusal(error, ["id"], payload=empty)
    _edits(context)[change.number] = change
    return {"calculatedOrder": change, "orderEditSession": _session(change), "userErrors": []}


@RESOLVERS.mutation("orderEditAddVariant")
def add_variant(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderEditAddVariant."""
    empty = {"calculatedOrder": None, "calculatedLineItem": None, "orderEditSession": None}
    change = _edit(arguments["id"], context)
    if change is None:
        return missing("The calculated order", ["id"], payload=empty)
    catalog = context.shop.catalog
    variant = catalog.variant(number_of(arguments["variantId"], "ProductVariant"))
    if variant is None:
        return missing("Variant", ["variantId"], payload=empty)
    known = any(entry.variant is variant for entry in change.order.lines if entry.current_quantity)
    known = known or any(entry.variant is variant for entry in change.added)
    if known and not arguments.get("allowDuplicates"):
        error = Refused("duplicate", "Variant is already on the order")
        return refusal(error, ["variantId"], payload=empty)
    try:
        number = context.shop.ids.next("CalculatedLineItem")
        added = change.add(number, variant, arguments["quantity"])
    except Refused as error:
        return refusal(error, ["quantity"], payload=empty)
    return {
        "calculatedOrder": change,
        "calculatedLineItem": Staged(change, added),
        "orderEditSession": _session(change),
        "userErrors": [],
    }


@RESOLVERS.mutation("orderEditSetQuantity")
def set_quantity(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderEditSetQuantity."""
    empty = {"calculatedOrder": None, "calculatedLineItem": None, "orderEditSession": None}
    change = _edit(arguments["id"], context)
    if change is None:
        return missing("The calculated order", ["id"], payload=empty)
    identity = arguments["lineItemId"]
    kind = "LineItem" if type_of(identity) == "LineItem" else "CalculatedLineItem"
    number = number_of(identity, kind)
    staged = next((entry for entry in _lines(change) if entry.number == number), None)
    if staged is None:
        return missing("Line item", ["lineItemId"], payload=empty)
    quantity = arguments["quantity"]
    try:
        if isinstance(staged.entry, Line):
            restock = arguments.get("restock")
            change.stage(staged.entry, quantity, restock=restock is not False)
        elif quantity > 0:
            staged.entry.quantity = quantity
        else:
            change.added.remove(staged.entry)
    except Refused as error:
        return refusal(error, ["quantity"], payload=empty)
    return {
        "calculatedOrder": change,
        "calculatedLineItem": staged,
        "orderEditSession": _session(change),
        "userErrors": [],
    }


@RESOLVERS.mutation("orderEditCommit")
def commit(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderEditCommit."""
    change = _edit(arguments["id"], context)
    empty: dict[str, Any] = {"order": None, "successMessages": []}
    if change is None:
        return missing("The calculated order", ["id"], payload=empty)
    try:
        order_edit.commit(
            context.shop.orders,
            change,
            notify_customer=bool(arguments.get("notifyCustomer")),
            staff_note=arguments.get("staffNote"),
        )
    except Refused as error:
        return refusal(error, ["id"], payload=empty)
    return {
        "order": change.order,
        "successMessages": ["The order was updated"],
        "userErrors": [],
    }


def _total(change: Edit, side: int, context: Context) -> Decimal:
    return order_edit.staged_total(context.shop.orders, change, side)


def _owed(change: Edit, side: int, context: Context) -> Decimal:
    order = change.order
    delta = _total(change, side, context) - current_totals(order, side).total
    return outstanding(order, side) + delta


def _subtotal(change: Edit, side: int, _context: Context) -> Decimal:
    whole = ZERO
    for staged in _lines(change):
        whole += staged.unit(side) * staged.quantity
        if isinstance(staged.entry, Line) and staged.entry.current_quantity:
            money = staged.entry.sides[side]
            kept = min(staged.quantity, staged.before)
            whole -= money.current_discount * kept / staged.before
    return whole


def _bag(change: Edit, work: Callable[[Edit, int, Context], Decimal], context: Context) -> Bag:
    sides = range(len(change.order.currencies))
    return bag_of(change.order, [work(change, side, context) for side in sides])


FIELDS: dict[str, Callable[[Edit, Arguments, Context], Any]] = {
    "originalOrder": lambda change, _arguments, _context: change.order,
    "lineItems": lambda change, arguments, context: connection(_lines(change), arguments, context),
    "addedLineItems": lambda change, arguments, context: connection(
        [Staged(change, entry) for entry in change.added], arguments, context
    ),
    "subtotalLineItemsQuantity": lambda change, _arguments, _context: sum(
        entry.quantity for entry in _lines(change)
    ),
    "subtotalPriceSet": lambda change, _arguments, context: _bag(change, _subtotal, context),
    "totalPriceSet": lambda change, _arguments, context: _bag(change, _total, context),
    "totalOutstandingSet": lambda change, _arguments, context: _bag(change, _owed, context),
    "taxLines": lambda change, _arguments, _context: [
        tax_line(rate.title, rate.rate, bag_of(change.order, amounts))
        for rate, amounts in order_tax_lines(change.order, current=True)
    ],
    "notificationPreviewTitle": lambda change, _a, _c: f"Order {change.order.name} updated",
    "stagedChanges": lambda change, arguments, context: connection(
        [found for entry in _lines(change) for found in _changes(entry)], arguments, context
    ),
}
for _name, _function in FIELDS.items():
    RESOLVERS.field("CalculatedOrder", _name)(_function)


class Change:
    """A staged change of one line; resolves the members of ``OrderStagedChange``."""

    def __init__(self, staged: Staged, kind: str, delta: int) -> None:
        self.graphql_type = f"OrderStagedChange{kind}"
        self.number, self.delta, self.quantity = staged.number, delta, delta
        self.variant = staged.entry.variant
        self.line_item = staged.entry
        self.restock = staged.change.restock.get(staged.number, True)


def _changes(staged: Staged) -> list[Change]:
    delta = staged.quantity - staged.before
    if isinstance(staged.entry, Added):
        return [Change(staged, "AddVariant", delta)]
    if not delta:
        return []
    return [Change(staged, "IncrementItem" if delta > 0 else "DecrementItem", abs(delta))]


def _staged_bag(staged: Staged, units: int) -> Bag:
    order = staged.change.order
    return bag_of(order, [staged.unit(side) * units for side in range(len(order.currencies))])


def _sku(staged: Staged) -> str:
    return staged.entry.sku if isinstance(staged.entry, Line) else staged.entry.variant.sku


STAGED: dict[str, Callable[[Staged], Any]] = {
    "title": lambda staged: (
        staged.entry.title if isinstance(staged.entry, Line) else staged.entry.variant.product.title
    ),
    "sku": lambda staged: _sku(staged),
    "editableQuantity": lambda staged: staged.quantity - staged.shipped,
    "editableQuantityBeforeChanges": lambda staged: staged.before - staged.shipped,
    "restockable": lambda _staged: True,
    "restocking": lambda staged: staged.quantity < staged.before,
    "variant": lambda staged: staged.entry.variant,
    "variantTitle": lambda staged: staged.entry.variant and staged.entry.variant.title,
    "hasStagedLineItemDiscount": lambda _staged: False,
    "originalUnitPriceSet": lambda staged: _staged_bag(staged, 1),
    "discountedUnitPriceSet": lambda staged: _staged_bag(staged, 1),
    "editableSubtotalSet": lambda staged: _staged_bag(staged, staged.quantity - staged.shipped),
    "uneditableSubtotalSet": lambda staged: _staged_bag(staged, staged.shipped),
    "customAttributes": lambda _staged: [],
    "stagedChanges": _changes,
}


def _staged(name: str) -> None:
    work = STAGED[name]
    RESOLVERS.field("CalculatedLineItem", name)(lambda staged, _arguments, _context: work(staged))


for _name in STAGED:
    _staged(_name)


@RESOLVERS.query("orderEditSession")
def session(arguments: Arguments, context: Context) -> dict[str, Any] | None:
    """Answer QueryRoot.orderEditSession."""
    change = _edit(arguments["id"], context)
    return _session(change) if change else None


RESOLVERS.node("CalculatedOrder", lambda shop, number: shop.orders.edits.get(number))
