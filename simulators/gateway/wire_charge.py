"""Intents, charges and payment methods as Stripe writes them; part of wire.py."""

from typing import Any

from .cards import DECLINES
from .records import Charge, Intent, Method

__all__ = ["charge_object", "intent_object", "method_object"]

_EXPIRY_YEAR, _EXPIRY_MONTH = 2034, 12
_NO_ADDRESS = {
    "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}


def _card(method: Method) -> dict[str, Any]:
    card = method.card
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": card.country,
        "exp_month": _EXPIRY_MONTH,
        "exp_year": _EXPIRY_YEAR,
        "fingerprint": f"peakproof{card.last4}",
        "funding": "credit",
        "last4": card.last4,
        "wallet": None,
    }


def method_object(method: Method, _now: int) -> dict[str, Any]:
    """Return a payment method."""
    return {
        "allow_redisplay": "unspecified",
        "billing_details": _NO_ADDRESS,
        "card": _card(method)
        | {
            "display_brand": method.card.brand,
            "generated_from": None,
            "networks": {"available": [method.card.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
        },
        "created": method.created,
        "customer": method.customer,
        "livemode": False,
        "metadata": dict(method.metadata),
        "type": "card",
    }


def intent_object(intent: Intent, _now: int) -> dict[str, Any]:
    """Return a payment intent."""
    details = intent.details
    error = intent.last_error
    return {
        "amount": intent.amount,
        "amount_capturable": intent.capturable,
        "amount_details": {"tip": {}},
        "amount_received": intent.received,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": intent.automatic_methods,
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": intent.capture_method,
        "client_secret": intent.client_secret,
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency.lower(),
        "customer": intent.customer,
        "description": details.get("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": error,
        "latest_charge": intent.latest.id if intent.latest else None,
        "livemode": False,
        "metadata": dict(intent.metadata),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": intent.method.id if intent.method else None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": details.get("receipt_email"),
        "review": None,
        "setup_future_usage": None,
        "shipping": details.get("shipping"),
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": details.get("statement_descriptor_suffix"),
        "status": intent.status,
        "transfer_data": None,
        "transfer_group": None,
    }


def charge_object(charge: Charge, _now: int) -> dict[str, Any]:
    """Return a charge; a released authorisation reads as refunded, as with Stripe."""
    intent, released = charge.intent, charge.status == "released"
    refunded = charge.amount if released else charge.amount_refunded
    failed = charge.status == "failed"
    return {
        "amount": charge.amount,
        "amount_captured": charge.amount_captured,
        "amount_refunded": refunded,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": charge.transaction.id if charge.transaction else None,
        "billing_details": _NO_ADDRESS,
        "calculated_statement_descriptor": "PEAKPROOF",
        "captured": charge.captured,
        "created": charge.created,
        "currency": charge.currency.lower(),
        "customer": intent.customer,
        "description": intent.details.get("description"),
        "disputed": charge.disputed,
        "failure_balance_transaction": None,
        **_failure(charge),
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(charge.metadata),
        "on_behalf_of": None,
        "outcome": _outcome(charge),
        "paid": not failed,
        "payment_intent": intent.id,
        "payment_method": charge.method.id,
        "payment_method_details": _details(charge),
        "radar_options": {},
        "receipt_email": intent.details.get("receipt_email"),
        "receipt_number": None,
        "receipt_url": None if failed else f"https://pay.stripe.com/receipts/{charge.id}",
        "refunded": released or (charge.captured and not charge.refundable()),
        "review": None,
        "shipping": intent.details.get("shipping"),
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent.details.get("statement_descriptor_suffix"),
        "status": "failed" if failed else "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }


def _failure(charge: Charge) -> dict[str, Any]:
    decline = charge.method.card.decline
    if charge.status != "failed" or decline is None:
        return {"failure_code": None, "failure_message": None}
    code, decline_code = decline
    return {"failure_code": code, "failure_message": DECLINES.get(decline_code) or DECLINES[code]}


def _outcome(charge: Charge) -> dict[str, Any]:
    decline = charge.method.card.decline
    if charge.status == "failed" and decline is not None:
        return {
            "advice_code": "try_again_later",
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "declined_by_network",
            "reason": decline[1],
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        }
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def _details(charge: Charge) -> dict[str, Any]:
    brand = charge.method.card.brand
    return {
        "card": _card(charge.method)
        | {
            "amount_authorized": None if charge.status == "failed" else charge.amount,
            "authorization_code": None,
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": brand,
            "network_token": {"used": False},
            "overcapture": {"maximum_amount_capturable": charge.amount, "status": "unavailable"},
            "three_d_secure": None,
        },
        "type": "card",
    }
