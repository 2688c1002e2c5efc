"""Histories written by hand: a small shop, Odoo and a connector that does as it is told.

The examples of invariants and their tests are made of it::

    story = Story(stock={"MUG": 5})
    story.checkout(1.0, "1001", {"MUG": 2})
    story.imported(1.5, "1001")
    story.finish()
    story.history(), story.plan()

Every method is one deed and says when. The shop refuses what it does not show as available.
What a real world computes and this one does not: shipping rates per weight, payments, taxes
of different kinds.
"""

import copy
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from peakproof.evidence import storyrecords as records
from peakproof.history import Event, History
from peakproof.plan import Location, Plan, Product, ShippingRate, Shop, TaxRule, Variant

__all__ = ["GID", "LOCATION", "Story"]

LOCATION = records.LOCATION
GID = "gid://shopify/Order/"


class Story(records.World):
    """A history in the making. ``stock`` is units by SKU at the one location."""

    def __init__(
        self,
        stock: Mapping[str, int] | None = None,
        *,
        prices: Mapping[str, str] | None = None,
        tax_rate: str = "0",
        taxes_included: bool = False,
        shipping: str = "5.90",
        inventory_policy: str = "deny",
        unknown_to_odoo: Collection[str] = (),
    ) -> None:
        super().__init__(stock or {"MUG": 5}, prices or {}, tax_rate, taxes_included, shipping)
        self.inventory_policy = inventory_policy
        self.unknown_to_odoo = unknown_to_odoo
        self.events: list[Event] = []
        self._counter = 0
        for sku in self.stock:
            self._level(0.0, sku, 0, {"kind": "seed"})

    def add(self, time: float, source: str, kind: str, name: str, **fields: Any) -> Event:
        """Append any event."""
        event = Event(time=time, source=source, kind=kind, name=name, **fields)
        self.events.append(event)
        return event

    def history(self) -> History:
        """Return what was written so far."""
        return History(copy.deepcopy(self.events))

    def plan(self) -> Plan:
        """Return the plan whose shop this story began with."""
        variants = [
            Variant(
                sku=sku,
                title=sku.title(),
                price=str(self.prices[sku]),
                stock={LOCATION: units},
                inventory_policy=self.inventory_policy,
                in_odoo=sku not in self.unknown_to_odoo,
            )
            for sku, units in self.stock.items()
        ]
        shop = Shop(
            taxes_included=self.taxes_included,
            tax=TaxRule(title="Tax", rate=str(self.tax_rate)) if self.tax_rate else None,
            locations=[Location(code=LOCATION, name="Main")],
            products=[Product(title="Goods", variants=variants)],
            shipping_rates=[ShippingRate(title="Standard", price=str(self.shipping))],
        )
        return Plan(scenario="story", seed=1, options={}, shop=shop, stages=[])

    def operated(self, time: float, action: str, result: dict[str, Any]) -> None:
        """An operator of the connector did something, or looked, and this is what came of it."""
        operation = self._invoke(time, "operator", action, "connector", {})
        self._ended(time + 0.1, operation, "ok", {"result": result})

    # The channel

    def checkout(
        self,
        time: float,
        number: str,
        basket: Mapping[str, int],
        *,
        answered: bool = True,
        reaches_shop: bool = True,
        discount: str = "0",
        tag: str = "",
    ) -> bool:
        """A shopper buys; return whether the shop took the order.

        With ``answered`` False the client saw no answer, whatever the shop did.
        """
        lines = [{"sku": sku, "quantity": units} for sku, units in basket.items()]
        operation = self._invoke(time, f"shopper-{number}", "checkout", "shopify", {"lines": lines})
        taken = reaches_shop and (
            self.inventory_policy == "continue"
            or all(self.available[sku] >= units for sku, units in basket.items())
        )
        if taken:
            order = records.channel_order(self, number, basket, Decimal(discount), time)
            self.orders[number] = order
            self.add(
                time,
                "shopify",
                "state",
                "order",
                key=order["id"],
                value={"change": "create", "updated_at": order["updated_at"], "name": f"#{number}"},
            )
            for sku, units in basket.items():
                self._level(time, sku, -units, {"kind": "order", "id": order["id"]})
            self.delivery(time + 0.1, number, "orders/create", tag=tag)
        if not answered:
            self._ended(time + 0.2, operation, "info", {"message": "read timed out"})
        elif taken:
            self._ended(time + 0.2, operation, "ok", {"result": {"order_id": f"{GID}{number}"}})
        else:
            self._ended(
                time + 0.2, operation, "fail", {"code": "sold_out", "message": "nothing left"}
            )
        return taken

    def cancel(self, time: float, number: str, *, tag: str = "") -> None:
        """The merchant cancels an order and puts the goods back."""
        order = self.orders[number]
        operation = self._invoke(
            time, "merchant", "cancel_order", "shopify", {"order_id": order["id"]}
        )
        for line in order["lines"]:
            back = {"kind": "cancel", "id": order["id"]}
            self._level(time, line["sku"], line["current_quantity"], back)
        order["cancelled"] = True
        self._touched(time, number, "cancel", tag, "orders/cancelled")
        self._ended(time + 0.1, operation, "ok", {"result": {}})

    def edit(self, time: float, number: str, sku: str, units: int, *, tag: str = "") -> None:
        """The merchant changes how many of an item an order has."""
        order = self.orders[number]
        arguments = {"order_id": order["id"], "changes": [{"sku": sku, "quantity": units}]}
        operation = self._invoke(time, "merchant", "edit_order", "shopify", arguments)
        line = next(line for line in order["lines"] if line["sku"] == sku)
        change = {"kind": "edit", "id": order["id"]}
        self._level(time, sku, line["current_quantity"] - units, change)
        records.set_quantity(self, order, sku, units)
        order["edited"] = True
        self._touched(time, number, "edit", tag, "orders/updated")
        self._ended(time + 0.1, operation, "ok", {"result": {}})

    def delivery(
        self,
        time: float,
        number: str,
        topic: str,
        *,
        outcome: str = "ok",
        tag: str = "",
        status: int | None = None,
        attempt: int = 1,
    ) -> None:
        """The channel tells the connector about an order."""
        order = self.orders.get(number) or {"id": f"{GID}{number}", "updated_at": ""}
        self._counter += 1
        self.add(
            time,
            "shopify",
            "delivery",
            topic,
            key=f"webhook-{number}-{topic}-{attempt}",
            outcome=outcome,
            value={
                "event_id": f"event-{number}-{topic}-{order['updated_at']}",
                "attempt": attempt,
                "status": status or (200 if outcome == "ok" else 503),
                "resource": order["id"],
                "updated_at": order["updated_at"],
                "triggered_at_seconds": time,
                "tag": tag,
            },
        )

    # Odoo

    def imported(
        self, time: float, number: str, *, state: str = "sale", correlate: bool = True
    ) -> int:
        """The connector makes an Odoo order of a channel order; return its id."""
        order, identity = self.orders[number], max(self.odoo, default=0) + 1
        self.odoo[identity] = records.odoo_order(order, identity, state)
        self.committed(time, identity, "insert")
        if correlate:
            self.correlation.setdefault(number, []).append(identity)
        if state == "sale":
            self._reserve(time, identity, 1)
        return identity

    def updated_in_odoo(self, time: float, number: str) -> None:
        """The connector brings the Odoo order to what the channel's order is now."""
        order = self.orders[number]
        for identity in self.correlation.get(number, []):
            if self.odoo[identity]["state"] == "sale":
                self._reserve(time, identity, -1)
            state = "cancel" if order["cancelled"] else "sale"
            self.odoo[identity] = records.odoo_order(order, identity, state)
            if state == "sale":
                self._reserve(time, identity, 1)
            self.committed(time, identity)

    def cancelled_in_odoo(self, time: float, identity: int) -> None:
        """An Odoo order is cancelled."""
        if self.odoo[identity]["state"] == "sale":
            self._reserve(time, identity, -1)
        self.odoo[identity]["state"] = "cancel"
        self.committed(time, identity)

    def committed(self, time: float, identity: int, outcome: str = "update") -> None:
        """Odoo commits a sale order as it is now."""
        record = self.odoo[identity]
        names = ("name", "state", "client_order_ref", "origin", "amount_total")
        row = {name: record[name] for name in names}
        self._change(time, "sale_order", str(identity), outcome, row)

    def store_sale(
        self, time: float, sku: str, units: int = 1, *, outcome: str = "ok", happens: bool = True
    ) -> None:
        """A clerk sells over the counter (a negative number of units is a delivery)."""
        name = "store_sale" if units >= 0 else "receive_stock"
        arguments = {"sku": sku, "quantity": abs(units), "location_code": LOCATION}
        operation = self._invoke(time, "store-1", name, "odoo", arguments)
        if happens and outcome != "fail":
            self.on_hand[sku] -= units
            self.moved(time + 0.05, sku)
        result = {"on_hand_after": self.on_hand[sku], "free_after": self.free(sku)}
        self._ended(time + 0.1, operation, outcome, {"result": result} if outcome == "ok" else {})

    def moved(self, time: float, sku: str) -> None:
        """Odoo commits a stock move and with it what is on hand now."""
        self._change(time, "stock_move", "1", "insert", {"state": "done", "sale_line_id": None})
        self._quant(time, sku)

    def free(self, sku: str) -> int:
        """Return what Odoo would promise to the next customer."""
        return self.on_hand[sku] - self.reserved[sku]

    # The connector

    def pushed(self, time: float, sku: str, units: int | None = None) -> None:
        """The connector sets what the channel shows, by default to what is free in Odoo."""
        target = self.free(sku) if units is None else units
        event = self.request(time, "inventorySetQuantities", {"sku": sku, "available": target})
        change = {"kind": "api", "id": event.key, "request": event.key}
        self._level(time, sku, target - self.available[sku], change)

    def request(
        self, time: float, name: str, arguments: Any = None, *, outcome: str = "ok", **more: Any
    ) -> Event:
        """The connector calls the channel."""
        self._counter += 1
        value: dict[str, Any] = {
            "status": 200,
            "duration_seconds": 0.02,
            "api_version": "2026-10",
            "requested_version": "2026-10",
            "client": "c1",
            "arguments": arguments or {},
            "error_codes": [],
            "deprecated": [],
            "document": name,
            "cost": {"requested": 10, "actual": 10, "available": 1900},
        }
        value.update(more)
        return self.add(
            time,
            "shopify",
            "request",
            name,
            key=f"request-{self._counter}",
            outcome=outcome,
            value=value,
        )

    def fault(self, begin: float, heal: float, name: str = "odoo_restart") -> None:
        """Something breaks and is mended."""
        for time, outcome in ((begin, "injected"), (begin, "fired"), (heal, "healed")):
            self.add(time, "harness", "fault", name, key=f"fault-{name}-{begin}", outcome=outcome)

    def finish(self, time: float = 100.0, checkpoint: str = "settled") -> "Story":
        """Read every record at a checkpoint."""
        for source, name, key, value in records.finals(self):
            self.add(
                time,
                source,
                "final",
                name,
                key=key,
                outcome=checkpoint,
                value=copy.deepcopy(value),
            )
        return self

    # How it is written down

    def _invoke(
        self, time: float, actor: str, action: str, system: str, arguments: dict[str, Any]
    ) -> Event:
        self._counter += 1
        return self.add(
            time,
            actor,
            "operation",
            action,
            key=f"operation-{self._counter}",
            outcome="invoke",
            value={"system": system, "arguments": arguments, "label": ""},
        )

    def _ended(self, time: float, begun: Event, outcome: str, value: dict[str, Any]) -> None:
        self.add(
            time,
            begun.source,
            "operation",
            begun.name,
            key=begun.key,
            outcome=outcome,
            value=value,
        )

    def _touched(self, time: float, number: str, change: str, tag: str, topic: str) -> None:
        order = self.orders[number]
        order["updated_at"] = f"2026-11-27T00:00:{time:06.3f}Z"
        value = {"change": change, "updated_at": order["updated_at"], "name": order["name"]}
        self.add(time, "shopify", "state", "order", key=order["id"], value=value)
        self.delivery(time + 0.1, number, topic, tag=tag)

    def _level(self, time: float, sku: str, delta: int, cause: dict[str, Any]) -> None:
        self.available[sku] += delta
        value = {"available": self.available[sku], "delta": delta, "cause": cause}
        self.add(time, "shopify", "state", "inventory_level", key=f"{sku}@{LOCATION}", value=value)

    def _reserve(self, time: float, identity: int, sign: int) -> None:
        for line in self.odoo[identity]["lines"]:
            if line["sku"] in self.reserved:
                self.reserved[line["sku"]] += sign * int(Decimal(line["quantity"]))
                self._quant(time, line["sku"])

    def _quant(self, time: float, sku: str) -> None:
        self._counter += 1
        product = list(self.stock).index(sku) + 1
        row = {
            "product_id": product,
            "location_id": 8,
            "quantity": self.on_hand[sku],
            "reserved_quantity": self.reserved[sku],
        }
        self._change(time, "stock_quant", str(product), "update", row)

    def _change(self, time: float, table: str, key: str, outcome: str, row: dict[str, Any]) -> None:
        self._counter += 1
        value = {"row": row, "transaction": self._counter, "sequence": self._counter}
        self.add(time, "odoo", "change", table, key=key, outcome=outcome, value=value)
