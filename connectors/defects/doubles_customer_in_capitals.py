"""A customer who writes the e-mail address in capitals becomes a second customer.

Real case C2: contacts were matched with upper and lower case told apart, and doubled
(https://github.com/ACUADC/psmx-acuarella, integration_shopify/README.rst).
"""

from typing import Any

from ..reference.channel_order import Address, ChannelOrder
from ..reference.odoo import Odoo
from ..reference.partners import Partners
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="tells upper and lower case apart in e-mail addresses",
    flow="identity",
    cases=("C2",),
    scenario="odd_orders",
    invariants=("identity_kept",),
)


def install() -> None:
    """Know a customer by the address as it was written, and match it to the letter."""

    async def person(
        partners: Partners, order: ChannelOrder, home: Address, email: str, key: str
    ) -> int:
        found: int = await whole_person(partners, order, home, email, email or key)
        return found

    async def read(odoo: Odoo, model: str, method: str, **arguments: Any) -> Any:
        if model == "res.partner" and arguments["domain"][0][1] == "=ilike":
            arguments["domain"][0][1] = "="
        return await whole_read(odoo, model, method, **arguments)

    whole_person = replace(Partners, "_person", person)
    whole_read = replace(Odoo, "read", read)
