"""Of the channel's items only the first page is read: the stock of the others is never pushed.

Real case S11: a listing without pagination left everything after its first page unmapped
(https://github.com/frappe/ecommerce_integrations/commit/af4c57c).
"""

from collections.abc import AsyncIterator
from typing import Any

from ..reference import shelves
from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="reads the first page of the channel's items and no other",
    flow="inventory",
    cases=("S11",),
    scenario="quiet_day",
    options={"products": "60", "counts": "4"},
    invariants=("stock_conserved",),
)

PAGE = 50


def install() -> None:
    """Ask for a page of fifty, and not for the next one."""
    first = shelves.VARIANTS.replace("first: 100", f"first: {PAGE}")
    replace(shelves, "VARIANTS", first)

    async def one_page(
        shopify: Shopify, query: str, field: str, variables: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        read = 0
        async for node in whole(shopify, query, field, variables):
            yield node
            read += 1
            if query == first and read == PAGE:
                return

    whole = replace(Shopify, "pages", one_page)
