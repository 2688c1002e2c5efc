"""Lists and expansion: pages of 1 to 100 with cursors that are ids, and ``expand[]``.

Lists run from the newest to the oldest. Expanding replaces an id by its object, up to four
levels deep; a field that cannot be expanded is an error.
"""

from collections.abc import Callable, Sequence
from typing import Any

from .errors import Refused, no_such
from .records import Record

__all__ = ["LIST", "check_paths", "expand", "in_time", "page_of"]

LIST: dict[str, str] = {
    "limit": "int",
    "starting_after": "text",
    "ending_before": "text",
    "expand": "texts",
}
LIMIT_DEFAULT, LIMIT_MAX, DEPTH_MAX = 10, 100, 4
_EXPANDABLE: dict[str, set[str]] = {
    "balance_transaction": {"source"},
    "charge": {
        "balance_transaction",
        "customer",
        "failure_balance_transaction",
        "payment_intent",
        "refunds",
    },
    "dispute": {"charge", "payment_intent"},
    "payment_intent": {"customer", "latest_charge", "payment_method"},
    "payment_method": {"customer"},
    "payout": {"balance_transaction", "destination", "failure_balance_transaction"},
    "refund": {
        "balance_transaction",
        "charge",
        "failure_balance_transaction",
        "payment_intent",
    },
}

_ANY = "*"  # a balance transaction's source may be of several kinds
_TARGETS = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "customer": "customer",
    "destination": "bank_account",
    "failure_balance_transaction": "balance_transaction",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "refunds": "refund",
    "source": _ANY,
}


def in_time(moment: int, bounds: dict[str, int] | None) -> bool:
    """Tell whether a moment lies in what was asked for (gt, gte, lt, lte, or exactly)."""
    if not bounds:
        return True
    return (
        moment == bounds.get("is", moment)
        and moment > bounds.get("gt", moment - 1)
        and moment >= bounds.get("gte", moment)
        and moment < bounds.get("lt", moment + 1)
        and moment <= bounds.get("lte", moment)
    )


def page_of(
    records: Sequence[Record], matches: Callable[[Any], bool], given: dict[str, Any], kind: str
) -> tuple[list[Record], bool]:
    """Return a page, newest first, and whether there is more. ``records`` are oldest first.

    Raises Refused for a limit out of bounds and for a cursor that nothing has.
    """
    limit = _limit(given.get("limit"))
    after, before = given.get("starting_after"), given.get("ending_before")
    if after and before:
        raise Refused(
            "Received both starting_after and ending_before parameters. Please pass in only one.",
            "parameter_unknown",
            "starting_after",
        )
    cursor = after or before
    name = "starting_after" if after else "ending_before"
    place = -1
    if cursor:
        place = next((n for n, record in enumerate(records) if record.id == cursor), -1)
        if place < 0:
            raise no_such(kind, cursor, name, 400)
    found: list[Record] = []
    if before:  # the nearest ones that are newer
        newer = (records[n] for n in range(place + 1, len(records)))
        for record in newer:
            if matches(record):
                found.append(record)
                if len(found) > limit:
                    break
        return found[:limit][::-1], len(found) > limit
    start = place if after else len(records)
    for number in range(start - 1, -1, -1):
        if matches(records[number]):
            found.append(records[number])
            if len(found) > limit:
                break
    return found[:limit], len(found) > limit


def _limit(limit: int | None) -> int:
    if limit is None:
        return LIMIT_DEFAULT
    if limit > LIMIT_MAX:
        raise Refused(
            f"This value must be less than or equal to {LIMIT_MAX} (it currently is '{limit}').",
            "parameter_invalid_integer",
            "limit",
        )
    if limit < 1:
        raise Refused(
            f"This value must be greater than or equal to 1 (it currently is '{limit}').",
            "parameter_invalid_integer",
            "limit",
        )
    return limit


def check_paths(kind: str, paths: Sequence[str], in_list: bool) -> None:
    """Raise Refused for a path that names nothing that could be expanded."""
    for path in paths:
        names = path.split(".")
        if in_list:
            if names[0] != "data":
                raise Refused(
                    f"This property cannot be expanded ({path}). You may want to try expanding "
                    f"'data.{path}' instead.",
                    param="expand",
                )
            names = names[1:]
        if len(names) > DEPTH_MAX:
            raise Refused(
                f"You cannot expand more than {DEPTH_MAX} levels of a property. Property: {path}",
                param="expand",
            )
        if not names or not _expandable(kind, names):
            raise Refused(f"This property cannot be expanded ({path}).", param="expand")


def _expandable(kind: str, names: Sequence[str]) -> bool:
    name, rest = names[0], list(names[1:])
    kinds = _EXPANDABLE if kind == _ANY else [kind]
    if not any(name in _EXPANDABLE.get(entry, ()) for entry in kinds):
        return False
    if name == "refunds" and rest[:1] == ["data"]:
        rest = rest[1:]
    return not rest or _expandable(_TARGETS[name], rest)


def expand(
    body: dict[str, Any], paths: Sequence[str], look_up: Callable[[str, str], dict[str, Any] | None]
) -> None:
    """Expand an answer in place. ``look_up(field, id)`` returns the object in a field.

    The paths were checked; what an object of another kind has not is left alone.
    """
    for path in paths:
        _expand(body, path.split("."), look_up)


def _expand(
    value: Any, names: Sequence[str], look_up: Callable[[str, str], dict[str, Any] | None]
) -> None:
    if isinstance(value, list):
        for entry in value:
            _expand(entry, names, look_up)
    elif isinstance(value, dict) and names:
        name, inner = names[0], value.get(names[0])
        if name in _EXPANDABLE.get(str(value.get("object")), ()):
            if name == "refunds" and inner is None:
                inner = look_up(name, value["id"])
            elif isinstance(inner, str):
                inner = look_up(name, inner) or inner
            value[name] = inner
        _expand(inner, names[1:], look_up)
