"""Draft orders: priced like orders, without stock or payment, until they are completed.

Models the life of a draft in Admin API 2026-10: OPEN, then COMPLETED with an order.

Not modelled: invoices, reservations, custom discounts, payment terms, deposits.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from .errors import Refused
from .order_checkout import Cart, buy, compose
from .order_records import Order
from .payload_draft import draft_payload

if TYPE_CHECKING:
    from .orders import Orders

__all__ = ["Draft", "complete_draft", "create_draft", "delete_draft"]


class Draft(msgspec.Struct, eq=False):
    """A draft. ``quote`` is what it would come to, as an order that does not exist."""

    graphql_type: ClassVar[str] = "DraftOrder"

    number: int
    id: str
    name: str
    cart: Cart
    quote: Order
    created_at: datetime
    updated_at: datetime
    status: str = "OPEN"
    completed_at: datetime | None = None
    order: Order | None = None


def _announce(orders: Orders, draft: Draft, what: str) -> None:
    shop = orders.shop
    shop.emit(
        f"draft_orders/{what}", draft.id, lambda: draft_payload(shop, draft), draft.updated_at
    )


def create_draft(orders: Orders, cart: Cart) -> Draft:
    """Make a draft of a cart."""
    number, identity = orders.identity("DraftOrder")
    sequence = len(orders.drafts) + 1
    name = f"#D{sequence}"
    cart.source_name = "shopify_draft_order"
    quote = compose(orders, cart, number, identity, sequence, name)
    quote.customer = cart.customer
    now = orders.shop.now()
    draft = Draft(number, identity, name, cart, quote, now, now)
    orders.drafts[number] = draft
    _announce(orders, draft, "create")
    return draft


def complete_draft(orders: Orders, draft: Any, *, paid: bool = True) -> Order:
    """Turn a draft into an order; raises Refused (already_completed, sold_out)."""
    if draft.order is not None:
        raise Refused("already_completed", f"{draft.name} has been completed.")
    draft.cart.payment = "paid" if paid else "pending"
    draft.cart.gateway = "manual"
    order = buy(orders, draft.cart)
    draft.order, draft.status = order, "COMPLETED"
    draft.completed_at = draft.updated_at = orders.shop.now()
    _announce(orders, draft, "update")
    return order


def delete_draft(orders: Orders, draft: Any) -> None:
    """Delete a draft; raises Refused ``already_completed``."""
    if draft.order is not None:
        raise Refused("already_completed", f"{draft.name} has been completed.")
    del orders.drafts[draft.number]
    orders.shop.emit("draft_orders/delete", draft.id, lambda: {"id": draft.number})
