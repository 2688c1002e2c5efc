"""Joins orders and what belongs to them to the shop: state, acts, final records.

Models Admin API 2026-10. See ``nouns.PARTS``.

Not modelled: nothing of its own; see the modules that it names.
"""

from . import draft_acts, order_acts, payout_acts
from .order_rest import REST
from .order_snapshot import snapshot_orders
from .orders import Orders
from .shop import Shop

__all__ = ["ACTS", "REST", "SNAPSHOT", "attach"]

ACTS = {**order_acts.ACTS, **draft_acts.ACTS, **payout_acts.ACTS}
SNAPSHOT = {
    "order": snapshot_orders,
    "gift_card": lambda shop: shop.orders.gift_cards.records(),
    **payout_acts.SNAPSHOT,
}


def attach(shop: Shop) -> None:
    """Give the shop its order book and its payments account, empty."""
    shop.orders = Orders(shop)
