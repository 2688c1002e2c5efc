"""The gateway's records as the history and the snapshot know them, in no vendor's words.

Money is decimal text with its currency, moments and days are ISO text.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from peakproof.simkit import from_minor

from .records import Charge, Dispute, Payout, Record, Refund, Transaction

__all__ = ["moment", "neutral", "text"]


def text(amount: int, currency: str) -> str:
    """Return smallest units as decimal text ("12.50")."""
    return str(from_minor(amount, currency))


def moment(epoch: int) -> str:
    """Return epoch seconds as ISO text."""
    return datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")


def neutral(record: Record) -> tuple[str, dict[str, Any]] | None:
    """Return the entity and the value of a record, or None if it is none of the story's."""
    make = _MAKERS.get(type(record))
    if make is None:
        return None
    return record.kind, {"id": record.id, **make(record), "created": moment(record.created)}


def _charge(charge: Charge) -> dict[str, Any]:
    amount = charge.amount_captured if charge.captured else charge.amount
    reference = charge.metadata.get("order_name") or charge.metadata.get("order_id") or ""
    return {
        "order_reference": reference,
        "amount": text(amount, charge.currency),
        "currency": charge.currency,
        "amount_refunded": text(charge.amount_refunded, charge.currency),
        "captured": charge.captured,
        "status": charge.status,
        "disputed": charge.disputed,
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "charge_id": refund.charge.id,
        "amount": text(refund.amount, refund.charge.currency),
        "currency": refund.charge.currency,
        "status": refund.status,
    }


def _dispute(dispute: Dispute) -> dict[str, Any]:
    transaction = dispute.transactions[0]
    return {
        "charge_id": dispute.charge.id,
        "amount": text(dispute.amount, dispute.charge.currency),
        "currency": dispute.charge.currency,
        "status": dispute.status,
        "fee": text(dispute.fee, transaction.currency),
        "fee_currency": transaction.currency,
    }


def _transaction(entry: Transaction) -> dict[str, Any]:
    return {
        "type": entry.type,
        "amount": text(entry.amount, entry.currency),
        "fee": text(entry.fee, entry.currency),
        "net": text(entry.net, entry.currency),
        "currency": entry.currency,
        "source": entry.source,
        "payout_id": entry.paid_in.id if entry.paid_in else None,
        "available_on": moment(entry.available_on),
    }


def _payout(payout: Payout) -> dict[str, Any]:
    return {
        "amount": text(payout.amount, payout.currency),
        "currency": payout.currency,
        "status": payout.status,
        "arrival_date": payout.arrival.isoformat(),
        "reference": payout.reference,
        "automatic": payout.automatic,
        "transaction_ids": [entry.id for entry in payout.transactions],
    }


_MAKERS: dict[type[Record], Callable[[Any], dict[str, Any]]] = {
    Charge: _charge,
    Refund: _refund,
    Dispute: _dispute,
    Transaction: _transaction,
    Payout: _payout,
}
