"""The reference without a second page, as defects of listings have it."""

from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

from ..reference.shopify import Shopify
from ._defect import replace

__all__ = ["first_page_only"]


def first_page_only(owner: ModuleType, name: str, size: int) -> None:
    """Ask the listing ``name`` of a module for a page of that size, and not for the next one."""
    whole_query: str = getattr(owner, name)
    head, _, rest = whole_query.partition("first: ")
    first = f"{head}first: {size}{rest.lstrip('0123456789')}"
    replace(owner, name, first)

    async def one_page(
        shopify: Shopify, query: str, field: str, variables: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        read = 0
        async for node in whole(shopify, query, field, variables):
            yield node
            read += 1
            if query == first and read == size:
                return

    whole = replace(Shopify, "pages", one_page)
