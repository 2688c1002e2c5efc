"""Payment intents and charges: authorise, capture, decline, release.

Intents capture ``automatic_async`` unless told otherwise (Stripe's default since 2024-04-10):
the charge has no balance transaction until a moment later, when ``charge.updated`` tells.
An authorisation that nobody captures is released after seven days.
"""

from decimal import Decimal
from functools import partial
from typing import Any

from peakproof.simkit import from_minor, percentage, to_minor

from .cards import DECLINES, TEST_CARDS
from .core import Core
from .errors import Refused
from .ledger import Ledger
from .records import Charge, CustomerRecord, Intent, Method, Transaction

__all__ = ["Payments"]

AUTHORISED_SECONDS = 7 * 86_400
AMOUNT_MAX = 99_999_999
_OPEN = ("requires_payment_method", "requires_confirmation")


class Payments:
    """Takes money. ``waiting`` are captured charges that are not in the balance yet."""

    def __init__(self, core: Core, ledger: Ledger) -> None:
        self._core, self._ledger = core, ledger
        self.waiting: dict[str, Charge] = {}  # captured, not booked yet

    # payment methods and customers

    def method(self, identity: str, customer: str | None = None) -> Method:
        """Return a payment method: a known one, or a new use of a test card."""
        found = self._core.find(identity)
        if isinstance(found, Method):
            return found
        card = TEST_CARDS.get(identity)
        if card is None:
            raise Refused(
                f"No such PaymentMethod: '{identity}'", "resource_missing", "payment_method"
            )
        made = Method(
            id=self._core.new_id("pm"), created=self._core.now(), card=card, customer=customer
        )
        return self._core.add(made)

    def customer(self, identity: str) -> CustomerRecord:
        """Return a customer that exists and was not deleted."""
        found = self._core.get(CustomerRecord, identity, "customer", 400)
        if found.deleted:
            raise Refused(
                f"No such customer: '{identity}'; it was deleted", "resource_missing", "customer"
            )
        return found

    # intents

    def create(
        self,
        amount: int,
        currency: str,
        *,
        capture_method: str = "automatic_async",
        method: str | None = None,
        customer: str | None = None,
        automatic_methods: dict[str, Any] | None = None,
        metadata: dict[str, str] | None = None,
        details: dict[str, Any] | None = None,
    ) -> Intent:
        """Make an intent; raises Refused for an amount or a currency that cannot be charged."""
        self._check_amount(amount, currency)
        if customer is not None:
            self.customer(customer)
        found = self.method(method, customer) if method else None
        identity = self._core.new_id("pi")
        intent = Intent(
            id=identity,
            created=self._core.now(),
            metadata=metadata or {},
            amount=amount,
            currency=currency,
            capture_method=capture_method,
            client_secret=f"{identity}_secret_{self._core.word(25)}",
            details=details or {},
            customer=customer,
            automatic_methods=automatic_methods,
            method=found,
            status="requires_confirmation" if found else "requires_payment_method",
        )
        self._core.add(intent)
        self._core.emit("payment_intent.created", intent)
        return intent

    def _check_amount(self, amount: int, currency: str) -> None:
        if amount > AMOUNT_MAX:
            raise Refused(
                f"Amount must be no more than {self._core.money(AMOUNT_MAX, currency)}",
                "amount_too_large",
                "amount",
            )
        settled, _ = self._core.settled(amount, currency)
        settles_in = self._core.settlement(currency)
        least = self._core.price(Decimal(self._core.settings.minimum_charge), settles_in)
        if amount < 1 or settled < least:
            least_text = self._core.money(least, settles_in)
            raise Refused(
                f"Amount must be at least {least_text} {settles_in.lower()}",
                "amount_too_small",
                "amount",
            )

    def update(self, intent: Intent, changes: dict[str, Any]) -> Intent:
        """Change an intent before it is confirmed (metadata and description also later)."""
        money = {name: changes[name] for name in ("amount", "currency") if name in changes}
        if money or "payment_method" in changes or "customer" in changes:
            if intent.status not in _OPEN:
                raise self._unexpected(intent, "update")
            amount = money.get("amount", intent.amount)
            currency = money.get("currency", intent.currency)
            self._check_amount(amount, currency)
            customer = intent.customer
            if changes.get("customer"):
                customer = self.customer(changes["customer"]).id
            if changes.get("payment_method"):
                intent.method = self.method(changes["payment_method"], customer)
                intent.status = "requires_confirmation"
            intent.amount, intent.currency, intent.customer = amount, currency, customer
        for name in ("description", "receipt_email", "shipping", "statement_descriptor_suffix"):
            if name in changes:
                intent.details[name] = changes[name]
        return intent

    def confirm(
        self, intent: Intent, method: str | None = None, capture_method: str | None = None
    ) -> Intent:
        """Charge the payment method; raises Refused (402) when the bank declines."""
        if intent.status not in _OPEN:
            raise self._unexpected(intent, "confirm")
        if method:
            intent.method = self.method(method, intent.customer)
        if intent.method is None:
            raise Refused(
                "You cannot confirm this PaymentIntent because it's missing a payment method. "
                "You can either update the PaymentIntent with a payment method and then confirm "
                "it again, or confirm it again directly with a payment method.",
                "payment_intent_unexpected_state",
                began=True,
            )
        intent.capture_method = capture_method or intent.capture_method
        charge = Charge(
            id=self._core.new_id("ch"),
            created=self._core.now(),
            metadata=dict(intent.metadata),
            amount=intent.amount,
            currency=intent.currency,
            intent=intent,
            method=intent.method,
            status="authorized",
        )
        self._core.add(charge)
        intent.latest = charge
        if intent.method.card.decline is not None:
            raise self._declined(intent, charge, *intent.method.card.decline)
        intent.last_error = None
        if intent.capture_method == "manual":
            intent.status, intent.capturable = "requires_capture", intent.amount
            self._core.touch(charge)
            self._core.emit("charge.succeeded", charge)
            self._core.emit("payment_intent.amount_capturable_updated", intent)
            return intent
        self._take(charge, charge.amount, later=intent.capture_method == "automatic_async")
        self._core.emit("charge.succeeded", charge)
        self._core.emit("payment_intent.succeeded", intent)
        return intent

    def _declined(self, intent: Intent, charge: Charge, code: str, decline_code: str) -> Refused:
        message = DECLINES.get(decline_code) or DECLINES[code]
        charge.status = "failed"
        error: dict[str, Any] = {
            "charge": charge.id,
            "code": code,
            "decline_code": decline_code,
            "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
            "message": message,
            "type": "card_error",
        }
        intent.last_error = error | {"payment_method": charge.method.id}
        intent.status, intent.method = "requires_payment_method", None
        self._core.touch(charge)
        self._core.emit("charge.failed", charge)
        self._core.emit("payment_intent.payment_failed", intent)
        extra = {"charge": charge.id, "decline_code": decline_code, "payment_intent": intent,
                 "payment_method": charge.method}  # fmt: skip
        return Refused(message, code, status=402, kind="card_error", began=True, extra=extra)

    def capture(self, intent: Intent, amount: int | None = None) -> Intent:
        """Take what was authorised, or less of it (the rest is released)."""
        charge = intent.latest
        if intent.status != "requires_capture" or charge is None:
            raise self._unexpected(intent, "capture")
        wanted = intent.capturable if amount is None else amount
        if not 1 <= wanted <= intent.capturable:
            raise Refused(
                f"The amount to capture ({wanted}) must be 1 to the capturable amount "
                f"({intent.capturable}).",
                "amount_too_large" if wanted > 0 else "parameter_invalid_integer",
                "amount_to_capture",
                began=True,
            )
        self._take(charge, wanted, later=False)
        self._core.emit("charge.captured", charge)
        self._core.emit("payment_intent.succeeded", intent)
        return intent

    def cancel(self, intent: Intent, reason: str | None = None) -> Intent:
        """Give up an intent; what it authorised is released."""
        charge = intent.latest
        if intent.status not in (*_OPEN, "requires_capture"):
            raise self._unexpected(intent, "cancel")
        if intent.status == "requires_capture" and charge is not None:
            charge.status = "released"
            self._core.touch(charge)
            topic = "charge.expired" if reason == "automatic" else "charge.refunded"
            self._core.emit(topic, charge)
        intent.status, intent.capturable = "canceled", 0
        intent.canceled_at, intent.cancellation_reason = self._core.now(), reason
        self._core.emit("payment_intent.canceled", intent)
        return intent

    def expire(self) -> None:
        """Release authorisations that are too old."""
        oldest = self._core.now() - AUTHORISED_SECONDS
        for intent in self._core.all(Intent):
            charge = intent.latest
            if intent.status == "requires_capture" and charge and charge.created <= oldest:
                self.cancel(intent, "automatic")

    def _unexpected(self, intent: Intent, verb: str) -> Refused:
        return Refused(
            f"You cannot {verb} this PaymentIntent because it has a status of {intent.status}.",
            "payment_intent_unexpected_state",
            began=True,
            extra={"payment_intent": intent},
        )

    # charges into the balance

    def _take(self, charge: Charge, amount: int, later: bool) -> None:
        intent = charge.intent
        charge.captured, charge.amount_captured, charge.status = True, amount, "succeeded"
        charge.captured_at = self._core.now()
        intent.status, intent.received, intent.capturable = "succeeded", amount, 0
        self.waiting[charge.id] = charge
        if later:
            seconds = self._core.settings.async_capture_seconds
            self._core.kit.later(seconds, partial(self._book_later, charge))
            self._core.touch(charge)
        else:
            self.book(charge)

    def book_all(self) -> None:
        """Book every captured charge now; whoever counts money calls this first."""
        for charge in list(self.waiting.values()):
            self.book(charge, announce=True)

    def _book_later(self, charge: Charge) -> None:
        self.book(charge, announce=True)

    def book(self, charge: Charge, announce: bool = False) -> Transaction | None:
        """Put a captured charge into the balance, once; return its transaction."""
        if self.waiting.pop(charge.id, None) is None:
            return charge.transaction
        settled, rate = self._core.settled(charge.amount_captured, charge.currency)
        charge.settled = settled
        currency = self._core.settlement(charge.currency)
        waiting_days = self._core.settings.available_after_banking_days
        charge.transaction = self._ledger.post(
            "charge",
            settled,
            charge.id,
            charge.intent.details.get("description") or "",
            fees=self.fees(settled, currency, rate is not None),
            currency=currency,
            rate=rate,
            created=charge.captured_at,
            banking_days=0 if charge.method.card.at_once else waiting_days,
        )
        self._core.touch(charge)
        if announce:
            self._core.emit("charge.updated", charge, {"balance_transaction": None})
        return charge.transaction

    def fees(self, settled: int, currency: str, was_converted: bool) -> list[tuple[str, int]]:
        """Return what the gateway keeps of a charge, (description, amount) each."""
        fees = self._core.settings.fees
        money = from_minor(settled, currency)
        own = to_minor(percentage(money, Decimal(fees.percent), currency), currency)
        own += self._core.price(Decimal(fees.fixed), currency)
        parts = [("Stripe processing fees", own)]
        if was_converted:
            change = percentage(money, Decimal(fees.conversion_percent), currency)
            parts.append(("Stripe currency conversion fee", to_minor(change, currency)))
        return parts
