"""The reference without its comparison of totals: what does not add up is imported as it is."""

from ..reference import channel_order
from ..reference.channel_order import ChannelOrder
from ..reference.orders import Orders
from ._defect import replace

__all__ = ["unchecked"]


def unchecked() -> None:
    """Believe lines and Odoo's sums."""

    async def fine(_orders: Orders, _order: ChannelOrder, _found: dict[str, object]) -> None:
        return

    replace(channel_order, "_check", lambda _order: None)
    replace(Orders, "_check", fine)
