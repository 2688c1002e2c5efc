"""What a shipment of a delivery says: from where, to whom, how heavy. All of it is Odoo's."""

from decimal import Decimal
from typing import Any

from .errors import Refused
from .odoo import Odoo

__all__ = ["Addresses"]

OUNCES = {"kg": Decimal("35.27396195"), "lb": Decimal(16)}
UNKNOWN_OUNCES = Decimal(16)  # of a parcel whose goods have no weight in Odoo
PARTNER = ["name", "commercial_company_name", "street", "street2", "city", "zip", "state_id",
           "country_code", "phone", "email"]  # fmt: skip


class Addresses:
    """Reads a delivery's addresses and weight in Odoo."""

    def __init__(self, odoo: Odoo) -> None:
        self.odoo = odoo

    async def shipment(self, picking: dict[str, Any]) -> dict[str, Any]:
        """Return the shipment that the carriers are asked for; its reference is the delivery."""
        if not picking["partner_id"]:
            raise Refused("no_address", f"{picking['name']} has nobody to go to")
        return {
            "reference": picking["name"],
            "to_address": await self._address(picking["partner_id"][0]),
            "from_address": await self._address(await self._sender(picking)),
            "parcel": {"weight": float(await self._ounces(picking["id"]))},
        }

    async def currency(self, picking: dict[str, Any]) -> str:
        """Return the code of the currency that the delivery's company counts in."""
        company = await self._one("res.company", picking["company_id"][0], ["currency_id"])
        return str(company["currency_id"][1])

    async def _sender(self, picking: dict[str, Any]) -> int:
        """Return the partner of the delivery's warehouse, or else of its company."""
        kind = await self._one(
            "stock.picking.type", picking["picking_type_id"][0], ["warehouse_id"]
        )
        if kind["warehouse_id"]:
            house = await self._one("stock.warehouse", kind["warehouse_id"][0], ["partner_id"])
            if house["partner_id"]:
                return int(house["partner_id"][0])
        company = await self._one("res.company", picking["company_id"][0], ["partner_id"])
        return int(company["partner_id"][0])

    async def _address(self, partner_id: int) -> dict[str, Any]:
        partner = await self._one("res.partner", partner_id, PARTNER)
        state = ""
        if partner["state_id"]:
            found = await self._one("res.country.state", partner["state_id"][0], ["code"])
            state = str(found["code"])
        said = {
            "name": partner["name"],
            "company": partner["commercial_company_name"],
            "street1": partner["street"],
            "street2": partner["street2"],
            "city": partner["city"],
            "state": state,
            "zip": partner["zip"],
            "country": partner["country_code"],
            "phone": partner["phone"],
            "email": partner["email"],
        }
        return {name: value for name, value in said.items() if value}

    async def _ounces(self, picking_id: int) -> Decimal:
        """Return what the goods weigh that left, in ounces to a tenth."""
        moves = await self.odoo.read(
            "stock.move",
            "search_read",
            domain=[["picking_id", "=", picking_id], ["state", "=", "done"]],
            fields=["product_id", "quantity"],
        )
        products = await self.odoo.read(
            "product.product",
            "read",
            ids=sorted({move["product_id"][0] for move in moves}),
            fields=["weight", "weight_uom_name"],
        )
        weights = {
            row["id"]: Decimal(str(row["weight"]))
            * OUNCES.get(row["weight_uom_name"], OUNCES["kg"])
            for row in products
        }
        total = sum(
            (weights[move["product_id"][0]] * Decimal(str(move["quantity"])) for move in moves),
            Decimal(0),
        )
        return max(total, Decimal("0.1")).quantize(Decimal("0.1")) if total else UNKNOWN_OUNCES

    async def _one(self, model: str, identity: int, fields: list[str]) -> dict[str, Any]:
        found = await self.odoo.read(model, "read", ids=[identity], fields=fields)
        if not found:
            raise Refused("gone", f"{model} {identity} is gone from Odoo")
        row: dict[str, Any] = found[0]
        return row
