"""Pages with opaque cursors, forwards and backwards, stable while records are added."""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from peakproof.errors import UsageError

__all__ = ["BadPage", "Page", "decode_cursor", "encode_cursor", "page"]

T = TypeVar("T")


class BadPage(UsageError):
    """The wish for a page makes no sense; the message is fit for an API's answer."""


@dataclass
class Page(Generic[T]):
    """A stretch of a list: ``items`` with one cursor each, and whether there is more."""

    items: list[T]
    cursors: list[str]
    has_next: bool
    has_previous: bool

    @property
    def start_cursor(self) -> str | None:
        """The first item's cursor."""
        return self.cursors[0] if self.cursors else None

    @property
    def end_cursor(self) -> str | None:
        """The last item's cursor."""
        return self.cursors[-1] if self.cursors else None


def encode_cursor(key: tuple[Any, ...]) -> str:
    """Return the cursor of a sort key (text and numbers)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode()


def decode_cursor(cursor: str) -> tuple[Any, ...]:
    """Return the sort key of a cursor; raises BadPage if nobody issued it."""
    try:
        value = msgspec.json.decode(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise BadPage(f"Invalid cursor: {cursor!r}") from error
    if not isinstance(value, list):
        raise BadPage(f"Invalid cursor: {cursor!r}")
    return tuple(value)


def page(
    items: Sequence[T],
    key: Callable[[T], tuple[Any, ...]],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    limit_max: int = 250,
    descending: bool = False,
) -> Page[T]:
    """Return the page asked for. ``items`` must be sorted by ``key``, ascending.

    With ``descending`` the pages run from the other end. Keys must be unique tuples of text
    and numbers. Raises BadPage for a wish that makes no sense.
    """
    count = _count(first, last, limit_max)
    low, high = 0, len(items)
    try:
        if after is not None:
            bound = decode_cursor(after)
            if descending:
                high = bisect_left(items, bound, key=key)
            else:
                low = bisect_right(items, bound, key=key)
        if before is not None:
            bound = decode_cursor(before)
            if descending:
                low = max(low, bisect_right(items, bound, key=key))
            else:
                high = min(high, bisect_left(items, bound, key=key))
    except TypeError as error:
        raise BadPage("Invalid cursor: it belongs to a list in another order.") from error
    high = max(low, high)
    from_low_end = (first is not None) != descending
    start, stop = (low, min(high, low + count)) if from_low_end else (max(low, high - count), high)
    chosen = list(items[start:stop])
    more_above, more_below = stop < len(items), start > 0
    if descending:
        chosen.reverse()
        more_above, more_below = more_below, more_above
    return Page(chosen, [encode_cursor(key(item)) for item in chosen], more_above, more_below)


def _count(first: int | None, last: int | None, limit_max: int) -> int:
    if first is not None and last is not None:
        raise BadPage("Pass first or last, not both.")
    count = first if first is not None else last
    if count is None:
        raise BadPage("You must provide one of first or last.")
    if not 0 <= count <= limit_max:
        raise BadPage(f"first or last must be between 0 and {limit_max}, not {count}.")
    return count
