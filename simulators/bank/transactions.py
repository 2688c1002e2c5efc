"""What moves money on an account: a transaction, pending and then booked.

A transaction has one payment, or several when the bank booked a batch as one entry. Its
``amount`` is signed: credits are positive. ``booking_date`` and ``value_date`` differ at will.
The id of a booked transaction is what both APIs tell and what the snapshot is keyed by; while
it is pending the APIs tell ``pending_id``. ``reference`` is the bank's own, unique, and short
enough for MT940 (16 characters).

Not modelled: charges and exchange inside a transaction, mandates, purposes.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from peakproof.simkit import money_text

__all__ = ["BookingCode", "Kind", "Payment", "Transaction", "clean_text"]


_NOT_TEXT = ("Cc", "Cs", "Cn", "Zl", "Zp")  # control characters and what is no character


def clean_text(text: str) -> str:
    """Return a text as a bank keeps it: without what cannot be printed or written in XML."""
    kept = [" " if unicodedata.category(letter) in _NOT_TEXT else letter for letter in text]
    return "".join(kept).strip()


class Kind:
    """What a transaction is to the bank."""

    TRANSFER = "transfer"
    RETURN = "return"
    FEE = "fee"


class BookingCode(NamedTuple):
    """ISO 20022's domain, family and sub-family, and MT940's type of a transaction."""

    domain: str
    family: str
    sub_family: str
    mt940: str
    text: str


_CODES = {  # (kind, is a credit)
    (Kind.TRANSFER, True): BookingCode("PMNT", "RCDT", "ESCT", "NTRF", "Credit transfer"),
    (Kind.TRANSFER, False): BookingCode("PMNT", "ICDT", "ESCT", "NTRF", "Debit transfer"),
    (Kind.RETURN, True): BookingCode("PMNT", "ICDT", "RRTN", "NRTI", "Returned debit transfer"),
    (Kind.RETURN, False): BookingCode("PMNT", "RCDT", "RRTN", "NRTI", "Returned credit transfer"),
    (Kind.FEE, True): BookingCode("PMNT", "MCOP", "CHRG", "NCHG", "Refunded charges"),
    (Kind.FEE, False): BookingCode("PMNT", "MDOP", "CHRG", "NCHG", "Bank charges"),
}


@dataclass(frozen=True)
class Payment:
    """One payment inside a transaction; ``amount`` is signed like the transaction's."""

    amount: Decimal
    counterparty: str = ""
    counterparty_iban: str = ""
    remittance: str = ""
    end_to_end_id: str = ""


@dataclass
class Transaction:
    """One entry on an account. ``book_order`` counts bookings of the bank; 0 is pending."""

    id: str
    pending_id: str
    account: str
    currency: str
    kind: str
    reference: str
    booking_date: date
    value_date: date
    payments: tuple[Payment, ...]
    reversal_of: str = ""
    reason: str = ""
    book_order: int = 0
    is_batch: bool = False
    returned: set[int] = field(default_factory=set)  # indexes of payments that came back

    @property
    def booked(self) -> bool:
        """Whether it counts in the balance."""
        return self.book_order > 0

    @property
    def amount(self) -> Decimal:
        """What it changes the balance by."""
        return sum((payment.amount for payment in self.payments), Decimal(0))

    @property
    def credit(self) -> bool:
        """Whether money came in."""
        return self.amount >= 0

    @property
    def code(self) -> BookingCode:
        """Its bank transaction code."""
        return _CODES[self.kind, self.credit]

    @property
    def counterparty(self) -> str:
        """The other party's name; a batch has none."""
        return "" if self.is_batch else self.payments[0].counterparty

    @property
    def counterparty_iban(self) -> str:
        """The other party's account; a batch has none."""
        return "" if self.is_batch else self.payments[0].counterparty_iban

    @property
    def remittance(self) -> str:
        """What the payer wrote; of a batch, what the bank writes."""
        if self.is_batch:
            return f"Batch {self.reference} of {len(self.payments)} payments"
        return self.payments[0].remittance

    @property
    def end_to_end_id(self) -> str:
        """The payer's id; a batch has none."""
        return "" if self.is_batch else self.payments[0].end_to_end_id

    def record(self) -> dict[str, Any]:
        """Return the vendor-neutral record."""
        return {
            "id": self.id,
            "account": self.account,
            "amount": money_text(self.amount, self.currency),
            "currency": self.currency,
            "status": "booked" if self.booked else "pending",
            "booking_date": self.booking_date.isoformat(),
            "value_date": self.value_date.isoformat(),
            "counterparty": self.counterparty,
            "remittance": self.remittance,
            "end_to_end_id": self.end_to_end_id,
            "reference": self.reference,
            "kind": self.kind,
            "reversal_of": self.reversal_of,
            "batch_of": [
                {
                    "amount": money_text(payment.amount, self.currency),
                    "counterparty": payment.counterparty,
                    "remittance": payment.remittance,
                    "end_to_end_id": payment.end_to_end_id,
                }
                for payment in (self.payments if self.is_batch else ())
            ],
        }
