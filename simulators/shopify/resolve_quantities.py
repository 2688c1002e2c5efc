"""Mutations of stock quantities: all changes of a call happen, or none.

Compare and swap: ``changeFromQuantity`` must be present from 2026-04 on (null opts out); before,
``compareQuantity`` with ``ignoreCompareQuantity`` works too. From 2026-10 on an item that is not
stocked at a place is stocked by the change; before, that is an error.

Not modelled: inventory shipments and transfers, bundles, scheduled changes.
"""

from dataclasses import dataclass, field
from typing import Any

from .context import Context
from .errors import ApiError, user_error
from .ids import gid
from .inventory import STATES, InventoryItem, Level
from .locations import Location
from .registry import Arguments, Resolvers
from .resolve_inventory import item_of, location_of

__all__ = ["REASONS", "RESOLVERS"]

RESOLVERS = Resolvers()
REASONS = (
    "correction", "cycle_count_available", "damaged", "movement_canceled", "movement_created",
    "movement_received", "movement_updated", "other", "promotion", "quality_control", "received",
    "reservation_created", "reservation_deleted", "reservation_updated", "restock",
    "safety_stock", "shrinkage",
)  # fmt: skip
SET_MAX, ADJUST_MAX = 1_000_000_000, 2_000_000_000
CHANGES_MAX = 250
_STALE = "The changeFromQuantity argument no longer matches the persisted quantity."
_COMPARE_STALE = "The compareQuantity value does not match persisted value."


@dataclass
class _Change:
    """One planned change: add ``delta`` to the quantity ``name`` of an item at a place."""

    item: InventoryItem
    place: Location
    name: str
    delta: int
    ledger: str | None = None


@dataclass
class _Work:
    """The changes of one call as they are being checked."""

    context: Context
    errors: list[dict[str, Any]] = field(default_factory=list)
    changes: list[_Change] = field(default_factory=list)

    def refuse(self, path: list[str], message: str, code: str) -> None:
        """Note a user error."""
        self.errors.append(user_error(["input", *path], message, code))

    def target(
        self, entry: dict[str, Any], location: str, path: list[str]
    ) -> tuple[InventoryItem, Location] | None:
        """Return the item and place of an entry, or note why there are none."""
        item = item_of(self.context, entry["inventoryItemId"])
        place = location_of(self.context, location)
        if item is None:
            text = "The specified inventory item could not be found."
            self.refuse([*path, "inventoryItemId"], text, "INVALID_INVENTORY_ITEM")
            return None
        if place is None or not place.active:
            text = "The specified location could not be found."
            self.refuse([*path, "locationId"], text, "INVALID_LOCATION")
            return None
        level = item.levels.get(place.number)
        if (level is None or not level.is_active) and not self.context.at_least("2026-10"):
            text = "The specified inventory item is not stocked at the location."
            self.refuse([*path, "locationId"], text, "ITEM_NOT_STOCKED_AT_LOCATION")
            return None
        return item, place

    def compare(self, entry: dict[str, Any], present: int, path: list[str]) -> None:
        """Check the compare-and-swap of an entry."""
        if "changeFromQuantity" not in entry:
            if self.context.at_least("2026-04"):
                raise ApiError(
                    "The changeFromQuantity argument is required: pass the expected quantity, or "
                    "null to skip the check.",
                    "INVALID_FIELD_ARGUMENTS",
                )
            return
        wanted = entry["changeFromQuantity"]
        if wanted is not None and wanted != present:
            self.refuse([*path, "changeFromQuantity"], _STALE, "CHANGE_FROM_QUANTITY_STALE")

    def reason(self, given: dict[str, Any]) -> None:
        """Check the reason and the reference of a call."""
        if given["reason"] not in REASONS:
            self.refuse(["reason"], "The specified reason is invalid.", "INVALID_REASON")
        uri = given.get("referenceDocumentUri")
        if uri is not None and ":" not in uri:
            text = "The specified reference document is invalid."
            self.refuse(["referenceDocumentUri"], text, "INVALID_REFERENCE_DOCUMENT")

    def ledger(self, name: str, uri: str | None, path: list[str]) -> None:
        """Check the ledger document of a quantity."""
        where = [*path, "ledgerDocumentUri"]
        if name == "available" and uri is not None:
            text = "A ledger document URI is not allowed when adjusting available."
            self.refuse(where, text, "INVALID_AVAILABLE_DOCUMENT")
        elif name != "available" and uri is None:
            text = "A ledger document URI is required except when adjusting available."
            self.refuse(where, text, "INVALID_QUANTITY_DOCUMENT")
        elif uri is not None and uri.startswith("gid://shopify/"):
            text = (
                "Internal (gid://shopify/) ledger documents are not allowed to be adjusted via API."
            )
            self.refuse(where, text, "INTERNAL_LEDGER_DOCUMENT")

    def done(self, given: dict[str, Any]) -> dict[str, Any]:
        """Apply everything if nothing is wrong; return the payload."""
        if self.errors:
            return {"inventoryAdjustmentGroup": None, "userErrors": self.errors}
        group = _apply(self.context, self.changes, given)
        return {"inventoryAdjustmentGroup": group, "userErrors": []}


def present(item: InventoryItem, place: Location, name: str) -> int:
    """Return a quantity, 0 where the item is not stocked."""
    level = item.levels.get(place.number)
    return level.quantity(name) if level is not None else 0


def _apply(context: Context, changes: list[_Change], given: dict[str, Any]) -> Any:
    shop = context.shop
    done: list[dict[str, Any]] = []
    cause = shop.cause("api", given.get("referenceDocumentUri") or "")
    by_level: dict[int, tuple[Level, dict[str, int]]] = {}
    for change in changes:
        level = shop.inventory.connect(change.item, change.place)
        deltas = by_level.setdefault(level.number, (level, {}))[1]
        deltas[change.name] = deltas.get(change.name, 0) + change.delta
    for level, deltas in by_level.values():
        deltas = {name: delta for name, delta in deltas.items() if delta}
        if not deltas:
            continue
        shop.inventory.change(level, deltas, cause)
        on_hand = sum(delta for name, delta in deltas.items() if name != "incoming")
        for name, delta in (*deltas.items(), ("on_hand", on_hand)):
            if delta:
                done.append(
                    {"name": name, "delta": delta, "quantityAfterChange": level.quantity(name),
                     "item": level.item, "location": level.location,
                     "ledgerDocumentUri": next(
                         (c.ledger for c in changes if c.name == name), None)}
                )  # fmt: skip
    if not done:
        return None
    number = shop.ids.next("InventoryAdjustmentGroup")
    return {
        "__typename": "InventoryAdjustmentGroup",
        "id": gid("InventoryAdjustmentGroup", number),
        "createdAt": shop.now(),
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "changes": done,
        "app": {"__typename": "App", "id": gid("App", 1), "title": context.client.title},
    }


@RESOLVERS.field("InventoryAdjustmentGroup", "changes")
def group_changes(group: dict[str, Any], arguments: Arguments, _context: Context) -> Any:
    """Answer InventoryAdjustmentGroup.changes with its three filters."""
    names, items = arguments.get("quantityNames"), arguments.get("inventoryItemIds")
    places = arguments.get("locationIds")
    return [
        change
        for change in group["changes"]
        if (names is None or change["name"] in names)
        and (items is None or change["item"].id in items)
        and (places is None or change["location"].id in places)
    ]


@RESOLVERS.mutation("inventorySetQuantities")
def set_quantities(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.inventorySetQuantities."""
    given = arguments["input"]
    work = _Work(context)
    name = given["name"]
    if name not in ("available", "on_hand"):
        text = "The quantity name must be either 'available' or 'on_hand'."
        work.refuse(["name"], text, "INVALID_NAME")
        return work.done(given)
    work.reason(given)
    seen: set[tuple[str, str]] = set()
    _limited(given["quantities"])
    for index, entry in enumerate(given["quantities"]):
        path = ["quantities", str(index)]
        pair = (entry["inventoryItemId"], entry["locationId"])
        if pair in seen:
            text = "The combination of inventoryItemId and locationId must be unique."
            work.refuse([*path, "locationId"], text, "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR")
            continue
        seen.add(pair)
        _plan_set(work, given, entry, name, path)
    return work.done(given)


def _plan_set(
    work: _Work, given: dict[str, Any], entry: dict[str, Any], name: str, path: list[str]
) -> None:
    target = work.target(entry, entry["locationId"], path)
    quantity = entry["quantity"]
    if quantity < 0 and name == "on_hand":
        text = "The quantity can't be negative."
        work.refuse([*path, "quantity"], text, "INVALID_QUANTITY_NEGATIVE")
    elif quantity > SET_MAX:
        text = "The total quantity can't be higher than 1,000,000,000."
        work.refuse([*path, "quantity"], text, "INVALID_QUANTITY_TOO_HIGH")
    elif quantity < -SET_MAX:
        text = "The total quantity can't be lower than -1,000,000,000."
        work.refuse([*path, "quantity"], text, "INVALID_QUANTITY_TOO_LOW")
    if target is None:
        return
    item, place = target
    now = present(item, place, name)
    old_way = not work.context.at_least("2026-04") and "changeFromQuantity" not in entry
    if not old_way:
        work.compare(entry, now, path)
    elif not given.get("ignoreCompareQuantity"):
        wanted = entry.get("compareQuantity")
        if wanted is None:
            text = ("The compareQuantity argument must be given to each quantity or ignored using "
                    "ignoreCompareQuantity.")  # fmt: skip
            work.refuse(["ignoreCompareQuantity"], text, "COMPARE_QUANTITY_REQUIRED")
        elif wanted != now:
            work.refuse([*path, "compareQuantity"], _COMPARE_STALE, "COMPARE_QUANTITY_STALE")
    work.changes.append(_Change(item, place, "available", quantity - now))


@RESOLVERS.mutation("inventorySetOnHandQuantities")
def set_on_hand(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.inventorySetOnHandQuantities."""
    given = arguments["input"]
    work = _Work(context)
    work.reason(given)
    _limited(given["setQuantities"])
    for index, entry in enumerate(given["setQuantities"]):
        path = ["setQuantities", str(index)]
        target = work.target(entry, entry["locationId"], path)
        if entry["quantity"] < 0:
            text = "The quantity can't be negative."
            work.refuse([*path, "quantity"], text, "INVALID_QUANTITY_NEGATIVE")
        elif entry["quantity"] > SET_MAX:
            text = "The total quantity can't be higher than 1,000,000,000."
            work.refuse([*path, "quantity"], text, "INVALID_QUANTITY_TOO_HIGH")
        if target is not None:
            now = present(*target, "on_hand")
            work.compare(entry, now, path)
            work.changes.append(_Change(*target, "available", entry["quantity"] - now))
    return work.done(given)


@RESOLVERS.mutation("inventoryAdjustQuantities")
def adjust_quantities(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.inventoryAdjustQuantities."""
    given = arguments["input"]
    work = _Work(context)
    name = given["name"]
    if name not in STATES or name == "committed":
        work.refuse(["name"], "The specified quantity name is invalid.", "INVALID_QUANTITY_NAME")
        return work.done(given)
    work.reason(given)
    _limited(given["changes"])
    running: dict[tuple[int, int], int] = {}
    for index, entry in enumerate(given["changes"]):
        path = ["changes", str(index)]
        work.ledger(name, entry.get("ledgerDocumentUri"), path)
        target = work.target(entry, entry["locationId"], path)
        if target is None:
            continue
        item, place = target
        key = (item.number, place.number)
        now = running.get(key, present(item, place, name))
        work.compare(entry, now, path)
        after = running[key] = now + entry["delta"]
        if not -ADJUST_MAX <= after <= ADJUST_MAX:
            high = after > 0
            text = f"The quantity can't be {'higher' if high else 'lower'} than " + (
                "2,000,000,000." if high else "-2,000,000,000."
            )
            code = "INVALID_QUANTITY_TOO_HIGH" if high else "INVALID_QUANTITY_TOO_LOW"
            work.refuse([*path, "delta"], text, code)
        work.changes.append(
            _Change(item, place, name, entry["delta"], entry.get("ledgerDocumentUri"))
        )
    return work.done(given)


@RESOLVERS.mutation("inventoryMoveQuantities")
def move_quantities(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.inventoryMoveQuantities: between states of one place."""
    given = arguments["input"]
    work = _Work(context)
    work.reason(given)
    _limited(given["changes"])
    for index, entry in enumerate(given["changes"]):
        path = ["changes", str(index)]
        source, target = entry["from"], entry["to"]
        if source["locationId"] != target["locationId"]:
            text = "The quantities can't be moved between different locations."
            work.refuse(path, text, "DIFFERENT_LOCATIONS")
            continue
        if source["name"] == target["name"]:
            text = "The quantity names for each change can't be the same."
            work.refuse(path, text, "SAME_QUANTITY_NAME")
            continue
        if entry["quantity"] < 0:
            text = "The quantity can't be negative."
            work.refuse([*path, "quantity"], text, "INVALID_QUANTITY_NEGATIVE")
        for side, end, sign in (("from", source, -1), ("to", target, 1)):
            where = [*path, side]
            if end["name"] not in STATES or end["name"] in ("committed", "incoming"):
                text = "The specified quantity name is invalid."
                work.refuse([*where, "name"], text, "INVALID_QUANTITY_NAME")
                continue
            work.ledger(end["name"], end.get("ledgerDocumentUri"), where)
            found = work.target(entry, end["locationId"], where)
            if found is not None:
                work.compare(end, present(*found, end["name"]), where)
                work.changes.append(
                    _Change(*found, end["name"], sign * entry["quantity"],
                            end.get("ledgerDocumentUri"))
                )  # fmt: skip
    return work.done(given)


def _limited(entries: list[Any]) -> None:
    if len(entries) > CHANGES_MAX:
        raise ApiError(
            f"The input array size of {len(entries)} is greater than the maximum allowed of "
            f"{CHANGES_MAX}.",
            "MAX_INPUT_SIZE_EXCEEDED",
        )
