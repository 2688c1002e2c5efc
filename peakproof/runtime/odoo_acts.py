"""What people do in Odoo during a story: sell over the counter, count, receive.

``OdooActs.act(action, arguments)`` does one deed over JSON-2 as a clerk would through the
screens. Refusals (nothing free) raise SimulatorRefused with a code; a transport error means
that the deed may have happened.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from peakproof.errors import SimulatorRefused, UnknownName
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.odoo_shop import OdooShop

__all__ = ["OdooActs"]

_QUIET = {"skip_sms": True, "skip_backorder": True}


class OdooActs:
    """The deeds, by action name."""

    def __init__(self, odoo: Odoo, shop: OdooShop) -> None:
        self.odoo = odoo
        self.shop = shop
        # One pair of hands per shelf: a count and a sale of the same item take turns, as
        # Odoo would otherwise apply a count that was taken before the sale.
        self._shelves: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.actions: dict[str, Callable[..., dict[str, Any]]] = {
            "store_sale": self.store_sale,
            "adjust_stock": self.adjust_stock,
        }

    def act(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Do a deed and return what it brought about."""
        if action not in self.actions:
            raise UnknownName("Odoo action", action, self.actions)
        with self._shelves[str(arguments.get("sku"))]:
            return self.actions[action](**arguments)

    def store_sale(self, sku: str, quantity: int, location_code: str) -> dict[str, Any]:
        """Sell pieces over the counter, if Odoo shows them as free at the till."""
        product, location = self._place(sku, location_code)
        free = self._stock(product, location)["free_qty"]
        if free < quantity:
            raise SimulatorRefused("sold_out", f"{sku}: {free:g} free, {quantity} wanted")
        picking = self.odoo.call(
            "stock.picking",
            "create",
            vals_list=[
                {
                    "picking_type_id": self.shop.out_type_id,
                    "location_id": location,
                    "location_dest_id": self.shop.customer_location_id,
                    "origin": "Store sale",
                    "move_ids": [
                        [
                            0,
                            0,
                            {
                                "product_id": product,
                                "product_uom_qty": quantity,
                                "location_id": location,
                                "location_dest_id": self.shop.customer_location_id,
                                "picked": True,
                                "quantity": quantity,
                            },
                        ]
                    ],
                }
            ],
        )[0]
        self.odoo.call("stock.picking", "button_validate", ids=[picking], context=_QUIET)
        state = self.odoo.call("stock.picking", "read", ids=[picking], fields=["state"])[0]
        if state["state"] != "done":
            raise SimulatorRefused(
                "not_validated", f"the store's picking {picking} stayed {state['state']}"
            )
        return {"picking_id": picking, "quantity": quantity}

    def adjust_stock(self, sku: str, change: int, location_code: str) -> dict[str, Any]:
        """Count the shelf: the stock on hand becomes what it was plus ``change``."""
        product, location = self._place(sku, location_code)
        found = self.odoo.call(
            "stock.quant",
            "search_read",
            domain=[["product_id", "=", product], ["location_id", "=", location]],
            fields=["quantity"],
        )
        on_hand = sum(row["quantity"] for row in found)
        mode = {"inventory_mode": True}
        quants = [row["id"] for row in found] or self.odoo.call(
            "stock.quant",
            "create",
            vals_list=[{"product_id": product, "location_id": location}],
            context=mode,
        )
        self.odoo.call(
            "stock.quant",
            "write",
            ids=quants[:1],
            vals={"inventory_quantity": on_hand + change},
            context=mode,
        )
        self.odoo.call("stock.quant", "action_apply_inventory", ids=quants[:1])
        after = self._stock(product, location)
        return {"on_hand_before": on_hand, "on_hand_after": after["qty_available"]}

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
