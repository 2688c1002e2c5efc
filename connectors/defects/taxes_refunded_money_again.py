"""Money given back without goods is taken for an amount before tax; tax is credited on top of it.

Real case R8: 20 euros were refunded, and the credit note came to 21.80, because the gross amount
was booked as a net one (https://github.com/mollie/Shopware6/issues/1279).
"""

import msgspec

from ..reference.channel_order import ChannelLine, ChannelOrder
from ..reference.invoices import Document, Invoices
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="credits tax on top of an amount that had its tax in it",
    flow="returns",
    cases=("R8",),
    scenario="returns_and_exchanges",
    invariants=("refunds_conserved",),
)


def install() -> None:
    """Give the line that stands for bare money the taxes of the order's goods."""

    def taxed(order: ChannelOrder, line: ChannelLine) -> ChannelLine:
        if "/Refund/" not in line.gid:
            return line
        usual = next((one.taxes for one in order.lines if one.taxes), [])
        taxes = [
            msgspec.structs.replace(tax, amount=round(line.net * tax.rate, 2)) for tax in usual
        ]
        return msgspec.structs.replace(line, taxes=taxes)

    async def post(
        invoices: Invoices, order: ChannelOrder, sale_id: int, document: Document
    ) -> int:
        document.lines = [taxed(order, line) for line in document.lines]
        number: int = await whole(invoices, order, sale_id, document)
        return number

    whole = replace(Invoices, "_post", post)
