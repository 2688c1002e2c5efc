"""Throw-away account numbers: IBANs with right check digits at a bank that does not exist.

    made_up_iban(kit.seed, "supplier|Acme")

Not modelled: national check digits inside the account number.
"""

import re

from peakproof.simkit import Seed

__all__ = ["check_digits", "is_iban", "made_up_iban", "split_for_ofx"]

_COUNTRY, _BANK_CODE = "DE", "99999999"
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
_BANK_CODE_LENGTHS = {"AT": 5, "BE": 3, "CH": 5, "DE": 8, "ES": 8, "FR": 5, "GB": 4, "NL": 4}
_OFX_BANK_MAX, _OFX_ACCOUNT_MAX = 9, 22


def check_digits(country: str, account: str) -> str:
    """Return the two check digits of ISO 13616 for a country and its account number."""
    digits = "".join(str(int(letter, 36)) for letter in f"{account}{country}00")
    return f"{98 - int(digits) % 97:02d}"


def is_iban(text: str) -> bool:
    """Tell whether a text is an IBAN with right check digits."""
    if not _IBAN.fullmatch(text):
        return False
    return check_digits(text[:2], text[4:]) == text[2:4]


def made_up_iban(seed: Seed, name: str) -> str:
    """Return an IBAN drawn for a name."""
    account = f"{_BANK_CODE}{seed.number(f'bank|iban|{name}') % 10**10:010d}"
    return f"{_COUNTRY}{check_digits(_COUNTRY, account)}{account}"


def split_for_ofx(iban: str) -> tuple[str, str]:
    """Return (bank id, account id) as OFX holds them: at most 9 and 22 characters.

    An IBAN that is too long is told without country, check digits and bank code, as banks do.
    """
    national = iban[4:] if is_iban(iban) else iban
    length = _BANK_CODE_LENGTHS.get(iban[:2], 4) if is_iban(iban) else 4
    account = iban if len(iban) <= _OFX_ACCOUNT_MAX else national[length:][-_OFX_ACCOUNT_MAX:]
    return (national[:length] or "0")[:_OFX_BANK_MAX], account
