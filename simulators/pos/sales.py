"""The vendor-neutral records of sales, which the history and the invariants read."""

from typing import TYPE_CHECKING, Any

from peakproof.simkit import from_minor

if TYPE_CHECKING:
    from .business import Business
    from .orders import Order

__all__ = ["TENDERS", "amount_text", "sale_record"]

Record = dict[str, Any]
TENDERS = {"CASH": "cash", "CARD": "card", "EXTERNAL": "external", "OTHER": "external"}


def amount_text(units: int, currency: str) -> str:
    """Return minor units as a decimal text ("12.50")."""
    return str(from_minor(units, currency))


def sale_record(business: "Business", order: "Order") -> Record:
    """Return a sale; ``created`` is the till's time, ``arrived_seconds`` run time."""
    record, currency = order.record, business.currency

    def text(part: Record, name: str) -> str:
        return amount_text(part[name]["amount"], currency)

    lines = [
        {
            "sku": business.catalog.sku(line.get("catalog_object_id", "")),
            "name": line.get("name", ""),
            "quantity": int(line["quantity"]),
            "total": text(line, "total_money"),
            "tax": text(line, "total_tax_money"),
            "discount": text(line, "total_discount_money"),
        }
        for line in record.get("line_items", [])
    ]
    tenders = sorted({TENDERS[tender["type"]] for tender in record.get("tenders", [])})
    refunded = sum(refund["amount_money"]["amount"] for refund in record.get("refunds", []))
    return {
        "id": order.id,
        "reference": record.get("reference_id", ""),
        "location_code": business.places[record["location_id"]].code,
        "state": record["state"].lower(),
        "lines": lines,
        "total": text(record, "total_money"),
        "tax": text(record, "total_tax_money"),
        "discount": text(record, "total_discount_money"),
        "tip": text(record, "total_tip_money"),
        "refunded": amount_text(refunded, currency),
        "currency": currency,
        "tender": "+".join(tenders),
        "payment_ids": [tender["payment_id"] for tender in record.get("tenders", [])],
        "customer_id": record.get("customer_id", ""),
        "created": order.occurred_at,
        "arrived": record["created_at"],
        "arrived_seconds": round(order.arrived_seconds, 6),
        "offline": order.offline,
        "duplicate_of": order.duplicate_of,
        "channel_order": order.channel_order,
    }
