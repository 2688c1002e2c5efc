"""How a receipt of the till is said to Odoo's point of sale so that Odoo says the same amounts.

Every id is made of the till's (uuid version 5), and Odoo keeps ids of orders, lines and payments
unique: the same receipt sent again is the same order. Lines carry the amounts that were charged
(see ``money.py``), here and when the day is closed. Goods that do not come back are given back
as money: a service, which moves no stock.
"""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .money import discount_percent, extra_tax_data
from .till import Receipt, TillLine

__all__ = ["identity", "order_cells"]

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://squareup.com")
Record = dict[str, Any]


def identity(*parts: str) -> str:
    """Return the id in Odoo of something of the till; the same parts give the same id."""
    return str(uuid.uuid5(_SPACE, "/".join(parts)))


def order_cells(
    receipt: Receipt,
    *,
    session: int,
    currency: int,
    products: Mapping[str, int],
    taxes: Mapping[str, list[int]],
    methods: Mapping[str, int],
    sold: Mapping[str, int],
    tip_product: int,
) -> Record:
    """Return the order as ``pos.order.sync_from_ui`` takes it.

    ``products`` and ``taxes`` are Odoo's ids by the line's uid, ``methods`` by kind of tender,
    ``sold`` the ids of the sale's lines in Odoo by their uuid (for a refund).
    """
    sign = -1 if receipt.is_refund else 1
    lines = [
        [0, 0, _line(receipt, line, products[line.uid], taxes[line.uid], currency, sold)]
        for line in receipt.lines
    ]
    if receipt.tip:
        lines.append([0, 0, _tip(receipt, tip_product)])
    at = receipt.at[:19].replace("T", " ")
    payments = [
        [0, 0, {
            "amount": sign * float(tender.amount),
            "payment_method_id": methods.get(tender.kind, methods["OTHER"]),
            "name": at,
            "uuid": identity("payment", tender.payment_id),
            "transaction_id": tender.payment_id,
        }]
        for tender in receipt.tenders
    ]  # fmt: skip
    reference = receipt.reference
    if receipt.is_refund:
        reference = f"{reference} REFUND {receipt.key[-12:]}"
    return {
        "uuid": identity("receipt", receipt.key),
        "access_token": identity("access", receipt.key),
        "pos_reference": reference,
        "session_id": session,
        "partner_id": False,
        "pricelist_id": False,
        "fiscal_position_id": False,
        "date_order": at,
        "to_invoice": False,
        "state": "paid",
        "is_refund": receipt.is_refund,
        "general_customer_note": f"Square {receipt.key}",
        "amount_total": sign * float(receipt.total),
        "amount_tax": sign * float(receipt.tax),
        "amount_paid": sign * float(receipt.total),
        "amount_return": 0.0,
        "lines": lines,
        "payment_ids": payments,
    }


def _line(
    receipt: Receipt,
    line: TillLine,
    product: int,
    taxes: list[int],
    currency: int,
    sold: Mapping[str, int],
) -> Record:
    sign = -1 if receipt.is_refund else 1
    untaxed = line.total - line.tax
    discount = discount_percent(line.unit_price * line.quantity, line.discount)
    amounts = dict(zip(taxes, (tax.amount for tax in line.taxes), strict=False))
    cells = {
        "product_id": product,
        "qty": sign * line.quantity,
        "price_unit": float(line.unit_price),
        "discount": float(discount),
        "tax_ids": [[6, 0, taxes]],
        "price_subtotal": sign * float(untaxed),
        "price_subtotal_incl": sign * float(line.total),
        "full_product_name": line.name,
        "uuid": identity("line", receipt.key, line.uid),
        "extra_tax_data": extra_tax_data(
            currency,
            line.unit_price,
            discount,
            line.quantity,
            untaxed,
            amounts or {taxes[0]: Decimal(0)},
        ),
    }
    if receipt.is_refund and line.source_uid:
        source = sold.get(identity("line", receipt.sale_key, line.source_uid))
        if source:
            cells["refunded_orderline_id"] = source
    return cells


def _tip(receipt: Receipt, product: int) -> Record:
    sign = -1 if receipt.is_refund else 1
    return {
        "product_id": product,
        "qty": sign,
        "price_unit": float(receipt.tip),
        "discount": 0.0,
        "tax_ids": [[6, 0, []]],
        "price_subtotal": sign * float(receipt.tip),
        "price_subtotal_incl": sign * float(receipt.tip),
        "full_product_name": "Tip",
        "uuid": identity("tip", receipt.key),
    }
