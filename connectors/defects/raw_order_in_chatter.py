"""The channel's order is put into the chatter of Odoo's as it came, "for reference".

Everybody who may read orders reads phone numbers and addresses there, and they stay when the
contact is erased. No case of our list is about it.
"""

from typing import Any

import msgspec

from ..reference.channel_order import ChannelOrder
from ..reference.orders import Orders
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="writes the raw order into the chatter",
    flow="privacy",
    scenario="quiet_day",
    invariants=("secrets_kept",),
)


def install() -> None:
    """Post a note on each order that was carried over."""

    async def carry_over(
        orders: Orders, order: ChannelOrder, row: dict[str, Any]
    ) -> tuple[str, int | None]:
        status, odoo_id = await whole(orders, order, row)
        if odoo_id is not None:
            body = msgspec.json.encode(order, enc_hook=str).decode()
            await orders.odoo.write("sale.order", "message_post", ids=[odoo_id], body=body)
        return status, odoo_id

    whole = replace(Orders, "_carry_over", carry_over)
