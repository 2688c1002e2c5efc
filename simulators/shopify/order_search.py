"""By what orders can be searched and sorted.

Models ``query`` and ``sortKey`` of ``orders`` and ``ordersCount`` of Admin API 2026-10.

Not modelled: saved searches, search by channel, by risk level, by metafield.
"""

from collections.abc import Callable
from typing import Any

from .order_records import Order
from .order_totals import (
    current_totals,
    financial_status,
    fulfillment_status,
    original_totals,
    return_status,
)

__all__ = ["FILTERS", "SORTS", "gateways_of"]


def _status(order: Order) -> list[str]:
    if order.cancelled_at:
        return ["cancelled", "any"]
    return ["closed" if order.closed_at else "open", "any"]


FILTERS: dict[str, Callable[[Order], Any]] = {
    "id": lambda order: order.number,
    "name": lambda order: order.name,
    "email": lambda order: order.email,
    "created_at": lambda order: order.created_at,
    "updated_at": lambda order: order.updated_at,
    "processed_at": lambda order: order.processed_at,
    "status": _status,
    "financial_status": lambda order: financial_status(order).lower(),
    "fulfillment_status": lambda order: _fulfillment_words(order),
    "return_status": lambda order: return_status(order).lower(),
    "tag": lambda order: order.tags,
    "sku": lambda order: [line.sku for line in order.lines],
    "source_name": lambda order: order.source_name,
    "source_identifier": lambda order: order.source_identifier,
    "customer_id": lambda order: _customer_number(order),
    "discount_code": lambda order: order.discount_codes,
    "gateway": lambda order: gateways_of(order),
    "test": lambda order: order.test,
    "po_number": lambda order: order.po_number,
    "confirmation_number": lambda order: order.confirmation_number,
    "default": lambda order: [order.name, order.name.lstrip("#"), order.email],
}
SORTS: dict[str, Any] = {
    "ID": None,
    "CREATED_AT": lambda order: order.created_at,
    "PROCESSED_AT": lambda order: order.processed_at,
    "UPDATED_AT": lambda order: order.updated_at,
    "ORDER_NUMBER": lambda order: order.sequence,
    "TOTAL_PRICE": lambda order: original_totals(order).total,
    "CURRENT_TOTAL_PRICE": lambda order: current_totals(order).total,
    "FINANCIAL_STATUS": financial_status,
    "FULFILLMENT_STATUS": fulfillment_status,
    "TOTAL_ITEMS_QUANTITY": lambda order: sum(line.quantity for line in order.lines),
    "PO_NUMBER": lambda order: order.po_number or "",
    "CUSTOMER_NAME": lambda order: order.customer.display_name if order.customer else "",
    "RELEVANCE": None,
}


def _fulfillment_words(order: Order) -> list[str]:
    status = fulfillment_status(order)
    words = {
        "FULFILLED": ["fulfilled", "shipped"],
        "PARTIALLY_FULFILLED": ["partial", "partially_fulfilled"],
    }.get(status, ["unfulfilled", "unshipped", status.lower()])
    return list(dict.fromkeys(words))


def _customer_number(order: Order) -> int | None:
    return order.customer.number if order.customer else None


def gateways_of(order: Order) -> list[str]:
    """Return the names of the gateways that payments of an order went through."""
    return list(dict.fromkeys(entry.gateway for entry in order.transactions))
