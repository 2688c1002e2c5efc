"""What of a call a later version refuses, and when: versions end a year after they came.

A version that ended falls forward to the oldest that is supported, so what it had and that one
has not is gone for a client that never moved. The check is the published schemas' own: the
document, and the names and kinds of its variables, are held against each later version.

Not modelled: changes of meaning; what only a later candidate or ``unstable`` takes away.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode
from graphql.execution.values import get_variable_values

from .misfits import describe
from .published import load_index
from .schema import check, load_schema
from .versions import VERSIONS

__all__ = ["Outlook", "ended_on"]

_SHAPES_MAX = 64
_UNKNOWN = re.compile(r"of type '(\w+)' not to include unknown field '(\w+)'")
_UNDEFINED = re.compile(r"Field is not defined on (\w+)")


@cache
def ended_on(version: str) -> str:
    """Return the day from which a version is not supported any more: a year after it came."""
    year, month = version.split("-")
    return f"{int(year) + 1}-{month}-01"


class Outlook:
    """What later versions make of one operation."""

    def __init__(
        self, document: DocumentNode, operation: OperationDefinitionNode, version: str
    ) -> None:
        self._document, self._operation = document, operation
        self._from = VERSIONS.index(version)
        self._of_document: dict[str, list[str]] | None = None
        self._of_shape: dict[str, dict[str, list[str]]] = {}

    def of(self, given: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return by what is used the version that breaks it and the day on which that bites."""
        if self._of_document is None:
            self._of_document = self._first(lambda later: check(self._document, later))
        shape = str(_shape(given))
        found = self._of_shape.get(shape)
        if found is None:
            found = {**self._first(lambda later: self._misfits(given, later)), **self._of_document}
            if len(self._of_shape) < _SHAPES_MAX:
                self._of_shape[shape] = found
        return found

    def _first(self, errors: Callable[[str], list[dict[str, Any]]]) -> dict[str, list[str]]:
        """Return what is wrong, by the first version in which it is."""
        found: dict[str, list[str]] = {}
        for before, later in zip(VERSIONS[self._from :], VERSIONS[self._from + 1 :], strict=False):
            for error in errors(later):
                what = _named(error, later)
                if what and what not in found:
                    found[what] = [later, ended_on(before)]
        return found

    def _misfits(self, given: Mapping[str, Any], later: str) -> list[dict[str, Any]]:
        nodes = self._operation.variable_definitions or ()
        errors = get_variable_values(load_schema(later), nodes, dict(given), max_errors=20)
        return describe(errors, {}, given, later) if isinstance(errors, list) else []


def _shape(value: Any) -> Any:
    """Return a value's names without its contents; of a list what its parts have in common."""
    if isinstance(value, Mapping):
        return {name: _shape(part) for name, part in sorted(value.items())}
    if isinstance(value, list):
        return sorted({str(_shape(part)) for part in value})
    return type(value).__name__


def _named(error: Mapping[str, Any], later: str) -> str:
    """Name what an error is about; nothing for what peakproof merely does not model."""
    more = error.get("extensions") or {}
    code = more.get("code")
    if code == "PEAKPROOF_NOT_MODELLED":
        return ""
    if code == "undefinedField":
        return f"{more['typeName']}.{more['fieldName']}"
    if code == "argumentNotAccepted":
        return f"{more['name']}({more['argumentName']}:)"
    if code == "undefinedType":
        return str(more["typeName"])
    unknown = _UNKNOWN.search(str(error.get("message", "")))
    if unknown:
        type_name, field = unknown.groups()
        return "" if load_index(later).has(type_name, field) else f"{type_name}({field}:)"
    if code == "INVALID_VARIABLE" and more.get("problems"):
        problem = more["problems"][0]
        names = [str(part) for part in problem["path"] if not isinstance(part, int)]
        undefined = _UNDEFINED.fullmatch(problem["explanation"])
        if undefined:
            return f"{undefined[1]}({names[-1]}:)"
        return f"{'.'.join(names)}: {problem['explanation']}"
    return str(error.get("message", ""))
