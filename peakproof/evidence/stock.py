"""The stock ledger: what there was, what actors moved in Odoo, what the channel sold.

It rests on deeds and on the channel's own state, never on what the connector wrote, so that
it says how many units there truly were. Deeds whose answer was lost may have happened or not:
``certain`` is False then and each reader decides which way is the careful one.
"""

from collections import Counter, defaultdict
from functools import cached_property
from typing import Any

import msgspec

from peakproof.evidence.facts import LIVE, Facts, Operation
from peakproof.history import Event

__all__ = ["LevelChange", "StockLedger", "StoreMove", "carried", "known_cause"]

# What one unit of the argument "quantity" does to the stock at the place.
_SIGNS = {
    "store_sale": -1,
    "deliver_stock": -1,
    "scrap": -1,
    "scrap_stock": -1,
    "short_pick": -1,
    "receive_stock": 1,
    "return_stock": 1,
    "store_return": 1,
}


_NamesBySku = dict[str, tuple[list[str], list[str]]]


class StoreMove(msgspec.Struct, kw_only=True):
    """A deed in Odoo or at a till that changed the stock of one item at one place by ``units``.

    It took effect between ``began_seconds`` and ``ended_seconds`` (infinite: no answer came).
    """

    sku: str
    location: str
    units: int
    began_seconds: float
    ended_seconds: float
    certain: bool
    operation: Operation


class LevelChange(msgspec.Struct, kw_only=True):
    """A change of what the channel shows as available of one item at one place."""

    time_seconds: float
    sku: str
    location: str
    units: int
    available: int
    cause: str  # order, cancel, edit, refund, api, merchant, seed, fulfilment
    cause_id: str
    event: Event


class StockLedger:
    """The stock of every item, as deeds and the channel's state tell it."""

    @classmethod
    def of(cls, facts: Facts) -> "StockLedger":
        """Return the ledger of these facts, built at most once."""
        ledger: StockLedger = facts.shared.setdefault("stock ledger", cls(facts))
        return ledger

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.initial: dict[str, dict[str, int]] = {
            variant.sku: dict(variant.stock) for variant in facts.plan.shop.variants()
        }
        self.sold_online = {
            place.code
            for place in facts.plan.shop.locations
            if place.active and place.fulfills_online
        }

    @cached_property
    def moves(self) -> list[StoreMove]:
        """Every deed in Odoo or at a till that moved stock, in order of its beginning."""
        moves = []
        for operation in self._facts.operations:
            if operation.outcome == "fail":
                continue
            if operation.system == "odoo":
                moves += _moves(operation)
            elif operation.system == "pos":
                moves += _till_moves(operation, self._sales)
        return moves

    @cached_property
    def _sales(self) -> dict[str, Operation]:
        """The sales at tills by the order that they became."""
        return {
            str(operation.result["order_id"]): operation
            for operation in self._facts.operations
            if operation.system == "pos" and operation.action == "sale"
            if operation.result.get("order_id")
        }

    @cached_property
    def telephone(self) -> list[StoreMove]:
        """What was promised by telephone: it is no longer free, and leaves with its parcel."""
        return [
            _move(operation, str(line["sku"]), "", -int(line["quantity"]))
            for operation in self._facts.operations
            if operation.action == "enter_order" and operation.outcome != "fail"
            for line in operation.arguments.get("lines") or []
        ]

    @cached_property
    def telephone_by_sku(self) -> dict[str, list[StoreMove]]:
        """The same by SKU."""
        return _by_sku(self.telephone)

    @cached_property
    def moves_by_sku(self) -> dict[str, list[StoreMove]]:
        """The moves by SKU."""
        return _by_sku(self.moves)

    @cached_property
    def levels(self) -> dict[tuple[str, str], list[LevelChange]]:
        """What the channel showed, change by change, by SKU and location."""
        found: dict[tuple[str, str], list[LevelChange]] = defaultdict(list)
        for event in self._facts.of_kind("state", "inventory_level"):
            sku, _, location = event.key.rpartition("@")
            place = (sku, location)
            before = found[place][-1].available if found[place] else None
            change = _level_change(event, sku, location, before)
            if change is not None:
                found[place].append(change)
        return found

    @cached_property
    def levels_by_sku(self) -> dict[str, list[LevelChange]]:
        """What the channel showed of an item anywhere, in order of time."""
        found: dict[str, list[LevelChange]] = defaultdict(list)
        for (sku, _), changes in self.levels.items():
            found[sku] += changes
        for changes in found.values():
            changes.sort(key=lambda change: change.time_seconds)
        return found

    @cached_property
    def given_up(self) -> Counter[str]:
        """Units by SKU of live orders that the warehouse gave up sending (``cancel_rest``)."""
        units: Counter[str] = Counter()
        for operation in self._facts.operations:
            gid = str(operation.arguments.get("order"))
            order = self._facts.orders.get(gid)
            if operation.action != "cancel_rest" or operation.outcome != "ok" or order is None:
                continue
            if order.get("cancelled") or order.get("refunds"):
                continue
            numbers = dict.fromkeys(self._facts.odoo_ids.get(gid, []))
            for line in order.get("lines") or []:
                units[str(line["sku"])] += int(line.get("current_quantity") or 0)
            for picking in (one for n in numbers for one in self._facts.pickings_of.get(n, [])):
                if picking["type"] == "outgoing":
                    done = picking["state"] == "done"
                    for line in picking["lines"]:
                        units[str(line["sku"])] -= int(line["moved" if done else "demand"])
        return units

    def initial_online(self, sku: str) -> int:
        """Return the units that the channel could sell when the story began."""
        stock = self.initial.get(sku, {})
        return sum(units for place, units in stock.items() if place in self.sold_online)


def carried(facts: Facts, sku: str, checkpoint: str) -> bool:
    """Tell whether places show less for one that has promised more than it has.

    Then each is not as it is in Odoo, and altogether they are.
    """
    free = facts.final("odoo", "stock", checkpoint)
    levels = facts.final("shopify", "level", checkpoint)
    places = [key for key in levels if key.rpartition("@")[0] == sku]
    there = [float((free.get(key) or {}).get("free") or 0) for key in places]
    shown = [float(levels[key].get("available") or 0) for key in places]
    return min(there, default=0) < 0 and sum(max(level, 0) for level in shown) == max(sum(there), 0)


def known_cause(facts: Facts, sku: str) -> str:
    """Name the orders that stand differently in both systems and hold this item, if any."""
    missing, undead = facts.once("standing differently", _standing_differently).get(sku, ([], []))
    parts = [f"; missing in Odoo: {', '.join(missing)}"] if missing else []
    parts += [f"; cancelled, but live in Odoo: {', '.join(undead)}"] if undead else []
    return "".join(parts)


def _standing_differently(facts: Facts) -> _NamesBySku:
    """Return by SKU the orders that are missing in Odoo, and those that should be dead there."""
    found: _NamesBySku = defaultdict(lambda: ([], []))
    for gid, order in facts.orders.items():
        live = any(
            (facts.odoo_orders.get(number) or {}).get("state") in LIVE
            for number in facts.odoo_ids.get(gid, [])
        )
        if live == bool(order.get("cancelled")):
            for sku in {line.get("sku") for line in order.get("lines") or []}:
                found[sku][1 if live else 0].append(str(order.get("name")))
    return found


def _by_sku(moves: list[StoreMove]) -> dict[str, list[StoreMove]]:
    found: dict[str, list[StoreMove]] = defaultdict(list)
    for move in moves:
        found[move.sku].append(move)
    return found


def _moves(operation: Operation) -> list[StoreMove]:
    arguments, result = operation.arguments, operation.result
    sku, units = arguments.get("sku"), _units(operation)
    if not sku or units is None:
        return []
    source = arguments.get("location_code") or arguments.get("from") or ""
    moved = [(str(source), units)]
    target = arguments.get("to") or arguments.get("to_location_code")
    if target and operation.action.startswith(("transfer", "move")):
        moved = [(str(source), -abs(units)), (str(target), abs(units))]
    return [
        _move(operation, str(sku), str(result.get("location_code") or place), change)
        for place, change in moved
        if change
    ]


def _move(operation: Operation, sku: str, location: str, units: int) -> StoreMove:
    return StoreMove(
        sku=sku,
        location=location,
        units=units,
        began_seconds=operation.began_seconds,
        ended_seconds=operation.ended_seconds,
        certain=operation.outcome == "ok",
        operation=operation,
    )


def _till_moves(operation: Operation, sales: dict[str, Operation]) -> list[StoreMove]:
    """Return what went over a counter, line by line.

    An offline till tells nobody until it is back: such a move has no end. Of what comes back,
    whole sales are known; stories that refund parts of one at a till judge stock by its
    records (pos_sales_once).
    """
    arguments = operation.arguments
    sale, sign = operation, -1
    if operation.action == "refund_sale" and arguments.get("restock"):
        sale, sign = sales.get(str(arguments.get("order_id")), operation), 1
        if sale is operation or arguments.get("lines") or arguments.get("amount"):
            return []
    elif operation.action != "sale":
        return []
    place = str(sale.arguments.get("location_code", ""))
    moves = [
        _move(operation, str(line["sku"]), place, sign * int(line["quantity"]))
        for line in sale.arguments.get("lines") or []
    ]
    if operation.result.get("offline"):
        moves = [msgspec.structs.replace(move, ended_seconds=float("inf")) for move in moves]
    return moves


def _units(operation: Operation) -> int | None:
    """Return by how many units a deed changed the stock; None if it did not or does not say."""
    arguments, result = operation.arguments, operation.result
    for holder, name in ((result, "change"), (result, "delta"), (arguments, "change"),
                         (arguments, "delta")):  # fmt: skip
        amount = holder.get(name)
        if isinstance(amount, int | float):
            return round(amount)
    before, after = result.get("on_hand_before"), result.get("on_hand_after")
    if isinstance(before, int | float) and isinstance(after, int | float):
        return round(after - before)
    quantity: Any = result.get("quantity", arguments.get("quantity"))
    if not isinstance(quantity, int | float):
        return None
    if operation.action.startswith(("transfer", "move")):
        return round(quantity)
    sign = _SIGNS.get(operation.action)
    return None if sign is None else sign * round(quantity)


def _level_change(event: Event, sku: str, location: str, before: int | None) -> LevelChange | None:
    value = event.value
    if not isinstance(value.get("available"), int | float):
        return None
    available = round(value["available"])
    cause = value.get("cause") or {}
    units = value.get("delta") or 0 if before is None else available - before
    return LevelChange(
        time_seconds=event.time,
        sku=sku,
        location=location,
        units=round(units),
        available=available,
        cause=str(cause.get("kind", "")),
        cause_id=str(cause.get("id") or cause.get("request") or ""),
        event=event,
    )
