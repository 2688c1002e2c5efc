"""The metrics count orders by customer, with the e-mail address as label.

What is scraped is kept for months and shown on screens; no case of our list is about it.
"""

from collections import Counter
from typing import Any

from ..reference import metrics, orders
from ..reference.channel_order import ChannelOrder
from ..reference.shopify import Shopify
from ..reference.store import Store
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="labels its metrics with customers' e-mail addresses",
    flow="privacy",
    scenario="quiet_day",
    invariants=("secrets_kept",),
)


def install() -> None:
    """Count reads by address."""
    reads: Counter[str] = Counter()

    async def counted(shopify: Shopify, gid: str) -> ChannelOrder | None:
        order: ChannelOrder | None = await read(shopify, gid)
        if order is not None:
            reads[order.email] += 1
        return order

    async def by_customer(store: Store, figures: Any = ()) -> str:
        lines = [f'connector_reads_total{{customer="{who}"}} {n}' for who, n in reads.items()]
        told: str = await text(store, figures)
        return told + "".join(f"{line}\n" for line in lines)

    read = replace(orders, "read_order", counted)
    text = replace(metrics, "text", by_customer)
