"""Tips are left out: a sale comes to its goods, and so does the payment that is booked for it.

Real case: a tip was paid and stood in no payment, and the day was out by all of them
(https://github.com/odoo/odoo/pull/217318).
"""

from decimal import Decimal
from typing import Any

import msgspec

from ..reference import pos
from ..reference.till import Receipt
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="leaves tips out of the sales of the shops",
    flow="pos",
    scenario="store_offline",
    invariants=("pos_sales_once",),
)


def install() -> None:
    """Read a sale and what was paid for it without its tip."""

    def read(order: dict[str, Any], payments: list[dict[str, Any]], skus: Any) -> Receipt:
        receipt: Receipt = whole(order, payments, skus)
        first, *others = receipt.tenders
        first = msgspec.structs.replace(first, amount=first.amount - receipt.tip)
        return msgspec.structs.replace(
            receipt, tip=Decimal(0), total=receipt.total - receipt.tip, tenders=[first, *others]
        )

    whole = replace(pos, "read_sale", read)
