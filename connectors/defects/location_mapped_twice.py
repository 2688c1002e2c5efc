"""Two of the channel's locations are mapped to the same location in Odoo.

Real case S5: the stock of one place was shown at two of the channel's, so pieces were on sale
where none lay (https://github.com/odoo/documentation/pull/19309).
"""

from typing import Any

import msgspec

from ..reference.inventory import Inventory
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="pushes one location's stock to another of the channel's locations",
    flow="inventory",
    cases=("S5",),
    scenario="pickup_in_store",
    invariants=("stock_conserved",),
)


def install() -> None:
    """Map every location to the first one's stock."""

    def mapped(inventory: Inventory, *parts: Any) -> None:
        *others, places = parts
        first = places[0].odoo_location_id
        same = [msgspec.structs.replace(place, odoo_location_id=first) for place in places]
        begin(inventory, *others, tuple(same))

    begin = replace(Inventory, "__init__", mapped)
