"""When the channel's limit is reached the stock job ends as if it were done.

Real case L3: the creation of thousands of items stopped in the middle without an error
(https://github.com/phpclassic/php-shopify/issues/8, https://github.com/craftcms/shopify/issues/136).
There is no second look at stock besides.
"""

from typing import Any

from ..reference.errors import Unavailable
from ..reference.inventory import Inventory
from ._defect import Defect, replace
from ._stock import changes_only

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="takes a batch of stock that the limit refused for done",
    flow="limits",
    cases=("L3",),
    scenario="api_throttle",
    options={"operation": "inventory*", "throttled": "1", "limited": "12"},
    invariants=("stock_conserved",),
)


def install() -> None:
    """Ignore that the channel cannot be asked just now."""

    async def to_the_limit(inventory: Inventory, rows: list[dict[str, Any]]) -> set[str]:
        try:
            stale: set[str] = await push(inventory, rows)
        except Unavailable:
            return set()
        return stale

    push = replace(Inventory, "_push_batch", to_the_limit)
    changes_only()
