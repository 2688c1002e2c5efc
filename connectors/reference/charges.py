"""The charges flow: what a shopper paid settles the invoice of the order, a refund its credit note.

A charge names its order; the invoice is the open one with that reference, in the currency that
the shopper paid in. The gateway's line is moved from the suspense account to the account of the
invoice and reconciled with it, so that it is paid. Where the gateway settled in another currency
the line bears both amounts, and Odoo books the difference of the rates.

An invoice that is larger than the charge stays open by the rest. Disputes, and what has no invoice
or credit note (yet), wait on the suspense account; each pull looks again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, LiteralString

import msgspec

from .audit import Audit
from .errors import Refused
from .flow import Action, Handler
from .gateway_lines import journal_of
from .queue import Queue
from .statements import Account, Statements
from .store import Connection, Store

__all__ = ["Charges", "Document", "choose"]

TASK = "charges"
ROWS_MAX = 100  # charges that are worked on before what was done is written down
KINDS = {"charge": "out_invoice", "payment": "out_invoice", "refund": "out_refund"}

_OPEN: LiteralString = """
select m.id, m.kind, m.currency, m.odoo_id, m.invoice_id, abs(m.paid) as paid, m.paid_currency,
       coalesce(nullif(m.order_name, ''), c.order_name, '') as order_name
from gateway_movements m left join gateway_movements c on m.charge <> '' and c.source = m.charge
     and c.kind in ('charge', 'payment')
where m.odoo_id is not null and not m.settled and m.kind in ('charge', 'payment', 'refund')
order by m.created_seconds, m.id
"""


class Document(msgspec.Struct, kw_only=True):
    """An invoice or credit note: what is left to pay of it, and the items that say so."""

    id: int
    kind: str
    order_name: str
    currency: str
    left: Decimal
    account_id: int = 0
    partner_id: int = 0
    items: list[int] = []


class Charges:
    """Matches the gateway's charges and refunds with invoices and credit notes."""

    tables: LiteralString = ""
    figures: LiteralString = (
        "select 'connector_charges_open' as name, '' as label, count(*)::float8 as value "
        "from gateway_movements where not settled and kind in ('charge', 'payment', 'refund')"
    )

    def __init__(self, store: Store, audit: Audit, queue: Queue, statements: Statements) -> None:
        self.store = store
        self.audit = audit
        self.queue = queue
        self.statements = statements
        self.odoo = statements.odoo
        self.handlers: Mapping[str, Handler] = {TASK: self.bring_up_to_date}
        self.schedules: Mapping[str, tuple[Action, float]] = {TASK: (self.ask, 0.0)}

    async def close(self) -> None:
        """Nothing to give back."""

    async def ask(self) -> None:
        """Want everything that is open looked at."""
        async with self.store.pool.connection() as connection, connection.transaction():
            await self.want(connection)

    async def want(self, connection: Connection) -> None:
        """Want the open charges looked at, if there are any."""
        if await (await connection.execute(_OPEN + "limit 1")).fetchone():
            await self.queue.want(connection, TASK, TASK, "match")

    async def bring_up_to_date(self, _resource: str) -> None:
        """Settle whatever has its document in Odoo by now."""
        rows = await self.store.rows(_OPEN)
        documents = await self._documents(sorted({row["order_name"] for row in rows} - {""}))
        chosen = choose(rows, documents)
        fitting = [row for row in rows if row["id"] in chosen]
        for begin in range(0, len(fitting), ROWS_MAX):
            batch = fitting[begin : begin + ROWS_MAX]
            await self._intend(batch, chosen)
            for currency in sorted({row["currency"] for row in batch}):
                mine = [row for row in batch if row["currency"] == currency]
                await self._settle(currency, mine, chosen)

    async def _documents(self, names: Sequence[str]) -> list[Document]:
        """Return what is posted and open under these orders' names."""
        found: dict[int, Document] = {}
        for begin in range(0, len(names), 400):
            for row in await self.odoo.read(
                "account.move",
                "search_read",
                domain=[
                    ["move_type", "in", ["out_invoice", "out_refund"]],
                    ["state", "=", "posted"],
                    ["ref", "in", names[begin : begin + 400]],
                ],
                fields=["ref", "move_type", "currency_id", "amount_residual"],
                order="id",
            ):
                found[row["id"]] = Document(
                    id=row["id"],
                    kind=row["move_type"],
                    order_name=row["ref"],
                    currency=row["currency_id"][1],
                    left=Decimal(str(row["amount_residual"])),
                )
        for item in await self.odoo.read(
            "account.move.line",
            "search_read",
            domain=[
                ["move_id", "in", list(found)],
                ["account_id.account_type", "=", "asset_receivable"],
            ],
            fields=["move_id", "account_id", "partner_id", "reconciled"],
        ):
            document = found[item["move_id"][0]]
            document.items += [] if item["reconciled"] else [item["id"]]
            document.account_id = item["account_id"][0]
            document.partner_id = item["partner_id"][0] if item["partner_id"] else 0
        return [document for document in found.values() if document.account_id]

    async def _intend(self, rows: list[dict[str, Any]], chosen: dict[str, Document]) -> None:
        """Write down which document each is to settle, before anything is done about it."""
        async with self.store.pool.connection() as connection, connection.transaction():
            for row in rows:
                await connection.execute(
                    "update gateway_movements set invoice_id = %s where id = %s",
                    [chosen[row["id"]].id, row["id"]],
                )

    async def _settle(
        self, currency: str, rows: list[dict[str, Any]], chosen: dict[str, Document]
    ) -> None:
        """Move lines to their documents' accounts and reconcile each pair that still is open."""
        lines = {row["odoo_id"]: chosen[row["id"]] for row in rows}
        journal = await journal_of(self.statements, currency)
        waiting = await self.statements.open_items(journal, list(lines))
        places: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for line, item in waiting.items():
            places[lines[line].account_id, lines[line].partner_id].append(item)
        for (account, partner), items in places.items():
            await self.statements.assign(items, Account(id=account), partner)
        for line, item in (await self._unreconciled(lines)).items():
            items = [item, *lines[line].items]
            await self.odoo.write("account.move.line", "reconcile", ids=items)
        left = await self._unreconciled(lines)
        async with self.store.pool.connection() as connection, connection.transaction():
            for row in rows:
                await connection.execute(
                    "update gateway_movements set settled = true where id = %s and not %s",
                    [row["id"], row["odoo_id"] in left],
                )
            count = len(rows) - len(left)
            await self.audit.record("charges settled", TASK, connection, charges=count)
        if left:
            raise Refused("reconcile", f"{len(left)} charges are still open in Odoo")

    async def _unreconciled(self, lines: Mapping[int, Document]) -> dict[int, int]:
        """Return, by statement line, the item that is on its document's account and open."""
        rows = await self.odoo.read(
            "account.move.line",
            "search_read",
            domain=[
                ["statement_line_id", "in", list(lines)],
                ["account_id.account_type", "=", "asset_receivable"],
                ["reconciled", "=", False],
            ],
            fields=["statement_line_id"],
        )
        return {row["statement_line_id"][0]: row["id"] for row in rows}


def choose(rows: Sequence[dict[str, Any]], documents: Sequence[Document]) -> dict[str, Document]:
    """Return the document that each movement settles, by the movement's id; none for some.

    What was meant for one before stays with it. Otherwise it is the document of the order, of the
    right kind and currency, that is open by just that amount, else the only one that is open by
    more. What a document is short of is never taken twice.
    """
    by_id = {document.id: document for document in documents}
    chosen = {row["id"]: by_id[row["invoice_id"]] for row in rows if row["invoice_id"] in by_id}
    for row in rows:
        if row["id"] in chosen:
            chosen[row["id"]].left -= row["paid"]
    for row in rows:
        if row["id"] in chosen or not row["order_name"]:
            continue
        open_by = [
            document
            for document in documents
            if (document.kind, document.order_name, document.currency)
            == (KINDS[row["kind"]], row["order_name"], row["paid_currency"])
            and document.left >= row["paid"]
        ]
        exact = [document for document in open_by if document.left == row["paid"]]
        fitting = exact[:1] or (open_by if len(open_by) == 1 else [])
        if fitting:
            fitting[0].left -= row["paid"]
            chosen[row["id"]] = fitting[0]
    return chosen
