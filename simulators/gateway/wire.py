"""The gateway's records as Stripe writes them (API version 2026-10-28.endive).

Every field of the published objects is there that a card payment of a plain account can have;
what this simulator never sets is null, as with Stripe.
"""

from collections.abc import Callable
from typing import Any

from .payouts import FAILURE_CODES
from .records import (
    BankAccountRecord,
    Charge,
    CustomerRecord,
    Dispute,
    Intent,
    Method,
    Payout,
    Record,
    Refund,
    Transaction,
)
from .wire_charge import charge_object, intent_object, method_object

__all__ = ["render", "rendered_extra"]


def _id(record: Record | None) -> str | None:
    return record.id if record is not None else None


def render(record: Record, now: int) -> dict[str, Any]:
    """Return the object of a record; ``now`` tells pending money from available money."""
    body = _MAKERS[type(record)](record, now)
    return {"id": record.id, "object": record.kind, **body}


def rendered_extra(extra: dict[str, Any], now: int) -> dict[str, Any]:
    """Return the further fields of an error with the records in them rendered."""
    return {
        name: render(value, now) if isinstance(value, Record) else value
        for name, value in extra.items()
    }


def _customer(customer: CustomerRecord, _now: int) -> dict[str, Any]:
    if customer.deleted:
        return {"deleted": True}
    details = customer.details
    return {
        "address": details.get("address"),
        "balance": 0,
        "created": customer.created,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": details.get("description"),
        "discount": None,
        "email": details.get("email"),
        "invoice_prefix": customer.id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": dict(customer.metadata),
        "name": details.get("name"),
        "next_invoice_sequence": 1,
        "phone": details.get("phone"),
        "preferred_locales": [],
        "shipping": details.get("shipping"),
        "tax_exempt": "none",
        "test_clock": None,
    }


def _bank(account: BankAccountRecord, _now: int) -> dict[str, Any]:
    return {
        "account_holder_name": None,
        "account_holder_type": "company",
        "bank_name": "STRIPE TEST BANK",
        "country": account.country,
        "currency": account.currency.lower(),
        "fingerprint": None,
        "last4": account.last4,
        "metadata": {},
        "routing_number": None,
        "status": "new",
    }


def _refund(refund: Refund, _now: int) -> dict[str, Any]:
    charge = refund.charge
    body: dict[str, Any] = {
        "amount": refund.amount,
        "balance_transaction": _id(refund.transaction),
        "charge": charge.id,
        "created": refund.created,
        "currency": charge.currency.lower(),
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": dict(refund.metadata),
        "payment_intent": charge.intent.id,
        "reason": refund.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": refund.status,
        "transfer_reversal": None,
    }
    if refund.failure is not None:
        body["failure_balance_transaction"] = refund.failure.id
        body["failure_reason"] = refund.failure_reason
    if refund.status == "pending":
        body["pending_reason"] = "processing"
    return body


def _dispute(dispute: Dispute, now: int) -> dict[str, Any]:
    charge = dispute.charge
    return {
        "amount": dispute.amount,
        "balance_transactions": [render(entry, now) for entry in dispute.transactions],
        "charge": charge.id,
        "created": dispute.created,
        "currency": charge.currency.lower(),
        "enhanced_eligibility_types": [],
        "evidence": dict(dispute.evidence),
        "evidence_details": {
            "due_by": dispute.due_by,
            "enhanced_eligibility": {},
            "has_evidence": bool(dispute.evidence),
            "past_due": now > dispute.due_by,
            "submission_count": dispute.submissions,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": dict(dispute.metadata),
        "payment_intent": charge.intent.id,
        "payment_method_details": {
            "card": {"brand": charge.method.card.brand, "case_type": "chargeback",
                     "network_reason_code": None},
            "type": "card",
        },
        "reason": dispute.reason,
        "status": dispute.status,
    }  # fmt: skip


def _transaction(entry: Transaction, now: int) -> dict[str, Any]:
    currency = entry.currency.lower()
    return {
        "amount": entry.amount,
        "available_on": entry.available_on,
        "balance_type": "payments",
        "created": entry.created,
        "currency": currency,
        "description": entry.description,
        "exchange_rate": None if entry.rate is None else float(entry.rate),
        "fee": entry.fee,
        "fee_details": [
            {
                "amount": amount,
                "application": None,
                "currency": currency,
                "description": description,
                "type": "stripe_fee",
            }
            for description, amount in entry.fees
        ],
        "net": entry.net,
        "reporting_category": entry.category,
        "source": entry.source,
        "status": "available" if entry.available_on <= now else "pending",
        "type": entry.type,
    }


def _payout(payout: Payout, _now: int) -> dict[str, Any]:
    code = payout.failure_code
    under_way = payout.status in ("pending", "in_transit")
    if under_way:
        trace: dict[str, Any] = {"status": "pending", "value": None}
    elif payout.status == "paid":
        trace = {"status": "supported", "value": payout.reference}
    else:
        trace = {"status": "unsupported", "value": None}
    return {
        "amount": payout.amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": payout.arrival_date,
        "automatic": payout.automatic,
        "balance_transaction": _id(payout.own),
        "created": payout.created,
        "currency": payout.currency.lower(),
        "description": payout.description,
        "destination": payout.destination,
        "failure_balance_transaction": _id(payout.failure),
        "failure_code": code,
        "failure_message": FAILURE_CODES[code] if code else None,
        "livemode": False,
        "metadata": dict(payout.metadata),
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed" if payout.automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": payout.statement_descriptor,
        "status": payout.status,
        "trace_id": trace,
        "type": "bank_account",
    }


_MAKERS: dict[type[Record], Callable[[Any, int], dict[str, Any]]] = {
    BankAccountRecord: _bank,
    Charge: charge_object,
    CustomerRecord: _customer,
    Dispute: _dispute,
    Intent: intent_object,
    Method: method_object,
    Payout: _payout,
    Refund: _refund,
    Transaction: _transaction,
}
