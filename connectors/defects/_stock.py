"""What several defects of stock have in common."""

from ..reference.inventory import Inventory

__all__ = ["only_new"]


async def only_new(inventory: Inventory) -> None:
    """Put items into the queue that have never been there, instead of comparing all of them."""
    await inventory.shelves.map_variants()
    await inventory.store.rows(
        "insert into dirty (sku) select sku from variants on conflict do nothing"
    )
