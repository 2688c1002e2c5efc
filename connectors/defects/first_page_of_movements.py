"""One page of the gateway's balance is read, a hundred movements; a busy day has more.

Real case: payouts did not add up to what they bundled, until somebody asked for the pages after
the first (https://github.com/alphagov/pay-toolbox/pull/158). The list begins with the newest.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from ..reference.gateway import Gateway
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="reads one page of the gateway's balance",
    flow="payouts",
    scenario="payout_day",
    options={"busy_payments": "130", "days": "2"},
    invariants=("payout_lines_once",),
)


def install() -> None:
    """Take the first page for all there is."""

    async def first(
        gateway: Gateway, path: str, since_seconds: int, more: Mapping[str, str] | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        async for rows in whole(gateway, path, since_seconds, more):
            yield rows
            return

    whole = replace(Gateway, "_pages", first)
