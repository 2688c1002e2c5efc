"""Refunds at the channel become credit notes in Odoo, and what was restocked comes back.

One task an order brings all of its refunds up to date: the goods first, then the invoice,
then the credit note, which waits for a person where it is above the limit.
"""

from collections.abc import Mapping
from typing import LiteralString

from .approvals import TABLES as APPROVALS
from .approvals import Approvals
from .audit import Audit
from .books import Books
from .channel_order import ChannelOrder, read_order
from .channel_refund import Refund
from .errors import Refused, Unavailable
from .flow import Action, Handler
from .goods_back import GoodsBack
from .invoices import TABLES as INVOICES
from .invoices import Invoices
from .odoo import Odoo
from .queue import Queue
from .settings import Settings
from .shopify import Shopify
from .store import Store

__all__ = ["FLOW", "Returns"]

FLOW = "returns"
PREFIX = "refunds:"
PENDING_SECONDS = 5.0
REFUNDS: LiteralString = """
create table if not exists refunds (
    gid text primary key,
    order_gid text not null,
    picking_id bigint,
    goods_done boolean not null default false,
    move_id bigint,
    status text not null default 'seen',
    changed_at timestamptz not null default clock_timestamp()
);
create index if not exists refunds_order on refunds (order_gid);
"""


class Returns:
    """The flow of refunds and returns."""

    tables: LiteralString = REFUNDS + INVOICES + APPROVALS

    def __init__(
        self,
        store: Store,
        audit: Audit,
        queue: Queue,
        shopify: Shopify,
        odoo: Odoo,
        books: Books,
        settings: Settings,
        shop: str,
    ) -> None:
        self.store = store
        self.audit = audit
        self.queue = queue
        self.shopify = shopify
        self.odoo = odoo
        self.limit = settings.refund_approval_above
        self.approvals = Approvals(store, audit, queue)
        self.invoices = Invoices(store, audit, odoo, books, shop)
        self.goods = GoodsBack(audit, odoo, settings.places, shop)
        self.handlers: Mapping[str, Handler] = {FLOW: self.bring_up_to_date}
        self.schedules: Mapping[str, tuple[Action, float]] = {}

    async def close(self) -> None:
        """Nothing is held."""

    async def notice(self, order: ChannelOrder) -> None:
        """Want the refunds of an order that has just been brought up to date."""
        if not order.refunds:
            return
        known = await self.store.row(
            "select 1 from refunds where order_gid = %(g)s limit 1", g=order.gid
        )
        if order.cancelled and known is None:
            return  # never invoiced: nothing was booked that could be taken back
        async with self.store.pool.connection() as connection, connection.transaction():
            for refund in order.refunds:
                await connection.execute(
                    "insert into refunds (gid, order_gid) values (%s, %s) on conflict do nothing",
                    [refund.gid, order.gid],
                )
            await self.queue.want(connection, FLOW, PREFIX + order.gid, "refunds")

    async def bring_up_to_date(self, resource: str) -> float | None:
        """Book every refund of an order that is not booked yet."""
        gid = resource.removeprefix(PREFIX)
        order = await read_order(self.shopify, gid)
        if order is None:
            raise Refused("unknown_order", f"the channel does not know {gid}")
        row = await self.store.row("select odoo_id from orders where gid = %(g)s", g=gid)
        if row is None or row["odoo_id"] is None:
            raise Unavailable(f"{order.name} is not in Odoo yet", 0.3)
        rows = await self.store.rows("select * from refunds where order_gid = %(g)s", g=gid)
        state = {one["gid"]: one for one in rows}
        for refund in order.refunds:
            # One that came since the order was looked at: the order's own task comes with it.
            if refund.gid in state and not state[refund.gid]["goods_done"]:
                picking = await self.goods.take(order, refund)
                await self._set(refund, "goods back", goods_done=True, picking_id=picking)
        if order.cancelled and not await self.invoices.known(gid):
            return None
        invoice = await self.invoices.invoice(order, row["odoo_id"])
        for refund in order.refunds:
            if refund.gid in state and state[refund.gid]["status"] != "booked":
                await self._book(order, refund, row["odoo_id"], invoice)
        if any(refund.pending for refund in order.refunds):
            raise Unavailable(f"a payment of {order.name} is still pending", PENDING_SECONDS)
        return None

    async def _book(self, order: ChannelOrder, refund: Refund, sale_id: int, invoice: int) -> None:
        """Post one credit note, if there is money in it and nobody has to approve it first."""
        if refund.pending:
            return
        amount = refund.credited(order.taxes_included)
        if not amount:
            await self._set(refund, "booked")
            return
        if self.limit is not None and refund.paid > self.limit:
            granted = await self.approvals.granted(
                FLOW, PREFIX + order.gid, refund.gid, order.gid, refund.paid, order.currency
            )
            if not granted:
                await self._set(refund, "waits for approval")
                return
        paid = str(amount)
        await self.audit.record("intent credit note", order.gid, refund=refund.gid, amount=paid)
        move_id = await self.invoices.credit(order, refund, sale_id, invoice)
        await self._set(refund, "booked", move_id=move_id)
        await self.audit.record(
            "credit note posted", order.gid, refund=refund.gid, amount=paid, odoo_id=move_id
        )

    async def _set(
        self,
        refund: Refund,
        status: str,
        *,
        goods_done: bool = False,
        picking_id: int | None = None,
        move_id: int | None = None,
    ) -> None:
        await self.store.rows(
            "update refunds set status = %(status)s, goods_done = goods_done or %(goods)s, "
            "picking_id = coalesce(%(picking)s::bigint, picking_id), "
            "move_id = coalesce(%(move)s::bigint, move_id), changed_at = clock_timestamp() "
            "where gid = %(gid)s",
            status=status,
            goods=goods_done,
            picking=picking_id,
            move=move_id,
            gid=refund.gid,
        )
