"""The shops in Odoo: a point of sale for each, its drawer and its day.

What is missing is made once, under fixed external ids: the operation that takes goods from the
shop's own location, a cash journal, ways to pay. A day of the shop (a shift of its cash drawer)
is a session in Odoo, known by its opening note. Odoo keeps one session open per shop, and beside it
"recovery sessions": a day that cannot be closed is put aside as one, until it can.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import msgspec

from .books import Books
from .errors import Refused, Unavailable
from .odoo import Odoo
from .settings import Place

__all__ = ["MODULE", "StoreIds", "Stores"]

MODULE = "channel_square"  # the namespace of our external ids in Odoo
SOON_SECONDS = 1.0  # what waits for another day to be closed looks again so soon


class StoreIds(msgspec.Struct, kw_only=True, frozen=True):
    """Odoo's ids of one shop: its configuration, and its ways to pay by kind of tender."""

    config: int
    methods: dict[str, int]


class Stores:
    """Finds the shops in Odoo, or makes them; opens and closes their days."""

    def __init__(self, odoo: Odoo, books: Books) -> None:
        self.odoo = odoo
        self.books = books
        self._ready: dict[str, StoreIds] = {}

    async def ready(self, place: Place) -> StoreIds:
        """Return a shop's ids; it is set up when it is not there."""
        async with self.books.turn("store", ""):  # Odoo makes common journals with the first
            if place.code not in self._ready:
                self._ready[place.code] = await self._set_up(place)
        return self._ready[place.code]

    async def _set_up(self, place: Place) -> StoreIds:
        mark = "".join(letter if letter.isalnum() else "_" for letter in place.code.lower())
        journal = await self._ensure(
            "account.journal",
            f"cash_{mark}",
            {"name": f"Cash {place.code}", "code": f"PC{place.odoo_location_id}", "type": "cash"},
        )
        cash = await self._ensure(
            "pos.payment.method",
            f"method_cash_{mark}",
            {"name": f"Cash {place.code}", "journal_id/.id": str(journal)},
        )
        card = await self._bank_method("card", "Square cards", "SQCRD")
        other = await self._bank_method("other", "Square other tenders", "SQOTH")
        operation = await self._operation(place, mark)
        config = await self._ensure(
            "pos.config",
            f"config_{mark}",
            {
                "name": place.code,
                "picking_type_id/.id": str(operation),
                "payment_method_ids/.id": f"{cash},{card},{other}",
            },
        )
        return StoreIds(config=config, methods={"CASH": cash, "CARD": card, "OTHER": other})

    async def _bank_method(self, mark: str, name: str, code: str) -> int:
        """Return a way to pay that the shops share, with the journal of what is to come in."""
        fields = {"name": name, "code": code, "type": "bank"}
        journal = await self._ensure("account.journal", f"journal_{mark}", fields)
        fields = {"name": name, "journal_id/.id": str(journal)}
        return await self._ensure("pos.payment.method", f"method_{mark}", fields)

    async def _operation(self, place: Place, mark: str) -> int:
        """Return the operation that takes goods from the shop's location to customers."""
        warehouses = await self.odoo.read(
            "stock.warehouse", "search", domain=[], order="id", limit=1
        )
        customers = await self.odoo.read(
            "stock.location", "search", domain=[["usage", "=", "customer"]], order="id", limit=1
        )
        return await self._ensure(
            "stock.picking.type",
            f"operation_{mark}",
            {
                "name": f"Shop {place.code}",
                "code": "outgoing",
                "sequence_code": f"SHOP/{place.code}",
                "warehouse_id/.id": str(warehouses[0]),
                "default_location_src_id/.id": str(place.odoo_location_id),
                "default_location_dest_id/.id": str(customers[0]),
            },
        )

    async def _ensure(self, model: str, name: str, fields: dict[str, str]) -> int:
        """Return the record of an external id; it is made only when it is not there."""
        key = f"{MODULE}.{name}"
        known = await self.books.recall("square", key)
        if known is None:
            found = await self.odoo.read(
                "ir.model.data",
                "search_read",
                domain=[["module", "=", MODULE], ["name", "=", name]],
                fields=["res_id"],
            )
            made = [found[0]["res_id"]] if found else await self.odoo.load(
                model, ["id", *fields], [[key, *fields.values()]]
            )  # fmt: skip
            known = await self.books.remember("square", key, int(made[0]))
        return known

    async def product(self, sku: str) -> int:
        """Return the product of a SKU, which is sold in the shops from now on."""
        known = await self.books.recall("square product", sku)
        if known is None:
            known = await self.books.product(sku)
            await self.odoo.write(
                "product.product", "write", ids=[known], vals={"available_in_pos": True}
            )
            await self.books.remember("square product", sku, known)
        return known

    async def session(
        self, store: StoreIds, note: str, opening: Decimal, stuck: Collection[str]
    ) -> int:
        """Return the session of a day, opened with what lay in the drawer.

        ``stuck`` are the notes of days that wait for a person: they make room. Raises Unavailable
        while another earlier day is still to be closed.
        """
        open_ones = await self._open(store)
        for one in open_ones:
            if one["opening_notes"] == note and one["state"] != "opening_control":
                return int(one["id"])
        known = [one for one in open_ones if not one["rescue"]]
        aside = [int(one["id"]) for one in known if one["opening_notes"] in stuck]
        if aside:
            await self.odoo.write("pos.session", "write", ids=aside, vals={"rescue": True})
            known = [one for one in known if one["id"] not in aside]
        if not known:
            if await self.closed(store, note):
                raise Refused("closed_day", f"{note} is closed in Odoo already")
            await self.odoo.write("pos.config", "open_ui", ids=[store.config])
            known = [one for one in await self._open(store) if not one["rescue"]]
        found = known[0]
        if found["state"] == "opening_control":
            await self.odoo.write(
                "pos.session",
                "set_opening_control",
                ids=[found["id"]],
                cashbox_value=float(opening),
                notes=note,
            )
        elif found["opening_notes"] != note:
            reason = f"{found['name']} of the shop is still open in Odoo"
            raise Unavailable(reason, 0.2, SOON_SECONDS)
        return int(found["id"])

    async def closed(self, store: StoreIds, note: str) -> int:
        """Return the closed session of a day, 0 if there is none."""
        found = await self._sessions(
            [["config_id", "=", store.config], ["opening_notes", "=", note],
             ["state", "=", "closed"]]
        )  # fmt: skip
        return int(found[0]["id"]) if found else 0

    async def close(self, session: int, counted: Decimal) -> None:
        """Count the drawer and close a day; what is done already is not done again."""
        # Odoo would count for itself what lies in the drawer of a day that was put aside.
        await self.odoo.write("pos.session", "write", ids=[session], vals={"rescue": False})
        told = await self.odoo.write(
            "pos.session", "post_closing_cash_details", ids=[session], counted_cash=float(counted)
        )
        _expect_success(told)
        await self.odoo.write(
            "pos.session", "update_closing_control_state_session", ids=[session], notes=""
        )
        _expect_success(
            await self.odoo.write("pos.session", "close_session_from_ui", ids=[session])
        )

    async def _open(self, store: StoreIds) -> list[dict[str, Any]]:
        return await self._sessions([["config_id", "=", store.config], ["state", "!=", "closed"]])

    async def _sessions(self, domain: list[Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.odoo.read(
            "pos.session",
            "search_read",
            domain=domain,
            fields=["name", "state", "opening_notes", "rescue"],
            order="id",
        )
        return found


def _expect_success(told: dict[str, Any]) -> None:
    if not told.get("successful"):
        raise Refused("session", f"Odoo did not close the day: {told.get('message')}")
