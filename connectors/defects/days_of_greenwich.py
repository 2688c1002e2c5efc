"""The gateway's moments become days as they stand, in UTC, wherever the business is.

Real cases: evenings fall on the next day, and the last of a month into the next one
(https://github.com/odoo/odoo/issues/2199,
https://github.com/OCA/bank-statement-import/issues/859).
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from ..reference import gateway
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books the gateway's money on days of UTC",
    flow="payouts",
    scenario="payout_day",
    options={"busy_payments": "10", "days": "3"},
    invariants=("payout_lines_once",),
)


def install() -> None:
    """Read moments without asking where the business is."""
    read = gateway._movement

    def at_greenwich(row: Mapping[str, Any], _zone: ZoneInfo) -> gateway.Movement:
        return read(row, ZoneInfo("UTC"))

    replace(gateway, "_movement", at_greenwich)
