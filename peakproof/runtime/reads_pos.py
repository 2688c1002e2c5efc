"""Final reads of Odoo's point of sale: orders with lines and payments, sessions.

By SQL, like ``reads``; money as decimal strings. A database without the module has none.
"""

from collections import defaultdict
from typing import Any

import psycopg
from psycopg.rows import dict_row

from peakproof.runtime.reads import decimal_text, quantity_text

__all__ = ["read_pos_orders", "read_pos_sessions"]

Record = dict[str, Any]

ORDERS = """
select o.id, o.name, o.pos_reference, o.uuid, o.state, o.session_id, o.amount_total,
       o.amount_tax, o.amount_paid, c.name as currency, c.decimal_places,
       to_jsonb(o) ->> 'general_customer_note' as note,
       to_jsonb(o) ->> 'internal_note' as internal_note
from pos_order o
join res_company m on m.id = o.company_id
join res_currency c on c.id = m.currency_id
order by o.id
"""
LINES = """
select l.order_id, l.id, p.default_code as sku, l.qty, l.price_subtotal, l.price_subtotal_incl,
       l.refunded_orderline_id, source.order_id as refunded_order_id
from pos_order_line l
join product_product p on p.id = l.product_id
left join pos_order_line source on source.id = l.refunded_orderline_id
order by l.id
"""
PAYMENTS = """
select p.pos_order_id, p.id, p.amount, p.transaction_id, p.uuid, m.name ->> 'en_US' as method,
       m.is_cash_count as is_cash
from pos_payment p join pos_payment_method m on m.id = p.payment_method_id
order by p.id
"""
SESSIONS = """
select s.id, s.name, s.state, g.name as config, s.cash_register_balance_start as opening_cash,
       s.cash_register_balance_end_real as counted_cash
from pos_session s join pos_config g on g.id = s.config_id
order by s.id
"""
PLACES = 2  # sessions are in the company's currency


def read_pos_orders(dsn: str) -> dict[str, Record]:
    """Return every order of the point of sale (refunds too) by id."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        if not _present(connection, "pos_order"):
            return {}
        lines: defaultdict[int, list[Record]] = defaultdict(list)
        for row in connection.execute(LINES):
            lines[row["order_id"]].append(row)
        payments: defaultdict[int, list[Record]] = defaultdict(list)
        for row in connection.execute(PAYMENTS):
            payments[row["pos_order_id"]].append(row)
        orders = connection.execute(ORDERS).fetchall()
    return {str(row["id"]): _order(row, lines[row["id"]], payments[row["id"]]) for row in orders}


def _order(row: Record, lines: list[Record], payments: list[Record]) -> Record:
    places = row["decimal_places"]
    texts = ("name", "pos_reference", "uuid", "state", "currency", "note", "internal_note")
    return {
        "id": row["id"],
        **{name: row[name] or "" for name in texts},
        "session_id": row["session_id"],
        **{
            name: decimal_text(row[name], places)
            for name in ("amount_total", "amount_tax", "amount_paid")
        },
        "refunded_order_ids": sorted(
            {line["refunded_order_id"] for line in lines if line["refunded_order_id"]}
        ),
        "lines": [
            {
                "id": line["id"],
                "sku": line["sku"] or "",
                "quantity": quantity_text(line["qty"]),
                "subtotal": decimal_text(line["price_subtotal"], places),
                "total": decimal_text(line["price_subtotal_incl"], places),
            }
            for line in lines
        ],
        "payments": [
            {
                "id": payment["id"],
                "amount": decimal_text(payment["amount"], places),
                "method": payment["method"] or "",
                "is_cash": bool(payment["is_cash"]),
                "transaction_id": payment["transaction_id"] or "",
                "uuid": payment["uuid"] or "",
            }
            for payment in payments
        ],
    }


def read_pos_sessions(dsn: str) -> dict[str, Record]:
    """Return every session (a day of a shop) by id, with the cash that was counted."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        if not _present(connection, "pos_session"):
            return {}
        return {
            str(row["id"]): {
                **{name: row[name] or "" for name in ("id", "name", "state", "config")},
                "opening_cash": decimal_text(row["opening_cash"], PLACES),
                "counted_cash": decimal_text(row["counted_cash"], PLACES),
            }
            for row in connection.execute(SESSIONS)
        }


def _present(connection: psycopg.Connection[Record], table: str) -> bool:
    found = connection.execute("select to_regclass(%s) as name", [f"public.{table}"]).fetchone()
    return found is not None and found["name"] is not None
