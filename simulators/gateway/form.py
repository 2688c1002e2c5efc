"""Form-encoded parameters with nested keys (``created[gte]``, ``expand[]``), read by a table.

A table says which parameters an operation knows: ``{"amount": "int!", "currency": "text"}``.
Kinds are int, text, bool, map (text to text, or deeper), texts (a list), time (a moment or
gt/gte/lt/lte) and ``one|two`` (a choice); ``!`` means that it must be there. Whatever is not in
the table is refused: as not modelled if Stripe has it, as unknown otherwise.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from .errors import Refused, missing, not_modelled

__all__ = ["parse_form", "read"]

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_INTEGER = re.compile(r"-?\d{1,18}")
_BOUNDS = {"gt", "gte", "lt", "lte"}


def parse_form(text: str) -> dict[str, Any]:
    """Return the parameters as nested objects and lists; raises Refused for a broken key."""
    root: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        found = _KEY.fullmatch(key)
        if found is None:
            raise Refused(f"Invalid parameter name: {key}", "parameter_unknown", key)
        _put(root, [found[1], *_PART.findall(found[2])], value, key)
    return {name: _lists(value) for name, value in root.items()}


def _put(place: dict[str, Any], path: list[str], value: str, key: str) -> None:
    for name in path[:-1]:
        place = place.setdefault(name or str(len(place)), {})
        if not isinstance(place, dict):
            raise Refused(f"Invalid parameter: {key}", "parameter_unknown", key)
    place[path[-1] or str(len(place))] = value


def _lists(value: Any) -> Any:
    """Turn objects whose names are numbers into lists, all the way down."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(entry) for name, entry in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def read(
    given: Mapping[str, Any], table: Mapping[str, str], unmodelled: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the parameters by their kinds; raises Refused naming the first that is wrong."""
    for name in given:
        if name not in table:
            if name in set(unmodelled):
                raise not_modelled(f"the parameter {name} here", name)
            raise Refused(f"Received unknown parameter: {name}", "parameter_unknown", name)
    values: dict[str, Any] = {}
    for name, kind in table.items():
        if name in given:
            values[name] = _value(name, given[name], kind.removesuffix("!"))
        if kind.endswith("!") and values.get(name) in (None, ""):
            raise missing(name)
    return values


def _value(name: str, value: Any, kind: str) -> Any:
    if kind == "time":
        return _time(name, value)
    if kind == "map":
        return {} if value == "" else _typed(name, value, dict, "object")
    if kind == "texts":
        found = _typed(name, value, list, "array")
        if not all(isinstance(entry, str) for entry in found):
            raise Refused(f"Invalid array: {name}", "parameter_invalid_array", name)
        return found
    text = _typed(name, value, str, "string")
    if kind == "int":
        return _integer(name, text)
    if kind == "bool":
        if text not in ("true", "false"):
            raise Refused(f"Invalid boolean: {text}", "parameter_invalid_boolean", name)
        return text == "true"
    if "|" in kind and text not in kind.split("|"):
        listed = ", ".join(kind.split("|"))
        raise Refused(f"Invalid {name}: must be one of {listed}", "parameter_unknown", name)
    return text or None


def _typed(name: str, value: Any, kind: type, word: str) -> Any:
    if not isinstance(value, kind):
        raise Refused(f"Invalid {word}: {name}", f"parameter_invalid_{word}", name)
    return value


def _integer(name: str, text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise Refused(f"Invalid integer: {text}", "parameter_invalid_integer", name)
    return int(text)


def _time(name: str, value: Any) -> dict[str, int]:
    if isinstance(value, str):
        return {"is": _integer(name, value)}
    bounds = _typed(name, value, dict, "object")
    for bound, text in bounds.items():
        if bound not in _BOUNDS:
            raise Refused(f"Received unknown parameter: {name}[{bound}]", "parameter_unknown", name)
        _typed(f"{name}[{bound}]", text, str, "string")
    return {bound: _integer(f"{name}[{bound}]", text) for bound, text in bounds.items()}
