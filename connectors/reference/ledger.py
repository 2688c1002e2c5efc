"""The ledger: for every order line, what the channel sold and what Odoo has taken over.

``units`` is the line's current quantity at the channel, ``applied`` what is in a confirmed
order in Odoo for certain. The difference is sold and not yet taken off Odoo's free stock.
``applied`` goes down before Odoo is asked to release stock and up only after Odoo has reserved
it, so that whoever reads it in between sees too little free stock rather than too much.
``held`` is the other bound: what Odoo may still hold until it has been told of a reduction.
"""

from .channel_order import ChannelOrder
from .store import Connection, Store

__all__ = ["Ledger", "want_stock"]


async def want_stock(connection: Connection, skus: list[str]) -> None:
    """Mark SKUs whose stock may have to be pushed, within the caller's transaction."""
    await connection.execute(
        "insert into dirty (sku) select distinct sku from variants where sku = any(%s) "
        "order by sku on conflict (sku) do update set wanted = dirty.wanted + 1, dead = false, "
        "refusals = 0, since = case when dirty.wanted = dirty.done then clock_timestamp() "
        "else dirty.since end",
        [skus],
    )


class Ledger:
    """Keeps the ledger."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def note(self, order: ChannelOrder) -> None:
        """Write down what the channel says, before anything is done about it."""
        async with self.store.pool.connection() as connection, connection.transaction():
            for line in order.lines:
                if line.shipping or not line.sku:
                    continue
                units = 0 if order.cancelled else line.quantity
                await connection.execute(
                    "insert into ledger (order_gid, line_gid, sku, units, unfulfilled) "
                    "values (%s, %s, %s, %s, %s) on conflict (order_gid, line_gid) do update "
                    "set units = excluded.units, unfulfilled = excluded.unfulfilled, "
                    "applied = least(ledger.applied, excluded.units)",
                    [
                        order.gid,
                        line.gid,
                        line.sku,
                        units,
                        0 if order.cancelled else line.unfulfilled,
                    ],
                )

    async def settle(self, order: ChannelOrder) -> None:
        """Write down that Odoo has it now, and that the stock of its lines has moved."""
        async with self.store.pool.connection() as connection, connection.transaction():
            await connection.execute(
                "update orders set under_way = false where gid = %s", [order.gid]
            )
            cursor = await connection.execute(
                "update ledger set applied = units, held = units where order_gid = %s "
                "and (applied <> units or held <> units) returning sku",
                [order.gid],
            )
            await want_stock(connection, [row["sku"] for row in await cursor.fetchall()])
