"""Mutations that stock an item at a place, or stop doing so.

From 2026-04 on a level that becomes active again keeps the quantities it had.

Not modelled: fulfilment services with their own places (``stockAtLegacyLocation`` is let be).
"""

from typing import Any

from .context import Context
from .errors import user_error
from .inventory import Level
from .registry import Arguments, Resolvers
from .resolve_inventory import item_of, location_of

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()


@RESOLVERS.mutation("inventoryActivate")
def activate(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.inventoryActivate."""
    item = item_of(context, arguments["inventoryItemId"])
    place = location_of(context, arguments["locationId"])
    available, on_hand = arguments.get("available"), arguments.get("onHand")
    problem: tuple[list[str], str] | None = None
    if item is None:
        problem = (["inventoryItemId"], "The product couldn't be found")
    elif place is None or not place.active:
        problem = (["locationId"], "The location couldn't be found")
    elif available is not None and on_hand is not None:
        problem = (["available"], "Cannot set both available and on_hand")
    if problem is not None or item is None or place is None:
        assert problem is not None
        return {"inventoryLevel": None, "userErrors": [user_error(*problem)]}
    known = item.levels.get(place.number)
    if known is not None and known.is_active and (available is not None or on_hand is not None):
        text = (
            "Not allowed to set available quantity when the item is already active at the location."
        )
        return {"inventoryLevel": None, "userErrors": [user_error(["available"], text)]}
    level = context.shop.inventory.connect(item, place)
    wanted = available if available is not None else on_hand
    if not context.at_least("2026-04") and known is not None and wanted is None:
        wanted = 0
    if wanted is not None:
        name = "on_hand" if on_hand is not None else "available"
        delta = wanted - level.quantity(name)
        context.shop.inventory.change(level, {"available": delta}, context.shop.cause("api"))
    return {"inventoryLevel": level, "userErrors": []}


@RESOLVERS.mutation("inventoryDeactivate")
def deactivate(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.inventoryDeactivate."""
    identity = arguments["inventoryLevelId"]
    level = context.shop.inventory.levels.get(int(identity.rpartition("/")[2].partition("?")[0]))
    if level is None:
        text = "The product couldn't be unstocked because the level does not exist."
        return {"userErrors": [user_error(["inventoryLevelId"], text)]}
    problem = _cannot_stop(level)
    if problem:
        return {"userErrors": [user_error(["inventoryLevelId"], problem)]}
    context.shop.inventory.disconnect(level)
    return {"userErrors": []}


def _cannot_stop(level: Level) -> str:
    if level.committed:
        return "The product couldn't be unstocked because it has committed inventory."
    if sum(other.is_active for other in level.item.levels.values()) < 2:
        return "The product couldn't be unstocked because products need to be stocked somewhere."
    return ""


@RESOLVERS.mutation("inventoryBulkToggleActivation")
def toggle(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.inventoryBulkToggleActivation."""
    item = item_of(context, arguments["inventoryItemId"])
    bad = {"inventoryItem": None, "inventoryLevels": None}
    if item is None:
        text = "The inventory item was not found."
        return bad | {"userErrors": [
            user_error(["inventoryItemId"], text, "INVENTORY_ITEM_NOT_FOUND")]}  # fmt: skip
    errors, levels = [], []
    for index, entry in enumerate(arguments["inventoryItemUpdates"]):
        path = ["inventoryItemUpdates", str(index), "locationId"]
        place = location_of(context, entry["locationId"])
        if place is None:
            text = "The location was not found."
            errors.append(user_error(path, text, "LOCATION_NOT_FOUND"))
            continue
        level = item.levels.get(place.number)
        if entry["activate"]:
            levels.append(context.shop.inventory.connect(item, place))
        elif level is not None and level.is_active:
            if level.committed:
                text = "Cannot unstock an inventory item from a location with committed inventory."
                errors.append(user_error(path, text, "COMMITTED_INVENTORY_AT_LOCATION"))
            elif _cannot_stop(level):
                text = "Cannot unstock an inventory item from the only location."
                errors.append(user_error(path, text, "CANNOT_DEACTIVATE_FROM_ONLY_LOCATION"))
            else:
                context.shop.inventory.disconnect(level)
    if errors:
        return bad | {"userErrors": errors}
    return {"inventoryItem": item, "inventoryLevels": levels, "userErrors": []}
