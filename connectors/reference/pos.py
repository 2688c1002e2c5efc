"""Sales of the shops: from the till into Odoo's point of sale, each once, to the cent.

Nothing is believed but what the till's books say now. They are asked for what has changed since
the last look, by their own time of change with overlap: an offline till's sales arrive late and
with a wrong clock, but what arrives has changed now. Each sale and each refund is a task; a
shift of the cash drawer, once closed, is one too, and waits until all of its day is in Odoo.

Known again: a sale by its payment, which tells the order that was paid with it. An order that
repeats another's payment (an offline till sends twice) is a duplicate: audited, not booked.
A pickup of an online order is no sale (``pickups.py``).
"""

import asyncio
from collections.abc import Mapping
from typing import Any, LiteralString

from .audit import Audit
from .books import Books
from .counter import Counter
from .errors import Refused, Unavailable
from .flow import Action, Handler
from .pickups import Pickups
from .queue import Queue
from .settings import Place, Settings
from .shifts import Shifts
from .square import Square
from .store import Connection, Store
from .stores import Stores
from .till import read_refund, read_sale

__all__ = ["Pos"]

OVERLAP_SECONDS = 30
WAIT_SECONDS_MAX = 1.0
TABLES: LiteralString = """
create table if not exists pos_records (
    resource text primary key,
    square_id text not null,
    location_id text not null,
    at text not null,
    updated_at text not null,
    shift_id text not null default '',
    status text not null default 'seen',
    odoo_id bigint,
    intended_at timestamptz
);
create index if not exists pos_records_open on pos_records (location_id) where status = 'seen';
create table if not exists pos_shifts (
    id text primary key,
    location_id text not null,
    opened_at text not null,
    closed_at text not null default '',
    opening numeric not null,
    counted numeric,
    status text not null default 'open'
);
"""
Record = dict[str, Any]


class Pos:
    """The flow of the shops' sales."""

    tables = TABLES

    def __init__(
        self,
        settings: Settings,
        store: Store,
        audit: Audit,
        queue: Queue,
        square: Square,
        books: Books,
    ) -> None:
        self.store, self.audit, self.queue = store, audit, queue
        self.square = square
        self.places: dict[str, Place] = {
            place.pos_location_id: place for place in settings.places if place.pos_location_id
        }
        self.stores = Stores(books.odoo, books)
        self.counter = Counter(store, audit, books, self.stores)
        self.shifts = Shifts(store, square)
        self.pickups = Pickups(store, audit, books.odoo)
        self.online = bool(settings.shopify_url)
        self._turn = asyncio.Lock()
        self.handlers: Mapping[str, Handler] = {"pos": self.bring_up_to_date}
        self.schedules: Mapping[str, tuple[Action, float]] = {
            "pos": (self.find_changes, settings.pos_seconds)
        }

    async def close(self) -> None:
        """Close the connections."""
        await self.square.close()

    async def prepare(self) -> None:
        """Set the shops up in Odoo; done at every start, made only where it is missing."""
        for place in self.places.values():
            await self.stores.ready(place)

    async def find_changes(self) -> None:
        """Want every sale and refund that has changed, and every day that was closed."""
        async with self._turn:
            # What is found first happened before the shifts are read: its shift is told right.
            begin = await self._cursor()
            found = [
                _seen(kind, order, order["updated_at"], _paid_at(order))
                async for order in self.square.orders_since(self.places, begin)
                for kind in self._kinds(order)
            ]
            for place in self.places:
                found += [
                    _seen("refund", refund, refund["updated_at"], refund["updated_at"])
                    async for refund in self.square.refunds_since(place, begin)
                    if refund["status"] == "COMPLETED"
                ]
            for place in self.places:
                await self.shifts.look(place)
            for row in found:
                await self._want(row)
            for shift in await self.shifts.to_close():
                async with self.store.pool.connection() as connection, connection.transaction():
                    await self.queue.want(connection, "pos", f"close:{shift}", "close")
            newest = max((row["updated_at"] for row in found), default="")
            await self._move_cursor(newest)

    def _kinds(self, order: Record) -> list[str]:
        """Return what an order is to us: a sale, a pickup of an online order, or nothing."""
        parts = order.get("fulfillments", [])
        if self.online and any(part["type"] == "PICKUP" for part in parts):
            return ["pickup"]
        return ["sale"] if order["state"] == "COMPLETED" and order.get("line_items") else []

    async def _cursor(self) -> str:
        row = await self.store.row(
            "select to_char((value::timestamptz at time zone 'UTC') "
            '- make_interval(secs => %(overlap)s), \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') as begin '
            "from cursors where name = 'pos'",
            overlap=OVERLAP_SECONDS,
        )
        return str(row["begin"]) if row else ""

    async def _move_cursor(self, newest: str) -> None:
        if newest:
            await self.store.rows(
                "insert into cursors values ('pos', %(v)s) on conflict (name) "
                "do update set value = greatest(cursors.value, excluded.value)",
                v=newest,
            )

    async def _want(self, row: Record) -> None:
        """Want a record that is new or changed, unless it is in Odoo already."""
        async with self.store.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "insert into pos_records (resource, square_id, location_id, at, updated_at) "
                "values (%(resource)s, %(square_id)s, %(location_id)s, %(at)s, %(updated_at)s) "
                "on conflict (resource) do update set updated_at = excluded.updated_at "
                "where pos_records.status = 'seen' "
                "and pos_records.updated_at < excluded.updated_at returning resource",
                row,
            )
            if await cursor.fetchone():
                if not row["resource"].startswith("pickup:"):
                    await self.shifts.assign(connection, row["resource"])
                await self.queue.want(connection, "pos", row["resource"], "change")

    async def bring_up_to_date(self, resource: str) -> float | None:
        """Book a sale or a refund, or close a day."""
        kind, _, identity = resource.partition(":")
        if kind == "close":
            await self._close(identity)
            return None
        row = await self._row(resource)
        if row["status"] != "seen":
            return None
        place = self.places[row["location_id"]]
        if kind == "pickup":
            await self._pickup(place, row)
            return None
        shift = await self.shifts.of_record(row)
        receipt = await (self._sale(row) if kind == "sale" else self._refund(row))
        if receipt is None:
            return None
        odoo_id = await self.counter.book(place, shift, receipt, row)
        await self._settle(resource, "booked", odoo_id)
        await self.audit.record(
            f"{kind} booked", resource, reference=receipt.reference, odoo_id=odoo_id,
            total=str(receipt.total), arrived_at=row["at"], sold_at=receipt.at,
        )  # fmt: skip
        return None

    async def _row(self, resource: str) -> Record:
        row = await self.store.row("select * from pos_records where resource = %(r)s", r=resource)
        if row is None:
            raise Refused("unknown", f"{resource} was never seen")
        return dict(row)

    async def _settle(self, resource: str, status: str, odoo_id: int | None = None) -> None:
        """Write down what became of a record; a day that waits for it is looked at again."""
        async with self.store.pool.connection() as connection, connection.transaction():
            await connection.execute(
                "update pos_records set status = %s, odoo_id = %s where resource = %s",
                [status, odoo_id, resource],
            )
            await self._wake_dead_close(connection, resource)

    async def _wake_dead_close(self, connection: Connection, resource: str) -> None:
        cursor = await connection.execute(
            "select t.resource from pos_records r join tasks t on t.resource = 'close:' "
            "|| r.shift_id where r.resource = %s and t.dead",
            [resource],
        )
        for row in await cursor.fetchall():
            await self.queue.want(connection, "pos", row["resource"], "close")

    async def _sale(self, row: Record) -> Any:
        """Read a sale; None when it is a duplicate."""
        order = await self.square.order(row["square_id"])
        tenders = order.get("tenders", [])
        payments = [await self.square.payment(tender["payment_id"]) for tender in tenders]
        originals = {payment["order_id"] for payment in payments} - {order["id"]}
        if originals:
            await self._settle(row["resource"], "duplicate")
            await self.audit.record(
                "sale is a duplicate",
                row["resource"],
                of=sorted(originals),
                reference=order.get("reference_id", ""),
            )
            await self.store.count("pos_duplicates")
            return None
        items = [line.get("catalog_object_id", "") for line in order["line_items"]]
        skus = await self.square.skus([item for item in items if item])
        return read_sale(order, payments, skus)

    async def _pickup(self, place: Place, row: Record) -> None:
        """Set an online order aside in the shop, or hand it over, as the till says now."""
        order = await self.square.order(row["square_id"])
        if order["state"] == "CANCELED":
            await self._settle(row["resource"], "released")
            return
        online = await self.pickups.order(order.get("reference_id", ""), row["resource"])
        if order["state"] == "COMPLETED":
            await self.pickups.hand_over(place, online)
            await self._settle(row["resource"], "handed over", online["odoo_id"])
            await self.audit.record("pickup handed over", row["resource"], order=online["name"])
        elif online["status"] == "confirmed":
            await self.pickups.set_aside(place, online)
            await self.audit.record("pickup set aside", row["resource"], order=online["name"])

    async def _refund(self, row: Record) -> Any:
        """Read a refund; raises Unavailable, or Refused, while its sale is not in Odoo."""
        refund = await self.square.refund(row["square_id"])
        payment = await self.square.payment(refund["payment_id"])
        sale = await self._row(f"sale:{payment['order_id']}")
        if sale["status"] == "seen":
            if await self.store.row(
                "select 1 from tasks where resource = %(r)s and dead", r=sale["resource"]
            ):
                raise Refused("sale_dead", f"{sale['resource']} is a dead letter")
            raise Unavailable("its sale is not in Odoo yet", 0.1, WAIT_SECONDS_MAX)
        sold = await self.square.order(payment["order_id"])
        returned = await self.square.order(refund["order_id"])
        items = {
            line["catalog_object_id"]
            for part in returned.get("returns", [])
            for line in part.get("return_line_items", [])
            if line.get("catalog_object_id")
        }
        restocked = await self.square.restocked(refund, items) if items else {}
        return read_refund(refund, returned, sold, await self.square.skus(items), restocked)

    async def _close(self, identity: str) -> None:
        """Close a day in Odoo when everything of it is there."""
        await self.find_changes()  # what arrived before the close may not have been seen
        shift = await self.shifts.read(identity)
        if shift["status"] == "closed":
            return
        open_ones = await self.store.rows(
            "select r.resource, coalesce(t.dead, false) as dead from pos_records r "
            "left join tasks t using (resource) "
            "where r.shift_id = %(s)s and r.status = 'seen' order by r.resource",
            s=identity,
        )
        dead = [row["resource"] for row in open_ones if row["dead"]]
        if dead:
            raise Refused("day_incomplete", f"dead letters of that day: {', '.join(dead)[:300]}")
        if open_ones:
            reason = f"{len(open_ones)} of the day are not in Odoo yet"
            raise Unavailable(reason, 0.2, WAIT_SECONDS_MAX)
        session = await self.counter.close_day(self.places[shift["location_id"]], shift)
        await self.shifts.closed(identity)
        await self.audit.record(
            "day closed", f"close:{identity}", session=session, counted=str(shift["counted"])
        )


def _seen(kind: str, record: Record, updated_at: str, at: str) -> Record:
    return {
        "resource": f"{kind}:{record['id']}",
        "square_id": record["id"],
        "location_id": record["location_id"],
        "at": at,
        "updated_at": updated_at,
    }


def _paid_at(order: Record) -> str:
    """Return when a sale reached the till's books: that decides on its day."""
    moments = [tender["created_at"] for tender in order.get("tenders", [])]
    return str(max(moments, default=order.get("closed_at", order["updated_at"])))
