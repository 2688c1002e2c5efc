"""Stripe's test payment methods (docs.stripe.com/testing): what each card does.

Not modelled: cards that ask for authentication (3D Secure), other methods than cards, real
numbers of cards (Stripe refuses those too).
"""

from dataclasses import dataclass

__all__ = ["DECLINES", "TEST_CARDS", "Card"]


@dataclass(frozen=True)
class Card:
    """A test card. ``decline`` is (code, decline_code) when the bank says no.

    ``refund`` is how a refund ends: succeeded, pending (succeeds on a later day), failed
    (succeeds first, fails on a later day). ``at_once`` makes funds available without waiting.
    """

    brand: str
    last4: str
    country: str = "US"
    decline: tuple[str, str] | None = None
    refund: str = "succeeded"
    disputed: str = ""
    at_once: bool = False


DECLINES: dict[str, str] = {
    "card_declined": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "insufficient_funds": "Your card has insufficient funds.",
}

_REFUSING = {
    "chargeDeclined": ("0002", ("card_declined", "generic_decline")),
    "chargeDeclinedInsufficientFunds": ("9995", ("card_declined", "insufficient_funds")),
    "chargeDeclinedLostCard": ("9987", ("card_declined", "lost_card")),
    "chargeDeclinedStolenCard": ("9979", ("card_declined", "stolen_card")),
    "chargeDeclinedExpiredCard": ("0069", ("expired_card", "expired_card")),
    "chargeDeclinedIncorrectCvc": ("0127", ("incorrect_cvc", "incorrect_cvc")),
    "chargeDeclinedProcessingError": ("0119", ("processing_error", "processing_error")),
}

TEST_CARDS: dict[str, Card] = {
    "pm_card_visa": Card("visa", "4242"),
    "pm_card_visa_debit": Card("visa", "5556"),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_amex": Card("amex", "8431"),
    "pm_card_discover": Card("discover", "9424"),
    "pm_card_de": Card("visa", "0016", "DE"),
    "pm_card_gb": Card("visa", "0000", "GB"),
    "pm_card_bypassPending": Card("visa", "0077", at_once=True),
    "pm_card_createDispute": Card("visa", "0259", disputed="fraudulent"),
    "pm_card_createDisputeProductNotReceived": Card(
        "visa", "2685", disputed="product_not_received"
    ),
    "pm_card_pendingRefund": Card("visa", "7726", refund="pending"),
    "pm_card_refundFail": Card("visa", "5126", refund="failed"),
    "pm_card_chargeCustomerFail": Card(
        "visa", "0341", decline=("card_declined", "generic_decline")
    ),
}
for _name, (_last4, _decline) in _REFUSING.items():
    for _alias in (f"pm_card_{_name}", f"pm_card_visa_{_name}"):
        TEST_CARDS[_alias] = Card("visa", _last4, decline=_decline)
