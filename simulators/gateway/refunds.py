"""Refunds and disputes: money that leaves the balance again.

A refund is succeeded at once, or pending until a later day (test cards, ``refunds_pending``);
it may fail afterwards, which brings the money back. The fee of the charge stays with the
gateway. A dispute takes its amount and a fee at once; winning brings the amount back.

Not modelled: refunds of payments that were only authorised (cancel them), several disputes of
one charge, warnings and inquiries, refunds that wait for balance (the balance goes negative).
"""

from .core import Core
from .errors import Refused
from .ledger import Ledger
from .payments import Payments
from .records import Charge, Dispute, Refund

__all__ = ["DISPUTE_REASONS", "REFUND_REASONS", "Disputes", "Refunds"]

REFUND_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
DISPUTE_REASONS = (
    "bank_cannot_process", "check_returned", "credit_not_processed", "customer_initiated",
    "debit_not_authorized", "duplicate", "fraudulent", "general", "incorrect_account_details",
    "insufficient_funds", "noncompliant", "product_not_received", "product_unacceptable",
    "subscription_canceled", "unrecognized",
)  # fmt: skip

RESPONSE_SECONDS = 9 * 86_400


def _share(core: Core, charge: Charge, amount: int) -> int:
    """Return what a part of a charge is in the settlement currency; the last part is the rest."""
    left = charge.settled - charge.settled_refunded
    if amount == charge.refundable():
        return left
    return min(left, core.settled(amount, charge.currency)[0])


class Refunds:
    """Gives money back to shoppers."""

    def __init__(self, core: Core, ledger: Ledger, payments: Payments) -> None:
        self._core, self._ledger, self._payments = core, ledger, payments

    def create(
        self,
        charge: Charge,
        amount: int | None = None,
        reason: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Refund:
        """Refund a charge, whole (what is left of it) or in part; raises Refused."""
        wanted = self._check(charge, amount)
        self._payments.book(charge, announce=True)
        card = charge.method.card
        pending = card.refund == "pending" or self._core.settings.refunds_pending
        refund = Refund(
            id=self._core.new_id("re"),
            created=self._core.now(),
            metadata=metadata or {},
            amount=wanted,
            charge=charge,
            status="pending" if pending else "succeeded",
            reason=reason,
        )
        self._core.add(refund)
        settled = _share(self._core, charge, wanted)
        charge.amount_refunded += wanted
        charge.settled_refunded += settled
        charge.refunds.append(refund)
        refund.transaction = self._ledger.post(
            "refund",
            -settled,
            refund.id,
            "REFUND FOR CHARGE",
            currency=self._core.settlement(charge.currency),
            rate=charge.transaction.rate if charge.transaction else None,
        )
        self._core.touch(refund)
        self._core.touch(charge)
        self._core.emit("refund.created", refund)
        self._core.emit("charge.refunded", charge)
        return refund

    def _check(self, charge: Charge, amount: int | None) -> int:
        if charge.status != "succeeded":
            raise Refused(
                f"Charge {charge.id} was not captured or failed; there is nothing to refund.",
                "charge_not_refundable",
                began=True,
            )
        if charge.disputed and self._lost_or_open(charge):
            raise Refused(
                f"Charge {charge.id} has been charged back; cannot issue a refund.",
                "charge_disputed",
                began=True,
            )
        left = charge.refundable()
        if not left:
            raise Refused(
                f"Charge {charge.id} has already been refunded.",
                "charge_already_refunded",
                began=True,
            )
        wanted = left if amount is None else amount
        money = self._core.money
        if wanted < 1:
            raise Refused("Invalid positive integer", "parameter_invalid_integer", "amount")
        if wanted > left:
            raise Refused(
                f"Refund amount ({money(wanted, charge.currency)}) is greater than unrefunded "
                f"amount on charge ({money(left, charge.currency)})",
                param="amount",
                began=True,
            )
        return wanted

    def _lost_or_open(self, charge: Charge) -> bool:
        return any(
            dispute.charge is charge and dispute.status != "won"
            for dispute in self._core.all(Dispute)
        )

    def succeed(self, refund: Refund) -> None:
        """Let a pending refund reach the shopper."""
        if refund.status != "pending":
            raise Refused(f"Refund {refund.id} is {refund.status}, not pending.", began=True)
        refund.status = "succeeded"
        self._core.touch(refund)
        self._core.emit("refund.updated", refund, {"status": "pending"})
        self._core.emit("charge.refund.updated", refund, {"status": "pending"})

    def fail(self, refund: Refund, reason: str = "expired_or_canceled_card") -> None:
        """Let a refund fail: the money is in the balance again."""
        if refund.status == "failed" or refund.transaction is None:
            raise Refused(f"Refund {refund.id} has failed already.", began=True)
        charge, before = refund.charge, refund.status
        back = -refund.transaction.amount
        charge.amount_refunded -= refund.amount
        charge.settled_refunded -= back
        refund.status, refund.failure_reason = "failed", reason
        refund.failure = self._ledger.post(
            "refund_failure",
            back,
            refund.id,
            "REFUND FAILURE",
            currency=refund.transaction.currency,
            rate=refund.transaction.rate,
        )
        self._core.touch(refund)
        self._core.touch(charge)
        self._core.emit("refund.failed", refund)
        self._core.emit("charge.refund.updated", refund, {"status": before})

    def progress(self) -> None:
        """Settle the refunds of earlier days: pending ones succeed, some cards let them fail."""
        today = int(self._core.kit.calendar.midnight(self._core.kit.calendar.today()).timestamp())
        for refund in self._core.all(Refund):
            if refund.created >= today:
                continue
            if refund.status == "pending":
                self.succeed(refund)
            elif refund.status == "succeeded" and refund.charge.method.card.refund == "failed":
                self.fail(refund)


class Disputes:
    """Chargebacks."""

    def __init__(self, core: Core, ledger: Ledger, payments: Payments) -> None:
        self._core, self._ledger, self._payments = core, ledger, payments

    def open(self, charge: Charge, amount: int | None = None, reason: str = "general") -> Dispute:
        """Let the shopper's bank take a charge back, whole or in part; raises Refused."""
        left = charge.refundable()
        wanted = left if amount is None else amount
        if charge.status != "succeeded" or charge.disputed:
            raise Refused(
                f"Charge {charge.id} is {charge.status}"
                f"{' and disputed already' if charge.disputed else ''}; it cannot be disputed.",
                "charge_not_disputable",
                began=True,
            )
        if not 1 <= wanted <= left:
            raise Refused(
                f"Charge {charge.id} has {left} left to dispute, not {wanted}.",
                "amount_too_large",
                began=True,
            )
        self._payments.book(charge, announce=True)
        now = self._core.now()
        currency = self._core.settlement(charge.currency)
        fee = self._core.price(self._core.settings.fees.dispute_amount(), currency)
        dispute = Dispute(
            id=self._core.new_id("du"),
            created=now,
            amount=wanted,
            charge=charge,
            reason=reason,
            due_by=now + RESPONSE_SECONDS,
            fee=fee,
        )
        self._core.add(dispute)
        charge.disputed = True
        dispute.transactions.append(
            self._ledger.post(
                "adjustment",
                -_share(self._core, charge, wanted),
                dispute.id,
                f"Chargeback withdrawal for {charge.id}",
                fees=[("Dispute fee", fee)],
                currency=currency,
                rate=charge.transaction.rate if charge.transaction else None,
                category="dispute",
            )
        )
        self._core.touch(dispute)
        self._core.touch(charge)
        self._core.emit("charge.dispute.created", dispute)
        self._core.emit("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def submit(self, dispute: Dispute) -> Dispute:
        """Send the evidence to the bank."""
        self.check_open(dispute)
        before = dispute.status
        dispute.status, dispute.submissions = "under_review", dispute.submissions + 1
        self._core.touch(dispute)
        self._core.emit("charge.dispute.updated", dispute, {"status": before})
        return dispute

    def close(self, dispute: Dispute, won: bool) -> Dispute:
        """Let the bank decide; winning brings the money back."""
        self.check_open(dispute)
        dispute.status = "won" if won else "lost"
        if won:
            taken = dispute.transactions[0]
            back = -dispute.fee if self._core.settings.fees.dispute_returned else 0
            dispute.transactions.append(
                self._ledger.post(
                    "adjustment",
                    -taken.amount,
                    dispute.id,
                    f"Chargeback reversal for {dispute.charge.id}",
                    fees=[("Dispute fee", back)],
                    currency=taken.currency,
                    rate=taken.rate,
                    category="dispute_reversal",
                )
            )
            if back:
                dispute.fee = 0
        self._core.touch(dispute)
        self._core.emit("charge.dispute.closed", dispute)
        if won:
            self._core.emit("charge.dispute.funds_reinstated", dispute)
        return dispute

    def check_open(self, dispute: Dispute) -> None:
        """Raise Refused when a dispute was decided already."""
        if dispute.status in ("won", "lost"):
            raise Refused(
                f"This dispute is already closed: its status is {dispute.status}.", began=True
            )
