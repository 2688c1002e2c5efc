"""The days of the shops: shifts of their cash drawers, and which sale belongs to which.

What reaches the till's books belongs to the shift that is open then. The drawer notes a payment
a moment after the payment itself, and opens for the first one, so a payment's shift is the first
one that was not closed before it.
"""

from typing import Any

from .errors import Unavailable
from .square import Square
from .store import Connection, Store
from .till import amount

__all__ = ["Shifts"]

Record = dict[str, Any]
ASSIGN = """
update pos_records r set shift_id = s.id from (
    select id from pos_shifts where location_id = (
        select location_id from pos_records where resource = %(r)s)
    and (closed_at = '' or closed_at >= (select at from pos_records where resource = %(r)s))
    order by opened_at, id limit 1) s
where r.resource = %(r)s and r.shift_id = ''
"""


class Shifts:
    """Shifts as last read."""

    def __init__(self, store: Store, square: Square) -> None:
        self.store = store
        self.square = square

    async def look(self, place: str) -> None:
        """Read a location's shifts, those that are not known to be closed."""
        row = await self.store.row(
            "select coalesce(min(opened_at) filter (where closed_at = ''), max(opened_at), '') "
            "as begin from pos_shifts where location_id = %(place)s",
            place=place,
        )
        assert row is not None
        async for shift in self.square.shifts_since(place, row["begin"]):
            counted = amount(shift, "closed_cash_money") if shift.get("closed_at") else None
            await self.store.rows(
                "insert into pos_shifts (id, location_id, opened_at, closed_at, opening, counted) "
                "values (%(id)s, %(place)s, %(opened)s, %(closed)s, %(opening)s, %(counted)s) "
                "on conflict (id) do update set closed_at = excluded.closed_at, "
                "counted = excluded.counted where pos_shifts.closed_at = '' "
                "and excluded.closed_at <> ''",
                id=shift["id"],
                place=place,
                opened=shift["opened_at"],
                closed=shift.get("closed_at", ""),
                opening=amount(shift, "opened_cash_money"),
                counted=counted,
            )

    async def to_close(self) -> list[str]:
        """Return the shifts that were closed in the shop and are not a task yet."""
        rows = await self.store.rows(
            "select s.id from pos_shifts s left join tasks t on t.resource = 'close:' || s.id "
            "where s.closed_at <> '' and s.status = 'open' and t.resource is null "
            "order by s.opened_at"
        )
        return [str(row["id"]) for row in rows]

    async def assign(self, connection: Connection, resource: str) -> None:
        """Write down which shift a record belongs to, once for ever."""
        await connection.execute(ASSIGN, {"r": resource})

    async def of_record(self, row: Record) -> Record:
        """Return the shift of a record; raises Unavailable while there is none."""
        if not row["shift_id"]:
            await self.look(row["location_id"])
            async with self.store.pool.connection() as connection:
                await self.assign(connection, row["resource"])
            found = await self.store.row(
                "select shift_id from pos_records where resource = %(r)s", r=row["resource"]
            )
            row["shift_id"] = found["shift_id"] if found else ""
        if not row["shift_id"]:
            raise Unavailable("its cash drawer shift is not there yet", 0.2, 1.0)
        return await self.read(row["shift_id"])

    async def read(self, identity: str) -> Record:
        """Return a shift that was seen."""
        row = await self.store.row("select * from pos_shifts where id = %(id)s", id=identity)
        if row is None:
            raise Unavailable(f"shift {identity} was not seen yet", 0.2, 1.0)
        return dict(row)

    async def closed(self, identity: str) -> None:
        """Write down that a shift's day is closed in Odoo."""
        await self.store.rows(
            "update pos_shifts set status = 'closed' where id = %(id)s", id=identity
        )
