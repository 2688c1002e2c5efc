"""How each scalar of the Admin API is read and written.

Decimals are written with at least one digit after the point, Money with the usual two, times
in UTC to the second; what comes in becomes Decimal, datetime, text or number.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema

__all__ = ["READERS", "WRITERS", "install", "write_decimal", "write_time"]

_CENT = Decimal("0.01")


def write_decimal(value: Any) -> str:
    """Write ``40`` as ``40.0``, as Shopify's Decimal does."""
    amount: Decimal = value if isinstance(value, Decimal) else Decimal(str(value))
    text = str(amount)
    if "E" in text:
        text = f"{amount:f}"
    if "." not in text:
        return text + ".0"
    short = text.rstrip("0")
    return short + "0" if short.endswith(".") else short


def write_money(value: Any) -> str:
    """Write ``40`` as ``40.00``; what has more digits keeps them."""
    amount = value if isinstance(value, Decimal) else Decimal(str(value))
    exponent = amount.as_tuple().exponent
    return str(amount.quantize(_CENT) if isinstance(exponent, int) and exponent > -2 else amount)


def write_time(value: Any) -> str:
    """Write a moment as ``2026-11-23T09:00:00Z``; texts are taken to be written already."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return f"{moment.isoformat()[:19]}Z"
    return str(value)


def read_decimal(value: Any) -> Decimal:
    """Take a decimal from a text or a number; raises GraphQLError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise GraphQLError(f"invalid decimal '{value}'")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise GraphQLError(f"invalid decimal '{value}'") from error
    if not number.is_finite():
        raise GraphQLError(f"invalid decimal '{value}'")
    return number


def read_time(value: Any) -> datetime:
    """Take an ISO 8601 moment; one without an offset is UTC. Raises GraphQLError."""
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError as error:
        raise GraphQLError(f"invalid datetime '{value}'") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def read_unsigned(value: Any) -> int:
    """Take a whole number from zero up, also from a text. Raises GraphQLError."""
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal():
        raise GraphQLError(f"invalid UnsignedInt64 '{value}'")
    return int(text)


def read_json(value: Any) -> Any:
    """Take JSON as a value or as a text that holds it."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


WRITERS: dict[str, Callable[[Any], Any]] = {
    "Decimal": write_decimal,
    "Money": write_money,
    "DateTime": write_time,
    "UnsignedInt64": str,
    "FormattedString": str,
    "HTML": str,
    "URL": str,
}
READERS: dict[str, Callable[[Any], Any]] = {
    "Decimal": read_decimal,
    "Money": read_decimal,
    "DateTime": read_time,
    "UnsignedInt64": read_unsigned,
    "JSON": read_json,
    "URL": str,
    "HTML": str,
}


def install(schema: GraphQLSchema) -> None:
    """Give a schema's scalars their reading and writing (graphql-core's own way in)."""
    for name, scalar in schema.type_map.items():
        if isinstance(scalar, GraphQLScalarType):
            hooks: Any = scalar
            if name in WRITERS:
                hooks.serialize = hooks.coerce_output_value = WRITERS[name]
            if name in READERS:
                hooks.parse_value = hooks.coerce_input_value = READERS[name]
