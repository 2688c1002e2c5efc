"""A small Odoo in memory for the tests of finished deliveries: answers JSON-2 from tables.

A stand-in for unit tests: domains of plain conditions, no rules, no rights. ``Warehouse`` packs
deliveries into it and holds the parts of the connector that work on them.
"""

import asyncio
import json
from typing import Any

import httpx

from connectors.reference.audit import Audit
from connectors.reference.books import Books
from connectors.reference.deliveries import Deliveries
from connectors.reference.errors import Unavailable
from connectors.reference.odoo import Odoo
from connectors.reference.queue import Queue
from connectors.reference.settings import Place, Settings
from connectors.reference.shopify import Shopify
from connectors.reference.store import Store

__all__ = ["MAIN", "FakeOdoo", "Warehouse"]

MAIN = 8  # the stock location that deliveries leave from
SHOP = "demo_myshopify_com"
METHOD = 77  # the delivery method that is somebody else's


class FakeOdoo:
    """Tables of rows by model and id; ``names`` are external ids by model and id."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[int, dict[str, Any]]] = {
            "res.company": {1: {"currency_id": [1, "USD"], "partner_id": [1, "Peak Demo"]}},
            "res.partner": {
                1: _partner("Peak Demo", "388 Townsend St", "San Francisco", "94107"),
                2: _partner("Ada Lovelace", "179 N Harbor Dr", "Redondo Beach", "90277"),
            },
            "stock.picking.type": {1: {"warehouse_id": [1, "Main"]}},
            "stock.warehouse": {1: {"partner_id": False}},
            "product.product": {
                1: {"weight": 0.5, "weight_uom_name": "kg", "default_code": "TEE-S"},
                2: {"weight": 0.0, "weight_uom_name": "kg", "default_code": "MUG"},
            },
            "stock.picking": {},
            "stock.move": {},
            "delivery.carrier": {},
        }
        self.names: dict[tuple[str, int], str] = {}
        self.calls: list[str] = []
        self.lose: list[str] = []  # calls whose next answer is lost
        self.transport = httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one call."""
        _, _, model, method = request.url.path.rsplit("/", 3)
        call = f"{model}.{method}"
        self.calls.append(call)
        result = getattr(self, f"_{method}")(model, json.loads(request.content))
        if call in self.lose:
            self.lose.remove(call)
            raise httpx.ReadError("reset by peer", request=request)
        return httpx.Response(200, json=result)

    def add(self, model: str, **values: Any) -> int:
        """Add a row; return its id."""
        rows = self.tables[model]
        number = max(rows, default=0) + 1
        rows[number] = values
        return number

    def _search_read(self, model: str, given: dict[str, Any]) -> list[dict[str, Any]]:
        rows = [{"id": number, **row} for number, row in sorted(self.tables[model].items())]
        found = [row for row in rows if all(_holds(row, part) for part in given["domain"])]
        return found[: given.get("limit") or None]

    def _search(self, model: str, given: dict[str, Any]) -> list[int]:
        return [row["id"] for row in self._search_read(model, given)]

    def _read(self, model: str, given: dict[str, Any]) -> list[dict[str, Any]]:
        table = self.tables[model]
        return [{"id": number, **table[number]} for number in given["ids"] if number in table]

    def _load(self, model: str, given: dict[str, Any]) -> dict[str, Any]:
        ids = []
        for cells in given["data"]:
            row = dict(zip(given["fields"], cells, strict=True))
            if ".id" in row:
                number = int(row.pop(".id"))
                self.tables[model][number].update(row)
            else:
                known = [key for key, name in self.names.items() if name == row["id"]]
                number = known[0][1] if known else self.add(model, **row)
                self.names[model, number] = row["id"]
            ids.append(number)
        return {"ids": ids, "messages": []}

    def _get_external_id(self, model: str, given: dict[str, Any]) -> dict[str, str]:
        return {str(number): self.names.get((model, number), "") for number in given["ids"]}


class Warehouse:
    """Packs deliveries, and brings the connector up to date about them."""

    def __init__(self, dsn: str, settings: Settings, attempts: int = 3) -> None:
        place = Place(code="NY", odoo_location_id=MAIN, shopify_location_gid="")
        settings.places = (place,)
        settings.shopify_domain = "demo.myshopify.com"
        self.odoo = FakeOdoo()
        self.store = Store(dsn)
        self.audit = Audit(self.store)
        self.queue = Queue(self.store, self.audit, attempts=attempts, concurrency=2)
        client = Odoo(settings, self.odoo.transport)
        self.shopify = Shopify(settings)
        books = Books(self.store, client)
        self.flow = Deliveries(
            settings, self.store, self.audit, self.queue, self.shopify, client, books, SHOP
        )
        self.queue.handlers.update(self.flow.handlers)

    def pack(
        self,
        order: str,
        moves: dict[str, int],
        tracking: str = "",
        method: int = 0,
        written: str = "2026-11-24 10:00:00",
    ) -> int:
        """Finish a delivery of units by line gid; return its id."""
        gid = order.rsplit("/", 1)[-1]
        sale = int(gid) % 100000
        self.odoo.names["sale.order", sale] = f"channel_shopify.{SHOP}_order_{gid}"
        number = self.odoo.add(
            "stock.picking",
            state="done",
            picking_type_code="outgoing",
            sale_id=[sale, "S1"] if order else False,
            carrier_id=[method, "Parcel"] if method else False,
            carrier_tracking_ref=tracking or False,
            location_id=[MAIN, "Stock"],
            partner_id=[2, "Ada"],
            company_id=[1, "Peak Demo"],
            picking_type_id=[1, "Deliveries"],
            write_date=written,
        )
        self.odoo.tables["stock.picking"][number]["name"] = f"WH/OUT/{number:05d}"
        for line, units in moves.items():
            name = line.rsplit("/", 1)[-1]
            row = int(name) % 100000
            self.odoo.names["sale.order.line", row] = (
                f"channel_shopify.{SHOP}_order_{gid}_line_{name}"
            )
            self.odoo.add(
                "stock.move", picking_id=number, state="done", sale_line_id=[row, "line"],
                quantity=float(units), product_id=[1, "Tee"],
            )  # fmt: skip
        return number

    def picking(self, number: int) -> dict[str, Any]:
        """Return a delivery's row."""
        return self.odoo.tables["stock.picking"][number]

    async def open(self) -> None:
        """Connect, and take over what is there as not ours."""
        await self.store.open(self.flow.tables)
        await self.queue.open()
        await self.flow.prepare()

    async def close(self) -> None:
        """Give every connection back."""
        await self.flow.close()
        await self.shopify.close()
        await self.queue.close()
        await self.store.close()

    async def wanted(self) -> list[str]:
        """Return the resources that are to be worked on, oldest first."""
        rows = await self.store.rows(
            "select resource from tasks where wanted > done order by created_at, resource"
        )
        return [row["resource"] for row in rows]

    async def bring(self, resource: str, tries: int = 12) -> int:
        """Run a resource's handler until it is through; return how often it had to wait."""
        queue = "shipping" if resource.startswith("label:") else "fulfilment"
        for waited in range(tries):
            try:
                await self.flow.handlers[queue](resource)
            except Unavailable:
                await asyncio.sleep(0)
            else:
                return waited
        raise AssertionError(f"{resource} was never through")


def _partner(name: str, street: str, city: str, code: str) -> dict[str, Any]:
    return {
        "name": name, "commercial_company_name": False, "street": street, "street2": False,
        "city": city, "zip": code, "state_id": False, "country_code": "US", "phone": False,
        "email": False,
    }  # fmt: skip


def _holds(row: dict[str, Any], part: list[Any]) -> bool:
    """Tell whether a row meets one condition of a domain."""
    name, operator, value = part
    said = row[name]
    if operator == "=":
        return bool(said == value)
    if operator == ">":
        return bool(said > value)
    if operator == ">=":
        return bool(said >= value)
    assert operator == "in", operator
    return said in value
