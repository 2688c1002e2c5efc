"""A sale that the till sends a second time, after it was offline, is a second sale.

Real case O17: the till had no answer and sent its orders again, and each stood there twice
(https://github.com/odoo/odoo/issues/42862, https://github.com/odoo/odoo/issues/108518,
https://github.com/odoo/odoo/issues/152259).
"""

from typing import Any

from ..reference.pos import Pos
from ..reference.till import Receipt, read_sale
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books a sale again that an offline till has sent twice",
    flow="pos",
    cases=("O17",),
    scenario="store_offline",
    invariants=("pos_sales_once",),
)


def install() -> None:
    """Read an order that repeats another's payment as one that was paid with its own."""

    async def sale(pos: Pos, row: dict[str, Any]) -> Receipt:
        order = await pos.square.order(row["square_id"])
        payments = [
            await pos.square.payment(tender["payment_id"]) for tender in order.get("tenders", [])
        ]
        own = [
            payment | ({} if payment["order_id"] == order["id"] else {"id": order["id"]})
            for payment in payments
        ]
        items = {line.get("catalog_object_id", "") for line in order["line_items"]}
        return read_sale(order, own, await pos.square.skus(items - {""}))

    replace(Pos, "_sale", sale)
