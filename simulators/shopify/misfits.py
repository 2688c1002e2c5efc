"""Says in Shopify's way which variables of a call do not fit their types.

One error a variable, code INVALID_VARIABLE, with the value and a list of problems by path. An
input field that Shopify has and peakproof has not is said to be not modelled.

Not modelled: Shopify's exact explanation of every kind of problem.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import GraphQLError

from .errors import NotModelled
from .published import load_index

__all__ = ["describe"]

_WHOLE = re.compile(r"^Variable '\$(\w+)' has invalid value(?: at ([^:]+))?: (.*)$", re.DOTALL)
_UNKNOWN = re.compile(r"of type '(\w+)' not to include unknown field '(\w+)'")
_MISSING = re.compile(r"to include required field '(\w+)'")
_ABSENT = re.compile(r"Expected a value of non-null type")
_ENUM = re.compile(r"Value '(\w+)' does not exist in '(\w+)' enum")


def describe(
    errors: Iterable[GraphQLError],
    types: Mapping[str, str],
    given: Mapping[str, Any],
    version: str,
) -> list[dict[str, Any]]:
    """Return the entries of ``errors``; ``types`` are the declared types by variable."""
    problems: dict[str, list[dict[str, Any]]] = {}
    entries: list[dict[str, Any]] = []
    for error in errors:
        found = _WHOLE.match(error.message)
        if found is None:
            entries.append({"message": error.message, "extensions": {"code": "INVALID_VARIABLE"}})
            continue
        name, place, why = found.groups()
        path: list[Any] = [
            int(part) if part.isdecimal() else part for part in re.findall(r"\w+", place or "")
        ]
        path, explanation, lacking = _explain(path, why, version)
        if lacking is not None:
            entries.append({"message": lacking.message, "extensions": lacking.extensions})
        else:
            problem = {"path": path, "explanation": explanation}
            problems.setdefault(name, []).append(problem)
    for name, listed in problems.items():
        entries.append(_entry(name, types.get(name, ""), listed, given.get(name)))
    return entries


def _explain(path: list[Any], why: str, version: str) -> tuple[list[Any], str, NotModelled | None]:
    unknown = _UNKNOWN.search(why)
    if unknown:
        type_name, field = unknown.groups()
        if load_index(version).has(type_name, field):
            return path, "", NotModelled(f"{type_name}.{field}", version)
        return [*path, field], f"Field is not defined on {type_name}", None
    missing = _MISSING.search(why)
    if missing:
        return [*path, missing[1]], "Expected value to not be null", None
    if _ABSENT.search(why):
        return path, "Expected value to not be null", None
    enum = _ENUM.search(why)
    if enum and load_index(version).has(enum[2], enum[1]):
        return path, "", NotModelled(f"{enum[2]}.{enum[1]}", version)
    return path, why, None


def _entry(name: str, kind: str, problems: list[dict[str, Any]], value: Any) -> dict[str, Any]:
    told = ", ".join(
        f"{'.'.join(str(part) for part in entry['path'])} ({entry['explanation']})".strip()
        for entry in problems
    )
    detail = f"invalid value for {told}" if problems[0]["path"] else "invalid value"
    return {
        "message": f"Variable ${name} of type {kind} was provided {detail}",
        "extensions": {"code": "INVALID_VARIABLE", "value": value, "problems": problems},
    }
