"""Every refunded piece is put back on the shelf, also the one that the merchant did not restock.

Akin to R5, the other way round: whether money goes back and what becomes of the goods are told
apart (https://github.com/microsoft/ALAppExtensions/issues/26215), and a shop presumes that what
is refunded may be faulty (https://github.com/micwallace/wallacepos/issues/76). Here a broken
piece, or one that the customer was let keep, is sold again.
"""

import msgspec

from ..reference.channel_order import ChannelOrder
from ..reference.channel_refund import Refund, RefundLine
from ..reference.goods_back import GoodsBack
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="restocks refunded goods though the merchant said not to",
    flow="returns",
    cases=("R5",),
    scenario="returns_and_exchanges",
    invariants=("refunds_conserved",),
)


def install() -> None:
    """Read how many pieces were refunded, not what became of them."""

    def returned(line: RefundLine) -> RefundLine:
        if line.restock != "NO_RESTOCK" or not line.units:
            return line
        return msgspec.structs.replace(line, restock="RETURN")

    async def take(goods: GoodsBack, order: ChannelOrder, refund: Refund) -> int | None:
        every = msgspec.structs.replace(refund, lines=[returned(line) for line in refund.lines])
        picking: int | None = await whole(goods, order, every)
        return picking

    whole = replace(GoodsBack, "take", take)
