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
        self._under: dict[int, int] = {}  # stock location -> the mapped location it belongs to
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
        """Return what is on hand and not reserved, by product and mapped location, in one call."""
        if not products:
            return {}
        quants: list[dict[str, Any]] = await self.odoo.read(
            "stock.quant",
            "search_read",
            domain=[
                ["location_id", "child_of", [place.odoo_location_id for place in self.places]],
                ["product_id", "in", products],
            ],
            fields=["product_id", "location_id", "quantity", "reserved_quantity"],
            load="",  # ids without names: those of products take long
        )
        free: dict[tuple[int, int], float] = {}
        for quant in quants:
            place = await self._mapped(quant["location_id"])
            key = (quant["product_id"], place)
            free[key] = free.get(key, 0.0) + quant["quantity"] - quant["reserved_quantity"]
        return free

    async def _mapped(self, location: int) -> int:
        """Return the nearest mapped location at or above a stock location."""
        if location not in self._under:
            mapped = {place.odoo_location_id for place in self.places}
            row = (
                await self.odoo.read(
                    "stock.location", "read", ids=[location], fields=["parent_path"]
                )
            )[0]
            path = [int(part) for part in str(row["parent_path"]).strip("/").split("/")]
            self._under[location] = next(p for p in reversed(path) if p in mapped)
        return self._under[location]
