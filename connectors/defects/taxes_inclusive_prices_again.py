"""Prices that include the tax are taken for prices without it, and the tax is put on top.

Real cases T4 and R8: gross amounts were treated as net ones; a voucher of 75 made an order of
-4.25 (https://github.com/OCA/connector-magento/issues/116,
https://github.com/OCA/connector-magento/issues/301), and 20 euros given back became a credit
note of 21.80 (https://github.com/mollie/Shopware6/issues/1279).
"""

from typing import Any

import msgspec

from ..reference import channel_order
from ..reference.channel_order import ChannelOrder
from ._defect import Defect, replace
from ._unchecked import unchecked

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="puts the tax on top of prices that include it",
    flow="prices",
    cases=("T4", "R8"),
    scenario="price_and_tax",
    options={"taxes": "included"},
    invariants=("order_content",),
)


def install() -> None:
    """Do not ask whether prices include the tax."""

    def order(found: dict[str, Any], nodes: list[dict[str, Any]]) -> ChannelOrder:
        read: ChannelOrder = whole(found, nodes)
        return msgspec.structs.replace(read, taxes_included=False)

    whole = replace(channel_order, "_order", order)
    unchecked()
