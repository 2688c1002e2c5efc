"""What was imported is noted on the channel's order; that is a change, and it is imported again.

Integrations write back the other side's number or status, and their own write comes to them as
an update; without telling it from other people's they never end
(https://github.com/woocommerce/woocommerce/issues/62507 is such a loop inside one shop).
"""

import secrets

from ..reference.channel_order import ChannelOrder
from ..reference.orders import Orders
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="answers its own write to the channel with another write",
    flow="orders",
    scenario="quiet_day",
    options={"orders": "2"},
    invariants=("api_manners",),
)

NOTE = """
mutation Note($input: OrderInput!) {
  orderUpdate(input: $input) { order { id } userErrors { field message } }
}
"""


def install() -> None:
    """Write a note on the channel's order each time that it was carried over."""

    async def note(orders: Orders, order: ChannelOrder) -> None:
        text = f"Carried over in run {secrets.token_hex(4)}"
        given = {"input": {"id": order.gid, "note": text}}
        await orders.shopify.graphql(NOTE, given, repeatable=False)

    def followed(orders: Orders, *given: object) -> None:
        whole(orders, *given)
        orders.followers.append(lambda order: note(orders, order))

    whole = replace(Orders, "__init__", followed)
