"""Customers are known by their names: two people of one name are one customer.

Real case C2: contacts were matched by name
(https://github.com/ACUADC/psmx-acuarella, integration_shopify/README.rst). Two people are then
one, with the address of whoever came first.
"""

from ..reference.channel_order import Address, ChannelOrder
from ..reference.partners import Partners
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="takes two people of the same name for one customer",
    flow="identity",
    cases=("C2",),
    scenario="odd_orders",
    invariants=("identity_kept",),
)


def install() -> None:
    """Look for the name before anything else."""

    async def by_name(
        partners: Partners, order: ChannelOrder, home: Address, email: str, key: str
    ) -> int:
        name = order.customer_name or home.name
        if name:
            found: list[int] = await partners.odoo.read(
                "res.partner",
                "search",
                domain=[["name", "=ilike", name], ["parent_id", "=", False]],
                order="id",
                limit=1,
            )
            if found:
                return found[0]
        made: int = await whole(partners, order, home, email, key)
        return made

    whole = replace(Partners, "_person", by_name)
