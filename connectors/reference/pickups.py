"""Online orders that are collected in a shop: set aside there, handed over there.

The channel's order is in Odoo already; nothing is sold a second time. When the shop has set the
goods aside, the order's delivery is moved to the shop's shelf, so that Odoo promises the very
pieces that lie there; when they are handed over, the delivery is done.
"""

from typing import Any

from .audit import Audit
from .errors import Refused, Unavailable
from .odoo import Odoo
from .settings import Place
from .store import Store

__all__ = ["Pickups"]

Record = dict[str, Any]
OPEN = ["waiting", "confirmed", "assigned"]
PATIENCE_SECONDS = 120.0  # how long an order that the channel has not told of is waited for


class Pickups:
    """Brings Odoo's deliveries to where the goods are."""

    def __init__(self, store: Store, audit: Audit, odoo: Odoo) -> None:
        self.store, self.audit, self.odoo = store, audit, odoo

    async def order(self, reference: str, resource: str) -> Record:
        """Return our row of the channel's order; raises Unavailable while it is not in Odoo."""
        found = await self.store.row(
            "select gid, name, odoo_id, status from orders where gid = %(r)s or name = %(r)s",
            r=reference,
        )
        if found is not None and found["status"] in ("confirmed", "cancelled"):
            return dict(found)
        task = await self.store.row(
            "select created_at > clock_timestamp() - make_interval(secs => %(s)s) as young "
            "from tasks where resource = %(r)s",
            s=PATIENCE_SECONDS,
            r=resource,
        )
        if found is not None or (task is not None and task["young"]):
            raise Unavailable(f"the online order {reference} is not in Odoo yet", 0.2, 2.0)
        raise Refused("unknown_order", f"the channel has no order {reference}")

    async def set_aside(self, place: Place, order: Record) -> None:
        """Let the order's open delivery leave from the shop's shelf."""
        for picking in await self._deliveries(order, OPEN):
            if picking["location_id"] != place.odoo_location_id:
                moves = picking["move_ids"]
                await self.odoo.write("stock.picking", "do_unreserve", ids=[picking["id"]])
                here = {"location_id": place.odoo_location_id}
                await self.odoo.write("stock.move", "write", ids=moves, vals=here)
                await self.odoo.write("stock.picking", "write", ids=[picking["id"]], vals=here)
            if picking["state"] != "assigned" or picking["location_id"] != place.odoo_location_id:
                await self.odoo.write("stock.picking", "action_assign", ids=[picking["id"]])

    async def hand_over(self, place: Place, order: Record) -> None:
        """Finish the order's delivery; what is done already is not done again."""
        await self.set_aside(place, order)
        for picking in await self._deliveries(order, OPEN):
            rows = await self.odoo.read(
                "stock.move", "read", ids=picking["move_ids"], fields=["product_uom_qty"]
            )
            for row in rows:
                whole = {"quantity": row["product_uom_qty"], "picked": True}
                await self.odoo.write("stock.move", "write", ids=[row["id"]], vals=whole)
            await self.odoo.write(
                "stock.picking",
                "button_validate",
                ids=[picking["id"]],
                context={"skip_sms": True, "skip_backorder": True},
            )
        if await self._deliveries(order, OPEN) or not await self._deliveries(order, ["done"]):
            raise Refused("pickup", f"the delivery of {order['name']} is not done in Odoo")

    async def _deliveries(self, order: Record, states: list[str]) -> list[Record]:
        found: list[Record] = await self.odoo.read(
            "stock.picking",
            "search_read",
            domain=[
                ["sale_id", "=", order["odoo_id"]],
                ["picking_type_code", "=", "outgoing"],
                ["state", "in", states],
            ],
            fields=["state", "location_id", "move_ids"],
            order="id",
            load="",
        )
        return found
