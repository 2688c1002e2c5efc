"""Relay connections: pages of a list, with cursors that survive what is added meanwhile.

A cursor holds the last object's number (and its sort value), not a position, so that pages do
not shift when objects are added or removed; one that changes its sort value while a client
turns pages is seen twice or missed, as at Shopify.
"""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .search import Getter, compile_search

if TYPE_CHECKING:
    from .context import Context

__all__ = ["PAGE_MAX", "Connection", "Edge", "PageInfo", "connection", "search_connection"]

PAGE_MAX = 250
Sort = Callable[[Any], Any]


class Edge:
    """A node with its cursor."""

    __slots__ = ("cursor", "node")

    def __init__(self, node: Any, cursor: str) -> None:
        self.node, self.cursor = node, cursor


class PageInfo:
    """Where a page stands in the whole."""

    __slots__ = ("end_cursor", "has_next_page", "has_previous_page", "start_cursor")

    def __init__(self, more: bool, less: bool, start: str | None, end: str | None) -> None:
        self.has_next_page, self.has_previous_page = more, less
        self.start_cursor, self.end_cursor = start, end


class Connection:
    """One page: ``nodes``, ``edges`` and ``page_info``, the latter two made when asked for."""

    __slots__ = ("_less", "_more", "_sort", "nodes")

    def __init__(self, nodes: Sequence[Any], more: bool, less: bool, sort: Sort | None) -> None:
        self.nodes = nodes
        self._more, self._less, self._sort = more, less, sort

    @property
    def edges(self) -> list[Edge]:
        """The nodes with their cursors."""
        return [Edge(node, self.cursor(node)) for node in self.nodes]

    @property
    def page_info(self) -> PageInfo:
        """Where this page stands."""
        if not self.nodes:
            return PageInfo(self._more, self._less, None, None)
        first, last = self.cursor(self.nodes[0]), self.cursor(self.nodes[-1])
        return PageInfo(self._more, self._less, first, last)

    def cursor(self, node: Any) -> str:
        """Return the cursor that stands for a node in this order."""
        value = node.number if self._sort is None else _plain(self._sort(node))
        text = json.dumps({"last_id": node.number, "last_value": value}, separators=(",", ":"))
        return base64.b64encode(text.encode()).decode()


def connection(
    items: Sequence[Any],
    arguments: Mapping[str, Any],
    context: "Context",
    sort: Sort | None = None,
) -> Connection:
    """Return the page that first/after/last/before/reverse ask for.

    ``items`` are in order of their ``number``; ``sort`` gives another order. In a bulk
    operation the whole list is the page.
    """
    if sort is not None:
        items = sorted(items, key=lambda item: (_comparable(sort(item)), item.number))
    reverse = bool(arguments.get("reverse"))
    if reverse:
        items = items[::-1]
    if context.bulk:
        return Connection(items, False, False, sort)
    first, last = arguments.get("first"), arguments.get("last")
    _check_size(first, last)
    low, high = 0, len(items)
    after, before = arguments.get("after"), arguments.get("before")
    if after:
        low = _position(items, after, sort, reverse, behind=True)
    if before:
        high = max(low, _position(items, before, sort, reverse, behind=False))
    if first is not None:
        end = min(high, low + first)
        return Connection(items[low:end], end < high, low > 0, sort)
    begin = max(low, high - (last or 0))
    return Connection(items[begin:high], high < len(items), begin > low, sort)


def search_connection(
    items: Sequence[Any],
    arguments: Mapping[str, Any],
    context: "Context",
    filters: Mapping[str, Getter],
    sort_keys: Mapping[str, Sort | None],
) -> Connection:
    """Return the page of what a ``query`` finds, in the order of ``sortKey``."""
    found = filtered(items, arguments, context, filters)
    return connection(found, arguments, context, sort_keys.get(arguments.get("sortKey") or "ID"))


def filtered(
    items: Sequence[Any],
    arguments: Mapping[str, Any],
    context: "Context",
    filters: Mapping[str, Getter],
) -> Sequence[Any]:
    """Return what a ``query`` argument finds; names it does not know become warnings."""
    text = arguments.get("query")
    if not text:
        return items

    def warn(name: str) -> None:
        context.warnings.append(
            {"field": name, "message": "Invalid search field for this query.", "code": "invalid"}
        )

    test = compile_search(text, filters, warn)
    return [item for item in items if test(item)]


def _check_size(first: int | None, last: int | None) -> None:
    if first is None and last is None:
        raise ApiError("you must provide one of first or last", "BAD_REQUEST")
    if first is not None and last is not None:
        raise ApiError("providing both first and last is not supported", "BAD_REQUEST")
    name, size = ("first", first) if first is not None else ("last", last)
    assert size is not None
    if size < 1:
        raise ApiError(f"{name} must be greater than 0", "BAD_REQUEST")
    if size > PAGE_MAX:
        raise ApiError(f"{name} cannot exceed {PAGE_MAX}", "BAD_REQUEST")


def _position(
    items: Sequence[Any], cursor: str, sort: Sort | None, reverse: bool, behind: bool
) -> int:
    try:
        mark = json.loads(base64.b64decode(cursor, validate=True))
        number = int(mark["last_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise ApiError("Invalid cursor for current pagination sort.", "BAD_REQUEST") from error
    if sort is None:
        key: Callable[[Any], Any] = _number
        wanted: Any = number
    else:

        def key(item: Any) -> Any:
            return (_comparable_plain(_plain(sort(item))), item.number)

        wanted = (_comparable_plain(mark.get("last_value")), number)
    if not reverse:
        search = bisect_right if behind else bisect_left
        return search(items, wanted, key=key)
    mirrored = items[::-1]
    search = bisect_left if behind else bisect_right
    return len(items) - search(mirrored, wanted, key=key)


def _number(item: Any) -> int:
    return int(item.number)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _comparable(value: Any) -> Any:
    return _comparable_plain(_plain(value))


def _comparable_plain(value: Any) -> Any:
    if value is None:
        return (0, "")
    if isinstance(value, str):
        try:
            return (1, float(value), "")
        except ValueError:
            return (2, 0.0, value.lower())
    return (1, float(value), "")
