"""Lists as EasyPost pages them: newest first, ``before_id``, ``after_id``, ``page_size``.

``has_more`` says whether older ones follow. Both bounds leave out the record that they name.
Not published, chosen by us: ``after_id`` only sets a lower end, the page still begins with the
newest; an id that nothing has is answered 404.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from .errors import Refusal, field_error, not_found, not_modelled

__all__ = ["PAGE_SIZE", "PAGE_SIZE_MAX", "page_of"]

PAGE_SIZE, PAGE_SIZE_MAX = 20, 100
_KNOWN = ("before_id", "after_id", "page_size", "start_datetime", "end_datetime")


class Listed(Protocol):
    """What can be listed."""

    id: str
    created_at: datetime


T = TypeVar("T", bound=Listed)


def page_of(
    items: Sequence[T],
    query: Mapping[str, str],
    wanted: Callable[[T], bool] = lambda _item: True,
    others: Sequence[str] = (),
) -> tuple[list[T], bool]:
    """Return the page asked for and whether there is more. ``items`` are oldest first.

    ``others`` are parameters that the caller has dealt with. Raises Refusal.
    """
    for name in query:
        if name not in _KNOWN and name not in others:
            raise not_modelled(name, "is a parameter of this list that")
    size = _size(query.get("page_size", ""))
    high = _place(items, query["before_id"]) if query.get("before_id") else len(items)
    low = _place(items, query["after_id"]) + 1 if query.get("after_id") else 0
    begin, end = (_moment(query, name) for name in ("start_datetime", "end_datetime"))
    found: list[T] = []
    for index in range(high - 1, low - 1, -1):
        item = items[index]
        if begin is not None and item.created_at < begin:
            break
        if (end is not None and item.created_at >= end) or not wanted(item):
            continue
        if len(found) == size:
            return found, True
        found.append(item)
    return found, False


def _size(text: str) -> int:
    if not text:
        return PAGE_SIZE
    if not text.isdecimal() or not 1 <= int(text) <= PAGE_SIZE_MAX:
        raise _bad("page_size", f"must be a number from 1 to {PAGE_SIZE_MAX}")
    return int(text)


def _place(items: Sequence[T], identity: str) -> int:
    for index in range(len(items) - 1, -1, -1):
        if items[index].id == identity:
            return index
    raise not_found()


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _bad(name, "must be an ISO 8601 date and time") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _bad(field: str, message: str) -> Refusal:
    errors = [field_error(field, message)]
    return Refusal(422, "PARAMETER.INVALID", "Invalid parameter.", errors)
