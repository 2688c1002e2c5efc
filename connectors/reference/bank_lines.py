"""The bank flow: what the bank has booked becomes lines of its journals in Odoo, each once.

Two tasks: ``bank:IBAN`` pulls and keeps what it got, ``bank-lines:IBAN`` writes what is kept.
So no pull is wasted while Odoo is away. Windows hang on the bank's own dates, never on our
clock: each pull goes some days further back than the newest booking that was seen.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import LiteralString

from .audit import Audit, say
from .bank import Bank, Booked, Limited
from .flow import Action, Handler
from .queue import Queue
from .statements import Line, Statements, iban_of
from .store import Connection, Store

__all__ = ["BankLines"]

PULL, LINES = "bank:", "bank-lines:"  # tasks, with the account's IBAN
OVERLAP_DAYS = 14
PULLS_SECONDS = 21_600.0  # four a day are allowed
LOOK_SECONDS = 60.0
ATTEMPT_SECONDS = 5.0
AGAIN_SECONDS = 900.0  # how often a consent that ended is looked for anew

News = Callable[[Connection], Awaitable[None]]


class BankLines:
    """Accounts of the bank, each with a journal of its own."""

    tables: LiteralString = """
create table if not exists bank_transactions (
    identity text primary key,
    transaction_id text not null unique,
    iban text not null,
    amount numeric not null,
    currency text not null,
    booking_date text not null,
    remittance text not null,
    counterparty text not null,
    end_to_end_id text not null,
    odoo_id bigint,
    seen_at timestamptz not null default clock_timestamp()
);
create table if not exists bank_names (transaction_id text primary key, identity text not null);
create table if not exists bank_pulls (
    iban text primary key,
    newest text not null default '',
    asked_at timestamptz not null default '-infinity',
    not_before timestamptz not null default '-infinity'
);
"""
    figures: LiteralString = (
        "select 'connector_bank_transactions' as name, "
        "'written=\"' || (odoo_id is not null)::text || '\"' as label, count(*)::float8 as value "
        "from bank_transactions group by odoo_id is not null "
        "union all select 'connector_bank_pull_waits_seconds', '', "
        "greatest(0, extract(epoch from max(not_before) - clock_timestamp())) from bank_pulls "
        "where not_before > clock_timestamp()"
    )

    def __init__(
        self,
        store: Store,
        audit: Audit,
        queue: Queue,
        bank: Bank,
        statements: Statements,
        ibans: Sequence[str],
        news: News | None = None,
    ) -> None:
        """``news`` is called in the transaction that keeps lines just written."""
        self.store = store
        self.audit = audit
        self.queue = queue
        self.bank = bank
        self.statements = statements
        self.ibans = [iban_of(iban) for iban in ibans]
        self.news = news
        self.handlers: Mapping[str, Handler] = {"bank": self.bring_up_to_date}
        self.schedules: Mapping[str, tuple[Action, float]] = {
            "bank": (self.ask, 0.0),
            "bank when due": (self.ask_when_due, LOOK_SECONDS),
        }

    async def close(self) -> None:
        """Give connections back."""
        await self.bank.close()

    async def ask(self) -> None:
        """Want a pull of every account now, and wait until it was tried."""
        for iban in self.ibans:
            await self._ask(iban)

    async def _ask(self, iban: str) -> None:
        async with self.store.pool.connection() as connection, connection.transaction():
            await self.queue.want(connection, "bank", PULL + iban, "pull")
        await self.queue.attempted(PULL + iban, ATTEMPT_SECONDS)

    async def ask_when_due(self) -> None:
        """Want a pull when an account's last is long ago; sooner where a consent had ended."""
        for iban in self.ibans:
            if await self._is_due(iban):
                await self._ask(iban)

    async def _is_due(self, iban: str) -> bool:
        row = await self.store.row(
            "select 1 as due where not exists (select from bank_pulls where iban = %(iban)s and "
            "(asked_at > clock_timestamp() - make_interval(secs => %(pulls)s) "
            "or not_before > clock_timestamp())) "
            "and not exists (select from tasks where resource = %(task)s and (wanted > done "
            "and not dead or dead and next_at > "
            "clock_timestamp() - make_interval(secs => %(again)s)))",
            iban=iban,
            pulls=PULLS_SECONDS,
            task=PULL + iban,
            again=AGAIN_SECONDS,
        )
        return row is not None

    async def bring_up_to_date(self, resource: str) -> None:
        """Pull, or write what was pulled."""
        if resource.startswith(LINES):
            await self._write(resource.removeprefix(LINES))
        else:
            await self._pull(resource.removeprefix(PULL).partition(":")[0])

    async def _pull(self, iban: str) -> None:
        account_id = await self.bank.account_id(iban)
        row = await self.store.row("select newest from bank_pulls where iban = %(i)s", i=iban)
        since = ""
        if row and row["newest"]:
            since = str(date.fromisoformat(row["newest"]) - timedelta(days=OVERLAP_DAYS))
        try:
            told = await self.bank.booked(account_id, since)
        except Limited as limited:
            await self._come_back(iban, limited)
            return
        await self._keep(iban, told.booked)
        unreadable = f"{PULL}{iban}:unreadable"
        for reason in told.unreadable:  # the rest must not wait for it
            await self.queue.bury("bank", unreadable, "pull", reason)
        if not told.unreadable:
            await self.queue.resolve("bank", unreadable)

    async def _come_back(self, iban: str, limited: Limited) -> None:
        """The day's pulls are used up: nothing failed, the bank says when to come again."""
        await self.store.rows(
            "insert into bank_pulls (iban, not_before) values "
            "(%(iban)s, clock_timestamp() + make_interval(secs => %(secs)s)) on conflict (iban) "
            "do update set not_before = excluded.not_before",
            iban=iban,
            secs=limited.after_seconds,
        )
        await self.store.count("bank_pulls_over_limit")
        await self.audit.record("pull postponed", PULL + iban, seconds=limited.after_seconds)

    async def _keep(self, iban: str, booked: list[Booked]) -> None:
        """Keep what is new, and how far we have come, in one transaction."""
        fresh = 0
        async with self.store.pool.connection() as connection, connection.transaction():
            for entry in booked:
                fresh += await self._take(connection, iban, entry)
            await connection.execute(
                "insert into bank_pulls (iban, newest, asked_at) "
                "values (%(iban)s, %(newest)s, clock_timestamp()) on conflict (iban) do update "
                "set newest = greatest(bank_pulls.newest, excluded.newest), "
                "asked_at = excluded.asked_at, not_before = '-infinity'",
                {"iban": iban, "newest": max((e.booking_date for e in booked), default="")},
            )
            if fresh:
                await self.queue.want(connection, "bank", LINES + iban, "lines")
        say("bank pulled", resource=PULL + iban, told=len(booked), fresh=fresh)

    async def _take(self, connection: Connection, iban: str, entry: Booked) -> bool:
        """Keep one transaction; False when it is known, be it under another id."""
        known = await connection.execute(
            "select from bank_names where transaction_id = %s", [entry.transaction_id]
        )
        if known.rowcount:
            return False
        identity = f"{iban}|{entry.identity}"
        await connection.execute(
            "insert into bank_names values (%s, %s)", [entry.transaction_id, identity]
        )
        made = await connection.execute(
            "insert into bank_transactions (identity, transaction_id, iban, amount, currency, "
            "booking_date, remittance, counterparty, end_to_end_id) values "
            "(%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (identity) do nothing",
            [
                identity,
                entry.transaction_id,
                iban,
                entry.amount,
                entry.currency,
                entry.booking_date,
                entry.remittance,
                entry.counterparty,
                entry.end_to_end_id,
            ],
        )
        if not made.rowcount:
            await self.audit.record(
                "transaction under another id",
                PULL + iban,
                connection,
                told=entry.transaction_id,
                identity=identity,
            )
        return bool(made.rowcount)

    async def _write(self, iban: str) -> None:
        """Write what is kept of an account and not in Odoo yet."""
        rows = await self.store.rows(
            "select * from bank_transactions where odoo_id is null and iban = %(iban)s "
            "order by booking_date, seen_at",
            iban=iban,
        )
        for currency in sorted({row["currency"] for row in rows}):
            lines = [
                Line(
                    identity=row["transaction_id"],
                    day=row["booking_date"],
                    amount=row["amount"],
                    text=row["remittance"],
                    partner=row["counterparty"],
                    reference=row["end_to_end_id"],
                )
                for row in rows
                if row["currency"] == currency
            ]
            journal = await self.statements.journal(
                f"journal_{iban.lower()}",
                f"Bank {iban[-4:]}",
                f"B{iban[-4:]}",
                currency,
                iban,
            )
            written = await self.statements.write(journal, lines)
            await self._note(iban, written.ids)
            written.complain()

    async def _note(self, iban: str, written: dict[str, int]) -> None:
        async with self.store.pool.connection() as connection, connection.transaction():
            for identity, number in written.items():
                await connection.execute(
                    "update bank_transactions set odoo_id = %s where transaction_id = %s",
                    [number, identity],
                )
            await self.audit.record(
                "bank lines written", LINES + iban, connection, lines=len(written)
            )
            if self.news is not None:
                await self.news(connection)
