"""Address checks as EasyPost answers them: soft with ``verify``, hard with ``verify_strict``.

EasyPost's rules are its carriers' and are not published; ours are simple and repeatable. In
the United States an address is found when its street has a number, its state is one and its
ZIP code has five digits (not 00000 to 00500, which nobody has); it is then written in capitals
with a ZIP+4. Elsewhere a street, a city and a postal code are enough and nothing is rewritten.
"""

import re
from datetime import datetime
from typing import Any

from peakproof.simkit import Seed

from .errors import Refusal
from .records import Address

__all__ = ["refused", "verify"]

_CODES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH "
    "NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI AA AE AP"
)
_STATES = frozenset(_CODES.split())
_ZIP = re.compile(r"(\d{5})(-\d{4})?")
_FIRST_ZIP = 501


def verify(address: Address, seed: Seed, now: datetime) -> bool:
    """Check an address, rewrite it if it was found; return whether it was."""
    errors = _problems(address)
    ok = not errors
    if ok and address.country == "US":
        _normalise(address, seed)
        address.updated_at = now
    where = {"latitude": None, "longitude": None, "time_zone": None}
    address.verifications = {
        "zip4": {"success": ok, "errors": errors, "details": None},
        "delivery": {"success": ok, "errors": errors, "details": where if ok else {}},
    }
    return ok


def refused(address: Address) -> Refusal:
    """Return the answer to a strict check that found nothing."""
    errors = address.verifications["delivery"]["errors"]
    return Refusal(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", errors)


def _problems(address: Address) -> list[dict[str, Any]]:
    street, city, code = address.street1 or "", address.city or "", address.zip or ""
    if address.country != "US":
        found = bool(street and city and code)
        return [] if found else [_problem("E.ADDRESS.NOT_FOUND", "address", "Address not found")]
    zip_code = _ZIP.fullmatch(code)
    errors = []
    known = (address.state or "").upper() in _STATES
    if not street or not city or not known or not zip_code or int(zip_code[1]) < _FIRST_ZIP:
        errors.append(_problem("E.ADDRESS.NOT_FOUND", "address", "Address not found"))
    if street and not any(letter.isdigit() for letter in street):
        errors.append(_problem("E.HOUSE_NUMBER.MISSING", "street1", "House number is missing"))
    return errors


def _problem(code: str, field: str, message: str) -> dict[str, Any]:
    return {"code": code, "field": field, "message": message, "suggestion": None}


def _normalise(address: Address, seed: Seed) -> None:
    for name in ("name", "company", "street1", "street2", "city", "state"):
        value = getattr(address, name)
        setattr(address, name, value.upper() if value else value)
    if address.street2:
        address.street1, address.street2 = f"{address.street1} {address.street2}", None
    if address.zip and "-" not in address.zip:
        extra = seed.number(f"zip4|{address.street1}|{address.zip}") % 9999 + 1
        address.zip = f"{address.zip}-{extra:04d}"
    if address.residential is None:
        address.residential = not address.company
