"""What a webhook says is applied in the order of arrival, so an older one overwrites a newer.

Real case W2: deliveries came out of order, and an older status took the place of the newer
(https://github.com/paypal/mirakl-hyperwallet-connector/issues/35). The payload is believed as
it is, and its time of change is not looked at.
"""

from typing import Any

import msgspec

from ..reference import channel_order, orders
from ..reference.channel_order import ChannelOrder
from ..reference.inbox import Delivery, Inbox
from ..reference.orders import Orders
from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="lets a webhook that comes late overwrite what is newer",
    flow="webhooks",
    cases=("W2",),
    scenario="webhook_weather",
    options={"kind": "disorder"},
    invariants=("webhooks_sound",),
)


def install() -> None:
    """Take orders from the latest payload to arrive instead of from the channel."""
    payloads: dict[str, dict[str, Any]] = {}

    async def take(inbox: Inbox, delivery: Delivery, body: bytes) -> bool:
        if delivery.topic in ("orders/create", "orders/updated", "orders/cancelled"):
            payloads[delivery.resource] = msgspec.json.decode(body)
        kept: bool = await whole_take(inbox, delivery, body)
        return kept

    async def read(shopify: Shopify, gid: str) -> ChannelOrder | None:
        if gid not in payloads:
            found: ChannelOrder | None = await whole_read(shopify, gid)
            return found
        return channel_order._order(*_graph(payloads[gid]))

    async def row(these: Orders, order: ChannelOrder) -> dict[str, Any]:
        return {**await whole_row(these, order), "updated_at": ""}

    whole_take = replace(Inbox, "take", take)
    whole_read = replace(orders, "read_order", read)
    whole_row = replace(Orders, "_row", row)


def _graph(payload: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a payload of a webhook as GraphQL would say it."""
    customer = payload.get("customer") or {}
    head = {
        "id": payload["admin_graphql_api_id"],
        "name": payload["name"],
        "updatedAt": payload["updated_at"],
        "cancelledAt": payload["cancelled_at"],
        "currencyCode": payload["currency"],
        "taxesIncluded": payload["taxes_included"],
        "email": payload["email"],
        "note": payload["note"],
        "customer": {
            "id": customer.get("admin_graphql_api_id"),
            "firstName": customer.get("first_name"),
            "lastName": customer.get("last_name"),
        },
        "shippingAddress": _address(payload.get("shipping_address")),
        "billingAddress": _address(payload.get("billing_address")),
        "shippingLines": {"nodes": [_shipping(line) for line in payload["shipping_lines"]]},
        "currentSubtotalPriceSet": _money(payload["current_subtotal_price"]),
        "currentTotalTaxSet": _money(payload["current_total_tax"]),
        "currentTotalPriceSet": _money(payload["current_total_price"]),
    }
    return head, [_line(line) for line in payload["line_items"]]


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": line["admin_graphql_api_id"],
        "sku": line["sku"],
        "title": line["title"],
        "quantity": line["quantity"],
        "currentQuantity": line["current_quantity"],
        "unfulfilledQuantity": line["fulfillable_quantity"],
        "originalUnitPriceSet": _money(line["price"]),
        "discountAllocations": [
            {"allocatedAmountSet": _money(part["amount"])} for part in line["discount_allocations"]
        ],
        "taxLines": [_tax(part) for part in line["tax_lines"]],
    }


def _shipping(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/ShippingLine/{line['id']}",
        "title": line["title"],
        "currentDiscountedPriceSet": _money(line["discounted_price"]),
        "discountedPriceSet": _money(line["discounted_price"]),
        "taxLines": [_tax(part) for part in line["tax_lines"]],
    }


def _tax(part: dict[str, Any]) -> dict[str, Any]:
    return {"title": part["title"], "rate": part["rate"], "priceSet": _money(part["price"])}


def _money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount}}


def _address(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    names = {"firstName": "first_name", "lastName": "last_name", "provinceCode": "province_code"}
    names |= {"countryCodeV2": "country_code"}
    names |= {name: name for name in ("company", "address1", "address2", "city", "zip", "phone")}
    return {name: given.get(other) for name, other in names.items()}
