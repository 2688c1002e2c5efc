"""Stock is pushed as it lies on the shelf; what is promised to open orders is not taken off.

Real cases S1 and S2: sold units that wait for delivery were put on sale again
(https://github.com/Starktail/woocommerce_fusion/issues/170), 80 pieces shown instead of 51
(https://github.com/libracore/WooCommerceConnector/issues/41).
"""

from typing import Any

from ..reference.shelves import Shelves
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="pushes what is on hand, not what is free",
    flow="inventory",
    cases=("S1", "S2"),
    scenario="flash_sale",
    invariants=("no_oversell", "stock_conserved"),
)


def install() -> None:
    """Read the quantity on hand alone."""

    async def on_hand(shelves: Shelves, products: list[int]) -> dict[tuple[int, int], float]:
        found: dict[tuple[int, int], float] = {}
        for place in shelves.places if products else ():
            rows: list[dict[str, Any]] = await shelves.odoo.read(
                "product.product",
                "read",
                ids=products,
                fields=["qty_available"],
                context={"location": place.odoo_location_id},
            )
            for row in rows:
                found[row["id"], place.odoo_location_id] = row["qty_available"]
        return found

    replace(Shelves, "free", on_hand)
