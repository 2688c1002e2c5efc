"""Final reads: Odoo's records straight from its database, in the history's normal form.

By SQL and not over an interface, so that a connector inside Odoo, an access rule or a slow
server cannot colour what is read. Money comes as decimal strings, exactly as stored.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from peakproof.runtime.capture import activity

__all__ = [
    "activity",
    "decimal_text",
    "quantity_text",
    "read_jobs",
    "read_orders",
    "read_partners",
    "read_stock",
]

Record = dict[str, Any]

ORDERS = """
select o.id, o.name, o.state, o.client_order_ref, o.origin, c.name as currency,
       c.decimal_places, o.amount_untaxed, o.amount_tax, o.amount_total, o.write_date,
       o.partner_id, o.partner_invoice_id, o.partner_shipping_id
from sale_order o join res_currency c on c.id = o.currency_id
order by o.id
"""
LINES = """
select l.order_id, l.id, p.default_code as sku, l.name, l.product_uom_qty as quantity,
       l.price_unit, l.discount, l.price_subtotal, round(l.price_tax::numeric, 6) as price_tax,
       l.price_total, coalesce((to_jsonb(l) ->> 'is_delivery')::boolean, false) as is_delivery
from sale_order_line l left join product_product p on p.id = l.product_id
where l.display_type is null
order by l.order_id, l.sequence, l.id
"""
PARTNERS = """
select p.id, p.name, p.email, p.phone, p.parent_id, p.type, p.active, p.street, p.street2,
       p.city, p.zip, s.code as state_code, c.code as country_code
from res_partner p
left join res_country_state s on s.id = p.state_id
left join res_country c on c.id = p.country_id
"""
STOCK = """
with inside as (
    select inner_location.id from stock_location inner_location
    join stock_location outer_location on outer_location.id = %s
    where inner_location.parent_path like outer_location.parent_path || '%%')
select p.default_code as sku,
       (select sum(q.quantity) from stock_quant q
         where q.product_id = p.id and q.location_id in (select id from inside)) as on_hand,
       (select sum(q.reserved_quantity) from stock_quant q
         where q.product_id = p.id and q.location_id in (select id from inside)) as reserved,
       (select sum(m.product_qty)::numeric from stock_move m
         where m.product_id = p.id and m.location_id in (select id from inside)
           and m.location_dest_id not in (select id from inside)
           and m.state in ('waiting', 'confirmed', 'partially_available', 'assigned')) as promised
from product_product p
join product_template t on t.id = p.product_tmpl_id and t.is_storable
where p.default_code is not null and p.active
order by p.default_code
"""
JOBS = """
select uuid, name, model_name, method_name, channel, state, retry, exc_name, exc_message,
       result, eta, date_done
from queue_job order by id
"""
SHORT_CHARACTERS = 300


def read_orders(dsn: str) -> dict[str, Record]:
    """Return every sale order (cancelled ones too) by id."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        orders = connection.execute(ORDERS).fetchall()
        lines: dict[int, list[Record]] = {}
        for line in connection.execute(LINES):
            lines.setdefault(line["order_id"], []).append(line)
        partners = _partners(connection, orders)
    return {
        str(order["id"]): _order(order, lines.get(order["id"], []), partners) for order in orders
    }


def _order(order: Record, lines: list[Record], partners: dict[int, Record]) -> Record:
    places = order["decimal_places"]
    partner = partners[order["partner_id"]]
    return {
        "id": order["id"],
        "name": order["name"] or "",
        "state": order["state"],
        "client_order_ref": order["client_order_ref"] or "",
        "origin": order["origin"] or "",
        "currency": order["currency"],
        "amount_untaxed": decimal_text(order["amount_untaxed"], places),
        "amount_tax": decimal_text(order["amount_tax"], places),
        "amount_total": decimal_text(order["amount_total"], places),
        "lines": [_line(line, places) for line in lines],
        "partner": {name: partner[name] for name in ("id", "name", "email", "phone")},
        "invoice_address": partners[order["partner_invoice_id"]],
        "shipping": partners[order["partner_shipping_id"]],
        "write_date": _moment(order["write_date"]),
    }


def _line(line: Record, places: int) -> Record:
    return {
        "id": line["id"],
        "sku": line["sku"] or "",
        "name": line["name"] or "",
        "quantity": quantity_text(line["quantity"]),
        "unit_price": decimal_text(line["price_unit"], places),
        "discount_percent": decimal_text(line["discount"], 0),
        "subtotal": decimal_text(line["price_subtotal"], places),
        "tax": decimal_text(line["price_tax"], places),
        "total": decimal_text(line["price_total"], places),
        "is_delivery": line["is_delivery"],
    }


def _partners(
    connection: psycopg.Connection[Record], orders: Iterable[Record]
) -> dict[int, Record]:
    """Return the partners that the orders name, with their addresses."""
    roles = ("partner_id", "partner_invoice_id", "partner_shipping_id")
    wanted = list({order[role] for order in orders for role in roles})
    rows = connection.execute(PARTNERS + " where p.id = any(%s)", [wanted])
    return {
        row["id"]: {
            name: "" if value is None and name not in ("parent_id",) else value
            for name, value in row.items()
        }
        for row in rows
    }


def read_stock(dsn: str, locations: Mapping[str, int]) -> dict[str, Record]:
    """Return on-hand, reserved, promised and free quantities by "SKU@LOCATION_CODE".

    ``free`` is on hand less every open demand: what waits for goods is promised as much as
    what is reserved, and Odoo does not always reserve at once what has become free.
    ``locations`` maps codes to Odoo location ids; stock in a location's children counts.
    """
    records: dict[str, Record] = {}
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        for code, location in locations.items():
            for row in connection.execute(STOCK, [location]):
                on_hand = row["on_hand"] or Decimal(0)
                reserved = row["reserved"] or Decimal(0)
                promised = row["promised"] or Decimal(0)
                records[f"{row['sku']}@{code}"] = {
                    "sku": row["sku"],
                    "location_code": code,
                    "on_hand": quantity_text(on_hand),
                    "reserved": quantity_text(reserved),
                    "promised": quantity_text(promised),
                    "free": quantity_text(on_hand - promised),
                }
    return records


def read_partners(dsn: str) -> dict[str, Record]:
    """Return every partner (archived ones too) by id."""
    fields = ("id", "name", "email", "phone", "parent_id", "type", "active")
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        return {
            str(row["id"]): {
                name: "" if row[name] is None and name != "parent_id" else row[name]
                for name in fields
            }
            for row in connection.execute(PARTNERS + " order by p.id")
        }


def read_jobs(dsn: str) -> dict[str, Record]:
    """Return the jobs of OCA's queue by uuid; nothing where the database has no such queue."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        found = connection.execute("select to_regclass('public.queue_job') as name").fetchone()
        if found is None or found["name"] is None:
            return {}
        return {
            row["uuid"]: {
                "state": row["state"],
                "name": row["name"] or "",
                "method": f"{row['model_name']}.{row['method_name']}",
                "channel": row["channel"] or "",
                "retry": row["retry"] or 0,
                "error": row["exc_name"] or "",
                "message": (row["exc_message"] or "")[:SHORT_CHARACTERS],
                "result": (row["result"] or "")[:SHORT_CHARACTERS],
                "eta": _moment(row["eta"]),
                "done": _moment(row["date_done"]),
            }
            for row in connection.execute(JOBS)
        }


def decimal_text(value: Decimal | None, places: int) -> str:
    """Return a decimal string with at least ``places`` decimals and no digit lost."""
    number = (value or Decimal(0)).normalize()
    exponent = number.as_tuple().exponent
    decimals = max(places, -exponent if isinstance(exponent, int) else 0)
    return f"{number:.{decimals}f}"


def quantity_text(value: Decimal | None) -> int | str:
    """Return a whole quantity as an integer, any other as a decimal string."""
    number = value or Decimal(0)
    return int(number) if number == number.to_integral_value() else decimal_text(number, 0)


def _moment(value: Any) -> str:
    """Return a stored moment (UTC) in ISO form, "" for none."""
    return "" if value is None else f"{value.isoformat()}Z"
