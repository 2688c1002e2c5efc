"""Stock is set to what Odoo has free, whatever the channel has sold in the meantime.

Real case S10: two sides each see the last pieces as free, and nothing is compared when the
number is written (https://github.com/saleor/saleor/issues/543,
https://github.com/PrestaShop/PrestaShop/issues/22478). Orders that are not yet in Odoo are put
on sale again by every push.
"""

from typing import Any

from ..reference import inventory
from ..reference.inventory import Level, Owed
from ..reference.settings import Place
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="overwrites the channel's stock without looking at what was sold meanwhile",
    flow="inventory",
    cases=("S10",),
    scenario="flash_sale",
    invariants=("no_oversell",),
)


def install() -> None:
    """Compare nothing, and take nothing off for orders that are still to come."""

    def blind(row: dict[str, Any], place: Place, quantity: int, level: Level) -> dict[str, Any]:
        return {**entry(row, place, quantity, level), "changeFromQuantity": None}

    def free_in_odoo(_available: int, free: float, _debt: Owed) -> int:
        return max(0, int(free))

    entry = replace(inventory, "_quantity", blind)
    replace(inventory, "target", free_in_odoo)
