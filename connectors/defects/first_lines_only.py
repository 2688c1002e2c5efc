"""Of a long order only the first lines are read when its parcel is told to the channel.

Real case F4: a nested list was read without its second page, so only the first lines of a
fulfilment were there (https://github.com/singer-io/tap-shopify/pull/248).
"""

from typing import Any

from ..reference.fulfilment import Delivery, Fulfilment
from ..reference.parcels import MORE
from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="reads the first lines of a fulfilment order and no others",
    flow="fulfilment",
    cases=("F4",),
    scenario="partial_shipment",
    options={"products": "18", "long_order_lines": "18"},
    invariants=("fulfilled_once",),
)


def install() -> None:
    """Give the nested list no second page, and leave out what is not on the first."""

    async def one_page(
        shopify: Shopify, document: str, variables: Any = None, *, repeatable: bool = True
    ) -> dict[str, Any]:
        if document == MORE:
            nothing = {"pageInfo": {"hasNextPage": False}, "nodes": []}
            return {"fulfillmentOrder": {"lineItems": nothing}}
        data: dict[str, Any] = await call(shopify, document, variables, repeatable=repeatable)
        return data

    async def shown_lines(fulfilment: Fulfilment, picking_id: int) -> Delivery | None:
        delivery: Delivery | None = await whole(fulfilment, picking_id)
        if delivery is not None:
            shown = {entry.line for entry in await fulfilment.parcels.open(delivery.order)}
            delivery.units = {line: n for line, n in delivery.units.items() if line in shown}
        return delivery

    call = replace(Shopify, "graphql", one_page)
    whole = replace(Fulfilment, "_delivery", shown_lines)
