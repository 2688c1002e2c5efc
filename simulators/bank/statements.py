"""Daily statements: what an account did on one banking day, numbered without gaps.

A statement exists for each banking day with bookings, and for a day that was asked for. Making
it closes the day. Numbers run on per account in the order of days; that a number never arrives
(``skipped``), arrives twice or late is what receivers must notice.

Not modelled: statements of several days, several pages of one statement.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from peakproof.simkit import Kit, SimulatorRefused, money_text

from .books import Account, Books
from .transactions import Transaction

__all__ = ["Statement", "Statements"]


@dataclass
class Statement:
    """One day of one account. ``deliveries`` counts files by format."""

    account: Account
    day: date
    sequence: int
    created_at: datetime
    opening_balance: Decimal
    transactions: list[Transaction]
    skipped: bool = False
    deliveries: dict[str, int] = field(default_factory=dict)

    @property
    def closing_balance(self) -> Decimal:
        """The balance at the end of the day."""
        return sum((entry.amount for entry in self.transactions), self.opening_balance)

    @property
    def key(self) -> str:
        """Its key in the snapshot."""
        return f"{self.account.code}/{self.sequence}"

    @property
    def delivered(self) -> int:
        """How many files of it were delivered."""
        return sum(self.deliveries.values())

    def record(self) -> dict[str, Any]:
        """Return the vendor-neutral record."""
        currency = self.account.currency
        return {
            "account": self.account.code,
            "date": self.day.isoformat(),
            "sequence": self.sequence,
            "opening_balance": money_text(self.opening_balance, currency),
            "closing_balance": money_text(self.closing_balance, currency),
            "currency": currency,
            "transaction_ids": [entry.id for entry in self.transactions],
            "delivered": self.delivered,
            "skipped": self.skipped,
        }


class Statements:
    """Every statement made so far."""

    def __init__(self, kit: Kit, books: Books) -> None:
        self._kit, self._books = kit, books
        self.all: list[Statement] = []

    def of(self, account: Account) -> list[Statement]:
        """Return an account's statements in their order."""
        return [statement for statement in self.all if statement.account is account]

    def latest_day(self, account: Account) -> date:
        """Return the latest banking day that has come; refuses before the account's first."""
        day = self._kit.calendar.today()
        while not self._kit.calendar.is_banking_day(day):
            day -= timedelta(days=1)
        if day < account.opened_on:
            raise SimulatorRefused("no_statement", "No banking day has come yet.")
        return day

    def make(self, account: Account, wanted: date | None = None) -> Statement:
        """Return the statement of a day, made now if need be together with those before it.

        Refuses a day that has not come, that is no banking day, or before the account's first.
        """
        day = self.latest_day(account) if wanted is None else wanted
        if not account.opened_on <= day <= self._kit.calendar.today():
            raise SimulatorRefused(
                "no_statement", f"{day}: statements run from {account.opened_on} to today."
            )
        if not self._kit.calendar.is_banking_day(day):
            raise SimulatorRefused("no_banking_day", f"{day}: banks rest on that day.")
        self._close(account, day)
        for statement in self.of(account):
            if statement.day == day:
                return statement
        if day < account.closed_through:
            raise SimulatorRefused("no_statement", f"{day}: nothing was booked on that day.")
        return self._add(account, day)

    def due(self, account: Account) -> list[Statement]:
        """Return the statements up to today that were neither delivered nor skipped."""
        self._close(account, self.latest_day(account))
        return [
            statement
            for statement in self.of(account)
            if not statement.delivered and not statement.skipped
        ]

    def told(self, statement: Statement) -> None:
        """Write a statement's record down."""
        self._kit.journal.state("statement", statement.key, statement.record())

    def _close(self, account: Account, day: date) -> None:
        open_day = account.closed_through + timedelta(days=1)
        self._books.close_through(account, day)
        while open_day <= day:
            if account.booked_on(open_day):
                self._add(account, open_day)
            open_day += timedelta(days=1)

    def _add(self, account: Account, day: date) -> Statement:
        statement = Statement(
            account=account,
            day=day,
            sequence=len(self.of(account)) + 1,
            created_at=self._kit.calendar.now(),
            opening_balance=account.balance_on(day - timedelta(days=1)),
            transactions=account.booked_on(day),
        )
        self.all.append(statement)
        self.told(statement)
        return statement
