"""Invoices and credit notes in Odoo: posted once, with the very amounts of the channel.

An order is invoiced when its first refund comes (until then nobody needs the invoice from us),
and once more for what an exchange added. Every document has an external id made of the
channel's ids, is compared to the cent while it is a draft, and only then posted.
"""

from decimal import Decimal
from typing import Any, LiteralString, cast

import msgspec

from .audit import Audit
from .books import MODULE, Books
from .channel_order import ChannelLine, ChannelOrder
from .channel_refund import Refund, RefundLine
from .errors import Refused
from .line_cells import cents, line_cells
from .odoo import Odoo
from .orders import external_id, number_of
from .store import Store

__all__ = ["TABLES", "Invoices"]

ZERO = Decimal(0)
TABLES: LiteralString = """
create table if not exists invoiced (
    order_gid text not null,
    number integer not null,
    line_gid text not null,
    units integer not null,
    amount numeric not null,
    tax numeric not null,
    primary key (order_gid, number, line_gid)
);
create table if not exists invoices (
    order_gid text not null,
    number integer not null,
    odoo_id bigint,
    primary key (order_gid, number)
);
"""
HEAD = [
    "id",
    "move_type",
    "partner_id/.id",
    "partner_shipping_id/.id",
    "currency_id/.id",
    "invoice_origin",
    "ref",
    "reversed_entry_id/.id",
]
LINES = [
    "invoice_line_ids/id",
    "invoice_line_ids/sale_line_ids/.id",
    "invoice_line_ids/product_id/.id",
    "invoice_line_ids/name",
    "invoice_line_ids/quantity",
    "invoice_line_ids/price_unit",
    "invoice_line_ids/discount",
    "invoice_line_ids/tax_ids/.id",
    "invoice_line_ids/extra_tax_data",
]


class Document(msgspec.Struct, kw_only=True):
    """An invoice or credit note to be: its lines with what they must come to."""

    name: str  # its external id without the module
    kind: str  # out_invoice or out_refund
    reference: str
    lines: list[ChannelLine]
    reversed_id: int | None = None


class Invoices:
    """Makes and posts documents; one order at a time (the queue sees to that)."""

    def __init__(self, store: Store, audit: Audit, odoo: Odoo, books: Books, shop: str) -> None:
        self.store = store
        self.audit = audit
        self.odoo = odoo
        self.books = books
        self.shop = shop

    async def known(self, order_gid: str) -> bool:
        """Tell whether we ever meant to invoice an order."""
        row = await self.store.row("select 1 from invoices where order_gid = %(g)s", g=order_gid)
        return row is not None

    async def invoice(self, order: ChannelOrder, sale_id: int) -> int:
        """Invoice what was charged and is not invoiced yet; return the first invoice's id."""
        whole = order.restored()
        await self._intend(order, whole)
        rows = await self.store.rows(
            "select number, odoo_id from invoices where order_gid = %(g)s order by number",
            g=order.gid,
        )
        ids = [row["odoo_id"] or await self._make(whole, sale_id, row["number"]) for row in rows]
        if not ids:
            raise Refused("nothing_to_invoice", f"{order.name} was never charged for anything")
        return int(ids[0])

    async def _intend(self, order: ChannelOrder, whole: ChannelOrder) -> None:
        """Write down what the next invoice is to hold: what was charged more than invoiced."""
        async with self.store.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "select line_gid, sum(units)::int as units, sum(amount) as amount, "
                "sum(tax) as tax, max(number) as number from invoiced where order_gid = %s "
                "group by line_gid",
                [order.gid],
            )
            done = {row["line_gid"]: row for row in await cursor.fetchall()}
            number = max((row["number"] for row in done.values()), default=0) + 1
            missing = []
            for line in whole.lines:
                row = done.get(line.gid) or {"units": 0, "amount": ZERO, "tax": ZERO}
                units = (0 if line.shipping else line.quantity) - row["units"]
                amount, tax = line.net - row["amount"], line.tax - row["tax"]
                if units or amount or tax:
                    missing.append((line.gid, units, amount, tax))
            more = sum((amount + tax for _, _, amount, tax in missing), ZERO)
            if not missing or (done and more <= 0):
                return  # what became less is given back by refunds
            await connection.execute(
                "insert into invoices (order_gid, number) values (%s, %s)", [order.gid, number]
            )
            for line_gid, units, amount, tax in missing:
                await connection.execute(
                    "insert into invoiced values (%s, %s, %s, %s, %s, %s)",
                    [order.gid, number, line_gid, units, amount, tax],
                )
            await self.audit.record("intent invoice", order.gid, connection, number=number)

    async def _make(self, whole: ChannelOrder, sale_id: int, number: int) -> int:
        rows = await self.store.rows(
            "select line_gid, units, amount, tax from invoiced "
            "where order_gid = %(g)s and number = %(n)s",
            g=whole.gid,
            n=number,
        )
        parts = [
            RefundLine(
                line_gid=row["line_gid"], units=row["units"], amount=row["amount"], tax=row["tax"]
            )
            for row in rows
        ]
        document = Document(
            name=f"invoice_{number_of(whole.gid)}_{number}",
            kind="out_invoice",
            reference=whole.name,
            lines=_lines(whole, parts),
        )
        odoo_id = await self._post(whole, sale_id, document)
        await self.store.rows(
            "update invoices set odoo_id = %(id)s where order_gid = %(g)s and number = %(n)s",
            id=odoo_id,
            g=whole.gid,
            n=number,
        )
        await self.audit.record("invoice posted", whole.gid, odoo_id=odoo_id, number=number)
        return odoo_id

    async def credit(self, order: ChannelOrder, refund: Refund, sale_id: int, invoice: int) -> int:
        """Post the credit note of a refund; return its id."""
        lines = _lines(order, refund.lines)
        rest = refund.credited(order.taxes_included) - refund.value(order.taxes_included)
        if rest:
            lines.append(_discrepancy(refund, rest))
        document = Document(
            name=f"refund_{number_of(refund.gid)}",
            kind="out_refund",
            reference=f"{order.name} {refund.gid}",
            lines=lines,
            reversed_id=invoice,
        )
        return await self._post(order, sale_id, document)

    async def _post(self, order: ChannelOrder, sale_id: int, document: Document) -> int:
        """Make a document unless it is there already, compare it, and post it."""
        name = f"{self.shop}_{document.name}"
        found = await self._find(name)
        if found is None:
            sale = (
                await self.odoo.read(
                    "sale.order",
                    "read",
                    ids=[sale_id],
                    fields=["name", "partner_invoice_id", "partner_shipping_id"],
                    load="",
                )
            )[0]
            currency_id, _ = await self.books.currency(order.currency)
            head = [
                f"{MODULE}.{name}",
                document.kind,
                str(sale["partner_invoice_id"]),
                str(sale["partner_shipping_id"]),
                str(currency_id),
                sale["name"],
                document.reference,
                str(document.reversed_id or ""),
            ]
            rows = await self._rows(order, document, name, currency_id)
            await self.odoo.load(
                "account.move",
                [*HEAD, *LINES],
                [[*(head if not place else [""] * len(head)), *row]
                 for place, row in enumerate(rows)],
            )  # fmt: skip
            found = await self._find(name)
            assert found is not None
        if found["state"] == "draft":
            self._compare(order, document, found)
            await self.odoo.write("account.move", "action_post", ids=[found["id"]])
        elif found["state"] != "posted":
            raise Refused("cancelled_in_odoo", f"{found['name'] or name} is {found['state']}")
        return int(found["id"])

    async def _find(self, name: str) -> dict[str, Any] | None:
        """Return the document of an external id: id, name, state and amounts."""
        links = await self.odoo.read(
            "ir.model.data",
            "search_read",
            domain=[["module", "=", MODULE], ["name", "=", name], ["model", "=", "account.move"]],
            fields=["res_id"],
        )
        if not links:
            return None
        found = await self.odoo.read(
            "account.move",
            "search_read",
            domain=[["id", "=", links[0]["res_id"]]],
            fields=["name", "state", "amount_total", "amount_tax"],
        )
        return cast(dict[str, Any], found[0]) if found else None

    async def _rows(
        self, order: ChannelOrder, document: Document, name: str, currency_id: int
    ) -> list[list[str]]:
        sales = await self._sale_lines(order) if document.kind == "out_invoice" else {}
        return [
            [
                f"{MODULE}.{name}_{place}",
                # Odoo would offer to invoice again what a linked credit note takes off.
                str(sales.get(line.gid, "")),
                *await line_cells(self.books, line, currency_id, order.taxes_included),
            ]
            for place, line in enumerate(document.lines)
        ]

    async def _sale_lines(self, order: ChannelOrder) -> dict[str, int]:
        """Return the sale order line of each line of the channel."""
        begin = external_id(self.shop, order.gid).removeprefix(f"{MODULE}.")
        names = {f"{begin}_line_{number_of(line.gid)}": line.gid for line in order.lines}
        links = await self.odoo.read(
            "ir.model.data",
            "search_read",
            domain=[["module", "=", MODULE], ["name", "in", [*names]]],
            fields=["name", "res_id"],
        )
        return {names[link["name"]]: int(link["res_id"]) for link in links}

    def _compare(self, order: ChannelOrder, document: Document, found: dict[str, Any]) -> None:
        """Compare a draft with what it must come to; raises Refused when they differ."""
        tax = sum((line.tax for line in document.lines), ZERO)
        total = sum((line.net for line in document.lines), ZERO)
        if not order.taxes_included:
            total += tax
        said = (cents(found["amount_tax"]), cents(found["amount_total"]))
        if said != (tax, total):
            raise Refused(
                "amounts",
                f"{document.name} of {order.name} comes to {said[1]} with {said[0]} tax in Odoo, "
                f"to {total} with {tax} at the channel",
            )


def _lines(order: ChannelOrder, parts: list[RefundLine]) -> list[ChannelLine]:
    """Return parts of an order's lines as lines of their own."""
    known = {line.gid: line for line in order.lines}
    lines = []
    for part in parts:
        line = known.get(part.line_gid)
        if line is None:
            raise Refused("unknown_line", f"{order.name} has no line {part.line_gid}")
        none = msgspec.structs.replace(
            line,
            quantity=0 if not line.shipping and part.units else 1,
            unit_price=line.unit_price if part.units and not line.shipping else ZERO,
            discount=ZERO,
            shipping=line.shipping or not part.units,
            taxes=[msgspec.structs.replace(tax, amount=ZERO) for tax in line.taxes],
        )
        lines.append(none.with_more(part.units, part.amount, part.tax))
    return lines


def _discrepancy(refund: Refund, rest: Decimal) -> ChannelLine:
    """Return the line for money that no line of the refund explains (no tax is told for it)."""
    return ChannelLine(
        gid=refund.gid,
        sku=None,
        title=refund.note or "Refund without goods",
        quantity=1,
        unfulfilled=0,
        unit_price=rest,
        discount=ZERO,
        taxes=[],
    )
