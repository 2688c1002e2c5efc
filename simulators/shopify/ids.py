"""Shopify's identifiers: numbers that grow, and global ids made of them.

The numbers of a kind start where a grown shop's would and go up by one, so that a run with the
same seed gives the same ids and nothing fits into 32 bits.
"""

from collections.abc import Callable
from itertools import count

from .errors import ApiError

__all__ = ["Ids", "gid", "number_of", "type_of"]

_STARTS = {
    "Shop": 60_000_000_000,
    "Location": 70_000_000_000,
    "Product": 8_000_000_000_000,
    "ProductVariant": 44_000_000_000_000,
    "InventoryItem": 46_000_000_000_000,
    "Customer": 7_000_000_000_000,
    "Order": 5_000_000_000_000,
    "LineItem": 13_000_000_000_000,
    "FulfillmentOrder": 6_100_000_000_000,
    "WebhookSubscription": 1_100_000_000_000,
    "BulkOperation": 3_300_000_000_000,
}
_PREFIX = "gid://shopify/"


class Ids:
    """Deals out numbers, a series for each kind of object."""

    def __init__(self) -> None:
        self._series: dict[str, Callable[[], int]] = {}

    def series(self, kind: str) -> Callable[[], int]:
        """Return the function that gives the next number of a kind at every call."""
        found = self._series.get(kind)
        if found is None:
            found = self._series[kind] = count(_start(kind) + 1).__next__
        return found

    def next(self, kind: str) -> int:
        """Return the next number of a kind."""
        return self.series(kind)()

    def identity(self, kind: str) -> tuple[int, str]:
        """Return the next number of a kind, and the global id made of it."""
        number = self.series(kind)()
        return number, f"{_PREFIX}{kind}/{number}"

    def next_gid(self, kind: str) -> str:
        """Return a new global id of a kind."""
        return gid(kind, self.next(kind))


def _start(kind: str) -> int:
    return _STARTS.get(kind, 1_000_000_000_000 + 1_000_000 * (sum(map(ord, kind)) % 997))


def gid(kind: str, number: int) -> str:
    """Return the global id of an object."""
    return f"{_PREFIX}{kind}/{number}"


def type_of(identity: str) -> str:
    """Return the kind that a global id names, or an empty text."""
    return identity[len(_PREFIX) :].partition("/")[0] if identity.startswith(_PREFIX) else ""


def number_of(identity: str, kind: str) -> int:
    """Return the number in a global id of a kind.

    Raises ApiError, as Shopify does, for anything else.
    """
    start = f"{_PREFIX}{kind}/"
    if identity.startswith(start):
        text = identity[len(start) :].partition("?")[0]
        if text.isdecimal():
            return int(text)
    raise ApiError(f"Invalid global id '{identity}'", "RESOURCE_NOT_FOUND" if not identity else "")
