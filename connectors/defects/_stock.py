"""The reference without a second look at stock, as several defects have it.

It neither compares all stock now and then nor listens to changes of the channel's levels, its
own among them: what is not pushed when it changes in Odoo stays as it is.
"""

from ..reference import reconcile
from ..reference.inbox import TOPICS
from ..reference.inventory import Inventory
from ._defect import replace

__all__ = ["changes_only"]


def changes_only() -> None:
    """Push items that were linked just now, and what has changed in Odoo."""

    async def compare_new(inventory: Inventory) -> None:
        await inventory.shelves.map_variants()
        await inventory.store.rows(
            "insert into dirty (sku) select sku from variants on conflict do nothing"
        )

    replace(Inventory, "compare_all", compare_new)
    topics = {name: topic for name, topic in TOPICS.items() if "inventory" not in name}
    replace(reconcile, "TOPICS", topics)
