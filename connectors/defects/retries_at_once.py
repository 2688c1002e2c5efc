"""A call that is refused with 429 is sent again at once, in a loop.

Real case L1: retries that no queue orders and no waiting holds back starve every other call
(https://github.com/Shopify/shopify-api-js/issues/191).
"""

from typing import Any

import httpx

from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="sends a call that was refused with 429 again at once",
    flow="limits",
    cases=("L1",),
    scenario="api_throttle",
    invariants=("api_manners",),
)

TRIES = 10


def install() -> None:
    """Try again in the client, without a look at Retry-After."""

    async def hot(
        shopify: Shopify, document: str, variables: dict[str, Any] | None, token: str, again: bool
    ) -> httpx.Response:
        for _ in range(TRIES):
            answer: httpx.Response = await post(shopify, document, variables, token, again)
            if answer.status_code != 429:
                break
        return answer

    post = replace(Shopify, "_post", hot)
