"""Ponto's synchronizations: how far Ponto has looked into an account at the bank.

A synchronization is pending, then running, then a success or an error. It takes ten of the
vendor's seconds. Transactions booked after the last successful one are not listed.

Not published, chosen by us: how long it takes; 50 synchronizations of an account a day at most.
"""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from peakproof.simkit import Kit

from .books import Account, Books
from .consents import Consents
from .transactions import Transaction

__all__ = ["SUBTYPES", "Synchronization", "Synchronizations"]

SUBTYPES = ("accountDetails", "accountTransactions", "accountTransactionsWithUnsettled")
_RUNNING_SECONDS, _DONE_SECONDS = 3.0, 10.0
_PER_DAY = 50


@dataclass
class Synchronization:
    """One look at the bank."""

    id: str
    account: Account
    subtype: str
    created_at: datetime
    updated_at: datetime
    status: str = "pending"
    errors: list[dict[str, Any]] = field(default_factory=list)
    saw_after: int = 0  # it saw for the first time what was booked after this
    saw_through: int = 0


class Synchronizations:
    """All of them, and what each account shows (``seen``: the last booking that was seen)."""

    def __init__(self, kit: Kit, books: Books, consents: Consents) -> None:
        self._kit, self._books, self._consents = kit, books, consents
        self._random = kit.seed.stream("bank|synchronizations")
        self.automatic = bool(kit.config.options.get("ponto_automatic", True))
        self.by_id: dict[str, Synchronization] = {}
        self.latest: dict[str, Synchronization] = {}
        self._latest_success: dict[str, Synchronization] = {}
        self._seen: dict[str, int] = {}
        self._count: dict[tuple[str, date], int] = {}
        self._unfinished = 0
        books.on_booked.append(self._booked)
        for account in books.accounts.values():
            self.look(account)

    def look(self, account: Account) -> None:
        """Synchronise at once, as Ponto does by itself, if the customer's consent is open."""
        if self._consents.open_for(account):
            made = self._new(account, "accountTransactions")
            made.status = "success"
            self._done(made)

    def day_began(self) -> None:
        """Do the synchronization of the night."""
        for account in self._books.accounts.values():
            self.look(account)

    def begin(self, account: Account, subtype: str) -> Synchronization:
        """Begin one; it goes on by itself."""
        made = self._new(account, subtype)
        today = account.code, self._kit.calendar.today()
        self._count[today] = self._count.get(today, 0) + 1
        if self._kit.faults.fire("sync_stuck", subtype):
            return made
        self._unfinished += 1
        running, done = (self._kit.real_seconds(wait) for wait in (_RUNNING_SECONDS, _DONE_SECONDS))
        self._kit.later(running, lambda: self._change(made, "running"))
        self._kit.later(done, lambda: self._finish(made))
        return made

    def too_many(self, account: Account) -> bool:
        """Tell whether the day's synchronizations of an account are used up."""
        return self._count.get((account.code, self._kit.calendar.today()), 0) >= _PER_DAY

    def under_way(self) -> int:
        """Return how many will still change by themselves (a stuck one will not)."""
        return self._unfinished

    def seen(self, account: Account, entry: Transaction) -> bool:
        """Tell whether a booked transaction was seen."""
        return entry.book_order <= self._seen.get(account.code, 0)

    def succeeded_at(self, account: Account) -> datetime:
        """Return when the last successful one ended."""
        found = self._latest_success.get(account.code)
        return found.updated_at if found else self._kit.calendar.now()

    def _booked(self, entry: Transaction) -> None:
        if self.automatic:
            self.look(self._books.accounts[entry.account])

    def _new(self, account: Account, subtype: str) -> Synchronization:
        now = self._kit.calendar.now()
        identity = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        made = Synchronization(identity, account, subtype, now, now)
        self.by_id[made.id] = made
        self.latest[account.code] = made
        return made

    def _change(self, made: Synchronization, status: str) -> None:
        made.status = status
        made.updated_at = self._kit.calendar.now()

    def _finish(self, made: Synchronization) -> None:
        self._unfinished -= 1
        if self._kit.faults.fire("sync_error", made.subtype):
            made.errors = [_error("technicalFailure", "The financial institution did not answer.")]
        elif not self._consents.open_for(made.account):
            made.errors = [
                _error("authorizationExpired", "The authorization of the account has expired.")
            ]
        self._change(made, "error" if made.errors else "success")
        if not made.errors:
            self._done(made)

    def _done(self, made: Synchronization) -> None:
        account = made.account
        self._latest_success[account.code] = made
        if made.subtype != "accountDetails":
            made.saw_after = self._seen.get(account.code, 0)
            made.saw_through = account.booked[-1].book_order if account.booked else 0
            self._seen[account.code] = made.saw_through


def _error(code: str, detail: str) -> dict[str, Any]:
    return {"code": code, "detail": detail}
