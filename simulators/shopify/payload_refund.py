"""REST-shaped JSON of transactions, refunds and returns, as webhooks carry them.

Models the REST shapes of 2026-07 for ``order_transactions/create`` and ``refunds/create`` and
the documented samples of ``returns/*`` (those topics have shapes of their own).

Not modelled: receipts, card details beyond a constant test card, restocking and return fees.
"""

from decimal import Decimal
from typing import Any

from .order_money import ZERO
from .order_records import Transaction
from .payload_line import RestMoney, line_payload
from .refund_records import ExchangeLine, Refund, Return, ReturnLine
from .shop import Shop

__all__ = [
    "announced_transaction",
    "refund_payload",
    "return_closed_payload",
    "return_declined_payload",
    "return_payload",
    "transaction_payload",
]


CARD = {
    "avs_result_code": None,
    "buyer_action_info": None,
    "credit_card_bin": "424242",
    "credit_card_company": "Visa",
    "credit_card_expiration_month": 12,
    "credit_card_expiration_year": 2030,
    "credit_card_name": None,
    "credit_card_number": "•••• •••• •••• 4242",
    "credit_card_wallet": None,
    "cvv_result_code": None,
    "payment_method_name": "visa",
}


def announced_transaction(shop: Shop, transaction: Transaction) -> dict[str, Any]:
    """Return a transaction as ``order_transactions/create`` carries it: with the card."""
    card = None if transaction.gateway in ("manual", "gift_card") else dict(CARD)
    return {**transaction_payload(shop, transaction), "payment_details": card}


def transaction_payload(shop: Shop, transaction: Transaction) -> dict[str, Any]:
    """Return a transaction; ``amount`` is in the shop's currency."""
    order = transaction.order
    money = RestMoney(order.currencies)
    parent = transaction.parent
    unsettled = transaction.amounts if transaction.status == "PENDING" else [ZERO]
    return {
        "id": transaction.number,
        "admin_graphql_api_id": transaction.id,
        "amount": money.text(transaction.amounts[0]),
        "amount_rounding": None,
        "authorization": transaction.authorization,
        "created_at": shop.iso(transaction.created_at),
        "currency": order.currency,
        "device_id": None,
        "error_code": transaction.error_code,
        "gateway": transaction.gateway,
        "kind": transaction.kind.lower(),
        "location_id": None,
        "manual_payment_gateway": transaction.gateway == "manual",
        "message": transaction.message,
        "order_id": order.number,
        "parent_id": parent.number if parent else None,
        "payment_id": transaction.payment_id,
        "processed_at": shop.iso(transaction.processed_at),
        "receipt": transaction.receipt,
        "source_name": order.source_name,
        "status": transaction.status.lower(),
        "test": order.test,
        "total_unsettled_set": money.set(
            [*unsettled] if len(unsettled) == len(order.currencies) else [ZERO]
        ),
        "user_id": None,
    }


def refund_payload(shop: Shop, refund: Refund) -> dict[str, Any]:
    """Return a refund with its lines, adjustments and transactions."""
    order = refund.order
    money = RestMoney(order.currencies)
    return {
        "id": refund.number,
        "admin_graphql_api_id": refund.id,
        "created_at": shop.iso(refund.created_at),
        "duties": [],
        "note": refund.note,
        "order_adjustments": [
            {
                "id": entry.number,
                "amount": money.text(entry.amounts[0]),
                "amount_set": money.set(entry.amounts),
                "kind": entry.kind,
                "order_id": order.number,
                "reason": entry.reason,
                "refund_id": refund.number,
                "tax_amount": money.text(entry.taxes[0]),
                "tax_amount_set": money.set(entry.taxes),
            }
            for entry in refund.adjustments
        ],
        "order_id": order.number,
        "processed_at": shop.iso(refund.created_at),
        "refund_line_items": [
            {
                "id": entry.number,
                "line_item": line_payload(entry.line, money),
                "line_item_id": entry.line.number,
                "location_id": entry.location.number if entry.location else None,
                "quantity": entry.quantity,
                "restock_type": entry.restock_type.lower(),
                "subtotal": float(entry.sides[0].subtotal),
                "subtotal_set": money.set([share.subtotal for share in entry.sides]),
                "total_tax": float(entry.sides[0].tax),
                "total_tax_set": money.set([share.tax for share in entry.sides]),
            }
            for entry in refund.lines
        ],
        "refund_shipping_lines": [
            {
                "id": entry.number,
                "shipping_line": {"id": entry.shipping_line.number},
                "subtotal_amount_set": money.set(entry.amounts),
                "tax_amount_set": money.set(entry.taxes),
            }
            for entry in refund.shipping
        ],
        "restock": any(entry.restock_type != "NO_RESTOCK" for entry in refund.lines),
        "return": _return_reference(refund.return_),
        "total_duties_set": money.zero(),
        "transactions": [transaction_payload(shop, entry) for entry in refund.transactions],
        "user_id": None,
    }


def _return_reference(entry: Return | None) -> dict[str, Any] | None:
    return {"id": entry.number, "admin_graphql_api_id": entry.id} if entry else None


def _return_line(line: ReturnLine, money: RestMoney) -> dict[str, Any]:
    parcel_line = line.fulfillment_line
    return {
        "id": line.number,
        "admin_graphql_api_id": line.id,
        "customer_note": line.customer_note,
        "fulfillment_line_item": {
            "id": parcel_line.number,
            "admin_graphql_api_id": parcel_line.id,
            "line_item": {
                "id": parcel_line.line.number,
                "admin_graphql_api_id": parcel_line.line.id,
            },
        },
        "quantity": line.quantity,
        "return_reason": line.reason.lower(),
        "return_reason_note": line.reason_note,
        "refunded_quantity": line.refunded,
        "total_price_set": money.set(_gross(line)),
    }


def _gross(line: ReturnLine) -> list[Decimal]:
    return [side.unit * line.quantity for side in line.fulfillment_line.line.sides]


def _exchange_line(line: ExchangeLine) -> dict[str, Any]:
    made = line.lines[0] if line.lines else None  # only once it was processed
    return {
        "id": line.number,
        "admin_graphql_api_id": line.id,
        "line_item": {"id": made.number, "admin_graphql_api_id": made.id} if made else None,
    }


def return_payload(entry: Return) -> dict[str, Any]:
    """Return a return as ``returns/request`` and ``returns/approve`` carry it."""
    money = RestMoney(entry.order.currencies)
    return {
        "id": entry.number,
        "admin_graphql_api_id": entry.id,
        "exchange_line_items": [_exchange_line(line) for line in entry.exchange_lines],
        "name": entry.name,
        "order": {"id": entry.order.number, "admin_graphql_api_id": entry.order.id},
        "return_line_items": [_return_line(line, money) for line in entry.lines],
        "return_shipping_fees": [],
        "status": entry.status.lower(),
        "total_exchange_line_items": sum(line.quantity for line in entry.exchange_lines),
        "total_return_line_items": sum(line.quantity for line in entry.lines),
    }


def return_closed_payload(entry: Return) -> dict[str, Any]:
    """Return what ``returns/close``, ``/cancel``, ``/reopen`` and ``/process`` carry."""
    return {
        "id": entry.number,
        "admin_graphql_api_id": entry.id,
        "order_id": entry.order.number,
        "status": entry.status.lower(),
    }


def return_declined_payload(entry: Return) -> dict[str, Any]:
    """Return what ``returns/decline`` carries."""
    return {
        "id": entry.number,
        "admin_graphql_api_id": entry.id,
        "decline": {"note": entry.decline_note, "reason": entry.decline_reason},
        "status": entry.status.lower(),
    }
