"""One account at the gateway: its parts put together, and what a new day brings."""

from typing import Any

from peakproof.simkit import BankAccount, Kit, Shop, WebhookEngine

from .core import Core
from .events import Events
from .ledger import Ledger
from .neutral import neutral, text
from .payments import Payments
from .payouts import Payouts
from .records import (
    BankAccountRecord,
    Charge,
    CustomerRecord,
    Dispute,
    Intent,
    Payout,
    Record,
    Refund,
    Transaction,
)
from .refunds import Disputes, Refunds
from .settings import Settings

__all__ = ["Account"]

_STORY: tuple[type[Record], ...] = (Charge, Refund, Dispute, Transaction, Payout)


class Account:
    """The business at the gateway; see the parts for what each does."""

    def __init__(self, kit: Kit, settings: Settings, shop: Shop, engine: WebhookEngine) -> None:
        self.core = Core(kit, settings, shop)
        self.events = Events(self.core, engine)
        self.ledger = Ledger(self.core)
        self.payments = Payments(self.core, self.ledger)
        self.refunds = Refunds(self.core, self.ledger, self.payments)
        self.disputes = Disputes(self.core, self.ledger, self.payments)
        banks = {code: self._bank(shop, code) for code in self.core.currencies}
        self.payouts = Payouts(self.core, self.ledger, self.payments, banks)
        self._available: dict[str, int] = {}
        for person in shop.customers:
            self.add_customer(
                {
                    "email": person.email,
                    "name": f"{person.first_name} {person.last_name}".strip(),
                    "phone": person.phone or None,
                }
            )

    def _bank(self, shop: Shop, currency: str) -> BankAccountRecord:
        own = [entry for entry in shop.bank_accounts if entry.currency == currency]
        chosen = next(iter(own or shop.bank_accounts), BankAccount(code="", iban="000123456789"))
        return self.core.add(
            BankAccountRecord(
                id=self.core.new_id("ba"),
                created=self.core.now(),
                code=chosen.code,
                currency=currency,
                country=shop.country,
                last4=chosen.iban[-4:],
            )
        )

    def add_customer(
        self, details: dict[str, Any], metadata: dict[str, str] | None = None
    ) -> CustomerRecord:
        """Add a customer; ``details`` are plain fields such as email and name."""
        return self.core.add(
            CustomerRecord(
                id=self.core.new_id("cus"),
                created=self.core.now(),
                metadata=metadata or {},
                details=details,
            )
        )

    def customers(self) -> list[CustomerRecord]:
        """Return the customers, oldest first, deleted ones too."""
        return self.core.all(CustomerRecord)

    def confirm(
        self, intent: Intent, method: str | None = None, capture_method: str | None = None
    ) -> Intent:
        """Charge an intent; the test cards for it are disputed at once. Raises Refused."""
        self.payments.confirm(intent, method, capture_method)
        charge = intent.latest
        if charge is not None and charge.captured and charge.method.card.disputed:
            self.disputes.open(charge, reason=charge.method.card.disputed)
        return intent

    def day_began(self) -> None:
        """Do what is due: refunds and payouts go on, funds become available and are paid out."""
        self.payments.book_all()
        self.payments.expire()
        self.refunds.progress()
        self.payouts.progress()
        if any(now > max(0, self._available.get(code, 0)) for code, now in self._now().items()):
            self.events.note("balance.available", self.ledger.balance_object())
        calendar = self.core.kit.calendar
        daily = self.core.settings.payout_schedule == "daily"
        if daily and calendar.is_banking_day(calendar.today()):
            self.payouts.automatic()
        self._available = self._now()

    def _now(self) -> dict[str, int]:
        """Return what is available, by currency."""
        return {code: self.ledger.balance(code)[0] for code in self.core.currencies}

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Return the final records."""
        found: dict[str, dict[str, Any]] = {kind.kind: {} for kind in _STORY}
        for kind in _STORY:
            for record in self.core.all(kind):
                written = neutral(record)
                assert written is not None, f"{kind.kind} has no neutral form"
                found[kind.kind][record.id] = written[1]
        for currency in self.core.currencies:
            available, pending = self.ledger.balance(currency)
            found.setdefault("balance", {})[currency] = {
                "available": text(available, currency),
                "pending": text(pending, currency),
                "currency": currency,
            }
        return found
