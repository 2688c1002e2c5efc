"""A discount is put into the price of one unit and rounded there, then multiplied again.

Real case T8: an amount that ends in half a cent was rounded up on one side and down on the
other, and an order that had been paid ended in error over 0.01
(https://github.com/umbraco/Umbraco.Commerce.Issues/issues/580,
https://github.com/mollie/PrestaShop/pull/1264). The work is done in floats here as there.
"""

from decimal import Decimal
from typing import Any

import msgspec

from ..reference import channel_order
from ..reference.channel_order import ChannelLine
from ._defect import Defect, replace
from ._unchecked import unchecked

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="rounds the discounted price of one unit and multiplies it",
    flow="prices",
    cases=("T8",),
    scenario="price_and_tax",
    invariants=("order_content",),
)


def install() -> None:
    """Read a line as a price after discount, in floats."""

    def line(node: dict[str, Any]) -> ChannelLine:
        read: ChannelLine = whole(node)
        if not read.quantity:
            return read
        price = round(float(read.net) / read.quantity, 2)
        return msgspec.structs.replace(
            read, unit_price=Decimal(f"{price:.2f}"), discount=Decimal(0)
        )

    whole = replace(channel_order, "_line", line)
    replace(channel_order, "_settle", lambda _order, _changed, _subtotal: None)
    unchecked()
