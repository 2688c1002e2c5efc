"""Shopify Payments: the balance, its transactions, payouts and disputes.

Models the shapes of Admin API 2026-10. A charge costs 2.9 % + 0.30 (options
``payments_fee_percent`` and ``payments_fee_fixed``); a refund gives no fee back. Payouts are
made by the act ``advance_payouts``, or daily in the vendor's (scaled) time with the option
``payout_schedule: daily``: what is due is made when somebody looks.

Not modelled: reserves, adjustments, payouts in several currencies, failed payouts on their own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from .errors import Refused
from .ids import gid
from .order_money import ZERO, quantum_of, rounded
from .order_records import Order, Transaction

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["DAY_SECONDS", "BalanceEntry", "Dispute", "Payout", "Payouts"]

DAY_SECONDS = 86_400.0
DISPUTE_FEE = Decimal("15.00")


class Payout(msgspec.Struct, eq=False, gc=False):
    """Money sent to the merchant's bank. ``status`` SCHEDULED, PAID, FAILED or CANCELED."""

    graphql_type: ClassVar[str] = "ShopifyPaymentsPayout"

    number: int
    id: str
    issued_at: datetime
    net: Decimal
    status: str
    entries: list[BalanceEntry]
    trace: str

    @property
    def transaction_type(self) -> str:
        """Whether money goes to the bank or is taken from it."""
        return "DEPOSIT" if self.net >= 0 else "WITHDRAWAL"


class BalanceEntry(msgspec.Struct, eq=False, gc=False):
    """A movement of the balance, in the shop's currency; ``net`` is ``amount`` less ``fee``."""

    graphql_type: ClassVar[str] = "ShopifyPaymentsBalanceTransaction"

    number: int
    type: str
    amount: Decimal
    fee: Decimal
    source_type: str
    source_id: int
    order: Order
    transaction: Transaction | None
    made_at: datetime
    payout: Payout | None = None

    @property
    def id(self) -> str:
        """The global id."""
        return gid("ShopifyPaymentsBalanceTransaction", self.number)

    @property
    def net(self) -> Decimal:
        """What it changes the balance by."""
        return self.amount - self.fee


class Dispute(msgspec.Struct, eq=False, gc=False):
    """A customer disputes a charge. ``status`` NEEDS_RESPONSE, UNDER_REVIEW, WON, LOST ..."""

    graphql_type: ClassVar[str] = "ShopifyPaymentsDispute"

    number: int
    id: str
    order: Order
    amount: Decimal
    reason: str
    network_reason_code: str
    initiated_at: datetime
    evidence_due_by: datetime
    type: str = "CHARGEBACK"
    status: str = "NEEDS_RESPONSE"
    finalized_on: datetime | None = None
    evidence_sent_on: datetime | None = None


class Payouts:
    """The shop's Shopify Payments account."""

    def __init__(self, shop: Shop) -> None:
        options = shop.kit.config.options
        self.shop = shop
        self.number = shop.ids.next("ShopifyPaymentsAccount")
        self.id = gid("ShopifyPaymentsAccount", self.number)
        self.percent = Decimal(str(options.get("payments_fee_percent", "2.9")))
        self.fixed = Decimal(str(options.get("payments_fee_fixed", "0.30")))
        self.daily = options.get("payout_schedule", "manual") == "daily"
        self.day_seconds = shop.kit.real_seconds(DAY_SECONDS)
        self._quantum = quantum_of(shop.currency)
        self._next_entry = shop.ids.series("ShopifyPaymentsBalanceTransaction")
        self.entries: list[BalanceEntry] = []
        self.payouts: list[Payout] = []
        self.disputes: list[Dispute] = []
        self._waiting: list[BalanceEntry] = []
        self._last_seconds = shop.seconds()

    def fee_of(self, amount: Decimal) -> Decimal:
        """Return what a charge of that amount costs."""
        return rounded(amount * self.percent / 100 + self.fixed, self._quantum)

    def booked(self, transaction: Transaction) -> None:
        """Book a payment or refund that went through Shopify Payments."""
        if transaction.gateway != "shopify_payments" or transaction.status != "SUCCESS":
            return
        if self.daily:
            self.catch_up()
        amount = transaction.amounts[0]
        number, order = transaction.number, transaction.order
        if transaction.kind in ("SALE", "CAPTURE"):
            fee = self.fee_of(amount)
            self._book("CHARGE", amount, fee, "CHARGE", number, order, transaction)
        elif transaction.kind == "REFUND":
            self._book("REFUND", -amount, ZERO, "REFUND", number, order, transaction)

    def _book(
        self,
        kind: str,
        amount: Decimal,
        fee: Decimal,
        source: str,
        source_id: int,
        order: Order,
        transaction: Transaction | None = None,
    ) -> BalanceEntry:
        entry = BalanceEntry(
            self._next_entry(), kind, amount, fee, source, source_id, order, transaction,
            self.shop.now(),
        )  # fmt: skip
        self.entries.append(entry)
        self._waiting.append(entry)
        return entry

    @property
    def balance(self) -> Decimal:
        """What is not paid out yet."""
        return sum((entry.net for entry in self._waiting), ZERO)

    def catch_up(self) -> None:
        """Make the daily payouts that have become due."""
        if not self.daily:
            return
        now = self.shop.seconds()
        while now - self._last_seconds >= self.day_seconds:
            self._last_seconds += self.day_seconds
            self.advance()

    def advance(self, status: str = "PAID") -> Payout | None:
        """Pay out what waits; earlier payouts that were scheduled become paid.

        Returns None when nothing waits.
        """
        for payout in self.payouts:
            if payout.status == "SCHEDULED":
                payout.status = "PAID"
        if not self._waiting:
            return None
        number = self.shop.ids.next("ShopifyPaymentsPayout")
        entries, self._waiting = self._waiting, []
        payout = Payout(
            number,
            gid("ShopifyPaymentsPayout", number),
            self.shop.now(),
            sum((entry.net for entry in entries), ZERO),
            status,
            entries,
            f"PP{number}",
        )
        for entry in entries:
            entry.payout = payout
        self.payouts.append(payout)
        self.shop.record(
            "payout", payout.id, {"net": str(payout.net), "status": status, "count": len(entries)}
        )
        return payout

    def fees_of(self, transaction: Transaction) -> list[dict[str, Any]]:
        """Return the TransactionFee records of a transaction."""
        return [
            {
                "id": gid("TransactionFee", entry.number),
                "amount": {"amount": entry.fee, "currencyCode": self.shop.currency},
                "flatFee": {"amount": self.fixed, "currencyCode": self.shop.currency},
                "flatFeeName": "Transaction fee",
                "rate": self.percent / 100,
                "rateName": "Processing fee",
                "taxAmount": {"amount": ZERO, "currencyCode": self.shop.currency},
                "type": "processing_fee",
            }
            for entry in self.entries
            if entry.transaction is transaction and entry.fee
        ]

    def open_dispute(
        self,
        order: Order,
        amount: Decimal | None = None,
        reason: str = "FRAUDULENT",
        *,
        inquiry: bool = False,
        due_by: Callable[[datetime], datetime] = lambda moment: moment,
    ) -> Dispute:
        """Open a dispute; a chargeback takes the money and a fee at once. Raises Refused."""
        paid = sum(
            (
                entry.amount
                for entry in self.entries
                if entry.order is order and entry.type == "CHARGE"
            ),
            ZERO,
        )
        if not paid:
            raise Refused("not_paid", f"{order.name} has no charge that could be disputed.")
        quantum = quantum_of(self.shop.currency)
        wanted = paid if amount is None else rounded(amount, quantum)
        if wanted <= 0 or wanted > paid:
            raise Refused("bad_amount", f"{order.name}: {wanted} of {paid} cannot be disputed.")
        number = self.shop.ids.next("ShopifyPaymentsDispute")
        now = self.shop.now()
        dispute = Dispute(
            number, gid("ShopifyPaymentsDispute", number), order, wanted, reason.upper(),
            "4837", now, due_by(now), "INQUIRY" if inquiry else "CHARGEBACK",
        )  # fmt: skip
        self.disputes.append(dispute)
        order.disputes.append(dispute)
        if not inquiry:
            self._book("DISPUTE_WITHDRAWAL", -wanted, DISPUTE_FEE, "DISPUTE", number, order)
        return dispute

    def close_dispute(self, dispute: Dispute, *, won: bool) -> None:
        """Decide a dispute; winning gives the money and the fee back. Raises Refused."""
        if dispute.finalized_on is not None:
            raise Refused("already_closed", f"{dispute.id} is {dispute.status}.")
        dispute.status = "WON" if won else "LOST"
        dispute.finalized_on = self.shop.now()
        if won and dispute.type == "CHARGEBACK":
            self._book(
                "DISPUTE_REVERSAL", dispute.amount, -DISPUTE_FEE, "DISPUTE", dispute.number,
                dispute.order,
            )  # fmt: skip
