"""What warehouse and office people do with orders in Odoo: pick, pack, ship, take goods back.

Each deed is what the buttons do, over JSON-2, with the questions of Odoo's dialogs answered
beforehand. ``Desk.find(order)`` finds the sale order of a channel's order by asking the
connector's correlation, and waits for it as a picker would.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cached_property
from typing import Any

from peakproof.errors import OdooRefused, SimulatorRefused, WaitExpired
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.odoo_shop import OdooShop
from peakproof.seed import wait_until

__all__ = ["Desk"]

Lines = list[dict[str, Any]]

ARRIVAL_LIMIT_SECONDS = 60.0
OPEN_STATES = ("draft", "waiting", "confirmed", "assigned")
PRESS_AGAIN_SECONDS = 1.0  # how long a packer waits before pressing the button again
PRESS_LIMIT_SECONDS = 60.0
# Odoo's dialogs, answered beforehand: no text message, a backorder for what is left.
ANSWERED = {"skip_sms": True, "skip_backorder": True}


class Desk:
    """Deeds on sale orders and their pickings. ``correlation`` tells gid -> sale order ids."""

    def __init__(
        self, odoo: Odoo, shop: OdooShop, correlation: Callable[[], dict[str, list[int]]]
    ) -> None:
        self.odoo = odoo
        self.shop = shop
        self.correlation = correlation
        self.actions: dict[str, Callable[..., dict[str, Any]]] = {
            "enter_order": self.enter_order,
            "ship": self.ship,
            "cancel_rest": self.cancel_rest,
            "take_back": self.take_back,
        }

    def enter_order(
        self, customer: dict[str, Any], lines: Lines, reference: str, carrier: bool = False
    ) -> dict[str, Any]:
        """Enter and confirm an order by telephone; with ``carrier`` to be sent by parcel."""
        (partner,) = self.odoo.create("res.partner", self._partner(customer))
        values = {
            "partner_id": partner,
            "client_order_ref": reference,
            "order_line": [
                [0, 0, {"product_id": self.shop.product_ids[line["sku"]],
                        "product_uom_qty": line["quantity"]}]
                for line in lines
            ],
        }  # fmt: skip
        if carrier:
            values["carrier_id"] = self._carrier()
        (order,) = self.odoo.create("sale.order", values)
        self.odoo.call("sale.order", "action_confirm", ids=[order])
        shown = self.odoo.read("sale.order", [order], ["name", "state", "amount_total"])[0]
        return {"odoo_order_id": order, "name": shown["name"], "state": shown["state"]}

    def find(self, order: str | int) -> int:
        """Return the sale order of a channel order's gid (or the id itself), once it is there.

        Raises SimulatorRefused("not_arrived").
        """
        if isinstance(order, int):
            return order

        def arrived() -> int:
            found = self.correlation().get(order) or [0]
            return found[0]

        try:
            number = wait_until(arrived, ARRIVAL_LIMIT_SECONDS, order, poll_seconds=0.3)
            self._confirmed(number)
        except WaitExpired as error:
            raise SimulatorRefused("not_arrived", f"{order} never arrived in Odoo") from error
        return number

    def ship(
        self,
        order: str | int,
        lines: Lines | None = None,
        tracking: str = "",
        packages: int = 1,
        tries: int = 1,
    ) -> dict[str, Any]:
        """Send what is given (all of it without ``lines``); the rest becomes a backorder.

        With ``tries`` the button is pressed again, a moment later, when Odoo refuses.

        The first line of ``lines`` that names an SKU means the first such line of the order,
        the second the second. Nobody can send what does not lie there, though Odoo would book
        it. Refused: not_arrived, nothing_to_ship, not_on_the_shelf, not_validated.
        """
        number = self.find(order)
        picking = self._open_pickings(number)[0]
        moves = self._moves(picking)
        wanted = _spread(moves, lines)
        self._look_at_the_shelf(moves, wanted)
        for move in moves:
            quantity = wanted.get(move["id"], 0)
            self.odoo.write(
                "stock.move", [move["id"]], {"quantity": quantity, "picked": quantity > 0}
            )
        self._label(picking, tracking, packages)
        self._validate(picking, tries)
        fields = [name for name in ("name", "state", "carrier_tracking_ref") if self._has(name)]
        shown = self.odoo.read("stock.picking", [picking], fields)[0]
        if shown["state"] != "done":
            raise SimulatorRefused("not_validated", f"picking {picking} stayed {shown['state']}")
        return {
            "odoo_order_id": number,
            "picking_id": picking,
            "name": shown["name"],
            "tracking": shown.get("carrier_tracking_ref") or "",
            "units": sum(wanted.values()),
        }

    def cancel_rest(self, order: str | int) -> dict[str, Any]:
        """Cancel what has not been sent."""
        pickings = self._open_pickings(self.find(order))
        self.odoo.call("stock.picking", "action_cancel", ids=pickings)
        return {"pickings": pickings}

    def take_back(self, order: str | int, lines: Lines) -> dict[str, Any]:
        """Receive returned pieces of the last delivery that had them, and put them on the shelf."""
        number = self.find(order)
        done = self.odoo.search_read(
            "stock.picking",
            [["sale_id", "=", number], ["state", "=", "done"], ["return_id", "=", False]],
            ["id"],
        )
        if not done:
            raise SimulatorRefused("not_shipped", f"order {number} has no delivery")
        picking = max(row["id"] for row in done)
        context = {"active_model": "stock.picking", "active_id": picking, "active_ids": [picking]}
        (wizard,) = self.odoo.call("stock.return.picking", "create", vals_list=[{}],
                                   context=context)  # fmt: skip
        rows = self.odoo.search_read(
            "stock.return.picking.line", [["wizard_id", "=", wizard]], ["product_id", "quantity"]
        )
        left = {self.shop.product_ids[line["sku"]]: line["quantity"] for line in lines}
        for row in rows:
            quantity = left.pop(row["product_id"][0], 0)
            self.odoo.write("stock.return.picking.line", [row["id"]], {"quantity": quantity})
        if left:
            raise SimulatorRefused("not_in_delivery", f"picking {picking} had none of {left}")
        back = self.odoo.call("stock.return.picking", "action_create_returns", ids=[wizard])
        returned = int(back["res_id"])
        for move in self._moves(returned):
            self.odoo.write(
                "stock.move",
                [move["id"]],
                {"quantity": move["product_uom_qty"], "picked": True},
            )
        self._validate(returned)
        return {"odoo_order_id": number, "picking_id": returned}

    def _partner(self, customer: dict[str, Any]) -> dict[str, Any]:
        country = self.odoo.search_read(
            "res.country", [["code", "=", customer["country_code"]]], ["id"]
        )
        return {
            "name": f"{customer['first_name']} {customer['last_name']}",
            "email": customer["email"],
            "phone": customer["phone"],
            "street": customer["address1"],
            "city": customer["city"],
            "zip": customer["zip"],
            "country_id": country[0]["id"],
        }

    def _carrier(self) -> int:
        """Return the delivery method that a parcel carrier stands behind.

        A carrier's own kind is preferred. A connector outside Odoo can only set up a method of a
        general kind: then it is the one that was set up last.
        """
        found = self.odoo.search_read("delivery.carrier", [], ["delivery_type"])
        if not found:
            raise SimulatorRefused("no_carrier", "no carrier is set up in Odoo")
        general = ("fixed", "base_on_rule")
        best = max(found, key=lambda row: (row["delivery_type"] not in general, row["id"]))
        return int(best["id"])

    def _confirmed(self, number: int) -> None:
        """Wait until an order is confirmed and has something to pick."""

        def ready() -> bool:
            row = self.odoo.read("sale.order", [number], ["state", "picking_ids"])[0]
            if row["state"] == "cancel":
                raise SimulatorRefused("nothing_to_ship", f"order {number} is cancelled")
            return row["state"] in ("sale", "done") and bool(row["picking_ids"])

        wait_until(ready, ARRIVAL_LIMIT_SECONDS, f"sale order {number} to be confirmed", 0.3)

    def _open_pickings(self, number: int) -> list[int]:
        rows = self.odoo.search_read(
            "stock.picking",
            [
                ["sale_id", "=", number],
                ["state", "in", list(OPEN_STATES)],
                ["picking_type_code", "=", "outgoing"],
            ],
            ["id"],
        )
        if not rows:
            raise SimulatorRefused("nothing_to_ship", f"order {number} has no open delivery")
        return sorted(row["id"] for row in rows)

    def _moves(self, picking: int) -> list[dict[str, Any]]:
        rows = self.odoo.search_read(
            "stock.move",
            [["picking_id", "=", picking], ["state", "!=", "cancel"]],
            ["product_id", "product_uom_qty", "sale_line_id", "location_id"],
        )
        skus = {number: sku for sku, number in self.shop.product_ids.items()}
        for row in rows:
            row["sku"] = skus.get(row["product_id"][0], "")
        return sorted(rows, key=lambda row: (row["sale_line_id"] or [0])[0])

    def _look_at_the_shelf(self, moves: list[dict[str, Any]], wanted: dict[int, int]) -> None:
        """Refuse to pack pieces that are not there; what has no stock is always there."""
        needed: dict[int, Counter[int]] = defaultdict(Counter)  # by place: units of each product
        for move in moves:
            if units := wanted.get(move["id"], 0):
                needed[move["location_id"][0]][move["product_id"][0]] += units
        for place, products in needed.items():
            rows = self.odoo.call(
                "product.product",
                "read",
                ids=list(products),
                fields=["is_storable", "qty_available", "default_code"],
                context={"location": place},
            )
            for row in rows:
                units, there = products[row["id"]], row["qty_available"]
                if row["is_storable"] and there < units:
                    raise SimulatorRefused(
                        "not_on_the_shelf",
                        f"{units} of {row['default_code']} to pack, {there:g} there",
                    )

    def _has(self, field: str) -> bool:
        """Tell whether this Odoo's pickings have a field (some come with modules)."""
        return field in self._fields

    @cached_property
    def _fields(self) -> frozenset[str]:
        return frozenset(self.odoo.call("stock.picking", "fields_get", attributes=["type"]))

    def _label(self, picking: int, tracking: str, packages: int) -> None:
        values: dict[str, Any] = {}
        if tracking and self._has("carrier_tracking_ref"):
            values["carrier_tracking_ref"] = tracking
        if self._has("number_of_packages"):
            values["number_of_packages"] = packages
        if values:
            self.odoo.write("stock.picking", [picking], values)

    def _validate(self, picking: int, tries: int = 1) -> None:
        refusals: list[OdooRefused] = []

        def pressed() -> list[Any]:
            try:
                return [
                    self.odoo.call(
                        "stock.picking", "button_validate", ids=[picking], context=ANSWERED
                    )
                ]
            except OdooRefused as error:
                refusals.append(error)
                if len(refusals) >= tries:
                    raise SimulatorRefused("odoo_refused", str(error)) from error
                return []

        limit_seconds = PRESS_LIMIT_SECONDS * tries
        (answer,) = wait_until(pressed, limit_seconds, f"picking {picking}", PRESS_AGAIN_SECONDS)
        if isinstance(answer, dict):
            asked = answer.get("res_model", answer.get("tag", "a question"))
            raise SimulatorRefused("asked", f"Odoo answered with {asked}; picking {picking}")


def _spread(moves: list[dict[str, Any]], lines: Lines | None) -> dict[int, int]:
    """Return the quantity of each move: the lines in order, each on the next move of its SKU."""
    if lines is None:
        return {move["id"]: int(move["product_uom_qty"]) for move in moves}
    wanted: dict[int, int] = {}
    for line in lines:
        move = next(
            (move for move in moves if move["sku"] == line["sku"] and move["id"] not in wanted),
            None,
        )
        if move is None:
            raise SimulatorRefused("nothing_to_ship", f"no open line of {line['sku']} is left")
        wanted[move["id"]] = int(line["quantity"])
    return wanted
