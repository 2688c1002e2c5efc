"""A payout is final: when the bank sends it back, nothing puts it into the balance again.

Real case: payouts that had failed at the gateway stayed what they had been, for nobody listened
to the failure (https://github.com/stripe/stripe-mirakl-connector/pull/146).
"""

from ..reference.gateway import Movement
from ..reference.gateway_lines import GatewayLines
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="never takes a failed payout back",
    flow="payouts",
    scenario="payout_day",
    options={"busy_payments": "10", "days": "2"},
    invariants=("payout_lines_once",),
)


def install() -> None:
    """Keep only what it expects of a balance."""

    async def keep(lines: GatewayLines, page: list[Movement]) -> int:
        expected = [entry for entry in page if entry.kind != "payout_failure"]
        fresh: int = await whole(lines, expected)
        return fresh

    whole = replace(GatewayLines, "_keep", keep)
