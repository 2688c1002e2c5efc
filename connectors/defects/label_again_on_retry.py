"""When no answer comes to a label's purchase, the retry makes a new shipment and buys again.

Real case F5: a second paid label for one parcel, because the retry did not look up by reference
what the first call had brought about (https://github.com/openlinker-project/openlinker/issues/1917).
"""

from typing import Any

from ..reference.shipping import Shipping
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="buys a second label when the answer to the first purchase is lost",
    flow="shipping",
    cases=("F5",),
    scenario="carrier_outage",
    invariants=("labels_once",),
)


def install() -> None:
    """Look for no shipment unless its label is known."""

    async def only_finished(
        shipping: Shipping, row: dict[str, Any], reference: str
    ) -> dict[str, Any] | None:
        if not row["tracking"]:
            return None
        found: dict[str, Any] | None = await whole(shipping, row, reference)
        return found

    whole = replace(Shipping, "_shipment", only_finished)
