"""A charge is booked at what the shopper paid, in the currency in which the gateway settled.

Real cases: 50 dollars were recorded as 50 though 31.72 pounds had come in
(https://github.com/drastik/com.drastikbydesign.stripe/issues/100,
https://github.com/woocommerce/woocommerce-gateway-stripe/issues/84). It takes a payment in a
currency of which the business has no account; all the others are right.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ..reference import gateway
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books the amount that was paid in the currency that was settled",
    flow="payouts",
    scenario="payout_day",
    options={"busy_payments": "20", "days": "2"},
    invariants=("payout_lines_once",),
)


def install() -> None:
    """Take the amount from the charge, and everything else from the balance."""

    def movement(row: Mapping[str, Any], zone: ZoneInfo) -> gateway.Movement:
        told: gateway.Movement = whole(row, zone)
        return msgspec.structs.replace(told, amount=told.paid, paid_currency=told.currency)

    whole = replace(gateway, "_movement", movement)
