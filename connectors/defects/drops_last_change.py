"""A change that comes while stock is being pushed is forgotten: the older job clears its flag.

Real case S14: what changed while a synchronisation was queued was never sent, because the job
marked the item as done when it ended, not as of when it had begun
(https://github.com/frappe/erpnext_shopify/issues/104). Writes wait five seconds in a queue
here, and there is no second look at stock besides.
"""

import asyncio
from typing import Any

from ..reference.inventory import Inventory
from ..reference.settings import Place
from ._defect import Defect, replace
from ._stock import changes_only

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="drops a change of stock that comes while an older one is being pushed",
    flow="inventory",
    cases=("S14",),
    scenario="quiet_day",
    options={"evening_moves": "2"},
    invariants=("stock_conserved",),
)

QUEUED_SECONDS = 5.0


def install() -> None:
    """Clear the flag by item instead of by version."""

    async def queued(inventory: Inventory, place: Place, wanted: list[dict[str, Any]]) -> set[str]:
        await asyncio.sleep(QUEUED_SECONDS if wanted else 0)
        stale: set[str] = await write(inventory, place, wanted)
        return stale

    async def cleared(inventory: Inventory, rows: list[dict[str, Any]]) -> set[str]:
        stale: set[str] = await push(inventory, rows)
        await inventory.store.rows(
            "update dirty set done = wanted where sku = any(%(skus)s)",
            skus=[row["sku"] for row in rows if row["sku"] not in stale],
        )
        return stale

    write = replace(Inventory, "_set", queued)
    push = replace(Inventory, "_push_batch", cleared)
    changes_only()
