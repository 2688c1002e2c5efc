"""Joins orders and what belongs to them to the shop: state, acts, final records.

Models Admin API 2026-10. See ``nouns.PARTS``.

Not modelled: nothing of its own; see the modules that it names.
"""

from .order_acts import ACTS
from .order_snapshot import snapshot_orders
from .orders import Orders
from .shop import Shop

__all__ = ["ACTS", "SNAPSHOT", "attach"]

SNAPSHOT = {"order": snapshot_orders}


def attach(shop: Shop) -> None:
    """Give the shop its order book and its payments account, empty."""
    shop.orders = Orders(shop)
