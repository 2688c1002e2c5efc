"""Steps that stories share: a checkout, a sale in the store, a change of mind.

Pure: each returns a Step of the plan; nothing happens here.
"""

from random import Random
from typing import Any

import msgspec

from peakproof.plan import Customer, Shop, Step, reference

__all__ = ["cancel", "checkout", "edit", "random_basket", "stock_count", "store_sale"]


def random_basket(draws: Random, shop: Shop, lines_max: int = 3) -> list[dict[str, Any]]:
    """Draw one to ``lines_max`` different items, one or two of each."""
    skus = [variant.sku for variant in shop.variants()]
    chosen = draws.sample(skus, k=min(len(skus), draws.randint(1, lines_max)))
    return [{"sku": sku, "quantity": draws.choices((1, 2), (2, 1))[0]} for sku in chosen]


def checkout(
    at_seconds: float,
    customer: Customer,
    lines: list[dict[str, Any]],
    label: str,
    shipping: str = "Standard",
    discount_code: str = "",
) -> Step:
    """A shopper buys; the shopper is named by the e-mail address."""
    arguments: dict[str, Any] = {
        "lines": lines,
        "customer": msgspec.to_builtins(customer),
        "shipping": shipping,
    }
    if discount_code:
        arguments["discount_code"] = discount_code
    return Step(
        at_seconds=at_seconds,
        actor=f"shopper:{customer.email}",
        system="shopify",
        action="checkout",
        arguments=arguments,
        label=label,
    )


def edit(at_seconds: float, label: str, changes: list[dict[str, Any]]) -> Step:
    """The merchant changes quantities of an order placed under that label."""
    return Step(
        at_seconds=at_seconds,
        actor="merchant:edits",
        system="shopify",
        action="edit_order",
        arguments={"order_id": reference(label, "order_id"), "changes": changes},
        label=f"edit-{label}",
    )


def cancel(at_seconds: float, label: str, reason: str = "customer") -> Step:
    """The order placed under that label is cancelled, refunded and put back into stock."""
    return Step(
        at_seconds=at_seconds,
        actor="merchant:cancellations",
        system="shopify",
        action="cancel_order",
        arguments={
            "order_id": reference(label, "order_id"),
            "reason": reason,
            "restock": True,
            "refund": True,
        },
        label=f"cancel-{label}",
    )


def store_sale(at_seconds: float, actor: str, sku: str, quantity: int, location: str) -> Step:
    """A clerk sells over the counter if Odoo says that the piece is free."""
    return Step(
        at_seconds=at_seconds,
        actor=actor,
        system="odoo",
        action="store_sale",
        arguments={"sku": sku, "quantity": quantity, "location_code": location},
    )


def stock_count(at_seconds: float, actor: str, sku: str, change: int, location: str) -> Step:
    """A count or delivery changes the stock on hand in Odoo by that many units."""
    return Step(
        at_seconds=at_seconds,
        actor=actor,
        system="odoo",
        action="adjust_stock",
        arguments={"sku": sku, "change": change, "location_code": location},
    )
