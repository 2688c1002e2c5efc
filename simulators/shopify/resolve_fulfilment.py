"""Answers about fulfilment orders and fulfilments.

Models types FulfillmentOrder and Fulfillment with what they hold, and their root fields, Admin
API 2026-10.

Not modelled: merchant requests, merging, fulfilment services other than the merchant's own.
"""

from collections.abc import Callable
from typing import Any

from .connection import connection, search_connection
from .context import Context
from .fulfilment_orders import supported_actions
from .fulfilment_records import (
    Fulfillment,
    FulfillmentHold,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
)
from .ids import gid, number_of
from .order_money import quantum_of, rounded
from .orders import Orders
from .registry import Arguments, Resolvers
from .resolve_orders import bag_of, first_of

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
FILTERS: dict[str, Callable[[FulfillmentOrder], Any]] = {
    "id": lambda entry: entry.number,
    "status": lambda entry: entry.status.lower(),
    "updated_at": lambda entry: entry.updated_at,
    "assigned_location_id": lambda entry: _location_number(entry),
}


def _location_number(entry: FulfillmentOrder) -> int:
    return entry.location.number


def _orders(context: Context) -> Orders:
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    return orders


@RESOLVERS.query("fulfillmentOrder")
def fulfillment_order(arguments: Arguments, context: Context) -> FulfillmentOrder | None:
    """Answer QueryRoot.fulfillmentOrder."""
    return _orders(context).fulfillment_orders.get(number_of(arguments["id"], "FulfillmentOrder"))


@RESOLVERS.query("fulfillmentOrders")
def fulfillment_orders(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.fulfillmentOrders."""
    closed = bool(arguments.get("includeClosed"))
    found = [e for e in _orders(context).fulfillment_orders.values() if closed or e.open]
    return search_connection(found, arguments, context, FILTERS, {"ID": None})


@RESOLVERS.query("assignedFulfillmentOrders")
def assigned(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.assignedFulfillmentOrders: none, the app is no fulfilment service."""
    return connection([], arguments, context)


@RESOLVERS.query("fulfillment")
def fulfillment(arguments: Arguments, context: Context) -> Fulfillment | None:
    """Answer QueryRoot.fulfillment."""
    return _orders(context).fulfillments.get(number_of(arguments["id"], "Fulfillment"))


RESOLVERS.node("Fulfillment", lambda shop, number: shop.orders.fulfillments.get(number))
RESOLVERS.node("FulfillmentOrder", lambda shop, number: shop.orders.fulfillment_orders.get(number))


def _place(entry: FulfillmentOrder) -> dict[str, Any]:
    location = entry.location
    address = location.address
    return {
        "name": location.name,
        "countryCode": location.country,
        "location": location,
        **{name: address.get(name) for name in ("address1", "address2", "city", "phone", "zip")},
        "province": address.get("province") or address.get("provinceCode"),
    }


def _destination(entry: FulfillmentOrder) -> dict[str, Any] | None:
    address = entry.order.shipping_address
    if address is None or not entry.requires_shipping:
        return None
    return {
        "__typename": "FulfillmentOrderDestination",
        "id": gid("FulfillmentOrderDestination", entry.number),
        "firstName": address.first_name,
        "lastName": address.last_name,
        "company": address.company,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "province": address.province,
        "zip": address.zip,
        "countryCode": address.country_code,
        "phone": address.phone,
        "email": entry.order.email or None,
        "location": None,
    }


def _delivery(entry: FulfillmentOrder) -> dict[str, Any]:
    ways = entry.order.shipping_lines
    return {
        "__typename": "DeliveryMethod",
        "id": gid("DeliveryMethod", entry.number),
        "methodType": "SHIPPING" if entry.requires_shipping else "NONE",
        "presentedName": ways[0].title if ways else None,
        "serviceCode": ways[0].code if ways else None,
    }


ORDER_FIELDS: dict[str, Callable[[FulfillmentOrder], Any]] = {
    "orderId": lambda entry: entry.order.id,
    "orderName": lambda entry: entry.order.name,
    "orderProcessedAt": lambda entry: entry.order.processed_at,
    "assignedLocation": _place,
    "supportedActions": lambda entry: [{"action": name} for name in supported_actions(entry)],
    "fulfillmentHolds": lambda entry: entry.holds,
    "fulfillAt": lambda entry: entry.created_at,
    "fulfillBy": lambda _entry: None,
    "deliveryMethod": _delivery,
    "destination": _destination,
    "remainingLineItemsWeight": lambda entry: {
        "value": float(sum(part.line.grams * part.remaining for part in entry.lines)),
        "unit": "GRAMS",
    },
}


def _item_id(part: FulfillmentOrderLine) -> str | None:
    return part.line.variant.item.id if part.line.variant else None


PART_FIELDS: dict[str, Callable[[FulfillmentOrderLine], Any]] = {
    "lineItem": lambda part: part.line,
    "totalQuantity": lambda part: part.total,
    "remainingQuantity": lambda part: part.remaining,
    "inventoryItemId": lambda part: _item_id(part),
    "sku": lambda part: part.line.sku,
    "productTitle": lambda part: part.line.title,
    "variantTitle": lambda part: part.line.variant_title,
    "variant": lambda part: part.line.variant,
    "vendor": lambda part: part.line.vendor,
    "requiresShipping": lambda part: part.line.requires_shipping,
    "weight": lambda part: {"value": float(part.line.grams), "unit": "GRAMS"},
    "originalUnitPriceSet": lambda part: bag_of(
        part.line.order, [side.unit for side in part.line.sides]
    ),
}


def _display(parcel: Fulfillment) -> str:
    if parcel.status == "CANCELLED":
        return "CANCELED"
    return parcel.events[-1].status if parcel.events else "FULFILLED"


def _when(parcel: Fulfillment, status: str) -> Any:
    event = parcel.first_event(status)
    return event.happened_at if event else None


def _estimate(parcel: Fulfillment) -> Any:
    dates = [event.estimated_delivery_at for event in parcel.events]
    return next((date for date in reversed(dates) if date), None)


SERVICE = {
    "__typename": "FulfillmentService",
    "id": gid("FulfillmentService", 1),
    "handle": "manual",
    "serviceName": "Manual",
    "type": "MANUAL",
}
PARCEL_FIELDS: dict[str, Callable[[Fulfillment], Any]] = {
    "legacyResourceId": lambda parcel: parcel.number,
    "displayStatus": _display,
    "deliveredAt": lambda parcel: _when(parcel, "DELIVERED"),
    "inTransitAt": lambda parcel: _when(parcel, "IN_TRANSIT"),
    "estimatedDeliveryAt": _estimate,
    "service": lambda _parcel: SERVICE,
    "totalQuantity": lambda parcel: sum(line.quantity for line in parcel.lines),
    "requiresShipping": lambda parcel: any(line.line.requires_shipping for line in parcel.lines),
}


def _line_amounts(entry: FulfillmentLine, *, discounted: bool) -> Any:
    line = entry.line
    amounts = []
    for side in line.sides:
        whole = side.unit * line.quantity - (side.discount if discounted else 0)
        share = whole * entry.quantity / line.quantity
        amounts.append(rounded(share, quantum_of(side.currency)))
    return bag_of(line.order, amounts)


LINE_FIELDS: dict[str, Callable[[FulfillmentLine], Any]] = {
    "lineItem": lambda entry: entry.line,
    "originalTotalSet": lambda entry: _line_amounts(entry, discounted=False),
    "discountedTotalSet": lambda entry: _line_amounts(entry, discounted=True),
    "originalTotal": lambda entry: _line_amounts(entry, discounted=False).shop_money.amount,
    "discountedTotal": lambda entry: _line_amounts(entry, discounted=True).shop_money.amount,
}


def _field(type_name: str, name: str, work: Callable[[Any], Any]) -> None:
    RESOLVERS.field(type_name, name)(lambda found, _arguments, _context: work(found))


for _type, _table in (
    ("FulfillmentOrder", ORDER_FIELDS),
    ("FulfillmentOrderLineItem", PART_FIELDS),
    ("Fulfillment", PARCEL_FIELDS),
    ("FulfillmentLineItem", LINE_FIELDS),
):
    for _name, _work in _table.items():
        _field(_type, _name, _work)


def _list(type_name: str, name: str, items: Callable[[Any], list[Any]]) -> None:
    RESOLVERS.field(type_name, name)(
        lambda found, arguments, context: connection(items(found), arguments, context)
    )


_list("FulfillmentOrder", "lineItems", lambda entry: entry.lines)
_list("FulfillmentOrder", "fulfillments", lambda entry: entry.fulfillments)
_list("Fulfillment", "fulfillmentLineItems", lambda parcel: parcel.lines)
_list("Fulfillment", "fulfillmentOrders", lambda parcel: parcel.fulfillment_orders)
_list("Fulfillment", "events", lambda parcel: parcel.events)


@RESOLVERS.field("Fulfillment", "trackingInfo")
def tracking_info(parcel: Fulfillment, arguments: Arguments, context: Context) -> list[Any]:
    """Answer Fulfillment.trackingInfo."""
    return first_of(parcel.tracking, arguments, context)


class Target:
    """A location that a fulfilment order could be moved to."""

    def __init__(self, location: Any, movable: bool) -> None:
        self.number, self.location, self.movable = location.number, location, movable
        self.message = None if movable else "Current location."


@RESOLVERS.field("FulfillmentOrder", "locationsForMove")
def locations_for_move(entry: FulfillmentOrder, arguments: Arguments, context: Context) -> Any:
    """Answer FulfillmentOrder.locationsForMove."""
    places = [place for place in context.shop.locations.all if place.active]
    targets = [Target(place, place is not entry.location) for place in places]
    return connection(targets, arguments, context)


@RESOLVERS.field("FulfillmentHold", "displayReason")
def display_reason(found: FulfillmentHold, _arguments: Arguments, _context: Context) -> str:
    """Answer FulfillmentHold.displayReason."""
    return found.reason.replace("_", " ").capitalize()


@RESOLVERS.field("FulfillmentHold", "heldByRequestingApp")
def held_by_me(found: FulfillmentHold, _arguments: Arguments, context: Context) -> bool:
    """Answer FulfillmentHold.heldByRequestingApp."""
    return found.client == context.client.id
