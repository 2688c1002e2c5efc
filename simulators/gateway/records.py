"""What the gateway keeps: customers, payment methods, intents, charges, refunds, disputes,
balance transactions and payouts. Amounts are whole smallest units of the record's currency,
currencies are written as in ISO 4217 ("USD"), moments are epoch seconds of business time.

Plain data; how it changes is in payments.py, refunds.py, disputes.py and payouts.py, how it
looks on the wire in wire.py.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from .cards import Card

__all__ = [
    "BankAccountRecord",
    "Charge",
    "CustomerRecord",
    "Dispute",
    "Intent",
    "Method",
    "Payout",
    "Record",
    "Refund",
    "Transaction",
]


@dataclass(kw_only=True, eq=False)
class Record:
    """Something with an id. ``kind`` is what Stripe calls the object."""

    kind: ClassVar[str] = ""
    id: str
    created: int
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True, eq=False)
class CustomerRecord(Record):
    """A customer; ``details`` are the plain fields (email, name, address ...)."""

    kind: ClassVar[str] = "customer"
    details: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False


@dataclass(kw_only=True, eq=False)
class BankAccountRecord(Record):
    """Where payouts in a currency go; ``code`` is how the story knows the account."""

    kind: ClassVar[str] = "bank_account"
    code: str
    currency: str
    country: str
    last4: str


@dataclass(kw_only=True, eq=False)
class Method(Record):
    """A payment method: one use of a test card."""

    kind: ClassVar[str] = "payment_method"
    card: Card
    customer: str | None = None


@dataclass(kw_only=True, eq=False)
class Intent(Record):
    """A payment intent, from the wish to pay to the money."""

    kind: ClassVar[str] = "payment_intent"
    amount: int
    currency: str
    capture_method: str
    client_secret: str = field(repr=False)
    details: dict[str, Any] = field(default_factory=dict)
    customer: str | None = None
    automatic_methods: dict[str, Any] | None = None
    method: Method | None = None
    status: str = "requires_payment_method"
    capturable: int = 0
    received: int = 0
    latest: "Charge | None" = None
    last_error: dict[str, Any] | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None


@dataclass(kw_only=True, eq=False)
class Charge(Record):
    """One attempt to move money; ``status`` is failed, authorized, succeeded or released.

    ``settled`` is what it brought in the settlement currency, ``settled_refunded`` what of that
    went back; both 0 until it is booked as a balance transaction.
    """

    kind: ClassVar[str] = "charge"
    amount: int
    currency: str
    intent: Intent
    method: Method
    status: str
    captured: bool = False
    captured_at: int = 0
    amount_captured: int = 0
    amount_refunded: int = 0
    disputed: bool = False
    transaction: "Transaction | None" = None
    settled: int = 0
    settled_refunded: int = 0
    refunds: list["Refund"] = field(default_factory=list)

    def refundable(self) -> int:
        """Return what has not been given back yet."""
        return self.amount_captured - self.amount_refunded


@dataclass(kw_only=True, eq=False)
class Refund(Record):
    """Money on its way back; ``status`` is pending, succeeded or failed."""

    kind: ClassVar[str] = "refund"
    amount: int
    charge: Charge
    status: str
    reason: str | None = None
    transaction: "Transaction | None" = None
    failure: "Transaction | None" = None
    failure_reason: str | None = None


@dataclass(kw_only=True, eq=False)
class Dispute(Record):
    """A chargeback; ``status`` is needs_response, under_review, won or lost."""

    kind: ClassVar[str] = "dispute"
    amount: int
    charge: Charge
    reason: str
    due_by: int
    status: str = "needs_response"
    evidence: dict[str, str] = field(default_factory=dict)
    submissions: int = 0
    fee: int = 0
    transactions: list["Transaction"] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Transaction(Record):
    """A movement of the balance: ``net`` is ``amount`` less ``fee``.

    ``paid_in`` is the automatic payout that carried it to the bank.
    """

    kind: ClassVar[str] = "balance_transaction"
    type: str
    category: str
    amount: int
    currency: str
    source: str
    description: str | None
    available_on: int
    fees: list[tuple[str, int]] = field(default_factory=list)
    rate: Decimal | None = None
    paid_in: "Payout | None" = None

    @property
    def fee(self) -> int:
        """What the gateway kept."""
        return sum(amount for _, amount in self.fees)

    @property
    def net(self) -> int:
        """What it does to the balance."""
        return self.amount - self.fee


@dataclass(kw_only=True, eq=False)
class Payout(Record):
    """Money on its way to the bank; ``transactions`` are what an automatic one bundles."""

    kind: ClassVar[str] = "payout"
    amount: int
    currency: str
    automatic: bool
    destination: str
    day: date
    arrival: date
    arrival_date: int
    reference: str
    description: str | None = None
    statement_descriptor: str | None = None
    status: str = "pending"
    transactions: list[Transaction] = field(default_factory=list)
    own: Transaction | None = None
    failure: Transaction | None = None
    failure_code: str | None = None
    handed_over: bool = False
