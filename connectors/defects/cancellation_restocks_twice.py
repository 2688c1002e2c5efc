"""A cancelled order's units come back twice: by the cancellation and once more by hand.

Real case S13: two handlers each restored the stock of a cancelled order
(https://github.com/woocommerce/woocommerce/issues/22489).
"""

from typing import Any

from ..reference.channel_order import ChannelOrder
from ..reference.orders import Orders
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="puts a cancelled order's units back on the shelf though Odoo has released them",
    flow="inventory",
    cases=("S13",),
    scenario="flash_sale",
    invariants=("stock_conserved",),
)


def install() -> None:
    """Count the units of a cancelled sale order into stock."""

    async def restock(orders: Orders, odoo_id: int) -> None:
        lines = await orders.odoo.read(
            "sale.order.line", "search_read",
            domain=[["order_id", "=", odoo_id], ["product_id.is_storable", "=", True]],
            fields=["product_id", "product_uom_qty"],
        )  # fmt: skip
        for line in lines:
            quants = await orders.odoo.read(
                "stock.quant", "search_read",
                domain=[["product_id", "=", line["product_id"][0]],
                        ["location_id.usage", "=", "internal"]],
                fields=["quantity"], limit=1,
            )  # fmt: skip
            for quant in quants:
                counted = quant["quantity"] + line["product_uom_qty"]
                await orders.odoo.write(
                    "stock.quant", "write", ids=[quant["id"]],
                    vals={"inventory_quantity": counted},
                )  # fmt: skip
                await orders.odoo.write("stock.quant", "action_apply_inventory", ids=[quant["id"]])

    async def carry_over(
        orders: Orders, order: ChannelOrder, row: dict[str, Any]
    ) -> tuple[str, int | None]:
        status, odoo_id = await whole(orders, order, row)
        if status == "cancelled" and odoo_id is not None:
            await restock(orders, odoo_id)
        return status, odoo_id

    whole = replace(Orders, "_carry_over", carry_over)
