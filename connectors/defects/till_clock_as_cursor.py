"""New sales are those that were made after the last one that is known, by the till's clock.

Real cases: a till keeps the time of its own device, for it must work offline, and that is often
wrong (https://github.com/odoo/odoo/pull/271581, https://github.com/odoo/odoo/issues/25606); what
was sold offline arrives after what was sold later. A slow clock hides the sales of its own till, a
fast one takes the cursor into the future, and hides everybody's. It has the looks of O7.
"""

from collections.abc import AsyncIterator, Collection
from typing import Any

from ..reference import pos
from ..reference.square import Square
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="looks for new sales by the clock of the till",
    flow="pos",
    cases=("O7",),
    scenario="store_offline",
    invariants=("pos_sales_once",),
)


def install() -> None:
    """Leave out what was sold before the cursor, and move the cursor to the newest sale."""

    async def orders_since(
        square: Square, places: Collection[str], begin: str
    ) -> AsyncIterator[dict[str, Any]]:
        async for order in whole(square, places, ""):
            sold = await sold_at(square, order)
            if sold >= begin:
                yield {**order, "updated_at": sold}

    async def sold_at(square: Square, order: dict[str, Any]) -> str:
        for tender in order.get("tenders", []):
            payment = await square.payment(tender["payment_id"])
            offline = payment.get("offline_payment_details") or {}
            return str(offline.get("client_created_at") or payment["created_at"])
        return str(order["updated_at"])

    whole = replace(Square, "orders_since", orders_since)
    replace(pos, "OVERLAP_SECONDS", 0)
