"""The bank's books: accounts, what is pending, what is booked, and exact balances.

Banks book on banking days. A transaction whose booking day has not come is pending until
``day_began`` reaches it; once a day's statement was made (``closed_through``) the day takes no
more bookings, which is the bank's cut-off.

    books.record("MAIN", [Payment(Decimal("12.50"))]) -> Transaction

Not modelled: credit limits (an account may be overdrawn), interest, currency exchange (a
payment in another currency is refused).
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from peakproof.simkit import BankAccount, Kit, SimulatorRefused, money_text, parse_money

from .ibans import made_up_iban
from .transactions import Kind, Payment, Transaction, clean_text

__all__ = ["Account", "Books"]


class Account:
    """One account. ``booked`` is in the order of booking."""

    def __init__(self, plan: BankAccount, owner: str, iban: str, opened_on: date) -> None:
        self.code = plan.code
        self.iban = iban
        self.currency = plan.currency
        self.owner = clean_text(plan.owner or owner)
        self.opening_balance = parse_money(plan.opening_balance, plan.currency)
        self.opened_on = opened_on
        self.booked: list[Transaction] = []
        self.pending: list[Transaction] = []
        self.closed_through = opened_on - timedelta(days=1)
        self.balance = self.opening_balance

    def balance_on(self, day: date) -> Decimal:
        """Return the booked balance at the end of a day."""
        moved = (entry.amount for entry in self.booked if entry.booking_date <= day)
        return sum(moved, self.opening_balance)

    def booked_on(self, day: date) -> list[Transaction]:
        """Return what was booked on a day, in the order of booking."""
        return [entry for entry in self.booked if entry.booking_date == day]

    def newest_first(self) -> list[Transaction]:
        """Return what is booked, newest booking date first, as GoCardless lists it."""
        key = lambda entry: (entry.booking_date, entry.book_order)  # noqa: E731
        return sorted(self.booked, key=key, reverse=True)

    def latest_first(self) -> list[Transaction]:
        """Return what is booked, what was booked last first, as Ponto lists it."""
        return self.booked[::-1]

    def record(self) -> dict[str, Any]:
        """Return the vendor-neutral record."""
        return {
            "code": self.code,
            "iban": self.iban,
            "currency": self.currency,
            "balance": money_text(self.balance, self.currency),
            "opening_balance": money_text(self.opening_balance, self.currency),
            "owner": self.owner,
        }


class Books:
    """Every account and transaction of the bank."""

    def __init__(self, kit: Kit, plans: Sequence[BankAccount], owner: str) -> None:
        self._kit = kit
        self._random = kit.seed.stream("bank|transactions")
        self._book_order = 0
        self._references = 0
        self.on_booked: list[Callable[[Transaction], None]] = []
        self.accounts: dict[str, Account] = {}
        self.transactions: dict[str, Transaction] = {}
        for plan in plans:
            iban = "".join(clean_text(plan.iban).split()).upper()
            iban = iban or made_up_iban(kit.seed, f"own|{plan.code}")
            account = Account(plan, owner, iban, kit.calendar.today())
            self.accounts[plan.code] = account
            kit.journal.state("account", account.code, account.record())

    def account(self, code: str = "") -> Account:
        """Return the account of that code, or the first; refuses an unknown one."""
        if not code:
            return next(iter(self.accounts.values()))
        found = self.accounts.get(code)
        if found is None:
            known = ", ".join(self.accounts)
            raise SimulatorRefused("unknown_account", f"No account {code!r}; there are {known}.")
        return found

    def transaction(self, identity: str) -> Transaction:
        """Return the transaction of that id; refuses an unknown one."""
        found = self.transactions.get(identity)
        if found is None:
            raise SimulatorRefused("unknown_transaction", f"No transaction {identity!r}.")
        return found

    def booking_day(self, account: Account, wanted: date | None = None) -> date:
        """Return the first open banking day from ``wanted`` (or today) on."""
        open_from = account.closed_through + timedelta(days=1)
        day = self._kit.calendar.today() if wanted is None else wanted
        return self._kit.calendar.banking_days_after(max(day, open_from), 0)

    def record(
        self,
        account: Account,
        payments: Sequence[Payment],
        *,
        kind: str = Kind.TRANSFER,
        booking_date: date | None = None,
        value_date: date | None = None,
        reversal_of: str = "",
        reason: str = "",
        is_batch: bool = False,
    ) -> Transaction:
        """Take a transaction in: booked at once if its day has come, else pending.

        Refuses one without movement, and payments of one batch in both directions.
        """
        if not payments or not all(payment.amount for payment in payments):
            raise SimulatorRefused("invalid_amount", "A payment must move money.")
        if len({payment.amount > 0 for payment in payments}) > 1:
            raise SimulatorRefused("mixed_batch", "A batch holds credits or debits, not both.")
        day = self.booking_day(account, booking_date)
        self._references += 1
        stamp = self._kit.calendar.today().strftime("%y%m%d")
        entry = Transaction(
            id=self._uuid(),
            pending_id=self._uuid(),
            account=account.code,
            currency=account.currency,
            kind=kind,
            reference=f"PK{stamp}{self._references:08d}",
            booking_date=day,
            value_date=value_date or day,
            payments=tuple(payments),
            reversal_of=reversal_of,
            reason=reason,
            is_batch=is_batch,
        )
        if not self._kit.config.options.get("pending_ids_change", True):
            entry.pending_id = entry.id
        self.transactions[entry.id] = entry
        if day <= self._kit.calendar.today():
            self._book(account, entry)
        else:
            account.pending.append(entry)
            self._kit.journal.state("transaction", entry.id, entry.record())
        return entry

    def day_began(self) -> None:
        """Book what is due."""
        today = self._kit.calendar.today()
        for account in self.accounts.values():
            due = [entry for entry in account.pending if entry.booking_date <= today]
            for entry in sorted(due, key=lambda entry: entry.booking_date):
                account.pending.remove(entry)
                self._book(account, entry)

    def close_through(self, account: Account, day: date) -> None:
        """Let a day (and those before it) take no more bookings."""
        account.closed_through = max(account.closed_through, day)

    def _book(self, account: Account, entry: Transaction) -> None:
        self._book_order += 1
        entry.book_order = self._book_order
        account.booked.append(entry)
        account.balance += entry.amount
        self._kit.journal.state("transaction", entry.id, entry.record())
        self._kit.journal.state("account", account.code, account.record())
        for call in self.on_booked:
            call(entry)

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
