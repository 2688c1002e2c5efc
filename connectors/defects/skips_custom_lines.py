"""A line that is no product of the catalogue is left out of the order, without a word.

Real case O14: orders with custom or removed products could not be imported, for their lines
have no product id
(https://github.com/ACUADC/psmx-acuarella, integration_shopify/README.rst). The quick mend is to
skip such lines. The sums are not compared with the channel's.
"""

from typing import Any

from ..reference import channel_order
from ..reference.channel_order import ChannelOrder
from ._defect import Defect, replace
from ._unchecked import unchecked

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="leaves out lines that are no product of the catalogue",
    flow="orders",
    cases=("O14",),
    scenario="odd_orders",
    invariants=("order_content",),
)


def install() -> None:
    """Read only lines with a SKU."""

    def order(found: dict[str, Any], nodes: list[dict[str, Any]]) -> ChannelOrder:
        read: ChannelOrder = whole(found, [node for node in nodes if node["sku"]])
        return read

    whole = replace(channel_order, "_order", order)
    unchecked()
