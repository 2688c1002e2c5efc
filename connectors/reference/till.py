"""What the shop's till sold and took back, read from the point of sale's records.

Money there is whole minor units; here it is Decimal. A line's amounts are those that were
charged, never worked out again.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from .channel_order import Tax

__all__ = ["Receipt", "Tender", "TillLine", "read_refund", "read_sale"]

Record = dict[str, Any]
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3}


class TillLine(msgspec.Struct, kw_only=True):
    """Pieces of one item, or money without goods (``sku`` empty).

    ``unit_price`` is the list price, ``total`` what was charged, ``taxes`` the taxes in it.
    ``source_uid`` is the sold line that a returned one was. ``goods`` False: the money goes
    back and the goods do not.
    """

    uid: str
    name: str
    quantity: int
    unit_price: Decimal
    total: Decimal
    discount: Decimal
    taxes: list[Tax]
    included: bool
    sku: str = ""
    source_uid: str = ""
    goods: bool = True

    @property
    def tax(self) -> Decimal:
        """All taxes of the line."""
        return sum((tax.amount for tax in self.taxes), Decimal(0))


class Tender(msgspec.Struct, kw_only=True):
    """Money that changed hands: by cash, card or otherwise."""

    kind: str
    amount: Decimal
    payment_id: str


class Receipt(msgspec.Struct, kw_only=True):
    """A sale or a refund. Amounts are positive in both; ``at`` is the till's own time (UTC)."""

    key: str  # who it is for ever: the id of its order, or of its refund
    sale_key: str  # the sale that it gives back, for a refund
    reference: str
    currency: str
    at: str
    lines: list[TillLine]
    tip: Decimal
    total: Decimal
    tenders: list[Tender]

    @property
    def is_refund(self) -> bool:
        """Tell a refund from a sale."""
        return bool(self.sale_key)

    @property
    def tax(self) -> Decimal:
        """All taxes."""
        return sum((line.tax for line in self.lines), Decimal(0))

    def adds_up(self) -> bool:
        """Say whether lines and tenders come to the total."""
        lines = sum((line.total for line in self.lines), self.tip)
        paid = sum((tender.amount for tender in self.tenders), Decimal(0))
        return lines == self.total == paid


def amount(record: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount of a record, 0 where it has none."""
    found = record.get(name)
    if not found:
        return Decimal(0)
    digits = _MINOR_DIGITS.get(found["currency"], 2)
    return Decimal(found["amount"]).scaleb(-digits)


def read_sale(order: Record, payments: list[Record], skus: Mapping[str, str]) -> Receipt:
    """Read a paid order; ``payments`` are those of its tenders."""
    offline = [payment.get("offline_payment_details") or {} for payment in payments]
    moments = [details.get("client_created_at", "") for details in offline]
    moments += [payment["created_at"] for payment in payments] + [order["created_at"]]
    return Receipt(
        key=order["id"],
        sale_key="",
        reference=order.get("reference_id") or order["id"],
        currency=order["total_money"]["currency"],
        at=next(filter(None, moments)),
        lines=[_line(order, line, line["uid"], skus) for line in order.get("line_items", [])],
        tip=amount(order, "total_tip_money"),
        total=amount(order, "total_money"),
        tenders=[
            Tender(
                kind=payment["source_type"],
                amount=amount(payment, "total_money"),
                payment_id=payment["id"],
            )
            for payment in payments
        ],
    )


def read_refund(
    refund: Record,
    returned: Record,
    sale: Record,
    skus: Mapping[str, str],
    restocked: Mapping[str, int],
) -> Receipt:
    """Read a refund; ``returned`` is the order that holds what came back, ``sale`` the sold one.

    ``restocked`` are the pieces that went back on the shelf, by item.
    """
    left = dict(restocked)
    lines: list[TillLine] = []
    tip = Decimal(0)
    for part in returned.get("returns", []):
        tip += amount(part.get("return_amounts", {}), "tip_money")
        for given in part.get("return_line_items", []):
            source = given.get("source_line_item_uid", "")
            line = _line(sale, given, source, skus)
            line.source_uid = source
            item = given.get("catalog_object_id", "")
            line.goods = 0 < line.quantity <= left.get(item, 0)
            if line.goods:
                left[item] -= line.quantity
            lines.append(line)
    return Receipt(
        key=refund["id"],
        sale_key=sale["id"],
        reference=sale.get("reference_id") or sale["id"],
        currency=refund["amount_money"]["currency"],
        at=refund["created_at"],
        lines=lines,
        tip=tip,
        total=amount(refund, "amount_money"),
        tenders=[
            Tender(
                kind=refund["destination_type"],
                amount=amount(refund, "amount_money"),
                payment_id=refund["id"],
            )
        ],
    )


def _line(sale: Record, given: Record, uid: str, skus: Mapping[str, str]) -> TillLine:
    """Read a line; its taxes stand at the sale's line of that uid."""
    sold: Record = next((line for line in sale.get("line_items", []) if line["uid"] == uid), {})
    taxes = {tax["uid"]: tax for tax in sale.get("taxes", [])}
    applied = [
        (taxes[link["tax_uid"]], amount(link, "applied_money"))
        for link in sold.get("applied_taxes", [])
        if link["tax_uid"] in taxes
    ]
    return TillLine(
        uid=given["uid"],
        name=given.get("name") or "Amount",
        quantity=int(given["quantity"]),
        unit_price=amount(given, "base_price_money"),
        total=amount(given, "total_money"),
        discount=amount(given, "total_discount_money"),
        taxes=_shares(applied, amount(given, "total_tax_money")),
        included=any(tax["type"] == "INCLUSIVE" for tax, _ in applied),
        sku=skus.get(given.get("catalog_object_id", ""), ""),
    )


def _shares(applied: list[tuple[Record, Decimal]], total: Decimal) -> list[Tax]:
    """Share a line's tax out to its taxes as the sale had them; the last takes the rest."""
    whole = sum((share for _, share in applied), Decimal(0))
    found, left = [], total
    for place, (tax, share) in enumerate(applied):
        last = place == len(applied) - 1
        part = left if last else (total * share / (whole or 1)).quantize(Decimal("0.01"))
        left -= part
        rate = Decimal(tax["percentage"]) / 100
        found.append(Tax(title=tax.get("name", "Tax"), rate=rate, amount=part))
    return found
