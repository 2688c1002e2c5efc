"""What people do in Odoo during a story: sell over the counter, count, receive.

Deeds on orders and parcels are in odoo_warehouse.py, those in the books in odoo_office.py.

``OdooActs.act(action, arguments)`` does one deed over JSON-2 as a clerk would through the
screens. Refusals (nothing free) raise SimulatorRefused with a code; a transport error means
that the deed may have happened.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx

from peakproof.errors import OdooRefused, SimulatorRefused, UnknownName
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.odoo_office import Office
from peakproof.runtime.odoo_shop import OdooShop
from peakproof.runtime.odoo_warehouse import Desk

__all__ = ["OdooActs"]

_QUIET = {"skip_sms": True, "skip_backorder": True}


class OdooActs:
    """The deeds, by action name."""

    def __init__(
        self,
        odoo: Odoo,
        shop: OdooShop,
        correlation: Callable[[], dict[str, list[int]]],
        today: Callable[[], date],
    ) -> None:
        self.odoo = odoo
        self.shop = shop
        # One pair of hands per shelf: a count and a sale of the same item take turns, as
        # Odoo would otherwise apply a count that was taken before the sale.
        self._shelves: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.actions: dict[str, Callable[..., dict[str, Any]]] = {
            "store_sale": self.store_sale,
            "adjust_stock": self.adjust_stock,
            "add_item": self.add_item,
        }
        self.elsewhere = Desk(odoo, shop, correlation).actions | Office(odoo, today).actions

    def act(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Do a deed and return what it brought about.

        Raises httpx.ReadError, "it may have happened", when Odoo fails in the middle of it:
        with some of its calls done a deed has not definitely failed.
        """
        begin = self.odoo.writes
        try:
            return self._do(action, arguments)
        except (httpx.ConnectError, OdooRefused) as error:
            if self.odoo.writes == begin:
                raise
            raise httpx.ReadError(f"in the middle of {action}: {error}") from error

    def _do(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if action in self.elsewhere:
            return self.elsewhere[action](**arguments)
        if action not in self.actions:
            raise UnknownName("Odoo action", action, self.actions | self.elsewhere)
        with self._shelves[str(arguments.get("sku"))]:
            return self.actions[action](**arguments)

    def store_sale(self, sku: str, quantity: int, location_code: str) -> dict[str, Any]:
        """Sell pieces over the counter, if Odoo shows them as free at the till."""
        product, location = self._place(sku, location_code)
        free = self._stock(product, location)["free_qty"]
        if free < quantity:
            raise SimulatorRefused("sold_out", f"{sku}: {free:g} free, {quantity} wanted")
        shop = self.shop
        picking = self._move(
            product, quantity, (location, shop.customer_location_id), shop.out_type_id, "Store sale"
        )
        return {"picking_id": picking, "quantity": quantity}

    def adjust_stock(self, sku: str, change: int, location_code: str) -> dict[str, Any]:
        """Receive pieces (``change`` above zero) or write them off (below zero).

        Both are moves of so many pieces. Counting the shelf would name an absolute quantity,
        which is wrong when Odoo keeps the stock of a busy shelf in two rows for a moment.
        """
        product, location = self._place(sku, location_code)
        before = self._stock(product, location)["qty_available"]
        shop = self.shop
        if change > 0:
            way, type_id = (shop.supplier_location_id, location), shop.in_type_id
        else:
            way, type_id = (location, shop.loss_location_id), shop.out_type_id
        picking = self._move(product, abs(change), way, type_id, "Stock adjustment")
        after = self._stock(product, location)["qty_available"]
        return {"picking_id": picking, "on_hand_before": before, "on_hand_after": after}

    def add_item(self, sku: str, title: str, price: str) -> dict[str, Any]:
        """Enter an item that the channel sells and nobody told Odoo; it keeps no stock.

        Refused: already_there, where somebody (a connector of the catalogue) has told Odoo.
        """
        there = self.odoo.search_read("product.product", [["default_code", "=", sku]], ["id"])
        if there:
            raise SimulatorRefused("already_there", f"{sku} is product {there[0]['id']}")
        taxes = [[6, 0, [self.shop.tax_id] if self.shop.tax_id else []]]
        (product,) = self.odoo.create(
            "product.product",
            {
                "name": title,
                "default_code": sku,
                "list_price": float(price),
                "is_storable": False,
                "invoice_policy": "order",
                "taxes_id": taxes,
            },
        )
        self.shop.product_ids[sku] = product
        return {"product_id": product}

    def _move(
        self, product: int, quantity: int, way: tuple[int, int], type_id: int, origin: str
    ) -> int:
        """Move pieces from one location to another, done at once; return the picking."""
        source, destination = way
        move = {
            "product_id": product,
            "product_uom_qty": quantity,
            "location_id": source,
            "location_dest_id": destination,
            "picked": True,
            "quantity": quantity,
        }
        picking: int = self.odoo.call(
            "stock.picking",
            "create",
            vals_list=[
                {
                    "picking_type_id": type_id,
                    "location_id": source,
                    "location_dest_id": destination,
                    "origin": origin,
                    "move_ids": [[0, 0, move]],
                }
            ],
        )[0]
        self.odoo.call("stock.picking", "button_validate", ids=[picking], context=_QUIET)
        state = self.odoo.call("stock.picking", "read", ids=[picking], fields=["state"])[0]
        if state["state"] != "done":
            raise SimulatorRefused(
                "not_validated", f"{origin}: picking {picking} stayed {state['state']}"
            )
        return picking

    def _place(self, sku: str, location_code: str) -> tuple[int, int]:
        if sku not in self.shop.product_ids:
            raise UnknownName("SKU", sku, self.shop.product_ids, "Odoo")
        if location_code not in self.shop.location_ids:
            raise UnknownName("location", location_code, self.shop.location_ids, "Odoo")
        return self.shop.product_ids[sku], self.shop.location_ids[location_code]

    def _stock(self, product: int, location: int) -> dict[str, float]:
        rows: list[dict[str, float]] = self.odoo.call(
            "product.product",
            "read",
            ids=[product],
            fields=["qty_available", "free_qty"],
            context={"location": location},
        )
        return rows[0]
