"""Each order is written to the log with the customer's e-mail address, phone number and street.

Seen wherever a record is logged to find a bug and the line stays; no case of our list is about it.
"""

from typing import Any

from ..reference import orders
from ..reference.audit import say
from ..reference.channel_order import ChannelOrder
from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="writes customers' addresses and phone numbers into its log",
    flow="privacy",
    scenario="quiet_day",
    invariants=("secrets_kept",),
)


def install() -> None:
    """Say what was read."""

    async def said(shopify: Shopify, gid: str) -> ChannelOrder | None:
        order: ChannelOrder | None = await read(shopify, gid)
        if order is not None:
            where: Any = order.shipping_address
            say("order read", name=order.name, email=order.email, street=where and where.address1)
        return order

    read = replace(orders, "read_order", said)
