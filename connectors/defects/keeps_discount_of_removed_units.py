"""After an edit the remaining units bear the discount of those that were removed.

Real case O10: an order came to 28.80 instead of 38.40, because the line kept the discount that
was allocated to the units ever ordered (https://github.com/microsoft/BCApps/pull/10462). The
sums are not compared with the channel's.
"""

from typing import Any

import msgspec

from ..reference import channel_order
from ..reference.channel_order import ChannelLine
from ._defect import Defect, replace
from ._unchecked import unchecked

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="keeps the discount of units that were taken off the order",
    flow="orders",
    cases=("O10",),
    scenario="odd_orders",
    invariants=("order_content",),
)


def install() -> None:
    """Take a line's allocated discount whole."""

    def line(node: dict[str, Any]) -> ChannelLine:
        read: ChannelLine = whole(node)
        allocated = sum(
            (channel_order._money(part["allocatedAmountSet"]) for part in _discounts(node)),
            read.discount * 0,
        )
        return msgspec.structs.replace(read, discount=allocated)

    whole = replace(channel_order, "_line", line)
    replace(channel_order, "_settle", lambda _order, _changed, _subtotal: None)
    unchecked()


def _discounts(node: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = node["discountAllocations"]
    return found
