"""What staff of the shop can do to stock, prices, subscriptions and tokens (control API).

Not modelled: anything that Shopify's admin does beyond the acts listed here.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import Refused
from .shop import Shop
from .topics import topic_path

__all__ = ["ACTS", "REST", "SNAPSHOT"]

Act = Callable[[Shop, dict[str, Any]], dict[str, Any]]


def set_inventory(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    """Set what can be sold of a SKU at a location: sku, location_code, available."""
    variant = shop.catalog.variant_by_sku(str(arguments.get("sku", "")))
    location = shop.locations.by_code.get(str(arguments.get("location_code", "")))
    if variant is None:
        raise Refused("unknown_sku", f"No variant has the SKU {arguments.get('sku')!r}.")
    if location is None:
        raise Refused("unknown_location", f"No location {arguments.get('location_code')!r}.")
    level = shop.inventory.connect(variant.item, location)
    delta = int(arguments["available"]) - level.available
    shop.inventory.change(level, {"available": delta}, shop.cause("merchant"))
    return {"available": level.available, "delta": delta, "inventory_level_id": level.id}


def update_product_price(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    """Change the price of a SKU: sku, price."""
    variant = shop.catalog.variant_by_sku(str(arguments.get("sku", "")))
    if variant is None:
        raise Refused("unknown_sku", f"No variant has the SKU {arguments.get('sku')!r}.")
    try:
        price = Decimal(str(arguments["price"]))
    except InvalidOperation as error:
        raise Refused("bad_price", f"{arguments['price']!r} is no price.") from error
    variant.price = price
    variant.updated_at = variant.product.updated_at = shop.now()
    shop.catalog.announce(variant.product, "update")
    return {"product_id": variant.product.id, "variant_id": variant.id, "price": str(price)}


def remove_subscription(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    """Remove the subscriptions of a topic, as if they had failed too often: topic, or * for all."""
    topic = str(arguments.get("topic", ""))
    path = topic if "/" in topic or topic == "*" else topic_path(topic)
    found = [s for s in shop.subscriptions.all if path in ("*", topic_path(s.enum))]
    if not found:
        raise Refused("no_subscription", f"Nothing is subscribed to {topic!r}.")
    for entry in found:
        shop.subscriptions.remove(entry)
    return {"removed": [entry.id for entry in found]}


def rotate_secret(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    """Give the app a new client secret; webhooks are signed with it after ``delay_seconds``."""
    client = shop.client
    client.secret = str(arguments.get("secret") or client.new_secret())

    def sign() -> None:
        shop.subscriptions.secret = client.secret

    delay = float(arguments.get("delay_seconds", 0.0))
    if delay > 0:
        shop.later(delay, sign)
    else:
        sign()
    return {"client_secret": client.secret}


def expire_tokens(shop: Shop, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Make every access token invalid at once."""
    return {"expired": shop.client.expire_tokens()}


def uninstall_app(shop: Shop, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Take the app out of the shop."""
    shop.client.uninstall()
    return {}


ACTS: dict[str, Act] = {
    "set_inventory": set_inventory,
    "update_product_price": update_product_price,
    "remove_subscription": remove_subscription,
    "rotate_secret": rotate_secret,
    "expire_tokens": expire_tokens,
    "uninstall_app": uninstall_app,
}
SNAPSHOT: dict[str, Callable[[Shop], dict[str, Any]]] = {
    "level": lambda shop: shop.inventory.snapshot(),
    "subscription": lambda shop: shop.subscriptions.snapshot()["subscription"],
    "event": lambda shop: shop.subscriptions.snapshot()["event"],
}
REST: dict[str, Callable[..., Any]] = {}
