"""Goods that come back: a return picking in Odoo of the very deliveries that sent them, once.

Every return has an external id made of the refund's, so a lost answer makes no second one.
What was never sent needs none: its units come off the order, and so off the open delivery.
"""

from typing import Any, cast

from .audit import Audit
from .books import MODULE
from .channel_order import ChannelOrder
from .channel_refund import Refund
from .errors import Refused
from .odoo import Odoo
from .orders import external_id, number_of
from .settings import Place

__all__ = ["GoodsBack"]

ANSWERED = {"skip_sms": True, "skip_backorder": True}
PICKING = [
    "id",
    "picking_type_id/.id",
    "partner_id/.id",
    "location_id/.id",
    "location_dest_id/.id",
    "origin",
    "return_id/.id",
]
MOVES = [
    "move_ids/id",
    "move_ids/product_id/.id",
    "move_ids/product_uom/.id",
    "move_ids/product_uom_qty",
    "move_ids/location_id/.id",
    "move_ids/location_dest_id/.id",
    "move_ids/origin_returned_move_id/.id",
    "move_ids/sale_line_id/.id",
    # What was sold stays sold and sent: the credit note alone says what was given back.
    "move_ids/to_refund",
]
Record = dict[str, Any]


class GoodsBack:
    """Takes returned units back into stock."""

    def __init__(self, audit: Audit, odoo: Odoo, places: tuple[Place, ...], shop: str) -> None:
        self.audit = audit
        self.odoo = odoo
        self.places = {place.shopify_location_gid: place.odoo_location_id for place in places}
        self.shop = shop

    async def take(self, order: ChannelOrder, refund: Refund) -> int | None:
        """Bring a refund's returned units into stock; return the picking, None without any."""
        wanted = [
            (line.line_gid, line.units, self.places.get(line.location_gid))
            for line in refund.lines
            if line.restock == "RETURN" and line.units
        ]
        if not wanted:
            return None
        name = f"{self.shop}_return_{number_of(refund.gid)}"
        picking = await self._find(name)
        if picking is None:
            parts = await self._parts(order, wanted)
            if not parts:
                return None
            await self.audit.record("intent return", order.gid, refund=refund.gid)
            await self._load(name, order, parts)
            picking = await self._find(name)
            assert picking is not None
        if picking["state"] == "cancel":
            raise Refused("cancelled_in_odoo", f"{picking['name']} was cancelled in Odoo")
        if picking["state"] != "done":
            await self._receive(picking)
        return int(picking["id"])

    async def _find(self, name: str) -> Record | None:
        links = await self._links("stock.picking", [name])
        if not links:
            return None
        found = await self.odoo.read(
            "stock.picking",
            "search_read",
            domain=[["id", "=", links[name]]],
            fields=["name", "state"],
        )
        return cast(Record, found[0]) if found else None

    async def _links(self, model: str, names: list[str]) -> dict[str, int]:
        rows = await self.odoo.read(
            "ir.model.data",
            "search_read",
            domain=[["module", "=", MODULE], ["name", "in", names], ["model", "=", model]],
            fields=["name", "res_id"],
        )
        return {row["name"]: int(row["res_id"]) for row in rows}

    async def _parts(
        self, order: ChannelOrder, wanted: list[tuple[str, int, int | None]]
    ) -> list[tuple[Record, int, int]]:
        """Return which moves sent the units, how many of each come back, and to which shelf.

        Units that Odoo never sent are left out: they are off the order already.
        """
        begin = external_id(self.shop, order.gid).removeprefix(f"{MODULE}.")
        names = {gid: f"{begin}_line_{number_of(gid)}" for gid, _, _ in wanted}
        lines = await self._links("sale.order.line", [*names.values()])
        moves: list[Record] = await self.odoo.read(
            "stock.move",
            "search_read",
            domain=[["sale_line_id", "in", [*lines.values()]], ["state", "=", "done"]],
            fields=[
                "quantity",
                "product_id",
                "product_uom",
                "sale_line_id",
                "location_id",
                "location_dest_id",
                "location_dest_usage",
                "picking_id",
                "origin_returned_move_id",
            ],
            order="id",
            load="",
        )
        left = {
            move["id"]: int(move["quantity"])
            for move in moves
            if move["location_dest_usage"] == "customer"
        }
        for move in moves:
            if move["origin_returned_move_id"] in left:
                left[move["origin_returned_move_id"]] -= int(move["quantity"])
        parts = []
        for gid, units, shelf in wanted:
            for move in moves:
                part = min(units, left.get(move["id"], 0))
                if part > 0 and move["sale_line_id"] == lines.get(names[gid]):
                    parts.append((move, part, shelf or move["location_id"]))
                    left[move["id"]] -= part
                    units -= part
        return parts

    async def _load(
        self, name: str, order: ChannelOrder, parts: list[tuple[Record, int, int]]
    ) -> None:
        """Write the return of the first delivery down, with every move that belongs to it."""
        first = parts[0][0]
        sent = (
            await self.odoo.read(
                "stock.picking",
                "read",
                ids=[first["picking_id"]],
                fields=["name", "partner_id", "picking_type_id"],
                load="",
            )
        )[0]
        types = await self.odoo.read(
            "stock.picking.type",
            "read",
            ids=[sent["picking_type_id"]],
            fields=["return_picking_type_id"],
            load="",
        )
        head = [
            f"{MODULE}.{name}",
            str(types[0]["return_picking_type_id"] or sent["picking_type_id"]),
            str(sent["partner_id"] or ""),
            str(first["location_dest_id"]),
            str(parts[0][2]),
            f"Return of {sent['name']} {order.name}",
            str(first["picking_id"]),
        ]
        rows = [
            [
                *(head if not place else [""] * len(head)),
                f"{MODULE}.{name}_{place}",
                str(move["product_id"]),
                str(move["product_uom"]),
                str(units),
                str(move["location_dest_id"]),
                str(shelf),
                str(move["id"]),
                str(move["sale_line_id"]),
                "0",
            ]
            for place, (move, units, shelf) in enumerate(parts)
        ]
        await self.odoo.load("stock.picking", [*PICKING, *MOVES], rows)

    async def _receive(self, picking: Record) -> None:
        """Confirm the return and put its pieces on the shelf."""
        if picking["state"] == "draft":
            await self.odoo.write("stock.picking", "action_confirm", ids=[picking["id"]])
        moves = await self.odoo.read(
            "stock.move",
            "search_read",
            domain=[["picking_id", "=", picking["id"]], ["state", "not in", ["cancel", "done"]]],
            fields=["product_uom_qty"],
        )
        for move in moves:
            vals = {"quantity": move["product_uom_qty"], "picked": True}
            await self.odoo.write("stock.move", "write", ids=[move["id"]], vals=vals)
        answer = await self.odoo.write(
            "stock.picking", "button_validate", ids=[picking["id"]], context=ANSWERED
        )
        if isinstance(answer, dict):
            asked = answer.get("res_model", "something")
            raise Refused("asked", f"Odoo asked for {asked} about {picking['name']}")
