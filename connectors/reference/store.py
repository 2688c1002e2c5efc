"""The connector's own PostgreSQL: its tables and its connections.

Connections are in autocommit; a unit of work opens ``async with connection.transaction()``.
"""

from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

__all__ = ["Connection", "Store"]

Connection = AsyncConnection[DictRow]

SCHEMA: LiteralString = """
create table if not exists inbox (
    webhook_id text primary key,
    event_id text,
    topic text not null,
    resource text not null,
    updated_at text not null,
    triggered_at text not null,
    payload bytea not null,
    received_at timestamptz not null default clock_timestamp(),
    unique (event_id, topic, resource)
);
create table if not exists tasks (
    resource text primary key,
    flow text not null,
    topic text not null,
    wanted bigint not null default 0,
    done bigint not null default 0,
    refusals integer not null default 0,
    waits integer not null default 0,
    dead boolean not null default false,
    reason text not null default '',
    next_at timestamptz not null default clock_timestamp(),
    woken_at timestamptz not null default clock_timestamp(),
    verify_at timestamptz,
    seen text not null default '',
    created_at timestamptz not null default clock_timestamp(),
    done_at timestamptz
);
create index if not exists tasks_open on tasks (next_at) where wanted > done and not dead;
create table if not exists orders (
    gid text primary key,
    name text not null,
    updated_at text not null,
    read_at timestamptz not null default clock_timestamp(),
    content_hash text not null default '',
    odoo_id bigint,
    intended_at timestamptz,
    unsure boolean not null default false,
    under_way boolean not null default false,
    status text not null default 'seen',
    changed_at timestamptz not null default clock_timestamp()
);
create table if not exists order_lines (
    order_gid text not null,
    line_gid text not null,
    sequence integer not null,
    primary key (order_gid, line_gid)
);
create table if not exists ledger (
    order_gid text not null,
    line_gid text not null,
    sku text not null,
    units integer not null,
    unfulfilled integer not null,
    applied integer not null default 0,
    held integer not null default 0,
    primary key (order_gid, line_gid)
);
create index if not exists ledger_sku on ledger (sku);
create table if not exists links (
    kind text not null,
    key text not null,
    odoo_id bigint not null,
    primary key (kind, key)
);
create table if not exists variants (
    sku text primary key,
    item_gid text not null,
    product_id bigint not null
);
create table if not exists dirty (
    sku text primary key,
    wanted bigint not null default 1,
    done bigint not null default 0,
    refusals integer not null default 0,
    dead boolean not null default false,
    reason text not null default '',
    since timestamptz not null default clock_timestamp()
);
create table if not exists cursors (name text primary key, value text not null);
create table if not exists dead_letters (
    id bigserial primary key,
    flow text not null,
    resource text not null,
    topic text not null,
    reason text not null,
    created_at timestamptz not null default clock_timestamp(),
    replayed_at timestamptz,
    resolved_at timestamptz
);
create unique index if not exists dead_letters_open on dead_letters (flow, resource)
    where resolved_at is null;
create table if not exists counters (name text primary key, value bigint not null);
create table if not exists audit (
    id bigserial primary key,
    at timestamptz not null default clock_timestamp(),
    kind text not null,
    resource text not null,
    detail jsonb not null default '{}'
);
create index if not exists audit_resource on audit (resource, id);
create or replace function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only';
end $$;
create or replace trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function audit_is_append_only();
"""


class Store:
    """A pool of connections to the connector's own database."""

    def __init__(self, database_url: str, size: int = 24) -> None:
        self.database_url = database_url
        self.pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            database_url,
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": True},
            min_size=2,
            max_size=size,
            open=False,
            check=AsyncConnectionPool.check_connection,
            reconnect_timeout=5,
            timeout=10,
        )

    async def open(self, *tables: LiteralString) -> None:
        """Connect and make the tables that are missing; ``tables`` are those of the flows."""
        await self.pool.open(wait=True, timeout=30)
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(724001)")
            for statements in (SCHEMA, *tables):
                await connection.execute(statements)

    async def close(self) -> None:
        """Give every connection back."""
        await self.pool.close()

    async def rows(self, query: LiteralString, **values: Any) -> list[DictRow]:
        """Run one statement by itself and return its rows."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

    async def row(self, query: LiteralString, **values: Any) -> DictRow | None:
        """Run one statement by itself and return its first row."""
        found = await self.rows(query, **values)
        return found[0] if found else None

    async def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter of the metrics."""
        await self.rows(
            "insert into counters values (%(name)s, %(amount)s) on conflict (name) "
            "do update set value = counters.value + excluded.value",
            name=name,
            amount=amount,
        )
