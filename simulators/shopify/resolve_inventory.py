"""Answers about inventory items, levels and places.

Not modelled: history of an item, harmonised codes by country, metafields of places on input.
"""

from typing import Any

from .connection import connection, filtered, search_connection
from .context import Context
from .errors import user_error
from .ids import gid, number_of
from .inventory import QUANTITY_NAMES, STATES, InventoryItem, Level
from .locations import Location
from .money import Money
from .payloads import inventory_item as item_payload
from .payloads import location as location_payload
from .registry import Arguments, Resolvers

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
_ITEM_FILTERS = {
    "sku": lambda item: item.sku,
    "id": lambda item: item.number,
    "created_at": lambda item: item.created_at,
    "updated_at": lambda item: item.updated_at,
    "default": lambda item: item.sku,
}
_LOCATION_FILTERS = {
    "name": lambda place: place.name,
    "active": lambda place: place.active,
    "city": lambda place: place.address.get("city"),
    "country": lambda place: place.country,
    "id": lambda place: place.number,
    "location_id": lambda place: place.number,
    "created_at": lambda place: place.created_at,
    "legacy": lambda _place: False,
    "default": lambda place: place.name,
}
_LOCATION_SORTS = {"NAME": lambda place: place.name, "ID": None, "RELEVANCE": None}
_LEVEL_FILTERS = {
    "updated_at": lambda level: level.updated_at,
    "created_at": lambda level: level.created_at,
    "inventory_item_id": lambda level: level.item.number,
    "location_id": lambda level: level.location.number,
    "id": lambda level: level.number,
}


def item_of(context: Context, identity: str) -> InventoryItem | None:
    """Return the item of a global id."""
    return context.shop.inventory.by_number.get(number_of(identity, "InventoryItem"))


def location_of(context: Context, identity: str) -> Location | None:
    """Return the place of a global id."""
    return context.shop.locations.by_number.get(number_of(identity, "Location"))


@RESOLVERS.query("inventoryItem")
def inventory_item(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.inventoryItem."""
    return item_of(context, arguments["id"])


@RESOLVERS.query("inventoryItems")
def inventory_items(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.inventoryItems."""
    items = context.shop.inventory.items
    return search_connection(items, arguments, context, _ITEM_FILTERS, {"ID": None})


@RESOLVERS.query("inventoryLevel")
def inventory_level(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.inventoryLevel."""
    return context.shop.inventory.levels.get(number_of(arguments["id"], "InventoryLevel"))


@RESOLVERS.query("inventoryProperties")
def inventory_properties(_arguments: Arguments, _context: Context) -> dict[str, Any]:
    """Answer QueryRoot.inventoryProperties."""
    inside = [name for name in STATES if name != "incoming"]
    return {
        "quantityNames": [
            {
                "name": name,
                "displayName": name.replace("_", " ").capitalize(),
                "isInUse": True,
                "belongsTo": ["on_hand"] if name in inside else [],
                "comprises": inside if name == "on_hand" else [],
            }
            for name in QUANTITY_NAMES
        ]
    }


@RESOLVERS.query("location")
def location(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.location: without an id the first active place."""
    identity = arguments.get("id")
    return location_of(context, identity) if identity else context.shop.locations.primary()


@RESOLVERS.query("locations")
def locations(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.locations."""
    found = [
        place
        for place in context.shop.locations.all
        if place.active or arguments.get("includeInactive")
    ]
    return search_connection(found, arguments, context, _LOCATION_FILTERS, _LOCATION_SORTS)


@RESOLVERS.query("locationsCount")
def locations_count(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.locationsCount."""
    found = filtered(context.shop.locations.all, arguments, context, _LOCATION_FILTERS)
    return {"count": len(found), "precision": "EXACT"}


@RESOLVERS.field("InventoryItem", "inventoryLevel")
def level_of_item(item: InventoryItem, arguments: Arguments, _context: Context) -> Any:
    """Answer InventoryItem.inventoryLevel."""
    level = item.levels.get(number_of(arguments["locationId"], "Location"))
    return level if level and (level.is_active or arguments.get("includeInactive")) else None


@RESOLVERS.field("InventoryItem", "inventoryLevels")
def levels_of_item(item: InventoryItem, arguments: Arguments, context: Context) -> Any:
    """Answer InventoryItem.inventoryLevels."""
    return _levels(list(item.levels.values()), arguments, context)


@RESOLVERS.field("Location", "inventoryLevel")
def level_at(place: Location, arguments: Arguments, context: Context) -> Any:
    """Answer Location.inventoryLevel."""
    item = item_of(context, arguments["inventoryItemId"])
    level = item.levels.get(place.number) if item else None
    return level if level and (level.is_active or arguments.get("includeInactive")) else None


@RESOLVERS.field("Location", "inventoryLevels")
def levels_at(place: Location, arguments: Arguments, context: Context) -> Any:
    """Answer Location.inventoryLevels."""
    return _levels(context.shop.inventory.levels_at(place), arguments, context)


def _levels(levels: list[Level], arguments: Arguments, context: Context) -> Any:
    found = [level for level in levels if level.is_active or arguments.get("includeInactive")]
    found.sort(key=lambda level: level.number)
    return search_connection(found, arguments, context, _LEVEL_FILTERS, {"ID": None})


@RESOLVERS.field("InventoryItem", "variants")
def variants_of_item(item: InventoryItem, arguments: Arguments, context: Context) -> Any:
    """Answer InventoryItem.variants."""
    return connection([item.variant], arguments, context)


@RESOLVERS.field("InventoryItem", "locationsCount")
def item_locations(item: InventoryItem, _arguments: Arguments, _context: Context) -> Any:
    """Answer InventoryItem.locationsCount."""
    count = sum(level.is_active for level in item.levels.values())
    return {"count": count, "precision": "EXACT"}


@RESOLVERS.field("InventoryItem", "unitCost")
def unit_cost(item: InventoryItem, _arguments: Arguments, context: Context) -> Money | None:
    """Answer InventoryItem.unitCost."""
    return None if item.cost is None else Money(item.cost, context.shop.currency)


@RESOLVERS.field("InventoryItem", "measurement")
def measurement(item: InventoryItem, _arguments: Arguments, _context: Context) -> dict[str, Any]:
    """Answer InventoryItem.measurement."""
    return {
        "__typename": "InventoryItemMeasurement",
        "id": gid("InventoryItemMeasurement", item.number),
        "weight": {"unit": "GRAMS", "value": float(item.weight_grams)},
    }


@RESOLVERS.field("InventoryItem", "trackedEditable")
def tracked_editable(_item: InventoryItem, _arguments: Arguments, _context: Context) -> Any:
    """Answer InventoryItem.trackedEditable."""
    return {"locked": False, "reason": None}


@RESOLVERS.field("InventoryItem", "duplicateSkuCount")
def duplicates(item: InventoryItem, _arguments: Arguments, context: Context) -> int:
    """Answer InventoryItem.duplicateSkuCount."""
    items = context.shop.inventory.items
    return sum(other.sku == item.sku for other in items if item.sku) - 1 if item.sku else 0


@RESOLVERS.field("InventoryLevel", "quantities")
def quantities(level: Level, arguments: Arguments, _context: Context) -> list[dict[str, Any]]:
    """Answer InventoryLevel.quantities."""
    return [
        {
            "__typename": "InventoryQuantity",
            "id": f"gid://shopify/InventoryQuantity/{level.number}"
            f"?inventory_item_id={level.item.number}&name={name}",
            "name": name,
            "quantity": level.quantity(name),
            "updatedAt": level.quantity_times.get(name),
        }
        for name in arguments["names"]
        if name in QUANTITY_NAMES
    ]


@RESOLVERS.field("InventoryLevel", "canDeactivate")
def can_deactivate(level: Level, _arguments: Arguments, _context: Context) -> bool:
    """Answer InventoryLevel.canDeactivate."""
    return not level.committed and not level.quantities["incoming"]


@RESOLVERS.field("InventoryLevel", "deactivationAlert")
def deactivation_alert(level: Level, _arguments: Arguments, _context: Context) -> str | None:
    """Answer InventoryLevel.deactivationAlert."""
    return None if can_deactivate(level, {}, _context) else "The item has committed inventory."


@RESOLVERS.mutation("inventoryItemUpdate")
def item_update(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.inventoryItemUpdate."""
    item = item_of(context, arguments["id"])
    if item is None:
        text = "The product couldn't be updated because it does not exist."
        return {"inventoryItem": None, "userErrors": [user_error(["id"], text)]}
    take_item(item, arguments["input"], context)
    shop = context.shop
    shop.emit("inventory_items/update", item.id, lambda: item_payload(shop, item), item.updated_at)
    return {"inventoryItem": item, "userErrors": []}


def take_item(item: InventoryItem, given: dict[str, Any], context: Context) -> None:
    """Take the fields of an InventoryItemInput."""
    names = {
        "tracked": "tracked",
        "requiresShipping": "requires_shipping",
        "cost": "cost",
        "countryCodeOfOrigin": "country_code_of_origin",
        "provinceCodeOfOrigin": "province_code_of_origin",
        "harmonizedSystemCode": "harmonized_system_code",
    }
    for name, attribute in names.items():
        if name in given:
            setattr(item, attribute, given[name])
    if "sku" in given:
        item.variant.sku = given["sku"] or ""
    weight = (given.get("measurement") or {}).get("weight")
    if weight:
        grams = {"GRAMS": 1, "KILOGRAMS": 1000, "OUNCES": 28.349523125, "POUNDS": 453.59237}
        item.weight_grams = type(item.weight_grams)(str(weight["value"] * grams[weight["unit"]]))
    item.updated_at = context.shop.now()


def _place_payload(place: Location | None, errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"location": place, "userErrors": errors, "locationActivateUserErrors": errors,
            "locationDeactivateUserErrors": errors}  # fmt: skip


@RESOLVERS.mutation("locationAdd")
def location_add(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.locationAdd."""
    given, shop = arguments["input"], context.shop
    if any(place.name == given["name"] for place in shop.locations.all):
        text = "You already have a location with this name"
        return _place_payload(None, [user_error(["input", "name"], text, "TAKEN")])
    place = shop.locations.add(given["name"], given["name"], given["address"])
    place.fulfills_online = given.get("fulfillsOnlineOrders", True)
    shop.emit("locations/create", place.id, lambda: location_payload(shop, place))
    return _place_payload(place, [])


@RESOLVERS.mutation("locationEdit")
def location_edit(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.locationEdit."""
    place, shop, given = location_of(context, arguments["id"]), context.shop, arguments["input"]
    if place is None:
        return _place_payload(None, [user_error(["id"], "Location not found.", "NOT_FOUND")])
    place.name = given.get("name") or place.name
    place.set_address(given.get("address") or {})
    if "fulfillsOnlineOrders" in given:
        place.fulfills_online = bool(given["fulfillsOnlineOrders"])
    place.updated_at = shop.now()
    shop.emit("locations/update", place.id, lambda: location_payload(shop, place))
    return _place_payload(place, [])


@RESOLVERS.mutation("locationActivate")
def location_activate(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.locationActivate."""
    place, shop = location_of(context, arguments["locationId"]), context.shop
    if place is None:
        error = user_error(["locationId"], "Location not found.", "LOCATION_NOT_FOUND")
        return _place_payload(None, [error])
    place.active, place.deactivated_at, place.updated_at = True, None, shop.now()
    shop.emit("locations/activate", place.id, lambda: location_payload(shop, place))
    return _place_payload(place, [])


@RESOLVERS.mutation("locationDeactivate")
def location_deactivate(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.locationDeactivate: not while stock or sold goods are there."""
    place, shop = location_of(context, arguments["locationId"]), context.shop
    path = ["locationId"]
    if place is None:
        return _place_payload(None, [user_error(path, "Location not found.", "LOCATION_NOT_FOUND")])
    problem = None
    if not place.deactivatable:
        problem = (
            "Location could not be deactivated.",
            "PERMANENTLY_BLOCKED_FROM_DEACTIVATION_ERROR",
        )
    elif place.has_unfulfilled_orders:
        problem = ("Location has orders to be fulfilled.", "HAS_FULFILLMENT_ORDERS_ERROR")
    elif place.has_active_inventory:
        problem = ("Location has active inventory.", "HAS_ACTIVE_INVENTORY_ERROR")
    if problem:
        return _place_payload(place, [user_error(path, *problem)])
    place.active, place.updated_at = False, shop.now()
    place.deactivated_at = shop.now().isoformat()
    shop.emit("locations/deactivate", place.id, lambda: location_payload(shop, place))
    return _place_payload(place, [])


RESOLVERS.node("InventoryItem", lambda shop, number: shop.inventory.by_number.get(number))
RESOLVERS.node("InventoryLevel", lambda shop, number: shop.inventory.levels.get(number))
RESOLVERS.node("Location", lambda shop, number: shop.locations.by_number.get(number))
