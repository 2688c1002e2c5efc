"""Change capture: what Odoo committed, row by row, whatever wrote it.

``install`` puts triggers on the watched tables that note every insert, update and delete of
the watched columns in ``peakproof.change``, in the writer's own transaction: what is rolled
back leaves no note. ``export`` reads the notes in order of commit, timed at the commit
(PostgreSQL's commit timestamps), so that transient states count and half-done work does not.

Updates that leave the watched columns as they were are not noted. Decimal columns come as
strings ("12.50").
"""

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import sql

from peakproof.history import Event
from peakproof.seed import Clock

__all__ = ["WATCHED", "activity", "export", "install"]

# Table -> watched columns; those that the database lacks are left out.
WATCHED: dict[str, tuple[str, ...]] = {
    "sale_order": (
        "name", "state", "partner_id", "partner_shipping_id", "client_order_ref", "origin",
        "amount_untaxed", "amount_tax", "amount_total", "invoice_status", "currency_id",
        "warehouse_id", "delivery_status", "locked",
    ),
    "sale_order_line": (
        "order_id", "product_id", "product_uom_qty", "price_unit", "discount", "price_subtotal",
        "price_tax", "price_total", "qty_delivered", "qty_invoiced", "name",
    ),
    "stock_picking": (
        "name", "state", "origin", "sale_id", "picking_type_id", "backorder_id", "return_id",
        "carrier_id", "carrier_tracking_ref", "location_id", "location_dest_id", "date_done",
    ),
    "stock_move": (
        "product_id", "product_uom_qty", "quantity", "state", "picked", "picking_id",
        "sale_line_id", "location_id", "location_dest_id", "origin_returned_move_id", "reference",
    ),
    "stock_move_line": (
        "move_id", "picking_id", "product_id", "quantity", "picked", "state", "location_id",
        "location_dest_id",
    ),
    "stock_quant": (
        "product_id", "location_id", "quantity", "reserved_quantity", "inventory_quantity",
        "lot_id", "package_id", "owner_id",
    ),
    "account_move": (
        "name", "move_type", "state", "payment_state", "partner_id", "ref", "invoice_origin",
        "amount_untaxed", "amount_tax", "amount_total", "amount_residual", "currency_id",
        "journal_id", "reversed_entry_id", "date", "statement_line_id",
    ),
    "account_move_line": (
        "move_id", "account_id", "partner_id", "product_id", "quantity", "balance", "debit",
        "credit", "amount_currency", "currency_id", "amount_residual", "reconciled",
        "full_reconcile_id", "parent_state", "display_type", "name", "ref",
    ),
    "account_payment": (
        "name", "state", "amount", "payment_type", "partner_id", "memo", "move_id", "is_matched",
        "journal_id", "currency_id", "payment_reference",
    ),
    "account_partial_reconcile": ("debit_move_id", "credit_move_id", "amount"),
    "account_bank_statement_line": (
        "move_id", "statement_id", "journal_id", "amount", "payment_ref", "partner_id",
        "unique_import_id", "is_reconciled", "transaction_type", "amount_residual",
    ),
    "res_partner": (
        "name", "email", "phone", "parent_id", "type", "active", "ref", "street", "street2",
        "city", "zip", "state_id", "country_id",
    ),
    "product_product": ("default_code", "barcode", "active", "product_tmpl_id"),
    "product_template": ("name", "list_price", "active", "is_storable", "default_code"),
    "pos_order": (
        "name", "pos_reference", "state", "amount_total", "amount_paid", "uuid", "session_id",
        "account_move", "partner_id",
    ),
    "queue_job": (
        "uuid", "name", "model_name", "method_name", "state", "retry", "eta", "identity_key",
        "exc_name", "channel",
    ),
}  # fmt: skip

# Written as decimal strings, so that nobody compares money as binary floats.
DECIMALS = ("numeric", "double precision", "real")

SCHEMA = """
create schema if not exists peakproof;
create table if not exists peakproof.change (
    sequence bigint generated always as identity,
    transaction xid8 not null default pg_current_xact_id(),
    written timestamptz not null default clock_timestamp(),
    name text not null,
    operation text not null,
    key bigint,
    row jsonb not null
);
"""
EXPORT = """
select c.sequence, c.transaction::text::bigint, c.name, c.operation, c.key, c.row,
       extract(epoch from coalesce(
           pg_xact_commit_timestamp(c.transaction::xid), c.written))::float8 as committed
from peakproof.change c
where c.sequence > %s
order by committed, c.transaction, c.sequence
"""


def install(connection: psycopg.Connection[Any], extra_tables: Iterable[str] = ()) -> list[str]:
    """Watch the tables that exist; return their names.

    ``extra_tables`` are a connector's own, watched with all their columns. May be called
    again after modules were added.
    """
    connection.execute(SCHEMA)
    watched = []
    for table in [*WATCHED, *(name for name in extra_tables if name not in WATCHED)]:
        types = dict(
            connection.execute(
                "select column_name, data_type from information_schema.columns "
                "where table_schema = 'public' and table_name = %s order by ordinal_position",
                [table],
            ).fetchall()
        )
        columns = {name: types[name] for name in WATCHED.get(table, types) if name in types}
        if columns:
            connection.execute(_trigger(table, columns, has_id="id" in types))
            watched.append(table)
    return watched


def _trigger(table: str, columns: dict[str, str], *, has_id: bool) -> sql.Composed:
    """Return the statements that make one table's trigger."""
    function = sql.Identifier("peakproof", f"note_{table}")

    def record(which: str) -> sql.Composed:
        pairs = [
            sql.SQL("{}, {}.{}{}").format(
                sql.Literal(name),
                sql.SQL(which),
                sql.Identifier(name),
                sql.SQL("::numeric::text" if kind in DECIMALS else ""),
            )
            for name, kind in columns.items()
        ]
        return sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs))

    def changed() -> sql.Composed:
        def columns_of(which: str) -> sql.Composed:
            return sql.SQL(", ").join(
                sql.SQL("{}.{}").format(sql.SQL(which), sql.Identifier(name)) for name in columns
            )

        return sql.SQL("row({}) is distinct from row({})").format(
            columns_of("old"), columns_of("new")
        )

    key = sql.SQL("{}.id") if has_id else sql.SQL("null")
    note = sql.SQL(
        "insert into peakproof.change (name, operation, key, row) values ({}, {}, {}, {})"
    )

    def noted(operation: str, which: str) -> sql.Composed:
        return note.format(
            sql.Literal(table),
            sql.Literal(operation),
            key.format(sql.SQL(which)) if has_id else key,
            record(which),
        )

    return sql.SQL(
        "create or replace function {function}() returns trigger language plpgsql as $note$ begin "
        "if tg_op = 'INSERT' then {insert}; "
        "elsif tg_op = 'DELETE' then {delete}; "
        "elsif {changed} then {update}; end if; return null; end $note$; "
        "drop trigger if exists peakproof_note on {table}; "
        "create trigger peakproof_note after insert or update or delete on {table} "
        "for each row execute function {function}();"
    ).format(
        function=function,
        insert=noted("insert", "new"),
        delete=noted("delete", "old"),
        update=noted("update", "new"),
        changed=changed(),
        table=sql.Identifier("public", table),
    )


def activity(dsn: str) -> int:
    """Return a number that grows with every noted change, committed or not."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            "select coalesce(pg_sequence_last_value('peakproof.change_sequence_seq'), 0)"
        ).fetchone()
    assert row is not None
    return int(row[0])


def export(dsn: str, clock: Clock, after: int = 0) -> Iterator[Event]:
    """Yield the committed changes as history events, in order of commit.

    ``after`` leaves out the changes up to that ``activity`` (made before the run).
    """
    with psycopg.connect(dsn) as connection, connection.cursor("export") as cursor:
        for sequence, transaction, name, operation, key, row, committed in cursor.execute(
            EXPORT, [after]
        ):
            yield Event(
                time=clock.from_epoch(committed),
                source="odoo",
                kind="change",
                name=name,
                key="" if key is None else str(key),
                outcome=operation,
                value={"row": row, "transaction": transaction, "sequence": sequence},
            )
