"""Finished deliveries: found in Odoo, given a label where they go by parcel, told to the channel.

Odoo tells nobody reliably that a delivery is done, so it is asked: every moment for what was
written lately (``>=`` a cursor of Odoo's own times, with an overlap longer than its longest
transactions), and now and then for all of them, compared with our own table. Whatever was done
before this connector's first start is not ours.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, LiteralString

from .audit import Audit
from .books import Books
from .easypost import EasyPost
from .flow import Action, Handler
from .fulfilment import Fulfilment
from .odoo import Odoo
from .parcels import Parcels
from .queue import Queue
from .settings import Settings
from .shipping import Shipping
from .shopify import Shopify
from .store import Store

__all__ = ["Deliveries"]

OVERLAP_SECONDS = 300.0
BATCH = 500
FIELDS = ["name", "sale_id", "carrier_id", "carrier_tracking_ref", "write_date"]
DONE: list[Any] = [["state", "=", "done"], ["picking_type_code", "=", "outgoing"]]
CURSOR = "deliveries"


class Deliveries:
    """The flow of finished deliveries: queues ``shipping`` and ``fulfilment``."""

    tables: LiteralString = """
    create table if not exists deliveries (
        picking_id bigint primary key,
        name text not null,
        seen text not null,
        earlier boolean not null default false,
        order_gid text,
        told jsonb not null default '[]',
        intent jsonb,
        found_at timestamptz not null default clock_timestamp()
    );
    create index if not exists deliveries_order on deliveries (order_gid);
    create table if not exists labels (
        picking_id bigint primary key,
        intended_at timestamptz,
        shipment_id text not null default '',
        rounds integer not null default 0,
        tracking text not null default '',
        carrier text not null default '',
        price numeric not null default 0,
        currency text not null default ''
    );
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        audit: Audit,
        queue: Queue,
        shopify: Shopify,
        odoo: Odoo,
        books: Books,
        shop: str,
    ) -> None:
        self.store = store
        self.queue = queue
        self.odoo = odoo
        self.books = books
        self.handlers: Mapping[str, Handler] = {}
        self.carriers: EasyPost | None = None
        self.fulfilment: Fulfilment | None = None
        if settings.shopify_url:
            self.fulfilment = fulfilment = Fulfilment(
                store, audit, queue, odoo, Parcels(shopify), settings.places, shop
            )
            self.handlers = {"fulfilment": fulfilment.bring_up_to_date}
        if settings.carrier:
            self.carriers = EasyPost(settings)
            shipping = Shipping(
                store, audit, queue, odoo, books, self.carriers, bool(settings.shopify_url)
            )
            self.handlers = {**self.handlers, "shipping": shipping.bring_up_to_date}
        self.schedules: Mapping[str, tuple[Action, float]] = {
            "parcels": (self.find, settings.parcels_seconds),
            "deliveries": (self.find_all, settings.stock_audit_seconds),
        }

    async def close(self) -> None:
        """Give connections back."""
        if self.carriers is not None:
            await self.carriers.close()

    async def prepare(self) -> None:
        """Make the delivery method, and on the first start ever note what is done already."""
        if self.carriers is not None:
            await self.books.parcel()
        if await self._cursor() is None:
            last, number = "1970-01-01 00:00:00", 0
            while rows := await self._done([["id", ">", number]]):
                await self._note(rows, earlier=True)
                last, number = max(last, *(row["write_date"] for row in rows)), rows[-1]["id"]
            await self._move_cursor(last)

    async def find(self) -> None:
        """Find what Odoo finished or changed lately."""
        cursor = await self._cursor()
        if cursor is None:
            await self.prepare()
            return
        since = datetime.fromisoformat(cursor) - timedelta(seconds=OVERLAP_SECONDS)
        written: list[Any] = ["write_date", ">=", since.strftime("%Y-%m-%d %H:%M:%S")]
        last, number = cursor, 0
        while rows := await self._done([written, ["id", ">", number]]):
            await self._note(rows)
            last, number = max(last, *(row["write_date"] for row in rows)), rows[-1]["id"]
        if last != cursor:
            await self._move_cursor(last)

    async def find_all(self) -> None:
        """Compare every finished delivery with our own table."""
        number = 0
        while rows := await self._done([["id", ">", number]]):
            await self._note(rows)
            number = rows[-1]["id"]

    async def _done(self, more: list[Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.odoo.read(
            "stock.picking",
            "search_read",
            domain=[*DONE, *more],
            fields=FIELDS,
            order="id",
            limit=BATCH,
        )
        return rows

    async def _note(self, rows: list[dict[str, Any]], earlier: bool = False) -> None:
        """Keep what is new or looks different now, together with its task."""
        known = {
            row["picking_id"]: row
            for row in await self.store.rows(
                "select picking_id, seen, earlier from deliveries where picking_id = any(%(ids)s)",
                ids=[row["id"] for row in rows],
            )
        }
        for row in rows:
            carrier = row["carrier_id"][0] if row["carrier_id"] else 0
            tracking = row["carrier_tracking_ref"] or ""
            seen = f"{carrier}|{tracking}"
            before = known.get(row["id"])
            if before is not None and (before["earlier"] or before["seen"] == seen):
                continue
            async with self.store.pool.connection() as connection, connection.transaction():
                cursor = await connection.execute(
                    "insert into deliveries (picking_id, name, seen, earlier) "
                    "values (%s, %s, %s, %s) on conflict (picking_id) do update "
                    "set seen = excluded.seen where deliveries.seen <> excluded.seen "
                    "and not deliveries.earlier returning picking_id",
                    [row["id"], row["name"], seen, earlier],
                )
                if await cursor.fetchone() is None or earlier:
                    continue
                queue = await self._queue(row, carrier, before is not None)
                if queue:
                    word = "label" if queue == "shipping" else "delivery"
                    await self.queue.want(connection, queue, f"{word}:{row['id']}", row["name"])

    async def _queue(self, row: dict[str, Any], carrier: int, again: bool) -> str:
        """Return the queue that a delivery goes to first, '' when it is none of our business."""
        if self.carriers is not None:
            labelled = again and await self.store.row(
                "select picking_id from labels where picking_id = %(id)s", id=row["id"]
            )
            needs = carrier == await self.books.parcel() and not row["carrier_tracking_ref"]
            if labelled or needs:
                return "shipping"
        return "fulfilment" if row["sale_id"] and "fulfilment" in self.handlers else ""

    async def _cursor(self) -> str | None:
        row = await self.store.row("select value from cursors where name = %(n)s", n=CURSOR)
        return str(row["value"]) if row else None

    async def _move_cursor(self, value: str) -> None:
        await self.store.rows(
            "insert into cursors values (%(n)s, %(v)s) on conflict (name) "
            "do update set value = excluded.value",
            n=CURSOR,
            v=value,
        )
