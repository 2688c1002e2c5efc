"""Stock: what is free in Odoo, less what the channel sold and Odoo does not know yet.

The order of the reads is what makes it safe. First the channel's level (available, committed),
then what the channel sold, then Odoo's free stock; the write carries the available quantity
of the first read and the channel refuses it if that has changed since. So every sale is
counted: those before the first read by the ledger (or, when we have not read the order yet,
by ``committed``), and a later one makes the write fail, and all is read again.
"""

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any

import msgspec

from .audit import Audit, say
from .errors import ConnectorError, Refused, Unavailable
from .ledger import want_stock
from .odoo import Odoo
from .queue import Queue, backoff_seconds
from .reconcile import Reconciler
from .settings import Place
from .shelves import Shelves
from .shopify import Shopify
from .store import Store

__all__ = ["Inventory", "Level", "Owed", "Sold", "owed", "target"]

BATCH = 40
LEVELS = """
query Levels($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id
      inventoryLevel(locationId: $location) {
        quantities(names: ["available", "committed"]) { name quantity }
      }
    }
  }
}
"""
SET = """
mutation SetAvailable($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}
"""


class Level(msgspec.Struct, frozen=True):
    """A level at the channel: what can be sold, and what is sold and not shipped."""

    available: int
    committed: int


class Sold(msgspec.Struct, frozen=True):
    """A ledger row (see ``ledger.py``); ``under_way`` while Odoo is being told of it."""

    order_gid: str
    units: int
    unfulfilled: int
    applied: int
    held: int
    under_way: bool = False


class Owed(msgspec.Struct, frozen=True):
    """Units to take off Odoo's free stock; up to ``doubtful`` of them may be off already."""

    units: int
    doubtful: int = 0


def owed(committed: int, sold: Iterable[Sold], outdated: set[str]) -> Owed:
    """Return what is sold at the channel and not taken off Odoo's free stock.

    ``sold`` must have been read after ``committed`` and before the free stock. Orders in
    ``outdated`` have changed since we read them: their units count as sold and unknown to
    Odoo, as far as ``committed`` holds them. Of an order under way nobody can say whether
    Odoo has reserved its units already, nor of a reduction whether Odoo has let go.
    """
    pending = known = doubtful = 0
    for row in sold:
        if row.order_gid in outdated:
            doubtful += row.held
            continue
        pending += row.units - row.applied
        known += row.unfulfilled
        doubtful += max(0, row.held - row.units)
        doubtful += row.units - row.applied if row.under_way else 0
    return Owed(pending + max(0, committed - known), doubtful)


def target(available: int, free: float, debt: Owed) -> int:
    """Return what should be available at the channel; ``available`` itself if it may stay.

    A level that may be right is left alone, and looked at again when what is doubtful has
    been decided. Otherwise the lower number counts: too low for a moment is harmless, too
    high oversells.
    """
    low = max(0, int(free) - debt.units)
    high = max(0, int(free) - debt.units + debt.doubtful)
    return available if low <= available <= high else low


class Inventory:
    """Pushes stock to the channel, batch by batch, until nothing is dirty."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        queue: Queue,
        shopify: Shopify,
        odoo: Odoo,
        reconciler: Reconciler,
        places: tuple[Place, ...],
    ) -> None:
        self.store = store
        self.audit = audit
        self.queue = queue
        self.shopify = shopify
        self.reconciler = reconciler
        self.places = places
        self.shelves = Shelves(store, shopify, odoo, places)
        self._seen: dict[tuple[int, int], float] = {}
        self._last_error = ""
        self._failures = 0

    async def poll(self) -> None:
        """Compare Odoo's free stock with what was seen last; changed SKUs become dirty."""
        products = await self.shelves.products()
        free = await self.shelves.free(list(products))
        changed = {
            key[0]
            for key in free.keys() | self._seen.keys()
            if free.get(key) != self._seen.get(key)
        }
        if changed:
            async with self.store.pool.connection() as connection, connection.transaction():
                await want_stock(connection, [products[p] for p in changed if p in products])
        self._seen = free

    async def compare_all(self) -> None:
        """Make every SKU dirty, so that both sides are compared."""
        await self.shelves.map_variants()
        await self.store.rows(
            "insert into dirty (sku) select sku from variants order by sku on conflict (sku) "
            "do update set wanted = dirty.wanted + 1, since = case when dirty.wanted = dirty.done "
            "then clock_timestamp() else dirty.since end"
        )

    async def push(self) -> bool:
        """Push one batch of dirty SKUs; False when there was nothing to do."""
        rows = await self.store.rows(
            "select d.sku, d.wanted, d.refusals, v.item_gid, v.product_id from dirty d "
            "join variants v using (sku) where d.wanted > d.done and not d.dead "
            "order by d.refusals, d.since limit %(batch)s",
            batch=BATCH,
        )
        if not rows:
            return False
        try:
            stale = await self._push_batch(rows)
        except Unavailable as error:
            if str(error) != self._last_error:
                self._last_error = str(error)
                say("stock waits", reason=str(error))
            pause = backoff_seconds(self._failures, 0.4, error.wait_seconds_max)
            self._failures += 1
            await asyncio.sleep(max(pause, error.after_seconds))
            return True
        except Refused as error:
            await self._refused(rows, str(error))
            return True
        self._last_error, self._failures = "", 0
        for row in rows:
            if row["sku"] not in stale:
                await self.store.rows(
                    "update dirty set done = greatest(done, %(v)s), refusals = 0, reason = '' "
                    "where sku = %(sku)s",
                    v=row["wanted"],
                    sku=row["sku"],
                )
                if row["refusals"]:
                    await self.queue.resolve("inventory", row["sku"])
        return True

    async def _push_batch(self, rows: list[dict[str, Any]]) -> set[str]:
        """Compare a batch at every location and write what differs.

        Returns the SKUs that were sold meanwhile: those are to be looked at again.
        """
        items = [row["item_gid"] for row in rows]
        levels = {place.code: await self._levels(place, items) for place in self.places}
        outdated = await self.reconciler.find_orders()
        sold = await self._sold([row["sku"] for row in rows])
        free = await self.shelves.free([row["product_id"] for row in rows])
        wanted: dict[str, list[dict[str, Any]]] = {place.code: [] for place in self.places}
        for row in rows:
            found = [levels[place.code].get(row["item_gid"]) for place in self.places]
            committed = sum(level.committed for level in found if level)
            debt = owed(committed, sold.get(row["sku"], []), outdated)
            for place, level in zip(self.places, found, strict=True):
                shelf = free.get((row["product_id"], place.odoo_location_id), 0.0)
                if level is not None:  # else it is not stocked there
                    quantity = target(level.available, shelf, debt)
                    if quantity != level.available:
                        wanted[place.code].append(_quantity(row, place, quantity, level))
                # Odoo ships from the first location; what it lacks, or has promised without
                # having it, the next ones owe.
                debt = Owed(max(0, debt.units - int(shelf)))
        stale: set[str] = set()
        for place in self.places:
            stale |= await self._set(place, wanted[place.code])
        return stale

    async def _set(self, place: Place, wanted: list[dict[str, Any]]) -> set[str]:
        """Write quantities; what has changed meanwhile is left out and returned."""
        stale: set[str] = set()
        while wanted:
            quantities = [{k: v for k, v in row.items() if k != "sku"} for row in wanted]
            answer = await self.shopify.graphql(
                SET,
                {
                    "input": {
                        "name": "available",
                        "reason": "correction",
                        "referenceDocumentUri": "odoo://stock.quant",
                        "quantities": quantities,
                    },
                    "key": secrets.token_hex(16),
                },
            )
            errors = (answer["inventorySetQuantities"] or {}).get("userErrors") or []
            if not errors:
                for row in wanted:
                    await self.audit.record(
                        "stock set",
                        row["sku"],
                        location=place.code,
                        quantity=row["quantity"],
                        was=row["changeFromQuantity"],
                    )
                return stale
            rejected = _stale_rows(errors)
            await self.store.count("stock_conflicts", len(rejected))
            stale |= {wanted[index]["sku"] for index in rejected if index < len(wanted)}
            wanted = [row for index, row in enumerate(wanted) if index not in rejected]
        return stale

    async def _refused(self, rows: list[dict[str, Any]], reason: str) -> None:
        """Count a refusal; a batch is tried again one by one, and at last put aside visibly."""
        for row in rows:
            alone = len(rows) == 1 or row["refusals"] > 0
            dead = alone and row["refusals"] + 1 >= self.queue.attempts
            await self.store.rows(
                "update dirty set refusals = refusals + 1, dead = %(dead)s, reason = %(reason)s "
                "where sku = %(sku)s",
                dead=dead,
                reason=reason,
                sku=row["sku"],
            )
            if dead:
                await self.queue.bury("inventory", row["sku"], "stock", reason)
        say("stock refused", reason=reason, skus=[row["sku"] for row in rows][:5])
        await asyncio.sleep(0.3)

    async def _levels(self, place: Place, items: list[str]) -> dict[str, Level]:
        data = await self.shopify.graphql(
            LEVELS, {"ids": items, "location": place.shopify_location_gid}
        )
        levels = {}
        for node in data["nodes"]:
            if node and node.get("inventoryLevel"):
                numbers = {q["name"]: q["quantity"] for q in node["inventoryLevel"]["quantities"]}
                levels[node["id"]] = Level(numbers["available"], numbers["committed"])
        return levels

    async def _sold(self, skus: list[str]) -> dict[str, list[Sold]]:
        sold: dict[str, list[Sold]] = {}
        for row in await self.store.rows(
            "select l.*, o.under_way from ledger l join orders o on o.gid = l.order_gid "
            "where l.sku = any(%(skus)s) "
            "and (l.units > l.applied or l.unfulfilled > 0 or l.held > l.units)",
            skus=skus,
        ):
            entry = Sold(
                row["order_gid"],
                row["units"],
                row["unfulfilled"],
                row["applied"],
                row["held"],
                row["under_way"],
            )
            sold.setdefault(row["sku"], []).append(entry)
        return sold

    async def run(self) -> None:
        """Push for ever, a batch at a time; a busy Odoo gets longer pauses."""
        loop = asyncio.get_running_loop()
        while True:
            begin = loop.time()
            try:
                await self.push()
            except ConnectorError as error:
                say("stock push failed", reason=str(error))
            await asyncio.sleep(max(0.15, 2 * (loop.time() - begin)))


def _quantity(row: dict[str, Any], place: Place, quantity: int, level: Level) -> dict[str, Any]:
    """Return an entry of the write, with the SKU beside it."""
    return {
        "sku": row["sku"],
        "inventoryItemId": row["item_gid"],
        "locationId": place.shopify_location_gid,
        "quantity": quantity,
        "changeFromQuantity": level.available,
    }


def _stale_rows(errors: list[dict[str, Any]]) -> set[int]:
    """Return the rows of a write that were changed by somebody else meanwhile.

    Raises Unavailable for a write that is still under way, Refused for any other error.
    """
    rows: set[int] = set()
    for error in errors:
        code = error.get("code") or ""
        numbers = [int(part) for part in error.get("field") or [] if str(part).isdigit()]
        if code == "IDEMPOTENCY_CONCURRENT_REQUEST":
            raise Unavailable("the same write is still under way at the channel", 0.3)
        if code not in ("CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE") or not numbers:
            raise Refused(code or "stock", str(error.get("message")))
        rows.add(numbers[0])
    return rows
