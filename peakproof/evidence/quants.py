"""Odoo's stock as it committed it: on hand and reserved, item by item and place by place.

Change events carry Odoo's ids. Whose they are tell the final records ``odoo/product`` (id,
sku) and ``odoo/location`` (id, code), else the SKUs that were committed with the products, and
for a place the opening stock that was put there. Where neither does, nothing is known here,
which ``Quants.known`` says.
"""

from collections import defaultdict
from functools import cached_property
from typing import Any

import msgspec

from peakproof.evidence.facts import CLOCK_TOLERANCE_SECONDS, Facts
from peakproof.history import Event

__all__ = ["QuantState", "Quants"]


class QuantState(msgspec.Struct, kw_only=True):
    """What Odoo held of one item at one place from a commit on."""

    time_seconds: float
    on_hand: float
    reserved: float
    transaction: int | None
    event: Event

    @property
    def free(self) -> float:
        """What Odoo would promise to the next customer."""
        return self.on_hand - self.reserved


class Quants:
    """The stock_quant changes of a run, summed up by SKU and location code."""

    @classmethod
    def of(cls, facts: Facts) -> "Quants":
        """Return the quants of these facts, built at most once."""
        quants: Quants = facts.shared.setdefault("quants", cls(facts))
        return quants

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    @cached_property
    def skus(self) -> dict[str, str]:
        """SKU by Odoo product id."""
        names: dict[str, str] = {}
        for event in self._facts.of_kind("change", "product_product"):
            sku = (event.value.get("row") or {}).get("default_code")
            if sku:
                names[event.key] = str(sku)
        for key, record in self._facts.final("odoo", "product").items():
            names[str(record.get("id", key))] = str(record.get("sku") or "")
        return names

    @cached_property
    def locations(self) -> dict[str, str]:
        """Location code by Odoo location id; places that are not the shop's are left out."""
        named = {
            str(record.get("id", key)): str(record.get("code") or record.get("location_code"))
            for key, record in self._facts.final("odoo", "location").items()
        }
        return named or self._by_opening_stock()

    def _by_opening_stock(self) -> dict[str, str]:
        """Tell places by what was put there before the story: only one place may fit a code."""
        held: dict[str, dict[str, float]] = defaultdict(dict)
        for event in self._facts.of_kind("change", "stock_quant"):
            row = event.value.get("row") or {}
            sku = self.skus.get(str(row.get("product_id")))
            if event.time < self._facts.begun_seconds and sku in self._facts.known_skus:
                held[str(row.get("location_id"))][sku] = float(row.get("quantity") or 0)
        codes: dict[str, str] = {}
        for place in self._facts.plan.shop.locations:
            opening = {
                variant.sku: float(variant.stock[place.code])
                for variant in self._facts.plan.shop.variants()
                if variant.in_odoo and variant.stock.get(place.code)
            }
            fitting = [
                number
                for number, stock in held.items()
                if opening and {sku: units for sku, units in stock.items() if units} == opening
            ]
            if len(fitting) == 1:
                codes[fitting[0]] = place.code
        return codes

    @property
    def known(self) -> bool:
        """Whether Odoo's ids can be told apart, and changes were captured at all."""
        return bool(self.skus and self.locations and self._facts.of_kind("change", "stock_quant"))

    def place(self, row: dict[str, Any]) -> tuple[str, str] | None:
        """Return the SKU and location code of a row; None if it is not the shop's."""
        sku = row.get("sku") or self.skus.get(str(row.get("product_id")))
        code = row.get("location_code") or self.locations.get(str(row.get("location_id")))
        return (sku, code) if sku and code else None

    @cached_property
    def states(self) -> dict[tuple[str, str], list[QuantState]]:
        """The committed states by SKU and location, the last of each transaction."""
        rows: dict[tuple[str, str], dict[str, tuple[float, float]]] = defaultdict(dict)
        found: dict[tuple[str, str], list[QuantState]] = defaultdict(list)
        for event in self._facts.of_kind("change", "stock_quant"):
            row = event.value.get("row") or {}
            place = self.place(row)
            if place is None:
                continue
            held = rows[place]
            if event.outcome == "delete":
                held.pop(event.key, None)
            else:
                numbers = float(row.get("quantity") or 0), float(row.get("reserved_quantity") or 0)
                held[event.key] = numbers
            state = QuantState(
                time_seconds=event.time,
                on_hand=sum(on_hand for on_hand, _ in held.values()),
                reserved=sum(reserved for _, reserved in held.values()),
                transaction=event.value.get("transaction"),
                event=event,
            )
            states = found[place]
            same = states and state.transaction is not None
            if same and states[-1].transaction == state.transaction:
                states[-1] = state
            else:
                states.append(state)
        return found

    def during(self, place: tuple[str, str]) -> list[QuantState]:
        """Return a place's states from the beginning of the story on."""
        begun = self._facts.begun_seconds - CLOCK_TOLERANCE_SECONDS
        return [state for state in self.states.get(place, []) if state.time_seconds >= begun]

    @cached_property
    def order_transactions(self) -> set[int]:
        """Transactions in which a move of a sale order, or a shop's sale, was done or undone."""
        moves = self._facts.of_kind("change", "stock_move")
        values = (event.value for event in moves)
        ours = (value for value in values if (value.get("row") or {}).get("sale_line_id"))
        found = {value.get("transaction") for value in ours} | self.till_transactions
        return {one for one in found if one is not None}

    @cached_property
    def till_transactions(self) -> set[int]:
        """Transactions that book a sale at a till: what was sold there lay there."""
        sales = self._facts.of_kind("change", "pos_order")
        found = {event.value.get("transaction") for event in sales}
        return {one for one in found if one is not None}

    @cached_property
    def delivered(self) -> dict[tuple[str, str], float]:
        """Units that left for sale orders, by SKU and location."""
        return self.delivered_without(set())

    def delivered_without(self, pickings: set[str]) -> dict[tuple[str, str], float]:
        """Return the same without what these deliveries (by id) moved."""
        done: dict[str, tuple[tuple[str, str], float]] = {}
        for event in self._facts.of_kind("change", "stock_move"):
            row = event.value.get("row") or {}
            if not row.get("sale_line_id") or row.get("state") != "done":
                continue
            if str(row.get("picking_id")) in pickings:
                continue
            units = float(row.get("quantity") or row.get("product_uom_qty") or 0)
            place, sign = self.place(row), 1
            if place is None:  # a return comes from the customer
                place = self.place({**row, "location_id": row.get("location_dest_id")})
                sign = -1
            if place is not None:
                done[event.key] = (place, sign * units)
        sums: dict[tuple[str, str], float] = defaultdict(float)
        for place, units in done.values():
            sums[place] += units
        return sums
