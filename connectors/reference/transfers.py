"""The payments flow: a payout leaves the gateway's journal and arrives at the bank.

Everything that bears a payout's id or trace belongs together: the payout and its failure at the
gateway, its arrival and its return at the bank. Where that adds up to nothing, the lines are
moved to the account of liquidity transfers and reconciled with each other. What does not add
up stays open, in Odoo and in the list of ``/unmatched``, until more of it arrives.
"""

from collections.abc import Mapping
from typing import Any, LiteralString

from .audit import Audit
from .errors import Refused
from .flow import Action, Handler
from .queue import Queue
from .statements import Journal, Statements
from .store import Connection, Store

__all__ = ["UNMATCHED", "Transfers", "unfit"]

PREFIX = "payout:"

_OPEN: LiteralString = """
select p.id from payouts p where p.matched_lines <> (
    select count(*) from payout_lines l where l.payout_id = p.id and l.odoo_id is not null
) and (p.matched_lines = 0 or p.seen_at > clock_timestamp() - interval '90 days')
"""
UNMATCHED: LiteralString = (
    "select id, amount::text as amount, currency, status, arrival_day, trace, reason, "
    "(select max(booking_date) from bank_transactions) >= arrival_day as overdue "
    "from payouts where matched_lines = 0 or reason <> '' order by arrival_day, id"
)


class Transfers:
    """Matches payouts with the bank."""

    # What belongs to a payout; the bank shows its id, its trace, or a text with one of them.
    tables: LiteralString = """
create or replace view payout_lines as
select p.id as payout_id, g.odoo_id, g.amount, g.currency
from payouts p join gateway_movements g on g.source = p.id and starts_with(g.kind, 'payout')
union all
select p.id, b.odoo_id, b.amount, b.currency
from payouts p join bank_transactions b on b.end_to_end_id in (p.id, nullif(p.trace, ''))
or strpos(b.remittance, p.id) > 0 or (p.trace <> '' and strpos(b.remittance, p.trace) > 0);
"""
    figures: LiteralString = (
        "select 'connector_payouts_unmatched' as name, '' as label, count(*)::float8 as value "
        "from payouts where matched_lines = 0 or reason <> '' "
        "union all select 'connector_payouts_overdue', '', count(*) from payouts "
        "where (matched_lines = 0 or reason <> '') "
        "and arrival_day <= (select max(booking_date) from bank_transactions)"
    )

    def __init__(
        self,
        store: Store,
        audit: Audit,
        queue: Queue,
        statements: Statements,
    ) -> None:
        self.store = store
        self.audit = audit
        self.queue = queue
        self.statements = statements
        self.handlers: Mapping[str, Handler] = {"payments": self.bring_up_to_date}
        self.schedules: Mapping[str, tuple[Action, float]] = {"payments": (self.ask, 0.0)}

    async def close(self) -> None:
        """Nothing to give back."""

    async def ask(self) -> None:
        """Want everything that is open looked at."""
        async with self.store.pool.connection() as connection, connection.transaction():
            await self.want(connection)

    async def want(self, connection: Connection) -> None:
        """Want each payout of which there is more, or less, than was matched."""
        for row in await (await connection.execute(_OPEN)).fetchall():
            await self.queue.want(connection, "payments", PREFIX + row["id"], "match")

    async def bring_up_to_date(self, resource: str) -> None:
        """Reconcile what belongs to one payout, if all of it is there."""
        identity = resource.removeprefix(PREFIX)
        lines = await self.store.rows(
            "select * from payout_lines where payout_id = %(id)s", id=identity
        )
        reason = unfit(lines)
        if not reason:
            await self._reconcile(lines)
        await self.store.rows(
            "update payouts set reason = %(reason)s, "
            "matched_lines = case when %(reason)s = '' then %(lines)s else matched_lines end "
            "where id = %(id)s",
            reason=reason,
            lines=len(lines),
            id=identity,
        )
        if not reason:
            await self.audit.record("payout matched", resource, lines=len(lines))

    async def _reconcile(self, lines: list[dict[str, Any]]) -> None:
        """Move what waits to the transfer account, reconcile it there, and see that it is."""
        odoo, account = self.statements.odoo, await self.statements.transfer_account()
        ids = [line["odoo_id"] for line in lines]
        rows = await odoo.read(
            "account.bank.statement.line", "read", ids=ids, fields=["journal_id", "amount"]
        )
        if len(rows) != len(ids):
            raise Refused("missing", "somebody removed a line of this payout from Odoo")
        items: list[int] = []
        for journal_id in {row["journal_id"][0] for row in rows}:
            suspense = (
                await odoo.read(
                    "account.journal", "read", ids=[journal_id], fields=["suspense_account_id"]
                )
            )[0]["suspense_account_id"][0]
            journal = Journal(id=journal_id, suspense_account_id=suspense)
            mine = [row["id"] for row in rows if row["journal_id"][0] == journal_id]
            items += (await self.statements.open_items(journal, mine)).values()
        await self.statements.assign(items, account)
        domain = [["statement_line_id", "in", ids], ["account_id", "=", account.id]]
        waiting = await odoo.read(
            "account.move.line", "search", domain=[*domain, ["reconciled", "=", False]]
        )
        if waiting:
            await odoo.write("account.move.line", "reconcile", ids=waiting)
        left = await odoo.read(
            "account.move.line", "search", domain=[*domain, ["reconciled", "=", False]]
        )
        if left:
            raise Refused("reconcile", f"{len(left)} items of this payout are still open in Odoo")


def unfit(lines: list[dict[str, Any]]) -> str:
    """Return why lines cannot be reconciled with each other now, or nothing if they can."""
    if not all(line["odoo_id"] for line in lines):
        return "not all of it is in Odoo yet"
    if len(lines) < 2:
        return "nothing stands against it yet"
    if len({line["currency"] for line in lines}) > 1:
        return "the bank and the gateway tell different currencies"
    total = sum(line["amount"] for line in lines)
    return f"{total} too much or too little" if total else ""
