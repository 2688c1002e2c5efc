"""The balance: every movement of money, when it becomes available, and what is not paid out.

A charge is available some banking days after it was made. Refunds, disputes and failed
payouts move the available balance at once (Stripe's date for them is not published; chosen by
us). A payout leaves the balance when it is made, though its transaction bears the day of its
arrival, as Stripe's do. The balance may become negative; then nothing is paid out until it is
positive again.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .core import Core
from .records import Payout, Transaction

__all__ = ["Ledger"]

_CATEGORIES = {
    "charge": "charge",
    "refund": "refund",
    "refund_failure": "refund_failure",
    "payout": "payout",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
}


class Ledger:
    """The account's balance transactions; ``unpaid`` are those that no payout carried yet."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.unpaid: list[Transaction] = []

    def post(
        self,
        kind: str,
        amount: int,
        source: str,
        description: str,
        *,
        fees: Sequence[tuple[str, int]] = (),
        currency: str = "",
        rate: Decimal | None = None,
        created: int | None = None,
        available_on: int | None = None,
        banking_days: int = 0,
        category: str = "",
        counted: bool = True,
    ) -> Transaction:
        """Book a movement in a settlement currency, available after so many banking days.

        Without ``currency`` it is the account's own. ``counted`` False is for an automatic
        payout's movement: it empties what it carries.
        """
        now = self._core.now() if created is None else created
        entry = Transaction(
            id=self._core.new_id("txn"),
            created=now,
            type=kind,
            category=category or _CATEGORIES[kind],
            amount=amount,
            currency=currency or self._core.currency,
            source=source,
            description=description,
            available_on=available_on or self._available_on(now, banking_days),
            fees=[fee for fee in fees if fee[1]],
            rate=rate,
        )
        self._core.add(entry)
        if counted:
            self.unpaid.append(entry)
        self._core.touch(entry)
        return entry

    def _available_on(self, created: int, banking_days: int) -> int:
        if not banking_days:
            return created
        calendar = self._core.kit.calendar
        day = datetime.fromtimestamp(created, UTC).date()
        return int(calendar.midnight(calendar.banking_days_after(day, banking_days)).timestamp())

    def available(self, currency: str) -> list[Transaction]:
        """Return what could be paid out now in a currency, oldest first."""
        now = self._core.now()
        return [
            entry
            for entry in self.unpaid
            if entry.currency == currency and (entry.available_on <= now or entry.type == "payout")
        ]

    def carried(self, entries: Sequence[Transaction], payout: Payout) -> None:
        """Note that a payout carries these."""
        taken = set(map(id, entries))
        self.unpaid = [entry for entry in self.unpaid if id(entry) not in taken]
        for entry in entries:
            entry.paid_in = payout
            self._core.touch(entry)

    def balance(self, currency: str) -> tuple[int, int]:
        """Return what is available in a currency and what is still to come."""
        available = sum(entry.net for entry in self.available(currency))
        whole = sum(entry.net for entry in self.unpaid if entry.currency == currency)
        return available, whole - available

    def balance_object(self) -> dict[str, Any]:
        """Return the balance as Stripe writes it, a part for each currency."""
        available: list[dict[str, Any]] = []
        pending: list[dict[str, Any]] = []
        nothing = []
        for code in self._core.currencies:
            currency = code.lower()
            for amount, parts in zip(self.balance(code), (available, pending), strict=True):
                money = {"amount": amount, "currency": currency}
                parts.append({**money, "source_types": {"card": amount}})
            nothing.append({"amount": 0, "currency": currency})
        return {
            "object": "balance",
            "available": available,
            "livemode": False,
            "pending": pending,
            "refund_and_dispute_prefunding": {"available": nothing, "pending": nothing},
        }
