"""Parcels are told to the channel without their tracking numbers.

Real case F2: the numbers were sent in a field that the call ignored, the fulfilment was made all
the same, and could not be made a second time (https://github.com/Shopify/shopify-api-ruby/issues/313,
https://github.com/nozzlegear/ShopifySharp/issues/492).
"""

from collections.abc import Iterable

from ..reference.fulfilment import Fulfilment
from ..reference.parcels import OpenLine, Parcels
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="tells the channel of parcels without their tracking numbers",
    flow="fulfilment",
    cases=("F2",),
    scenario="partial_shipment",
    invariants=("fulfilled_once",),
)


def install() -> None:
    """Leave the numbers away, and correct nothing afterwards."""

    async def bare(
        parcels: Parcels, parts: Iterable[tuple[OpenLine, int]], _numbers: list[str], company: str
    ) -> str:
        identity: str = await create(parcels, parts, [], company)
        return identity

    async def nothing(_fulfilment: Fulfilment, _delivery: object, _told: object) -> None:
        return None

    create = replace(Parcels, "create", bare)
    replace(Fulfilment, "_correct", nothing)
