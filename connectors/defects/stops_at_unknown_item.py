"""The stock job ends at the first item that Odoo does not have; what comes after is never pushed.

One entry that cannot be mapped takes the whole batch with it, and only the log knows (cases L7
and S17: https://github.com/microsoft/BCApps/pull/9211).
"""

from ..reference.audit import say
from ..reference.shelves import VARIANTS, Shelves
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="stops its stock job at the first item that Odoo does not have",
    flow="inventory",
    cases=("L7", "S17"),
    scenario="quiet_day",
    options={"strange_items": "1"},
    invariants=("stock_conserved",),
)


def install() -> None:
    """Map items one by one, and give up at the first that fails."""

    async def map_one_by_one(shelves: Shelves) -> None:
        shelves._products = {}
        async for node in shelves.shopify.pages(VARIANTS, "productVariants", {}):
            sku, item = node["sku"], node["inventoryItem"]["id"]
            found = await shelves.odoo.read(
                "product.product", "search", domain=[["default_code", "=", sku]]
            )
            if not found:
                say("stock job failed", reason=f"no product {sku}")
                return
            await shelves.store.rows(
                "insert into variants values (%(sku)s, %(item)s, %(product)s) "
                "on conflict (sku) do nothing",
                sku=sku,
                item=item,
                product=found[0],
            )
            shelves._products[found[0]] = sku

    replace(Shelves, "map_variants", map_one_by_one)
