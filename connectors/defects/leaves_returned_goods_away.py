"""Refunds become credit notes, but the goods that came back with them are never put into stock.

Real case R5: the channel moved restocking from refunds to the dispositions of returns, and the
connector, which looked at neither afterwards, booked the money alone
(https://github.com/microsoft/ALAppExtensions/issues/26215).
"""

from ..reference.channel_order import ChannelOrder
from ..reference.channel_refund import Refund
from ..reference.goods_back import GoodsBack
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books refunds without taking the returned goods back into stock",
    flow="returns",
    cases=("R5",),
    scenario="returns_and_exchanges",
    invariants=("refunds_conserved",),
)


def install() -> None:
    """Find no goods in any refund."""

    async def nothing(_goods: GoodsBack, _order: ChannelOrder, _refund: Refund) -> None:
        return None

    replace(GoodsBack, "take", nothing)
