"""The counter in Odoo: books receipts into the shop's open day, and closes the day.

A receipt is one ``pos.order`` whose uuid is made of the till's id. Odoo refuses a second one and
answers with the first, so that a booking may be repeated; after a lost answer it is looked for
first all the same. One at a time per shop: sessions and stock are locked in Odoo anyway.
"""

import asyncio
from collections import defaultdict
from decimal import Decimal
from typing import Any

from .audit import Audit
from .books import Books
from .errors import Refused
from .settings import Place
from .store import Store
from .stores import StoreIds, Stores
from .till import Receipt, TillLine
from .till_cells import identity, order_cells

__all__ = ["Counter"]

Record = dict[str, Any]
SERVICES = {
    "TILL-TIP": "Tip",
    "TILL-AMOUNT": "Amount without goods",
    "TILL-KEPT": "Money back, goods not taken back on the shelf",
}


class Counter:
    """Books what the tills tell."""

    def __init__(self, store: Store, audit: Audit, books: Books, stores: Stores) -> None:
        self.store, self.audit, self.books, self.stores = store, audit, books, stores
        self.odoo = books.odoo
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def book(self, place: Place, shift: Record, receipt: Receipt, row: Record) -> int:
        """Make the order in Odoo and return its id; raises Refused if amounts differ."""
        if not receipt.adds_up():
            raise Refused("amounts", f"{receipt.reference}: lines and tenders are not the total")
        store = await self.stores.ready(place)
        currency, pricelist = await self.books.currency(receipt.currency)
        if pricelist is not None:
            raise Refused("currency", f"the shop sells in {receipt.currency}, which is not ours")
        products = {line.uid: await self._product(receipt, line) for line in receipt.lines}
        taxes = {line.uid: await self._taxes(line) for line in receipt.lines}
        tip = await self.books.service("TILL-TIP", SERVICES["TILL-TIP"]) if receipt.tip else 0
        sold = await self._sold_lines(receipt)
        async with self._turns[place.code]:
            key = identity("receipt", receipt.key)
            found = await self._find(key) if row["intended_at"] else None
            if found is None:
                session = await self._session(place, store, shift)
                await self._intend(row["resource"], receipt)
                await self.odoo.write(
                    "pos.order",
                    "sync_from_ui",
                    orders=[
                        order_cells(
                            receipt, session=session, currency=currency, products=products,
                            taxes=taxes, methods=store.methods, sold=sold, tip_product=tip,
                        )
                    ],
                )  # fmt: skip
                found = await self._find(key)
        if found is None:
            raise Refused("not_booked", f"Odoo has no order {key}")
        await self._check(receipt, found)
        return int(found["id"])

    async def _intend(self, resource: str, receipt: Receipt) -> None:
        """Write down what is about to be done, so that a crash is followed by a look."""
        await self.store.rows(
            "update pos_records set intended_at = coalesce(intended_at, clock_timestamp()) "
            "where resource = %(r)s",
            r=resource,
        )
        await self.audit.record("intent book", resource, reference=receipt.reference)

    async def _product(self, receipt: Receipt, line: TillLine) -> int:
        if receipt.is_refund and line.sku and not line.goods:
            return await self.books.service("TILL-KEPT", SERVICES["TILL-KEPT"])
        if not line.sku:
            return await self.books.service("TILL-AMOUNT", SERVICES["TILL-AMOUNT"])
        return await self.stores.product(line.sku)

    async def _taxes(self, line: TillLine) -> list[int]:
        found = [await self.books.tax(tax, line.included) for tax in line.taxes]
        return found or [await self.books.no_tax()]

    async def _sold_lines(self, receipt: Receipt) -> dict[str, int]:
        """Return the lines of the sale that a refund gives back, by uuid."""
        wanted = [
            identity("line", receipt.sale_key, line.source_uid)
            for line in receipt.lines
            if receipt.is_refund and line.source_uid
        ]
        if not wanted:
            return {}
        rows = await self.odoo.read(
            "pos.order.line", "search_read", domain=[["uuid", "in", wanted]], fields=["uuid"]
        )
        return {row["uuid"]: int(row["id"]) for row in rows}

    async def _find(self, key: str) -> Record | None:
        found = await self.odoo.read(
            "pos.order",
            "search_read",
            domain=[["uuid", "=", key]],
            fields=["name", "state", "amount_total", "amount_tax", "picking_ids"],
        )
        return dict(found[0]) if found else None

    async def _check(self, receipt: Receipt, found: Record) -> None:
        """Compare what Odoo booked with the receipt, and see that the goods have moved."""
        sign = -1 if receipt.is_refund else 1
        booked = (_cents(found["amount_total"]), _cents(found["amount_tax"]))
        if booked != (sign * receipt.total, sign * receipt.tax):
            raise Refused("amounts", f"{found['name']} in Odoo comes to {booked[0]}")
        open_ones = await self.odoo.read(
            "stock.picking",
            "search",
            domain=[["id", "in", found["picking_ids"]], ["state", "!=", "done"]],
        )
        if open_ones:
            raise Refused("stock", f"the goods of {found['name']} did not move in Odoo")

    async def close_day(self, place: Place, shift: Record) -> int:
        """Close a shift's session with the cash that was counted; return the session's id."""
        store: StoreIds = await self.stores.ready(place)
        async with self._turns[place.code]:
            done = await self.stores.closed(store, _note(shift))
            if done:
                return done
            session = await self._session(place, store, shift)
            await self.stores.close(session, shift["counted"])
        return session

    async def _session(self, place: Place, store: StoreIds, shift: Record) -> int:
        """Return the session of a shift; days whose close is a dead letter make room for it."""
        rows = await self.store.rows(
            "select s.id from pos_shifts s join tasks t on t.resource = 'close:' || s.id "
            "where s.location_id = %(place)s and t.dead",
            place=place.pos_location_id,
        )
        stuck = {_note(row) for row in rows}
        return await self.stores.session(store, _note(shift), shift["opening"], stuck)


def _note(shift: Record) -> str:
    """Return what a session is known by."""
    return f"Square shift {shift['id']}"


def _cents(value: float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
