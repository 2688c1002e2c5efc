"""Which SKU is which product and inventory item, and what is free on which shelf in Odoo."""

from typing import Any

from .odoo import Odoo
from .settings import Place
from .shopify import Shopify
from .store import Store

__all__ = ["Shelves"]

VARIANTS = """
query Variants($after: String) {
  productVariants(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id sku inventoryItem { id tracked } }
  }
}
"""


class Shelves:
    """Reads free stock from Odoo by product and mapped location."""

    def __init__(
        self, store: Store, shopify: Shopify, odoo: Odoo, places: tuple[Place, ...]
    ) -> None:
        self.store = store
        self.shopify = shopify
        self.odoo = odoo
        self.places = places
        self._products: dict[int, str] = {}

    async def map_variants(self) -> None:
        """Read every tracked variant of the channel and find its product in Odoo."""
        items: dict[str, str] = {}
        async for node in self.shopify.pages(VARIANTS, "productVariants", {}):
            if node["sku"] and node["inventoryItem"]["tracked"]:
                items[node["sku"]] = node["inventoryItem"]["id"]
        found: list[dict[str, Any]] = await self.odoo.read(
            "product.product",
            "search_read",
            domain=[["default_code", "in", sorted(items)]],
            fields=["default_code"],
            order="id desc",
        )
        products = {row["default_code"]: row["id"] for row in found}
        async with self.store.pool.connection() as connection, connection.transaction():
            for sku, item in sorted(items.items()):
                if sku in products:
                    await connection.execute(
                        "insert into variants values (%s, %s, %s) on conflict (sku) do update "
                        "set item_gid = excluded.item_gid, product_id = excluded.product_id",
                        [sku, item, products[sku]],
                    )
        self._products = {products[sku]: sku for sku in items if sku in products}

    async def products(self) -> dict[int, str]:
        """Return the SKU of every mapped product."""
        if not self._products:
            rows = await self.store.rows(
                "select product_id, sku from variants where product_id > 0"
            )
            self._products = {row["product_id"]: row["sku"] for row in rows}
        return self._products

    async def free(self, products: list[int]) -> dict[tuple[int, int], float]:
        """Return what is on hand and not promised, by product and mapped location.

        What counts as promised is every open demand, reserved or still waiting: Odoo does not
        reserve again by itself what a cancellation gave free, so "on hand less reserved" shows
        pieces that waiting orders need. Both figures come from one call, so from one moment.
        """
        free: dict[tuple[int, int], float] = {}
        for place in self.places if products else ():
            rows: list[dict[str, Any]] = await self.odoo.read(
                "product.product",
                "read",
                ids=products,
                fields=["qty_available", "outgoing_qty"],
                context={"location": place.odoo_location_id},
            )
            for row in rows:
                key = (row["id"], place.odoo_location_id)
                free[key] = row["qty_available"] - row["outgoing_qty"]
        return free
