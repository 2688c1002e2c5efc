"""The payouts flow: each movement of the gateway's balance becomes a line of its journal in Odoo.

A movement and its fee are two lines, ``txn_…`` and ``txn_…_fee``; fees go to an expense account
at once. Two tasks: ``gateway`` pulls and keeps, ``gateway-lines`` writes what is kept.

Pages run from the newest to the oldest, so the cursor moves on only when a walk has reached its
end; each walk goes some days further back, and what is known is not taken twice.
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, LiteralString

import msgspec

from .audit import Audit, say
from .flow import Action, Handler
from .gateway import Gateway, Movement, Payout
from .queue import Queue
from .statements import Journal, Line, Statements
from .store import Connection, Store

__all__ = ["GatewayLines"]

PULL_TASK, LINES_TASK = "gateway", "gateway-lines"
ATTEMPT_SECONDS = 5.0
DAY_SECONDS = 86_400
OVERLAP_SECONDS = 3 * DAY_SECONDS
PAYOUTS_SECONDS = 30 * DAY_SECONDS  # a payout may change that long after it was made

News = Callable[[Connection], Awaitable[None]]


class GatewayLines:
    """One account of the gateway."""

    tables: LiteralString = """
create table if not exists gateway_movements (
    id text primary key,
    kind text not null,
    amount numeric not null,
    fee numeric not null,
    currency text not null,
    day text not null,
    created_seconds bigint not null,
    source text not null,
    note text not null,
    paid numeric not null,
    paid_currency text not null,
    order_name text not null,
    charge text not null,
    odoo_id bigint,
    written boolean not null default false,
    invoice_id bigint,
    settled boolean not null default false
);
create index if not exists gateway_movements_source on gateway_movements (source);
create table if not exists payouts (
    id text primary key,
    amount numeric not null,
    currency text not null,
    status text not null,
    arrival_day text not null,
    trace text not null,
    matched_lines integer not null default 0,
    reason text not null default '',
    seen_at timestamptz not null default clock_timestamp()
);
"""
    figures: LiteralString = (
        "select 'connector_gateway_movements' as name, "
        "'written=\"' || written::text || '\"' as label, count(*)::float8 as value "
        "from gateway_movements group by written"
    )

    def __init__(
        self,
        store: Store,
        audit: Audit,
        queue: Queue,
        gateway: Gateway,
        statements: Statements,
        pull_seconds: float,
        news: News | None = None,
    ) -> None:
        """``news`` is called in the transaction that keeps payouts or lines just written."""
        self.store = store
        self.audit = audit
        self.queue = queue
        self.gateway = gateway
        self.statements = statements
        self.news = news
        self.handlers: Mapping[str, Handler] = {"payouts": self.bring_up_to_date}
        self.schedules: Mapping[str, tuple[Action, float]] = {"payouts": (self.ask, pull_seconds)}

    async def close(self) -> None:
        """Give connections back."""
        await self.gateway.close()

    async def ask(self) -> None:
        """Want a pull now, and wait until it was tried."""
        async with self.store.pool.connection() as connection, connection.transaction():
            await self.queue.want(connection, "payouts", PULL_TASK, "pull")
        await self.queue.attempted(PULL_TASK, ATTEMPT_SECONDS)

    async def bring_up_to_date(self, resource: str) -> None:
        """Pull, or write what was pulled."""
        if resource == LINES_TASK:
            await self._write()
        else:
            await self._pull()

    async def _pull(self) -> None:
        row = await self.store.row("select value from cursors where name = 'gateway'")
        cursor = int(row["value"]) if row else 0
        newest, told, fresh = cursor, 0, 0
        async for page in self.gateway.movements(max(0, cursor - OVERLAP_SECONDS)):
            told += len(page)
            fresh += await self._keep(page)
            newest = max(newest, *(entry.created_seconds for entry in page))
        async for payouts in self.gateway.payouts(max(0, cursor - PAYOUTS_SECONDS)):
            await self._keep_payouts(payouts)
        for late in await self.store.rows(
            "select distinct source from gateway_movements where starts_with(kind, 'payout') "
            "and source not in (select id from payouts)"
        ):
            await self._keep_payouts([await self.gateway.payout(late["source"])])
        async with self.store.pool.connection() as connection, connection.transaction():
            await connection.execute(
                "insert into cursors values ('gateway', %s) "
                "on conflict (name) do update set value = excluded.value",
                [str(newest)],
            )
            if self.news is not None:
                await self.news(connection)
        say("gateway pulled", resource=PULL_TASK, told=told, fresh=fresh)

    async def _keep(self, page: list[Movement]) -> int:
        """Keep what is new of a page, and want it written, in one transaction."""
        fresh = 0
        async with self.store.pool.connection() as connection, connection.transaction():
            for entry in page:
                made = await connection.execute(
                    "insert into gateway_movements (id, kind, amount, fee, currency, day, "
                    "created_seconds, source, note, paid, paid_currency, order_name, charge) "
                    "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
                    "on conflict (id) do nothing",
                    [
                        entry.id,
                        entry.kind,
                        entry.amount,
                        entry.fee,
                        entry.currency,
                        entry.day,
                        entry.created_seconds,
                        entry.source,
                        entry.text,
                        entry.paid,
                        entry.paid_currency,
                        entry.order_name,
                        entry.charge,
                    ],
                )
                fresh += made.rowcount
            if fresh:
                await self.queue.want(connection, "payouts", LINES_TASK, "lines")
        return fresh

    async def _keep_payouts(self, page: list[Payout]) -> None:
        async with self.store.pool.connection() as connection, connection.transaction():
            for entry in page:
                await connection.execute(
                    "insert into payouts (id, amount, currency, status, arrival_day, trace) "
                    "values (%s, %s, %s, %s, %s, %s) on conflict (id) do update "
                    "set status = excluded.status, arrival_day = excluded.arrival_day, "
                    "trace = coalesce(nullif(excluded.trace, ''), payouts.trace)",
                    [
                        entry.id,
                        entry.amount,
                        entry.currency,
                        entry.status,
                        entry.arrival_day,
                        entry.trace,
                    ],
                )

    async def _write(self) -> None:
        """Write what is kept and not in Odoo yet."""
        rows = await self.store.rows(
            "select * from gateway_movements where not written order by created_seconds, id"
        )
        for currency in sorted({row["currency"] for row in rows}):
            mine = [row for row in rows if row["currency"] == currency]
            journal = await journal_of(self.statements, currency)
            written = await self.statements.write(
                journal, [line for row in mine for line in lines_of(row)]
            )
            fees = [number for name, number in written.ids.items() if name.endswith("_fee")]
            await self._expense(journal, fees)
            whole = [row for row in mine if not written.refused.keys() & names_of(row)]
            await self._note(whole, written.ids)
            written.complain()

    async def _expense(self, journal: Journal, fees: list[int]) -> None:
        """Book fees as what they are: nothing else will ever stand against them."""
        if not fees:
            return
        items = await self.statements.open_items(journal, fees)
        await self.statements.assign([*items.values()], await self.statements.fee_account())

    async def _note(self, rows: list[dict[str, Any]], written: dict[str, int]) -> None:
        async with self.store.pool.connection() as connection, connection.transaction():
            for row in rows:
                await connection.execute(
                    "update gateway_movements set written = true, odoo_id = %s where id = %s",
                    [written.get(row["id"]), row["id"]],
                )
            await self.audit.record(
                "gateway lines written", LINES_TASK, connection, lines=len(written)
            )
            if self.news is not None:
                await self.news(connection)


def names_of(row: dict[str, Any]) -> set[str]:
    """Return the identities of a movement's lines."""
    return {line.identity for line in lines_of(row)}


def lines_of(row: dict[str, Any]) -> list[Line]:
    """Return the lines of a movement: what moved and, apart, the fee; nothing for nothing."""
    amounts: list[tuple[str, Decimal, str]] = [
        (row["id"], row["amount"], row["note"]),
        (f"{row['id']}_fee", -row["fee"], f"Fee: {row['note']}"),
    ]
    lines = [
        Line(identity=name, day=row["day"], amount=amount, text=text, reference=row["source"])
        for name, amount, text in amounts
        if amount
    ]
    if lines and lines[0].identity == row["id"] and row["paid_currency"] != row["currency"]:
        paid = {"paid": row["paid"], "paid_currency": row["paid_currency"]}
        lines[0] = msgspec.structs.replace(lines[0], **paid)
    return lines


async def journal_of(statements: Statements, currency: str) -> Journal:
    """Return the gateway's journal for a currency."""
    return await statements.journal(
        f"journal_gateway_{currency.lower()}", f"Gateway {currency}", f"GW{currency}", currency
    )
