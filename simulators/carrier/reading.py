"""What callers may send: addresses, parcels, options. Anything that would be ignored is refused.

Parameters that EasyPost has and this simulator has not are refused by name when they would
change the result; customs_info is kept and given back as sent, its content is not checked.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import Refusal, field_error, not_modelled

__all__ = ["ADDRESS_FIELDS", "LABEL_FORMATS", "address_fields", "options", "parcel_fields", "text"]

ADDRESS_FIELDS = (
    "name",
    "company",
    "street1",
    "street2",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "email",
    "carrier_facility",
    "residential",
    "federal_tax_id",
    "state_tax_id",
)
LABEL_FORMATS = ("PNG", "PDF", "ZPL", "EPL2")
# Options that are printed on the label, or kept for the caller: no price depends on them.
_HARMLESS = (
    "label_format",
    "label_size",
    "label_date",
    "date_advance",
    "invoice_number",
    "po_sort",
    "print_custom",
    "print_custom_1",
    "print_custom_2",
    "print_custom_3",
    "print_custom_1_code",
    "print_custom_2_code",
    "print_custom_3_code",
    "handling_instructions",
    "importer_address_id",
)
_ALREADY = {"currency": "USD", "payment": {"type": "SENDER"}}


def text(value: Any) -> str | None:
    """Return a text parameter; None stands for one that was not given."""
    return None if value is None or value == "" else str(value)


def address_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an address's fields. Raises Refusal for a value of a wrong type."""
    found: dict[str, Any] = {}
    for name in ADDRESS_FIELDS:
        value = given.get(name)
        if name == "residential":
            found[name] = value if isinstance(value, bool) else None
            continue
        if isinstance(value, dict | list | bool):
            raise Refusal(
                422,
                "ADDRESS.PARAMETERS.INVALID",
                "One or more address parameters were invalid.",
                [field_error(name, "must be a text")],
            )
        found[name] = text(value)
    country = found["country"] = (found["country"] or "US").upper()
    if len(country) != 2 or not country.isalpha():
        raise Refusal(
            422,
            "ADDRESS.COUNTRY.INVALID",
            "The country must be an ISO 3166 code of two letters.",
            [field_error("country", "is invalid")],
        )
    return found


def parcel_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parcel's fields. Raises Refusal: the weight is missing, a number is none."""
    found: dict[str, Any] = {name: _number(given, name) for name in ("length", "width", "height")}
    weight = _number(given, "weight")
    if weight is None:
        raise _bad_parcel("weight", "is required")
    found["weight"] = weight
    package = text(given.get("predefined_package"))
    if package not in (None, "Parcel"):
        raise not_modelled("predefined_package", f"{package!r} has prices of its own")
    found["predefined_package"] = package
    return found


def _number(given: Mapping[str, Any], name: str) -> Decimal | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal(0)
        if number.is_finite() and number > 0:
            return number
    raise _bad_parcel(name, "must be a number greater than 0")


def _bad_parcel(name: str, message: str) -> Refusal:
    return Refusal(
        422, "PARCEL.PARAMETERS.INVALID", "Wrong parameter type.", [field_error(name, message)]
    )


def options(given: Any, currency: str) -> dict[str, Any]:
    """Return a shipment's options with EasyPost's defaults. Raises Refusal for others."""
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise Refusal(422, "SHIPMENT.OPTIONS.INVALID", "The options must be an object.")
    kept = {name: value for name, value in given.items() if value is not None}
    for name, value in kept.items():
        same = name in _ALREADY and value in (_ALREADY[name], currency)
        if name not in _HARMLESS and not same:
            raise not_modelled(f"options.{name}", "may change services and prices")
    wanted = str(kept.get("label_format", "PNG")).upper()
    if wanted not in LABEL_FORMATS:
        raise Refusal(
            422,
            "SHIPMENT.POSTAGE.INVALID_FORMAT",
            f"The label format must be one of {', '.join(LABEL_FORMATS)}.",
            [field_error("label_format", "is invalid")],
        )
    return {**kept, "currency": currency, "payment": {"type": "SENDER"}, "date_advance": 0}
