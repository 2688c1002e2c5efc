"""The reference without external ids: an order that is written again becomes another one."""

import secrets

from ..reference import orders
from ..reference.channel_order import ChannelOrder
from ..reference.orders import Orders
from ._defect import replace

__all__ = ["forget", "fresh_ids"]

_SUFFIXES: dict[str, str] = {}  # by the order's gid: what its present ids in Odoo end with


def forget(gid: str) -> None:
    """Have the order made anew when it is written next."""
    _SUFFIXES[gid] = f"_{secrets.token_hex(4)}"


def fresh_ids() -> None:
    """Give every creation ids of its own, so that Odoo sees no repetition in it."""

    def external_id(shop: str, order_gid: str) -> str:
        return f"{whole_id(shop, order_gid)}{_SUFFIXES.get(order_gid, '')}"

    async def load(these: Orders, order: ChannelOrder, found: dict[str, object] | None) -> int:
        if found is None:
            forget(order.gid)
        made: int = await whole_load(these, order, found)
        return made

    whole_id = replace(orders, "external_id", external_id)
    whole_load = replace(Orders, "_load", load)
