"""What requests may hold: a shape is data, and ``taken`` returns a request that fits it.

A shape maps names to kinds; a name that ends in ``!`` is required. Kinds: ``str``, ``int``,
``bool``, MONEY, TIME, ANY, READ_ONLY (accepted and dropped, as Square does with fields it
computes), a tuple of allowed words, a shape, or a list of one kind. null stands for absent. A
name that the shape does not have is refused as not modelled: it might change the result.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .errors import Refusal, invalid, missing, not_modelled

__all__ = ["ANY", "MONEY", "READ_ONLY", "TIME", "moment", "stamp", "taken"]

ANY, READ_ONLY, MONEY, TIME = "any", "read only", "money", "time"
_WORDS = {str: "STRING", int: "INTEGER", bool: "BOOLEAN"}


def stamp(at: datetime) -> str:
    """Return a date and time as Square writes it: RFC 3339, UTC, milliseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def moment(text: str, field: str) -> datetime:
    """Return the date and time that a text stands for; raises Refusal."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        detail = f"`{text}` is not a time of RFC 3339 such as 2026-09-16T08:00:00Z."
        raise invalid(field, detail, "INVALID_TIME") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def taken(shape: Mapping[str, Any], value: Any, path: str = "") -> dict[str, Any]:
    """Return the parts of an object that its shape knows; raises Refusal at the first misfit."""
    if not isinstance(value, dict):
        raise Refusal("EXPECTED_OBJECT", "Expected an object value.", path)
    kinds = {name.rstrip("!"): kind for name, kind in shape.items()}
    result: dict[str, Any] = {}
    for name, given in value.items():
        here = f"{path}.{name}" if path else name
        if name not in kinds:
            raise not_modelled(here)
        if given is not None and kinds[name] != READ_ONLY:
            result[name] = _fitting(kinds[name], given, here)
    for name in shape:
        if name.endswith("!") and name[:-1] not in result:
            raise missing(f"{path}.{name[:-1]}" if path else name[:-1])
    return result


def _fitting(kind: Any, value: Any, path: str) -> Any:
    if kind == ANY:
        return value
    if kind == MONEY:
        return _money(value, path)
    if kind == TIME:
        moment(_fitting(str, value, path), path)
        return value
    if isinstance(kind, tuple):
        if value not in kind:
            detail = f"`{value}` is not a valid enum value for `{path}`."
            raise invalid(path, detail, "INVALID_ENUM_VALUE")
        return value
    if isinstance(kind, list):
        if not isinstance(value, list):
            raise Refusal("EXPECTED_ARRAY", "Expected an array.", path)
        return [_fitting(kind[0], item, f"{path}[{at}]") for at, item in enumerate(value)]
    if isinstance(kind, Mapping):
        return taken(kind, value, path)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        word = _WORDS[kind]
        raise Refusal(f"EXPECTED_{word}", f"Expected {word.lower()} value.", path)
    return value


def _money(value: Any, path: str) -> dict[str, Any]:
    found = taken({"amount!": int, "currency!": str}, value, path)
    if len(found["currency"]) != 3 or not found["currency"].isupper():
        detail = f"`{found['currency']}` is not a valid enum value for `{path}.currency`."
        raise invalid(f"{path}.currency", detail, "INVALID_ENUM_VALUE")
    if found["amount"] < 0:
        raise Refusal("VALUE_TOO_LOW", f"`{path}.amount` must not be negative.", f"{path}.amount")
    return found
