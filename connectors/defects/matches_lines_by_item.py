"""What a delivery moved is told by item: of two lines with the same item the first gets it all.

Real case F1: with one item on two lines of an order the wrong quantities were shown as shipped
(https://github.com/frappe/ecommerce_integrations/commit/7d663c1).
"""

from collections import Counter

from ..reference.fulfilment import Fulfilment
from ..reference.parcels import Units
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="matches what was shipped by item, not by line",
    flow="fulfilment",
    cases=("F1",),
    scenario="partial_shipment",
    invariants=("fulfilled_once",),
)


def install() -> None:
    """Sum up by item, and fill the order's lines of that item one after the other."""

    async def by_item(fulfilment: Fulfilment, picking_id: int, prefix: str) -> Units:
        moves = await fulfilment.odoo.read(
            "stock.move",
            "search_read",
            domain=[["picking_id", "=", picking_id], ["state", "=", "done"]],
            fields=["product_id", "quantity", "sale_line_id"],
        )
        sold = [move["sale_line_id"][0] for move in moves if move["sale_line_id"]]
        lines = await fulfilment.odoo.read(
            "sale.order.line",
            "search_read",
            domain=[["order_id.order_line", "in", sold]],
            fields=["product_id", "product_uom_qty"],
            order="id",
        )
        names = await fulfilment._names("sale.order.line", [line["id"] for line in lines])
        left: Counter[int] = Counter()
        for move in moves:
            left[move["product_id"][0]] += int(move["quantity"])
        units: Units = {}
        for line in lines:
            item = line["product_id"][0]
            count = min(left[item], int(line["product_uom_qty"]))
            left[item] -= count
            if count and names.get(line["id"], "").startswith(prefix):
                units[f"gid://shopify/LineItem/{names[line['id']].removeprefix(prefix)}"] = count
        return units

    replace(Fulfilment, "_units", by_item)
