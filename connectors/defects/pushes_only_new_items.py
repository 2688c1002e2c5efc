"""Stock is pushed when an item is linked, and never again.

Real case S7: only items that were just created or linked were put into the queue; the stock of
existing ones stayed as it was (https://github.com/frappe/ecommerce_integrations/issues/382,
https://github.com/frappe/ecommerce_integrations/issues/289).
"""

from ..reference import inventory, ledger
from ..reference.store import Connection
from ._defect import Defect, replace
from ._stock import changes_only

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="pushes the stock of an item when it is linked and never again",
    flow="inventory",
    cases=("S7",),
    scenario="quiet_day",
    invariants=("stock_conserved",),
)


def install() -> None:
    """Put into the queue what has never been there; nothing brings it there again."""

    async def linked(connection: Connection, skus: list[str]) -> None:
        await connection.execute(
            "insert into dirty (sku) select distinct sku from variants where sku = any(%s) "
            "on conflict do nothing",
            [skus],
        )

    replace(inventory, "want_stock", linked)
    replace(ledger, "want_stock", linked)
    changes_only()
