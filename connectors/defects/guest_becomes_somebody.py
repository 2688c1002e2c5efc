"""An order without a customer is booked on a customer who has nothing to do with it.

Real case O13: the customer was looked up by an id that was None, which matched somebody
(https://github.com/frappe/ecommerce_integrations/commit/882207f). Here the address that is
looked for is empty, and ``ilike`` an empty text is everybody: the newest is taken.
"""

from ..reference.channel_order import Address, ChannelOrder
from ..reference.partners import Partners
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books a guest's order on some customer",
    flow="identity",
    cases=("O13",),
    scenario="odd_orders",
    invariants=("identity_kept",),
)


def install() -> None:
    """Look for guests as for everybody else."""

    async def somebody(
        partners: Partners, order: ChannelOrder, home: Address, email: str, key: str
    ) -> int:
        if email:
            known: int = await whole(partners, order, home, email, key)
            return known
        found: list[int] = await partners.odoo.read(
            "res.partner",
            "search",
            domain=[["email", "ilike", email], ["parent_id", "=", False]],
            order="id desc",
            limit=1,
        )
        return found[0]

    whole = replace(Partners, "_person", somebody)
