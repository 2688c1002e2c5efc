"""A statement as SWIFT MT940.

    document(statement) -> bytes

Text is what SWIFT's character set X allows; the rest is spelled in ASCII or replaced by a dot.
A reversal carries the marks RC and RD: RC takes a credit back, so it is a debit. A field 86
tells end-to-end id, name, account and remittance with code words; it holds 390 characters and
what is longer is cut, as banks do.

Not modelled: SWIFT blocks 1 to 5 around the message, several pages, MT942.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal

from peakproof.simkit import money_text

from .statements import Statement
from .transactions import Kind, Transaction

__all__ = ["document"]

_LINE_MAX, _LINES_MAX, _REFERENCE_MAX, _ACCOUNT_MAX = 65, 6, 16, 35
_NOT_IN_SET_X = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def document(statement: Statement) -> bytes:
    """Return the file."""
    account = statement.account
    lines = [
        f":20:PEAK{statement.day:%y%m%d}{statement.sequence % 1_000_000:06d}",
        f":25:{_clean(account.iban)[:_ACCOUNT_MAX]}",
        f":28C:{statement.sequence % 100_000}/1",
        f":60F:{_balance(statement.opening_balance, statement.day, account.currency)}",
    ]
    for entry in statement.transactions:
        lines += _entry(entry)
    closing = _balance(statement.closing_balance, statement.day, account.currency)
    lines += [f":62F:{closing}", f":64:{closing}", "-", ""]
    return "\r\n".join(lines).encode("ascii")


def _entry(entry: Transaction) -> list[str]:
    mark = "C" if entry.credit else "D"
    if entry.kind == Kind.RETURN:
        mark = "RD" if entry.credit else "RC"
    amount = _number(entry.amount, entry.currency)
    line = (
        f":61:{entry.value_date:%y%m%d}{entry.booking_date:%m%d}{mark}{entry.currency[2]}"
        f"{amount}{entry.code.mt940}{_own_reference(entry.end_to_end_id)}//{entry.reference}"
    )
    words = [("EREF", entry.end_to_end_id), ("NAME", entry.counterparty)]
    words += [("IBAN", entry.counterparty_iban), ("REMI", entry.remittance)]
    text = "".join(f"/{word}/{_clean(value)}" for word, value in words if value)
    return [line, *_wrapped(f":86:{text or _clean(entry.code.text)}")]


def _wrapped(text: str) -> list[str]:
    """Break a field into lines none of which could be taken for a field or the end."""
    lines: list[str] = []
    while text and len(lines) < _LINES_MAX:
        length = _LINE_MAX
        while length > 1 and text[length : length + 1] in (":", "-", " "):
            length -= 1
        lines.append(text[:length].rstrip())
        text = text[length:]
    return lines


def _own_reference(text: str) -> str:
    cleaned = _clean(text).replace("//", "/").strip("/ ")[:_REFERENCE_MAX].rstrip("/ ")
    return cleaned or "NONREF"


def _balance(amount: Decimal, day: date, currency: str) -> str:
    return f"{'C' if amount >= 0 else 'D'}{day:%y%m%d}{currency}{_number(amount, currency)}"


def _number(amount: Decimal, currency: str) -> str:
    text = money_text(abs(amount), currency).replace(".", ",")
    return text if "," in text else text + ","


def _clean(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "replace").decode("ascii")
    return re.sub(" +", " ", _NOT_IN_SET_X.sub(".", plain)).strip()
