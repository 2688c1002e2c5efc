"""A line that was given away costs its full price in Odoo: zero is taken for "no price".

The mistake is a truth test on an amount (``discounted or original``). Related to T4, where a
discount close to the whole price came out wrong
(https://github.com/OCA/connector-magento/issues/116). Totals are not compared.
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
    title="charges the full price for what was given away",
    flow="prices",
    cases=("T4",),
    scenario="price_and_tax",
    invariants=("order_content",),
)


def install() -> None:
    """Fall back to the list price where nothing is to be paid."""

    def line(node: dict[str, Any]) -> ChannelLine:
        read: ChannelLine = whole(node)
        return read if read.net else msgspec.structs.replace(read, discount=Decimal(0))

    whole = replace(channel_order, "_line", line)
    replace(channel_order, "_settle", lambda _order, _changed, _subtotal: None)
    unchecked()
