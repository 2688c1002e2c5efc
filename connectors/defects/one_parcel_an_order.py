"""An order of which one parcel was told to the channel is done: its second parcel is never told.

Seen where a shipment is kept per order instead of per delivery, so that a backorder finds the
order "already fulfilled" (near to case F2,
https://github.com/MONEI/Shopify-api-node/issues/360).
"""

from ..reference.fulfilment import Delivery, Fulfilment
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="tells the channel of an order's first parcel and of no other",
    flow="fulfilment",
    cases=("F2",),
    scenario="partial_shipment",
    invariants=("fulfilled_once",),
)


def install() -> None:
    """Leave out deliveries of orders that have a fulfilment already."""

    async def first_only(fulfilment: Fulfilment, picking_id: int) -> Delivery | None:
        delivery: Delivery | None = await whole(fulfilment, picking_id)
        if delivery is None:
            return None
        earlier = await fulfilment.store.row(
            "select 1 from deliveries where order_gid = %(order)s and told <> '[]' "
            "and picking_id <> %(id)s",
            order=delivery.order,
            id=picking_id,
        )
        return None if earlier else delivery

    whole = replace(Fulfilment, "_delivery", first_only)
