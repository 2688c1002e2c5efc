"""What the bank and the card schemes do through the control API; payouts as final records.

Models Shopify Payments behind Admin API 2026-10: ``advance_payouts`` pays out what waits (with
status SCHEDULED it is paid by the next one), ``open_dispute`` and ``close_dispute``.

Not modelled: payouts that fail on their own (give ``status: FAILED``).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from .errors import Refused
from .order_acts import summary
from .order_arguments import amount_of, nearest
from .order_money import quantum_of, rounded
from .orders import Orders
from .payouts import Dispute
from .shop import Shop

__all__ = ["ACTS", "SNAPSHOT", "dispute_payload"]

EVIDENCE_DAYS = 14
STATUSES = ("PAID", "SCHEDULED", "FAILED")


def _orders(shop: Shop) -> Orders:
    orders = shop.orders
    assert isinstance(orders, Orders)
    return orders


def dispute_payload(shop: Shop, dispute: Dispute) -> dict[str, Any]:
    """Return a dispute as ``disputes/create`` and ``disputes/update`` carry it."""
    return {
        "id": dispute.number,
        "order_id": dispute.order.number,
        "type": dispute.type.lower(),
        "amount": str(rounded(dispute.amount, quantum_of(shop.currency))),
        "currency": shop.currency,
        "reason": dispute.reason.lower(),
        "network_reason_code": dispute.network_reason_code,
        "status": dispute.status.lower(),
        "evidence_due_by": shop.iso(dispute.evidence_due_by),
        "evidence_sent_on": shop.iso(dispute.evidence_sent_on),
        "finalized_on": shop.iso(dispute.finalized_on),
        "initiated_at": shop.iso(dispute.initiated_at),
    }


def _advance(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    payouts = _orders(shop).payouts
    status = str(arguments.get("status", "PAID")).upper()
    if status not in STATUSES:
        raise nearest("bad_status", "payout status", status, STATUSES)
    payout = payouts.advance(status)
    if payout is None:
        return {"payout_id": None, "net": "0.00", "transactions": 0}
    net = rounded(payout.net, quantum_of(shop.currency))
    return {"payout_id": payout.id, "net": str(net), "transactions": len(payout.entries)}


def _open(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    orders = _orders(shop)
    order = orders.find(str(arguments.get("order_id", "")))
    amount = amount_of(arguments["amount"]) if "amount" in arguments else None
    dispute = orders.payouts.open_dispute(
        order,
        amount,
        str(arguments.get("reason", "FRAUDULENT")),
        inquiry=bool(arguments.get("inquiry", False)),
        due_by=lambda moment: moment + timedelta(days=EVIDENCE_DAYS),
    )
    shop.emit("disputes/create", dispute.id, lambda: dispute_payload(shop, dispute))
    orders.changed(order, "dispute")
    return {**summary(order), "dispute_id": dispute.id, "status": dispute.status}


def _close(shop: Shop, arguments: dict[str, Any]) -> dict[str, Any]:
    orders = _orders(shop)
    tail = str(arguments.get("dispute_id", "")).rsplit("/", 1)[-1]
    dispute = next((e for e in orders.payouts.disputes if str(e.number) == tail), None)
    if dispute is None:
        raise Refused("unknown_dispute", f"There is no dispute {arguments.get('dispute_id')!r}.")
    orders.payouts.close_dispute(dispute, won=bool(arguments.get("won", False)))
    shop.emit("disputes/update", dispute.id, lambda: dispute_payload(shop, dispute))
    orders.changed(dispute.order, "dispute")
    return {"dispute_id": dispute.id, "status": dispute.status}


def _payout_records(shop: Shop) -> dict[str, dict[str, Any]]:
    """Return every payout in no vendor's words: ``amount`` is what it moved, in shop currency."""
    quantum = quantum_of(shop.currency)
    return {
        payout.id: {
            "id": payout.id,
            "amount": str(rounded(payout.net, quantum)),
            "currency": shop.currency,
            "status": payout.status.lower(),
            "arrival_date": payout.issued_at.date().isoformat(),
            "reference": payout.trace,
            "transaction_ids": [entry.id for entry in payout.entries],
        }
        for payout in _orders(shop).payouts.payouts
    }


def _balance_records(shop: Shop) -> dict[str, dict[str, Any]]:
    """Return every movement of the balance, in the words that payment gateways use as well."""
    quantum = quantum_of(shop.currency)
    return {
        entry.id: {
            "id": entry.id,
            "type": entry.type.lower(),
            "amount": str(rounded(entry.amount, quantum)),
            "fee": str(rounded(entry.fee, quantum)),
            "net": str(rounded(entry.net, quantum)),
            "currency": shop.currency,
            "source": entry.order.id,
            "payout_id": entry.payout.id if entry.payout else None,
        }
        for entry in _orders(shop).payouts.entries
    }


ACTS: dict[str, Callable[[Shop, dict[str, Any]], dict[str, Any]]] = {
    "advance_payouts": _advance,
    "open_dispute": _open,
    "close_dispute": _close,
}
SNAPSHOT = {"payout": _payout_records, "balance_transaction": _balance_records}
