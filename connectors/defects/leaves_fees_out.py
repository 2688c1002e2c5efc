"""Charges are booked at what the shopper paid; the fee that the gateway kept is nowhere.

Real cases: fees never reached any account, and the balance in the books drifted away from the
gateway's by their sum (https://github.com/hayoor1/zuka/issues/29); P5, payouts that were smaller
than the transactions listed for them (https://github.com/Automattic/woocommerce-payments/issues/8588).
"""

from typing import Any

from ..reference import gateway_lines
from ..reference.statements import Line
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books charges without the fee that the gateway kept",
    flow="payouts",
    cases=("P5",),
    scenario="payout_day",
    options={"busy_payments": "10", "days": "2"},
    invariants=("payout_lines_once",),
)


def install() -> None:
    """Write a movement's amount alone."""

    def gross(row: dict[str, Any]) -> list[Line]:
        lines: list[Line] = whole({**row, "fee": row["fee"] * 0})
        return lines

    whole = replace(gateway_lines, "lines_of", gross)
