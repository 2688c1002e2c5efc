"""Payouts: money on its way to the bank, by itself every banking day or by hand.

Each settlement currency is paid out by itself, to the bank account of that currency. The
automatic payout of a day carries every balance transaction of its currency that is available and
was not carried before, so the sum of their nets is its amount, always; one that would not be
positive is not made and everything waits for the next. It is ``pending`` on its day, ``in_transit``
from the next one, ``paid`` on the day of its arrival. A failed payout, even a paid one, brings
its money back as a transaction of its own, which the next automatic payout carries.

Chosen by us: the transition on the next day; that automatic payouts go on after a failure
(Stripe pauses them until somebody mends the bank account).
"""

from collections.abc import Mapping
from datetime import date

from .core import Core
from .errors import Refused
from .ledger import Ledger
from .payments import Payments
from .records import BankAccountRecord, Payout, Transaction

__all__ = ["FAILURE_CODES", "Payouts"]

FAILURE_CODES = {
    "account_closed": "The bank account has been closed",
    "account_frozen": "The bank account has been frozen",
    "could_not_process": "The bank could not process this payout",
    "insufficient_funds": "Your account has insufficient funds to cover the payout",
    "invalid_account_number": "The bank account number is wrong",
    "no_account": "The bank account could not be located",
}


class Payouts:
    """Sends the balance to the bank."""

    def __init__(
        self,
        core: Core,
        ledger: Ledger,
        payments: Payments,
        banks: Mapping[str, BankAccountRecord],
    ) -> None:
        """``banks`` are the accounts that payouts go to, by currency."""
        self._core, self._ledger, self._payments = core, ledger, payments
        self.banks = banks

    def automatic(self) -> None:
        """Pay out what is available in each currency, or nothing if that is no positive sum."""
        self._payments.book_all()
        for currency in self._core.currencies:
            entries = self._ledger.available(currency)
            total = sum(entry.net for entry in entries)
            if total > 0:
                self._carry(total, currency, entries)

    def _carry(self, total: int, currency: str, entries: list[Transaction]) -> None:
        payout = self._make(total, currency, automatic=True, description="STRIPE PAYOUT")
        payout.transactions = entries
        self._ledger.carried(entries, payout)
        self._announce(payout)
        self._core.emit("payout.reconciliation_completed", payout)

    def manual(
        self,
        amount: int,
        currency: str,
        description: str | None = None,
        metadata: dict[str, str] | None = None,
        statement_descriptor: str | None = None,
    ) -> Payout:
        """Pay out so much of what is available; raises Refused (balance_insufficient)."""
        self._payments.book_all()
        available = self._ledger.balance(currency)[0] if currency in self.banks else 0
        if amount > available:
            raise Refused(
                "You have insufficient funds in your Stripe account for this transfer. Your "
                f"card balance is too low: {self._core.money(available, currency)}.",
                "balance_insufficient",
                "amount",
                began=True,
            )
        payout = self._make(amount, currency, automatic=False, description=description)
        payout.metadata = metadata or {}
        payout.statement_descriptor = statement_descriptor
        self._announce(payout)
        return payout

    def _make(
        self, amount: int, currency: str, *, automatic: bool, description: str | None
    ) -> Payout:
        calendar, settings = self._core.kit.calendar, self._core.settings
        arrival = calendar.banking_days_after(calendar.today(), settings.arrival_after_banking_days)
        payout = Payout(
            id=self._core.new_id("po"),
            created=self._core.now(),
            amount=amount,
            currency=currency,
            automatic=automatic,
            destination=self.banks[currency].id,
            day=calendar.today(),
            arrival=arrival,
            arrival_date=int(calendar.midnight(arrival).timestamp()),
            reference=f"ST-{self._core.word(12).upper()}",
            description=description,
        )
        self._core.add(payout)
        payout.own = self._ledger.post(
            "payout",
            -amount,
            payout.id,
            description or "STRIPE PAYOUT",
            currency=currency,
            available_on=payout.arrival_date,
            counted=not automatic,
        )
        return payout

    def _announce(self, payout: Payout) -> None:
        self._core.touch(payout)
        self._core.emit("payout.created", payout)

    def progress(self) -> None:
        """Move payouts on: to the bank the day after, into the account when they arrive."""
        today: date = self._core.kit.calendar.today()
        for payout in self._core.all(Payout):
            if payout.status == "pending" and payout.day < today:
                self._move(payout, "in_transit", "payout.updated")
            if payout.status == "in_transit" and payout.arrival <= today:
                self._move(payout, "paid", "payout.paid")

    def _move(self, payout: Payout, status: str, topic: str) -> None:
        before, payout.status = payout.status, status
        self._core.touch(payout)
        previous = {"status": before} if topic.endswith("updated") else None
        self._core.emit(topic, payout, previous)

    def fail(self, payout: Payout, code: str = "account_closed") -> Payout:
        """Let the bank send a payout back, also after it was paid; raises Refused."""
        if payout.status in ("failed", "canceled"):
            raise Refused(f"Payout {payout.id} is {payout.status} already.", began=True)
        if code not in FAILURE_CODES:
            raise Refused(f"Unknown failure code {code!r}: one of {sorted(FAILURE_CODES)}.")
        payout.failure_code = code
        payout.failure = self._return(payout, "payout_failure", "STRIPE PAYOUT FAILURE")
        self._move(payout, "failed", "payout.failed")
        return payout

    def cancel(self, payout: Payout) -> Payout:
        """Take back a manual payout that has not left yet."""
        if payout.automatic or payout.status != "pending":
            raise Refused(
                "Payouts can only be canceled if they are manual and pending; this one is "
                f"{'automatic' if payout.automatic else 'manual'} and {payout.status}.",
                "payout_not_cancelable",
                began=True,
            )
        payout.failure = self._return(payout, "payout_cancel", "STRIPE PAYOUT CANCEL")
        self._move(payout, "canceled", "payout.canceled")
        return payout

    def _return(self, payout: Payout, kind: str, description: str) -> Transaction:
        return self._ledger.post(
            kind, payout.amount, payout.id, description, currency=payout.currency
        )

    def hand_over(self) -> list[Payout]:
        """Return the payouts that the bank was not told of yet, each of them once."""
        found = [
            payout
            for payout in self._core.all(Payout)
            if not payout.handed_over and payout.status not in ("failed", "canceled")
        ]
        for payout in found:
            payout.handed_over = True
        return found
