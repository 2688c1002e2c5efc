"""What Odoo holds of the shops' sales, whichever way a connector books them.

A sale of a till is an order of Odoo's point of sale, or a sale order, or an invoice; a refund
is one with a negative amount, or a credit note. It is recognised by the till's own names (the
receipt's reference, the ids of order, payment and refund) in any of its references.
"""

import re
from collections import Counter, defaultdict
from decimal import Decimal
from functools import cached_property

import msgspec

from peakproof.evidence.facts import LIVE, Facts, Record

__all__ = ["Booking", "TillBooks"]

_WORDS = re.compile(r"[^\w-]+")
_REFERENCES = {
    "pos_order": ("pos_reference", "name", "uuid", "note", "internal_note"),
    "order": ("client_order_ref", "origin", "name"),
    "invoice": ("ref", "invoice_origin", "name"),
}


class Booking(msgspec.Struct, kw_only=True):
    """A record of Odoo that stands for a sale (``amount`` positive) or a refund (negative)."""

    kind: str  # pos_order, order, invoice
    id: int
    amount: Decimal
    units: dict[str, int]
    words: set[str]
    record: Record

    @property
    def name(self) -> str:
        """How it is called in a finding."""
        return f"{self.kind.replace('_', ' ')} {self.record.get('name') or self.id}"


class TillBooks:
    """Odoo's bookings, sorted to the tills' sales."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.sales = facts.final("pos", "sale")
        self.refunds = facts.final("pos", "sale_refund")

    @cached_property
    def bookings(self) -> list[Booking]:
        """Everything in Odoo that could stand for a sale or a refund."""
        found = []
        for kind in _REFERENCES:
            for record in self._facts.final("odoo", kind).values():
                if _counts(kind, record):
                    found.append(_booking(kind, record))
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        """The id of the sale that a word stands for."""
        names: dict[str, str] = {}
        for identity, sale in self.sales.items():
            first = str(sale.get("duplicate_of") or identity)
            for word in (identity, sale["reference"], *sale.get("payment_ids", [])):
                if word:
                    names.setdefault(str(word), first)
        for identity, refund in self.refunds.items():
            for word in (identity, refund.get("return_order_id")):
                if word:
                    names[str(word)] = str(refund["sale_id"])
        return names

    @cached_property
    def by_sale(self) -> dict[str, list[Booking]]:
        """The bookings of each sale and of its refunds, by the sale's id."""
        found: defaultdict[str, list[Booking]] = defaultdict(list)
        owner: dict[int, str] = {}
        for booking in sorted(self.bookings, key=lambda booking: booking.amount < 0):
            owners = {self._names[word] for word in booking.words if word in self._names}
            for number in booking.record.get("refunded_order_ids") or []:
                if number in owner:
                    owners.add(owner[number])
            for identity in sorted(owners)[:1]:
                found[identity].append(booking)
                if booking.kind == "pos_order":
                    owner[booking.id] = identity
        return found

    @cached_property
    def refunds_of(self) -> dict[str, list[Record]]:
        """The tills' refunds that were completed, by the sale's id."""
        found: defaultdict[str, list[Record]] = defaultdict(list)
        for refund in self.refunds.values():
            if refund["state"] == "completed":
                found[str(refund["sale_id"])].append(refund)
        return found

    @cached_property
    def in_session(self) -> dict[int, list[Booking]]:
        """The bookings in each session of Odoo's point of sale, by its id."""
        found: defaultdict[int, list[Booking]] = defaultdict(list)
        for booking in self.bookings:
            if booking.record.get("session_id"):
                found[booking.record["session_id"]].append(booking)
        return found

    def of_sale(self, identity: str) -> list[Booking]:
        """Return the bookings of a sale: an invoice of a booked sale is no second one."""
        return _layer([one for one in self.by_sale.get(identity, []) if one.amount >= 0])

    def of_refunds(self, identity: str) -> list[Booking]:
        """Return the bookings of a sale's refunds."""
        return _layer([one for one in self.by_sale.get(identity, []) if one.amount < 0])

    @cached_property
    def strangers(self) -> list[Booking]:
        """Orders of Odoo's point of sale that no till knows."""
        known = {id(booking) for found in self.by_sale.values() for booking in found}
        return [
            booking
            for booking in self.bookings
            if booking.kind == "pos_order" and id(booking) not in known
        ]

    @cached_property
    def sale_order_ids(self) -> set[int]:
        """Sale orders that stand for a till's sale: what they deliver was sold in a shop."""
        return {
            booking.id
            for identity, found in self.by_sale.items()
            for booking in found
            if booking.kind == "order" and not self.sales[identity].get("channel_order")
        }


def _layer(bookings: list[Booking]) -> list[Booking]:
    booked = [booking for booking in bookings if booking.kind != "invoice"]
    return booked or bookings


def _counts(kind: str, record: Record) -> bool:
    state = str(record.get("state"))
    if kind == "pos_order":
        return state not in ("draft", "cancel")
    return state in LIVE if kind == "order" else state == "posted"


def _booking(kind: str, record: Record) -> Booking:
    amount = Decimal(str(record["amount_total"]))
    if record.get("move_type") == "out_refund":
        amount = -abs(amount)
    units: Counter[str] = Counter()
    for line in record.get("lines") or []:
        units[str(line["sku"])] += int(Decimal(str(line["quantity"])))
    texts = [str(record.get(name)) for name in _REFERENCES[kind]]
    words = [*texts, *(word for text in texts for word in _WORDS.split(text))]
    for payment in record.get("payments") or []:
        words += [str(payment.get("transaction_id")), str(payment.get("uuid"))]
    return Booking(
        kind=kind,
        id=int(record["id"]),
        amount=amount,
        units=dict(units),
        words={word for word in words if word},
        record=record,
    )
