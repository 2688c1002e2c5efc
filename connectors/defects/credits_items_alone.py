"""Credit notes hold the refunded items and nothing else: shipping and bare money are left out.

Real case R2 is of this kind: what a refund gave back for something that is not among its items
was never in the credit memo (https://github.com/microsoft/BCApps/pull/8554).
"""

import msgspec

from ..reference.channel_order import ChannelOrder
from ..reference.channel_refund import Refund
from ..reference.returns import Returns
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="leaves refunded shipping out of credit notes",
    flow="returns",
    cases=("R2",),
    scenario="returns_and_exchanges",
    invariants=("refunds_conserved",),
)


def install() -> None:
    """Work out from its items what a refund gave back."""

    async def book(
        returns: Returns, order: ChannelOrder, refund: Refund, sale_id: int, invoice: int
    ) -> None:
        bare = msgspec.structs.replace(refund, lines=[line for line in refund.lines if line.units])
        if not refund.exchanged:
            bare.paid = bare.value(order.taxes_included)
        await whole(returns, order, bare, sale_id, invoice)

    whole = replace(Returns, "_book", book)
