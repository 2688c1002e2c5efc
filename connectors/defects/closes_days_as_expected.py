"""A day is closed with the cash that must be in the drawer, whatever was counted.

Real case: a register could be closed only with the very sum that the system expected, so that
what was short or over was written down nowhere (https://github.com/Blair2004/NexoPOS/issues/577).
"""

from decimal import Decimal

from ..reference.stores import Stores
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="closes a shop's day without the difference in the drawer",
    flow="pos",
    scenario="store_offline",
    invariants=("pos_sales_once",),
)


def install() -> None:
    """Let Odoo say what was counted."""

    async def close(stores: Stores, session: int, _counted: Decimal) -> None:
        (expected,) = await stores.odoo.read(
            "pos.session", "read", ids=[session], fields=["cash_register_balance_end"]
        )
        await whole(stores, session, Decimal(str(expected["cash_register_balance_end"])))

    whole = replace(Stores, "close", close)
