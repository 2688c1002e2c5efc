"""A cancellation in the channel changes nothing in Odoo: the order stays confirmed.

Real case O11 again: what happens to an order after its first import is left out, a cancellation
too (https://github.com/microsoft/ALAppExtensions/pull/21122).
"""

from typing import Any

from ..reference.channel_order import ChannelOrder
from ..reference.orders import Orders
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="leaves an order confirmed that the channel has cancelled",
    flow="orders",
    cases=("O11",),
    scenario="quiet_day",
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Do nothing about orders that are cancelled."""

    async def live_only(
        orders: Orders, order: ChannelOrder, row: dict[str, Any]
    ) -> tuple[str, int | None]:
        if order.cancelled:
            return row["status"], row["odoo_id"]
        done: tuple[str, int | None] = await whole(orders, order, row)
        return done

    whole = replace(Orders, "_carry_over", live_only)
