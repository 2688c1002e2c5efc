"""An order whose creation was not answered is created once more.

Real case O17: the answer was lost on the way, the client had no id from the server to know the
order by, and its retry made another one (https://github.com/odoo/odoo/issues/40567,
https://github.com/odoo/odoo/issues/42862, https://github.com/odoo/odoo/pull/180278). So it goes
as well when the connector dies between Odoo's commit and the answer.
"""

from typing import Any

from ..reference.orders import Orders
from ._defect import Defect, replace
from ._fresh import fresh_ids

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="creates an order again when the answer to its creation is lost",
    flow="orders",
    cases=("O17",),
    scenario="worst_moment",
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Know only the orders whose id was answered, and look for no others."""

    async def known(orders: Orders, gid: str) -> dict[str, Any] | None:
        row = await orders.store.row("select odoo_id from orders where gid = %(g)s", g=gid)
        if row is None or row["odoo_id"] is None:
            return None
        found: dict[str, Any] = await orders._read(row["odoo_id"])
        return found

    replace(Orders, "_find", known)
    fresh_ids()
