"""Stock: items, their level at each place, and the quantities of a level by state.

on_hand is what physically lies there: available (can be sold) + committed (sold, not shipped) +
reserved + damaged + safety_stock + quality_control. ``incoming`` is not there yet. Every change
is written into the history with its cause and fires inventory_levels/update; as at Shopify it
also counts as an update of the product.

Not modelled: transfers, shipments, scheduled changes, bundles.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .ids import gid

if TYPE_CHECKING:
    from .catalog import Variant
    from .locations import Location
    from .shop import Cause, Shop

__all__ = ["ON_HAND", "QUANTITY_NAMES", "STATES", "Inventory", "InventoryItem", "Level"]

STATES = (
    "available", "committed", "incoming", "reserved", "damaged", "safety_stock",
    "quality_control",
)  # fmt: skip
ON_HAND = tuple(name for name in STATES if name != "incoming")
_on_hand_of = itemgetter(*ON_HAND)
QUANTITY_NAMES = (*STATES, "on_hand")


class InventoryItem:
    """What is stocked: the physical side of a variant."""

    graphql_type = "InventoryItem"

    def __init__(self, shop: "Shop", variant: "Variant") -> None:
        self.shop, self.variant = shop, variant
        self.number = self.legacy_resource_id = shop.ids.next("InventoryItem")
        self.id = gid("InventoryItem", self.number)
        self.tracked = True
        self.requires_shipping = True
        self.weight_grams = Decimal(0)
        self.weight_unit = "GRAMS"
        self.cost: Decimal | None = None
        self.country_code_of_origin: str | None = None
        self.province_code_of_origin: str | None = None
        self.harmonized_system_code: str | None = None
        self.levels: dict[int, Level] = {}
        self.created_at = self.updated_at = shop.now()

    @property
    def sku(self) -> str | None:
        """The variant's stock keeping unit."""
        return self.variant.sku or None

    def total(self, name: str = "available") -> int:
        """Return a quantity over all active places."""
        return sum(
            level.quantity(name)
            for level in self.levels.values()
            if level.is_active and level.location.active
        )


class Level:
    """The quantities of an item at a place."""

    graphql_type = "InventoryLevel"
    __slots__ = (
        "created_at", "id", "is_active", "item", "key", "location", "number",
        "quantities", "quantity_times", "updated_at",
    )  # fmt: skip

    def __init__(self, number: int, item: InventoryItem, location: "Location") -> None:
        self.number = number
        self.id = f"gid://shopify/InventoryLevel/{number}?inventory_item_id={item.number}"
        self.item, self.location = item, location
        self.key = f"{item.variant.sku}@{location.code}"
        self.quantities = dict.fromkeys(STATES, 0)
        self.quantity_times: dict[str, datetime] = {}
        self.is_active = True
        self.created_at = self.updated_at = item.shop.now()

    @property
    def available(self) -> int:
        """Units that can be sold."""
        return self.quantities["available"]

    @property
    def committed(self) -> int:
        """Units that are sold and not shipped."""
        return self.quantities["committed"]

    @property
    def on_hand(self) -> int:
        """Units that lie there."""
        return sum(_on_hand_of(self.quantities))

    def quantity(self, name: str) -> int:
        """Return a quantity by its state, or ``on_hand``."""
        return self.on_hand if name == "on_hand" else self.quantities[name]


class Inventory:
    """Every item and level of the shop, and how they change."""

    def __init__(self, shop: "Shop") -> None:
        self._shop, self._journal = shop, shop.kit.journal
        self.items: list[InventoryItem] = []
        self.by_number: dict[int, InventoryItem] = {}
        self.levels: dict[int, Level] = {}

    def add(self, item: InventoryItem) -> None:
        """Take in the item of a new variant."""
        self.items.append(item)
        self.by_number[item.number] = item

    def remove(self, item: InventoryItem) -> None:
        """Forget the item of a deleted variant."""
        self.items.remove(item)
        del self.by_number[item.number]
        for level in item.levels.values():
            del self.levels[level.number]

    def level(self, item: InventoryItem, location: "Location") -> Level | None:
        """Return the level of an item at a place, if it is stocked there."""
        return item.levels.get(location.number)

    def levels_at(self, location: "Location") -> list[Level]:
        """Return every level of a place."""
        return [level for level in self.levels.values() if level.location is location]

    def connect(self, item: InventoryItem, location: "Location") -> Level:
        """Stock an item at a place; an inactive level becomes active with what it had."""
        level = item.levels.get(location.number)
        if level is None:
            level = Level(self._shop.ids.next("InventoryLevel"), item, location)
            item.levels[location.number] = level
            self.levels[level.number] = level
            self._announce("inventory_levels/connect", level)
        elif not level.is_active:
            level.is_active = True
            self._announce("inventory_levels/connect", level)
        return level

    def disconnect(self, level: Level) -> None:
        """Stop stocking an item at a place; its quantities are kept."""
        level.is_active = False
        level.updated_at = self._shop.now()
        shop, item, location = self._shop, level.item, level.location
        shop.emit(
            "inventory_levels/disconnect",
            level.id,
            lambda: {"inventory_item_id": item.number, "location_id": location.number},
        )

    def available(self, item: InventoryItem, location: "Location") -> int:
        """Return what can be sold at a place."""
        level = item.levels.get(location.number)
        return level.quantities["available"] if level is not None and level.is_active else 0

    def total_available(self, item: InventoryItem) -> int:
        """Return what can be sold over all active places."""
        return item.total()

    def allocate(self, item: InventoryItem, quantity: int) -> "Location | None":
        """Return the place that an online order of so many is sent from, or None if sold out.

        An item that is not tracked, or may be oversold, is sent from the first place that
        stocks it.
        """
        stocked = None
        for location in self._shop.locations.all:
            if not (location.active and location.fulfills_online):
                continue
            level = item.levels.get(location.number)
            if level is None or not level.is_active:
                continue
            if level.quantities["available"] >= quantity:
                return location
            stocked = stocked or location
        if not item.tracked:
            return stocked or self._shop.locations.primary()
        return stocked if item.variant.inventory_policy == "CONTINUE" else None

    def commit(
        self, item: InventoryItem, location: "Location", quantity: int, cause: "Cause"
    ) -> Level | None:
        """Sold: available goes down, committed goes up."""
        return self._move(item, location, cause, {"available": -quantity, "committed": quantity})

    def release(
        self, item: InventoryItem, location: "Location", quantity: int, cause: "Cause"
    ) -> Level | None:
        """Not sold after all, back on the shelf: committed goes down, available up."""
        return self._move(item, location, cause, {"available": quantity, "committed": -quantity})

    def drop(
        self, item: InventoryItem, location: "Location", quantity: int, cause: "Cause"
    ) -> Level | None:
        """Not sold after all, and not restocked: committed goes down."""
        return self._move(item, location, cause, {"committed": -quantity})

    def fulfil(
        self, item: InventoryItem, location: "Location", quantity: int, cause: "Cause"
    ) -> Level | None:
        """Shipped: committed goes down, and with it what is on hand."""
        return self._move(item, location, cause, {"committed": -quantity})

    def unfulfil(
        self, item: InventoryItem, location: "Location", quantity: int, cause: "Cause"
    ) -> Level | None:
        """A fulfilment was cancelled: committed goes up again."""
        return self._move(item, location, cause, {"committed": quantity})

    def restock(
        self, item: InventoryItem, location: "Location", quantity: int, cause: "Cause"
    ) -> Level | None:
        """Goods came back: available goes up."""
        return self._move(item, location, cause, {"available": quantity})

    def move_commitment(
        self, item: InventoryItem, source: "Location", target: "Location", quantity: int,
        cause: "Cause",
    ) -> None:  # fmt: skip
        """Another place is to ship what was sold."""
        self.release(item, source, quantity, cause)
        self.commit(item, target, quantity, cause)

    def _move(
        self, item: InventoryItem, location: "Location", cause: "Cause", deltas: dict[str, int]
    ) -> Level | None:
        if not item.tracked:
            return None
        level = item.levels.get(location.number)
        if level is None or not level.is_active:
            level = self.connect(item, location)
        self.change(level, deltas, cause)
        return level

    def change(self, level: Level, deltas: dict[str, int], cause: "Cause") -> None:
        """Add to the quantities of a level, write it down and tell subscribers."""
        shop = self._shop
        now = shop.now()
        quantities, times = level.quantities, level.quantity_times
        before = quantities["available"]
        for name, delta in deltas.items():
            quantities[name] += delta
            times[name] = now
        if "incoming" not in deltas:
            times["on_hand"] = now
        level.updated_at = now
        variant = level.item.variant
        variant.product.updated_at = now
        self.write(level, deltas.get("available", 0), cause)
        wanted = shop.subscriptions.wanted
        if wanted("inventory_levels/update"):
            self._announce("inventory_levels/update", level)
        after = quantities["available"]
        if (before > 0) != (after > 0):
            shop.catalog.announce_stock(variant, "in_stock" if after > 0 else "out_of_stock")
        if wanted("products/update"):
            shop.catalog.announce(variant.product, "update")
        shop.touch()

    def write(self, level: Level, delta: int, cause: "Cause") -> None:
        """Write the state of a level into the history."""
        quantities = level.quantities
        self._journal.state(
            "inventory_level",
            level.key,
            {
                "available": quantities["available"],
                "on_hand": sum(_on_hand_of(quantities)),
                "committed": quantities["committed"],
                "delta": delta,
                "cause": {"kind": cause.kind, "id": cause.id, "request": cause.request},
            },
        )

    def _announce(self, topic: str, level: Level) -> None:
        shop = self._shop

        def payload() -> dict[str, Any]:
            return {
                "inventory_item_id": level.item.number,
                "location_id": level.location.number,
                "available": level.available if level.item.tracked else None,
                "updated_at": shop.iso(level.updated_at),
                "admin_graphql_api_id": level.id,
            }

        shop.emit(topic, level.id, payload, level.updated_at)

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Return the final records of all active levels."""
        return {level.key: _record(level) for level in self._active(self.levels.values())}

    def _active(self, levels: Iterable[Level]) -> list[Level]:
        return [level for level in levels if level.is_active]


def _record(level: Level) -> dict[str, Any]:
    return {
        "sku": level.item.variant.sku,
        "location_code": level.location.code,
        "available": level.available,
        "on_hand": level.on_hand,
        "committed": level.committed,
        "tracked": level.item.tracked,
    }
