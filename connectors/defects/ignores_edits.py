"""An order that was imported once is never looked at again, so edits do not arrive.

Real case O11: the order counted as finished after its first import, and what the shop changed
about it later was left out (https://github.com/microsoft/ALAppExtensions/pull/21122).
"""

from typing import Any

from ..reference.channel_order import ChannelOrder
from ..reference.orders import Orders
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="leaves an imported order as it is when the shop edits it",
    flow="orders",
    cases=("O11",),
    scenario="quiet_day",
    invariants=("order_content",),
)


def install() -> None:
    """Skip what is known, unless it was cancelled."""

    async def once(
        orders: Orders, order: ChannelOrder, row: dict[str, Any]
    ) -> tuple[str, int | None]:
        if row["status"] == "confirmed" and not order.cancelled:
            return "confirmed", row["odoo_id"]
        done: tuple[str, int | None] = await whole(orders, order, row)
        return done

    whole = replace(Orders, "_carry_over", once)
