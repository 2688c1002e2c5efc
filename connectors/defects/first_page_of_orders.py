"""Of the orders that changed lately only the first page is read.

Real case L4: a listing of which one page was read, and nobody noticed that the rest was missing
(https://github.com/airbytehq/airbyte/issues/78512). As each look reaches back a little, a rush
that fills the page keeps the cursor where it is, and what comes after is never seen.
"""

from collections.abc import AsyncIterator
from typing import Any

from ..reference import reconcile
from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="reads the first page of changed orders and no other",
    flow="limits",
    cases=("L4",),
    scenario="webhook_weather",
    invariants=("orders_exactly_once",),
)

PAGE = 10


def install() -> None:
    """Ask for a page of ten, and not for the next one."""
    first = reconcile.ORDERS.replace("first: 50", f"first: {PAGE}")
    replace(reconcile, "ORDERS", first)

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
