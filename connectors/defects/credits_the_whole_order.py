"""A refund reverses the order's invoice as a whole, whatever part of it was refunded.

Real case: refunds of a part of an order, made at the gateway, marked all of its items as refunded
(https://github.com/checkout/checkout-magento2-plugin/pull/425).
"""

from decimal import Decimal

import msgspec

from ..reference.channel_order import ChannelOrder
from ..reference.channel_refund import Refund, RefundLine
from ..reference.invoices import Invoices
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="credits the whole order for a refund of a part of it",
    flow="returns",
    scenario="returns_and_exchanges",
    invariants=("refunds_conserved",),
)


def install() -> None:
    """Put all that was invoiced into the credit note."""

    async def credit(
        invoices: Invoices, order: ChannelOrder, refund: Refund, sale_id: int, invoice: int
    ) -> int:
        lines = [
            RefundLine(
                line_gid=line.gid,
                units=0 if line.shipping else line.quantity,
                amount=line.net,
                tax=line.tax,
            )
            for line in order.restored().lines
        ]
        all_of_it = msgspec.structs.replace(
            refund, lines=lines, exchanged=True, discrepancy=Decimal(0)
        )
        number: int = await whole(invoices, order, all_of_it, sale_id, invoice)
        return number

    whole = replace(Invoices, "credit", credit)
