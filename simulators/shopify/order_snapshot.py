"""Orders as the history's final records: the truth that invariants compare to the cent.

Models Admin API 2026-10; the record's fields are peakproof's own (shop currency, decimal
strings, current values after edits, refunds and cancellation). ``presentment`` has the same money
as the shopper saw it, where that was another currency.
"""

from decimal import Decimal
from typing import Any

from .customers import Address
from .order_money import quantum_of, rounded
from .order_records import Line, Order
from .order_totals import current_totals, financial_status, fulfillment_status, line_share
from .refund_records import Refund
from .shop import Shop

__all__ = ["order_record", "snapshot_orders"]


def _address(address: Address | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "province_code": address.province_code,
        "zip": address.zip,
        "country_code": address.country_code,
        "phone": address.phone,
    }


def _line(line: Line, quantum: Decimal, side: int) -> dict[str, Any]:
    share = line_share(line, side, current=True)
    total = share.subtotal
    if not line.order.taxes_included:
        total += share.tax
    return {
        "id": line.id,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "current_quantity": line.current_quantity,
        "unit_price": str(rounded(line.sides[side].unit, quantum)),
        "discount": str(rounded(share.discount, quantum)),
        "tax": str(rounded(share.tax, quantum)),
        "total": str(rounded(total, quantum)),
        "requires_shipping": line.requires_shipping,
        "gift_card": line.gift_card,
    }


def _refund(refund: Refund, quantum: Decimal, side: int) -> dict[str, Any]:
    amount = sum((entry.amounts[side] for entry in refund.transactions), Decimal(0))
    return {
        "id": refund.id,
        "note": refund.note,
        "amount": str(rounded(amount, quantum)),
        "lines": [
            {
                "line_id": entry.line.id,
                "sku": entry.line.sku,
                "quantity": entry.quantity,
                "restock_type": entry.restock_type,
                "location_code": entry.location.code if entry.location else None,
                "subtotal": str(rounded(entry.sides[side].subtotal, quantum)),
                "tax": str(rounded(entry.sides[side].tax, quantum)),
            }
            for entry in refund.lines
        ],
        "shipping": str(
            rounded(sum((entry.amounts[side] for entry in refund.shipping), Decimal(0)), quantum)
        ),
        "return_id": refund.return_.id if refund.return_ else None,
    }


def _fulfillments(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "id": parcel.id,
            "name": parcel.name,
            "status": parcel.status,
            "location_code": parcel.location.code,
            "tracking": [
                {"company": entry.company, "number": entry.number, "url": entry.url}
                for entry in parcel.tracking
            ],
            "events": [entry.status for entry in parcel.events],
            "lines": [
                {"line_id": entry.line.id, "sku": entry.line.sku, "quantity": entry.quantity}
                for entry in parcel.lines
            ],
        }
        for parcel in order.fulfillments
    ]


def _returns(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "id": entry.id,
            "name": entry.name,
            "status": entry.status,
            "exchange": [
                {
                    "sku": line.variant.sku,
                    "quantity": line.quantity,
                    "line_ids": [made.id for made in line.lines],
                }
                for line in entry.exchange_lines
            ],
        }
        for entry in order.returns
    ]


def _customer(order: Order) -> dict[str, Any] | None:
    customer = order.customer
    if customer is None:
        return None
    return {
        "id": customer.id,
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "phone": customer.phone,
    }


def _money(order: Order, side: int) -> dict[str, Any]:
    """Return all that is an amount, in one of the order's currencies (0: the shop's)."""
    currency, totals = order.currencies[side], current_totals(order, side)
    quantum = quantum_of(currency)
    return {
        "currency": currency,
        "lines": [_line(line, quantum, side) for line in order.lines],
        "shipping": [
            {
                "title": way.title,
                "price": str(rounded(way.sides[side].price, quantum)),
                "discounted_price": str(rounded(way.sides[side].current, quantum)),
                "tax": str(rounded(way.sides[side].current_tax, quantum)),
            }
            for way in order.shipping_lines
        ],
        "totals": {
            name: str(rounded(getattr(totals, name), quantum))
            for name in ("subtotal", "discount", "shipping", "tax", "total")
        },
        "transactions": [
            {
                "id": entry.id,
                "kind": entry.kind,
                "status": entry.status,
                "amount": str(rounded(entry.amounts[side], quantum)),
                "gateway": entry.gateway,
            }
            for entry in order.transactions
        ],
        "refunds": [_refund(entry, quantum, side) for entry in order.refunds],
    }


def order_record(shop: Shop, order: Order) -> dict[str, Any]:
    """Return an order's final record."""
    return {
        "id": order.id,
        "legacy_id": order.number,
        "name": order.name,
        "email": order.email,
        "created_at_seconds": order.created_at_seconds,
        "updated_at": shop.orders.exact_text(order),
        "cancelled": order.cancelled_at is not None,
        "edited": order.edited,
        "presentment_currency": order.presentment_currency,
        "financial_status": financial_status(order),
        "fulfillment_status": fulfillment_status(order),
        "taxes_included": order.taxes_included,
        "note": order.note,
        "tags": list(order.tags),
        **_money(order, 0),
        "presentment": _money(order, 1) if len(order.currencies) > 1 else None,
        "customer": _customer(order),
        "shipping_address": _address(order.shipping_address),
        "billing_address": _address(order.billing_address),
        "fulfillments": _fulfillments(order),
        "returns": _returns(order),
    }


def snapshot_orders(shop: Shop) -> dict[str, dict[str, Any]]:
    """Return every order's final record by gid."""
    return {order.id: order_record(shop, order) for order in shop.orders.all}
