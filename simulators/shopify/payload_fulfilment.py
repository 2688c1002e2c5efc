"""REST-shaped JSON of fulfilments and their events, and of fulfilment orders.

Models the REST shapes of 2026-07 for ``fulfillments/*`` and ``fulfillment_events/*``. The
``fulfillment_orders/*`` topics have shapes of their own with gids; written after the published
samples: order_routing_complete, moved, split, placed_on_hold, hold_released, cancelled, and
``fulfillment_holds/added|released``.

Not modelled: the other fulfillment_orders topics (requests to fulfilment services, merging,
rescheduling, pickup), origin addresses.
"""

from typing import Any

from .fulfilment_records import (
    Fulfillment,
    FulfillmentEvent,
    FulfillmentHold,
    FulfillmentOrder,
)
from .payload_line import RestMoney, line_payload
from .payloads import address as address_payload
from .shop import Shop

__all__ = [
    "event_payload",
    "fulfillment_order_payload",
    "fulfillment_payload",
    "hold_payload",
    "rest_shipment_status",
]


def rest_shipment_status(parcel: Fulfillment) -> str | None:
    """Return shipment_status: the last event in lower case, or None."""
    return parcel.events[-1].status.lower() if parcel.events else None


def fulfillment_payload(shop: Shop, parcel: Fulfillment) -> dict[str, Any]:
    """Return a fulfilment; its lines carry the quantity that was shipped."""
    order = parcel.order
    money = RestMoney(order.currencies)
    first = parcel.tracking[0] if parcel.tracking else None
    numbers = [entry.number for entry in parcel.tracking if entry.number]
    urls = [entry.url for entry in parcel.tracking if entry.url]
    return {
        "id": parcel.number,
        "admin_graphql_api_id": parcel.id,
        "created_at": shop.iso(parcel.created_at),
        "destination": address_payload(order.shipping_address),
        "email": order.email,
        "line_items": [line_payload(entry.line, money, entry.quantity) for entry in parcel.lines],
        "location_id": parcel.location.number,
        "name": parcel.name,
        "order_id": order.number,
        "origin_address": None,
        "receipt": {},
        "service": "manual",
        "shipment_status": rest_shipment_status(parcel),
        "status": parcel.status.lower(),
        "tracking_company": first.company if first else None,
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "updated_at": shop.iso(parcel.updated_at),
    }


def event_payload(shop: Shop, event: FulfillmentEvent) -> dict[str, Any]:
    """Return a tracking event."""
    return {
        "id": event.number,
        "admin_graphql_api_id": event.id,
        "address1": event.address1,
        "city": event.city,
        "country": event.country,
        "created_at": shop.iso(event.created_at),
        "estimated_delivery_at": shop.iso(event.estimated_delivery_at),
        "fulfillment_id": event.fulfillment.number,
        "happened_at": shop.iso(event.happened_at),
        "latitude": event.latitude,
        "longitude": event.longitude,
        "message": event.message,
        "order_id": event.fulfillment.order.number,
        "province": event.province,
        "shop_id": shop.number,
        "status": event.status.lower(),
        "updated_at": shop.iso(event.created_at),
        "zip": event.zip,
    }


def fulfillment_order_payload(entry: FulfillmentOrder) -> dict[str, Any]:
    """Return the short form of a fulfilment order that its own topics carry."""
    return {
        "id": entry.id,
        "status": entry.status.lower(),
        "request_status": entry.request_status.lower(),
        "preparable": False,
        "assigned_location_id": entry.location.id,
        "delivery_method": {
            "method_type": "shipping" if entry.requires_shipping else "none",
        },
    }


def hold_payload(hold: FulfillmentHold, client: str = "") -> dict[str, Any]:
    """Return a hold; ``client`` is the app that reads."""
    return {
        "id": hold.id,
        "handle": hold.handle,
        "held_by_app": {"id": f"gid://shopify/App/{hold.client}"} if hold.client else None,
        "held_by_requesting_app": bool(client) and hold.client == client,
        "reason": hold.reason.lower(),
        "reason_notes": hold.reason_notes,
    }
