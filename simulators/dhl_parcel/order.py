"""What a caller orders with ``POST shipment``: reads and checks the documented fields.

From the vendor's document: names, which fields are needed and when, ranges, code words, that
Andorra and Gibraltar are Spanish addresses, what a destination with customs needs. Names of
fields are taken in any case (the document writes ``Lp`` and ``LP``).

Not published, chosen by us: texts beyond their length are cut, not refused (the document's own
examples are too long); weights may have two decimals (clients send them); unknown fields are
ignored; postal codes are checked for ES, PT, FR, DE and IT; destinations outside of the
customs union are those with customs, Northern Ireland excepted as in the document's example.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from .labels import FORMATS

__all__ = ["Address", "Order", "Unfit", "lowered", "read_order"]

PRODUCTS = ("B2B", "B2C", "R2C")
_INCOTERMS, _CUSTOMS_INCOTERMS = ("CPT", "EXW"), ("DDP", "DAP", "EXW")
_FEATURES = ("100", "101", "700", "701", "703", "704", "707", "708", "714")
_CUSTOMS_UNION = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK"
)
_POSTAL_CODES = {
    "ES": r"(0[1-9]|[1-4]\d|5[0-2])\d{3}",
    "PT": r"\d{4}(-?\d{3})?",
    "FR": r"\d{5}",
    "DE": r"\d{5}",
    "IT": r"\d{5}",
}


class Unfit(Exception):
    """The vendor refuses the order; ``code`` is ours and goes into the history."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Address(msgspec.Struct, kw_only=True, frozen=True):
    """A sender or a receiver."""

    name: str
    address: str
    city: str
    postal_code: str
    country: str
    phone: str = ""
    email: str = ""


class Order(msgspec.Struct, kw_only=True, frozen=True):
    """A shipment as it was ordered; ``reference`` is the customer's own, repeatable at will."""

    customer: str
    receiver: Address
    sender: Address | None
    reference: str
    parcels: int
    weight_kilograms: Decimal
    product: str
    incoterms: str
    label_format: str


def lowered(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with its names in lower case."""
    return {str(name).lower(): item for name, item in value.items()}


def read_order(body: Mapping[str, Any]) -> Order:
    """Return what a request orders. Raises Unfit with the vendor's kind of message."""
    given = lowered(body)
    for name in ("customs", "lp"):
        if given.get(name):
            raise Unfit("not_modelled", f"peakproof: {name} no está modelado en el simulador.")
    customer = _text(given, "Customer", 10, needed=True)
    if not re.fullmatch(r"\d{2,3}-\d{6}", customer):
        raise Unfit("customer", f"Customer: se espera 'xx-xxxxxx', recibido '{customer}'.")
    receiver = _receiver(given)
    product = _choice(given, "Product", PRODUCTS, "B2B")
    _features(given)
    _paid(given, "COD")
    _paid(given, "Insurance")
    _number(given, "WeightVolume", 0, 99_999)
    _choice(given, "DeliveryNote", ("S",), "")
    _choice(given, "ServiceType", ("M", "A"), "")
    return Order(
        customer=customer,
        receiver=receiver,
        sender=_sender(given),
        reference=_text(given, "Reference", 35),
        parcels=_parcels(given),
        weight_kilograms=_weight(given),
        product=product,
        incoterms=_incoterms(given, receiver, product),
        label_format=_choice(given, "Format", FORMATS, "PDF"),
    )


def _receiver(given: Mapping[str, Any]) -> Address:
    found = _address(given, "Receiver", needed=True)
    assert found is not None  # a needed one is there or was refused
    country, code = found.country, found.postal_code
    if country in ("AD", "GI"):
        raise Unfit("country", f"Receiver.Country: {country} se documenta como ES.")
    pattern = _POSTAL_CODES.get(country, r".{1,9}")
    if not re.fullmatch(pattern, code):
        raise Unfit("postal_code", f"Receiver.PostalCode: '{code}' no es válido en {country}.")
    return found


def _sender(given: Mapping[str, Any]) -> Address | None:
    """Return the sender; without an address the vendor takes the one it has on file."""
    found = _address(given, "Sender", needed=False)
    return found if found is not None and found.name and found.postal_code else None


def _address(given: Mapping[str, Any], role: str, needed: bool) -> Address | None:
    value = given.get(role.lower())
    if not isinstance(value, Mapping):
        if value or needed:
            raise Unfit("missing", f"{role}: dato obligatorio.")
        return None
    part = lowered(value)
    country = _text(part, "Country", 9, needed, role).upper()
    if country and not re.fullmatch(r"[A-Z]{2}", country):
        raise Unfit("country", f"{role}.Country: '{country}' no es un código ISO de 2 letras.")
    return Address(
        name=_text(part, "Name", 40, needed, role),
        address=_text(part, "Address", 40, needed, role),
        city=_text(part, "City", 20, needed, role),
        postal_code=_text(part, "PostalCode", 99, needed, role),
        country=country,
        phone=_text(part, "Phone", 15, role=role),
        email=_text(part, "Email", 50, role=role),
    )


def _incoterms(given: Mapping[str, Any], receiver: Address, product: str) -> str:
    """Check who pays what, and what a destination with customs needs besides."""
    north_ireland = receiver.country == "GB" and receiver.postal_code.upper().startswith("BT")
    if receiver.country in _CUSTOMS_UNION or north_ireland:
        return _choice(given, "Incoterms", _INCOTERMS, None)
    if product != "B2B":
        raise Unfit(
            "not_modelled",
            f"peakproof: {product} a destino aduanero ({receiver.country}) exige Customs, que no "
            "está modelado en el simulador.",
        )
    for name, length in (("ContactName", 25), ("GoodsDescription", 70)):
        if not _text(given, name, length):
            raise Unfit(
                "customs", f"{name}: obligatorio en caso de destino aduanero ({receiver.country})."
            )
    return _choice(given, "Incoterms", _CUSTOMS_INCOTERMS, None)


def _parcels(given: Mapping[str, Any]) -> int:
    number = _number(given, "Quantity", 1, 999, needed=True)
    if number != int(number):
        raise Unfit("quantity", f"Quantity: número de bultos no válido ({number}).")
    return int(number)


def _weight(given: Mapping[str, Any]) -> Decimal:
    number = _number(given, "Weight", 1, 99_999, needed=True)
    if number != round(number, 2):
        raise Unfit("weight", f"Weight: como máximo dos decimales ({number}).")
    return number


def _paid(given: Mapping[str, Any], what: str) -> None:
    """Check an amount with its payer and currency (cash on delivery, insurance)."""
    if not _number(given, f"{what}Amount", 0, 999_999_999):
        return
    _choice(given, f"{what}Expenses", ("P", "D"), None)
    currency = _text(given, f"{what}Currency", 9, needed=True)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Unfit("currency", f"{what}Currency: '{currency}' no es una moneda.")


def _features(given: Mapping[str, Any]) -> None:
    value = given.get("features") or []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise Unfit("features", "Features: se espera una lista de Key y Value.")
    for item in value:
        key = str(lowered(item).get("key", ""))
        if key == "701":
            raise Unfit("not_modelled", "peakproof: Features 701 (service point) no está modelado.")
        if key not in _FEATURES:
            raise Unfit("features", f"Features: '{key}' no existe.")


def _text(
    given: Mapping[str, Any], name: str, length: int, needed: bool = False, role: str = ""
) -> str:
    value, place = given.get(name.lower()), f"{role}.{name}" if role else name
    if isinstance(value, list | dict):
        raise Unfit(name.lower(), f"{place}: se espera un texto.")
    text = str(value).strip() if value and not isinstance(value, bool) else ""
    if needed and not text:
        raise Unfit("missing", f"{place}: dato obligatorio.")
    return text[:length]


def _choice(
    given: Mapping[str, Any], name: str, known: tuple[str, ...], default: str | None
) -> str:
    text = _text(given, name, 99, needed=default is None).upper()
    if text in known:
        return text
    if not text and default is not None:
        return default
    raise Unfit(name.lower(), f"{name}: '{text}' no es válido ({', '.join(known)}).")


def _number(
    given: Mapping[str, Any], name: str, least: int, most: int, needed: bool = False
) -> Decimal:
    """Return a number (0 when it is left out); ``""`` counts as left out, as clients send it."""
    value = given.get(name.lower())
    if value is None or value is False or value == "":
        if needed:
            raise Unfit("missing", f"{name}: dato obligatorio.")
        return Decimal(0)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Unfit(name.lower(), f"{name}: '{value}' no es un número.") from None
    if not number.is_finite() or not least <= number <= most:
        raise Unfit(name.lower(), f"{name}: {value} fuera de rango ({least} - {most}).")
    return number
