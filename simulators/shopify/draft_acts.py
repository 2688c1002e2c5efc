"""What staff do with draft orders through the control API.

Models drafts behind Admin API 2026-10: ``create_draft`` takes the arguments of ``checkout``,
``complete_draft`` {draft_id, paid}.

Not modelled: invoices that a customer pays.
"""

from collections.abc import Callable
from typing import Any

from .drafts import complete_draft, create_draft
from .errors import Refused
from .order_acts import summary
from .order_arguments import cart_of
from .order_totals import original_totals
from .orders import Orders
from .shop import Shop

__all__ = ["ACTS"]


def _orders(shop: Shop) -> Orders:
    orders = shop.orders
    assert isinstance(orders, Orders)
    return orders


def _create(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    cart = cart_of(shop, arguments)
    if cart.buyer:
        cart.customer = shop.customers.find_or_create(cart.buyer)
        if cart.buyer.get("address1"):
            cart.shipping_address = shop.customers.address_from(cart.buyer)
    draft = create_draft(_orders(shop), cart)
    total = original_totals(draft.quote).total
    return {"draft_id": draft.id, "name": draft.name, "total": str(total)}


def _complete(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    orders = _orders(shop)
    tail = str(arguments.get("draft_id", "")).rsplit("/", 1)[-1]
    draft = orders.drafts.get(int(tail)) if tail.isdigit() else None
    if draft is None:
        raise Refused("unknown_draft", f"There is no draft {arguments.get('draft_id')!r}.")
    order = complete_draft(orders, draft, paid=bool(arguments.get("paid", True)))
    return {**summary(order), "draft_id": draft.id}


ACTS: dict[str, Callable[[Shop, dict[str, Any]], dict[str, Any]]] = {
    "create_draft": _create,
    "complete_draft": _complete,
}
