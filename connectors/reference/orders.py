"""Orders: what the channel has now becomes what Odoo has, each order exactly once.

The order and its lines carry external ids made of the channel's ids. Odoo keeps external ids
unique, so sending the same order again, after a lost answer, from two processes or both at
the same moment, updates the one order there is. Amounts are read back before confirming.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from .audit import Audit
from .books import MODULE, Books
from .channel_order import ChannelOrder, read_order
from .channel_refund import SHIPPED
from .errors import Refused, Unavailable, Unsure
from .lane import Lane
from .ledger import Ledger
from .line_cells import cents, line_cells
from .money import untaxed
from .odoo import Odoo
from .partners import Partners
from .screening import Screening
from .shopify import Shopify
from .store import Store

__all__ = ["Orders", "external_id", "number_of"]

LOADS_MAX = 1  # new orders written side by side; more only slow confirmations down
VERIFY_SECONDS = 6.0  # a call whose answer was lost may still be running in Odoo for a while
HEAD_FIELDS = ["name", "state", "amount_tax", "amount_total", "currency_id"]
LINE_FIELDS = [
    "order_line/id",
    "order_line/sequence",
    "order_line/product_id/.id",
    "order_line/name",
    "order_line/product_uom_qty",
    "order_line/price_unit",
    "order_line/discount",
    "order_line/tax_ids/.id",
    "order_line/extra_tax_data",
]


class Orders:
    """Brings one order at a time up to date; the queue sees to it that it is one at a time."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        shopify: Shopify,
        odoo: Odoo,
        books: Books,
        ledger: Ledger,
        screening: Screening | None = None,
    ) -> None:
        self.screening = screening
        self.store = store
        self.audit = audit
        self.shopify = shopify
        self.odoo = odoo
        self.books = books
        self.ledger = ledger
        self.partners = Partners(odoo, books)
        self.lane = Lane(odoo)
        self.loads = asyncio.Semaphore(LOADS_MAX)
        self.shop = shopify.settings.shopify_domain.replace(".", "_").replace(":", "_")
        self.followers: list[Callable[[ChannelOrder], Awaitable[None]]] = []  # told afterwards

    async def bring_up_to_date(self, gid: str) -> float | None:
        """Make Odoo's order what the channel's is now.

        Returns seconds after which to look again, when an answer was lost on the way.
        """
        order = await read_order(self.shopify, gid)
        if order is None:
            raise Refused("unknown_order", f"the channel does not know {gid}")
        row = await self._row(order)
        if order.updated_at < row["updated_at"]:
            raise Unavailable("the channel gave an older state than we have seen", 0.3)
        await self.ledger.note(order)
        digest = order.content_hash()
        if digest == row["content_hash"] and not row["unsure"]:
            await self.ledger.settle(order)
            return None
        try:
            status, odoo_id = await self._carry_over(order, row)
        except Unsure:
            await self.store.rows("update orders set unsure = true where gid = %(g)s", g=gid)
            raise
        if status != "refused":
            await self.ledger.settle(order)
        for follow in self.followers:
            await follow(order)
        await self.store.rows(
            "update orders set content_hash = %(hash)s, odoo_id = %(id)s, status = %(status)s, "
            "unsure = false, changed_at = clock_timestamp() where gid = %(gid)s",
            hash="" if row["unsure"] else digest,
            id=odoo_id,
            status=status,
            gid=gid,
        )
        await self.audit.record(
            f"order {status}", gid, name=order.name, odoo_id=odoo_id, updated_at=order.updated_at
        )
        return VERIFY_SECONDS if row["unsure"] else None

    async def _row(self, order: ChannelOrder) -> dict[str, Any]:
        row = await self.store.row(
            "insert into orders (gid, name, updated_at) values (%(gid)s, %(name)s, %(at)s) "
            "on conflict (gid) do update set name = excluded.name, read_at = clock_timestamp(), "
            "updated_at = greatest(orders.updated_at, excluded.updated_at) returning *",
            gid=order.gid,
            name=order.name,
            at=order.updated_at,
        )
        return cast(dict[str, Any], row)

    async def _carry_over(self, order: ChannelOrder, row: dict[str, Any]) -> tuple[str, int | None]:
        """Do what is to be done in Odoo; return the new status and the order's id there."""
        found = await self._find(order.gid) if row["intended_at"] else None
        if order.cancelled:
            if found is None:
                return "not imported", None
            if found["state"] != "cancel":
                await self._note_intent(order, "cancel")
                async with self.lane.alone():
                    await self.odoo.write("sale.order", "action_cancel", ids=[found["id"]])
            return "cancelled", found["id"]
        if order.refunds:
            order = order.restored(await self._kept(order, found))
        if found is None or (found["state"] != "cancel" and not await self._same(order, found)):
            async with self.lane.alone() if found else self.loads:
                odoo_id = await self._load(order, found)
            found = await self._read(odoo_id)
        if found["state"] == "cancel":
            raise Refused("cancelled_in_odoo", f"{found['name']} was cancelled in Odoo only")
        await self._check(order, found)
        if found["state"] in ("draft", "sent"):
            if self.screening is not None and not await self.screening.allows(order):
                return "refused", found["id"]
            await self.lane.confirm(found["id"])
        return "confirmed", found["id"]

    async def _note_intent(self, order: ChannelOrder, what: str) -> None:
        """Write down what is about to be done, so that a crash is followed by a look."""
        await self.store.rows(
            "update orders set intended_at = coalesce(intended_at, clock_timestamp()), "
            "under_way = true, content_hash = '' where gid = %(gid)s",
            gid=order.gid,
        )
        await self.audit.record(f"intent {what}", order.gid, name=order.name)

    async def _find(self, gid: str) -> dict[str, Any] | None:
        found = await self.odoo.read(
            "sale.order",
            "search_read",
            domain=[["origin", "=", gid]],
            fields=HEAD_FIELDS,
            order="id",
            load="",
        )
        return cast(dict[str, Any], found[0]) if found else None

    async def _read(self, odoo_id: int) -> dict[str, Any]:
        found = await self.odoo.read(
            "sale.order", "read", ids=[odoo_id], fields=HEAD_FIELDS, load=""
        )
        if not found:
            raise Unavailable("the order is gone from Odoo")
        return cast(dict[str, Any], found[0])

    async def _check(self, order: ChannelOrder, found: dict[str, Any]) -> None:
        """Compare Odoo's totals with the channel's; raises Refused when they differ."""
        tax, total = cents(found["amount_tax"]), cents(found["amount_total"])
        if (tax, total) != (order.total_tax, order.total):
            raise Refused(
                "amounts",
                f"{found['name']} comes to {total} with {tax} tax, {order.name} in the channel "
                f"to {order.total} with {order.total_tax}",
            )
        if found["currency_id"] != (await self.books.currency(order.currency))[0]:
            raise Refused("currency", f"{found['name']} is not in {order.currency}")

    async def _same(self, order: ChannelOrder, found: dict[str, Any]) -> bool:
        """Tell whether Odoo's lines are the channel's already."""
        sequences = await self._sequences(order)
        rows = await self.odoo.read(
            "sale.order.line",
            "search_read",
            domain=[["order_id", "=", found["id"]], ["display_type", "=", False]],
            fields=["sequence", "product_uom_qty", "price_unit", "price_subtotal", "price_total"],
        )
        lines = {row["sequence"]: row for row in rows}
        if len(lines) != len(rows) or set(lines) != set(sequences.values()):
            return False
        for line in order.lines:
            row = lines[sequences[line.gid]]
            amount = untaxed(line.net, line.tax, order.taxes_included)
            said = (row["product_uom_qty"], cents(row["price_subtotal"]))
            if said != (line.quantity, amount) or cents(row["price_unit"]) != line.unit_price:
                return False
            if cents(row["price_total"]) != amount + line.tax:
                return False
        return True

    async def _kept(self, order: ChannelOrder, found: dict[str, Any] | None) -> dict[str, int]:
        """Return how many refunded units of each line Odoo has sent: those stay on the order.

        Units that were refunded before they left come off it, and so off the open delivery.
        """
        if found is None:
            return {}
        rows = await self.odoo.read(
            "stock.move",
            "search_read",
            domain=[
                ["sale_line_id.order_id", "=", found["id"]],
                ["state", "=", "done"],
                ["location_dest_id.usage", "=", "customer"],
            ],
            fields=["sale_line_id", "quantity"],
            load="",
        )
        lines = await self.odoo.read(
            "sale.order.line",
            "search_read",
            domain=[["order_id", "=", found["id"]]],
            fields=["sequence"],
        )
        sequences = {row["id"]: row["sequence"] for row in lines}
        sent: dict[int, int] = {}
        for row in rows:
            sequence = sequences.get(row["sale_line_id"], 0)
            sent[sequence] = sent.get(sequence, 0) + int(row["quantity"])
        kept: dict[str, int] = {}
        for gid, sequence in (await self._sequences(order)).items():
            parts = order.refunded(gid)
            back = sum(part.units for part in parts if part.restock in SHIPPED)
            kept[gid] = min(back, sent.get(sequence, 0))
        return kept

    async def _sequences(self, order: ChannelOrder) -> dict[str, int]:
        """Return the place of every line, the same for ever once given."""
        rows = await self.store.rows(
            "select line_gid, sequence from order_lines where order_gid = %(g)s", g=order.gid
        )
        known = {row["line_gid"]: row["sequence"] for row in rows}
        for line in order.lines:
            if line.gid not in known:
                known[line.gid] = max(known.values(), default=0) + 10
                await self.store.rows(
                    "insert into order_lines values (%(g)s, %(l)s, %(s)s) on conflict do nothing",
                    g=order.gid,
                    l=line.gid,
                    s=known[line.gid],
                )
        return known

    async def _load(self, order: ChannelOrder, found: dict[str, Any] | None) -> int:
        """Create the order, or bring its lines up to date; return its id."""
        currency_id, pricelist_id = await self.books.currency(order.currency)
        sequences = await self._sequences(order)
        name = external_id(self.shop, order.gid)
        head = {"id": name}
        if found is None:
            parties = await self.partners.parties(order)
            head |= {
                "partner_id/.id": str(parties.partner_id),
                "partner_invoice_id/.id": str(parties.invoice_id),
                "partner_shipping_id/.id": str(parties.shipping_id),
                "client_order_ref": order.name,
                "origin": order.gid,
            }
            if self.shopify.settings.carrier and any(line.shipping for line in order.lines):
                head["carrier_id/.id"] = str(await self.books.parcel())
            if pricelist_id is not None:
                head["pricelist_id/.id"] = str(pricelist_id)
        rows: list[list[str]] = []
        for line in order.lines:
            cells = await line_cells(self.books, line, currency_id, order.taxes_included)
            first = list(head.values()) if not rows else [""] * len(head)
            rows.append(
                [*first, f"{name}_line_{number_of(line.gid)}", str(sequences[line.gid]), *cells]
            )
        await self._note_intent(order, "create" if found is None else "update")
        try:
            return (await self.odoo.load("sale.order", [*head, *LINE_FIELDS], rows))[0]
        except Refused as error:
            if "No matching record found for database id" in str(error):
                await self.books.forget_all()
                raise Unavailable("something remembered is gone from Odoo", 0.1) from error
            raise


def external_id(shop: str, order_gid: str) -> str:
    """Return the external id of an order's sale order in Odoo; its lines' ids begin with it."""
    return f"{MODULE}.{shop}_order_{number_of(order_gid)}"


def number_of(gid: str) -> str:
    """Return the number at the end of a gid."""
    return gid.rsplit("/", 1)[-1].split("?")[0]
