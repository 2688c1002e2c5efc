"""Final reads of deliveries and returns: what left the house, line by line, with its tracking.

By SQL, like ``reads``. Columns that only some modules bring (carrier, tracking number) are
empty where the database has none.
"""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from peakproof.runtime.reads import quantity_text

__all__ = ["read_pickings"]

Record = dict[str, Any]

PICKINGS = """
select p.id, p.name, p.state, p.sale_id, p.backorder_id, p.return_id, p.origin, t.code as type,
       to_jsonb(p) ->> 'carrier_tracking_ref' as tracking,
       to_jsonb(p) ->> 'carrier_id' as carrier_id,
       extract(epoch from p.date_done at time zone 'UTC')::float8 as done_epoch
from stock_picking p join stock_picking_type t on t.id = p.picking_type_id
order by p.id
"""
MOVES = """
select m.picking_id, m.id, x.default_code as sku, m.sale_line_id, m.product_uom_qty as demand,
       m.quantity as quantity, m.state, m.origin_returned_move_id
from stock_move m join product_product x on x.id = m.product_id
where m.picking_id is not null and m.state <> 'cancel'
order by m.id
"""


def read_pickings(dsn: str) -> dict[str, Record]:
    """Return every delivery, receipt and return by id, with what was really moved."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        moves: dict[int, list[Record]] = {}
        for move in connection.execute(MOVES):
            moves.setdefault(move["picking_id"], []).append(_move(move))
        return {
            str(row["id"]): {
                **{name: row[name] for name in ("id", "name", "state", "sale_id", "type")},
                "backorder_of": row["backorder_id"],
                "return_of": row["return_id"],
                "origin": row["origin"] or "",
                "tracking": row["tracking"] or "",
                "carrier_id": int(row["carrier_id"]) if row["carrier_id"] else None,
                "lines": moves.get(row["id"], []),
            }
            for row in connection.execute(PICKINGS)
        }


def _move(move: Record) -> Record:
    return {
        "id": move["id"],
        "sku": move["sku"] or "",
        "sale_line_id": move["sale_line_id"],
        "demand": quantity_text(move["demand"]),
        "moved": quantity_text(move["quantity"]) if move["state"] == "done" else 0,
        "return_of": move["origin_returned_move_id"],
    }
