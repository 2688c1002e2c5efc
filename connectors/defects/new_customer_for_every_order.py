"""Every order makes a customer of its own, whoever placed it.

Real case C1: nothing was matched, and a shop ended with one partner per order
(https://github.com/OCA/connector-prestashop/issues/30).
"""

from ..reference.books import MODULE, digest
from ..reference.channel_order import Address, ChannelOrder
from ..reference.partners import _FIELDS, Partners
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="makes a new customer for every order",
    flow="identity",
    cases=("C1",),
    scenario="odd_orders",
    invariants=("identity_kept",),
)


def install() -> None:
    """Look for nobody."""

    async def anew(
        partners: Partners, order: ChannelOrder, home: Address, email: str, _key: str
    ) -> int:
        name = order.customer_name or home.name or f"Customer of {order.name}"
        cells = [f"{MODULE}.partner_{digest(order.gid)}", name, email, order.phone or home.phone]
        cells += await partners._cells(home)
        fields = ["id", "name", "email", "phone", *_FIELDS]
        return (await partners.odoo.load("res.partner", fields, [cells]))[0]

    replace(Partners, "_person", anew)
