"""An order's money in the currency in which somebody booked it.

Where the shopper saw another currency than the shop's, a business may keep its books of the order
in either: both stand in the channel's record, and each has cents of its own. What may not be is
the amount of one with the name of the other.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.evidence.facts import Record

__all__ = ["in_currency"]


def in_currency(order: Record, booked: Mapping[str, Any] | None) -> Record:
    """Return an order's record with its money in the currency of what was booked for it.

    In the shop's own where nothing is booked or in a currency that the order does not have.
    """
    seen = order.get("presentment")
    if not seen or not booked or booked.get("currency") != seen["currency"]:
        return order
    return {**order, **seen}
