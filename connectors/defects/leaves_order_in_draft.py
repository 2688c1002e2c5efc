"""When confirming fails once, the order stays a draft and counts as done.

Real case O16: a concurrent update broke the confirmation off, nothing tried it again, and the
order was never confirmed
(https://github.com/ACUADC/psmx-acuarella, integration_shopify/README.rst).
"""

from ..reference.audit import say
from ..reference.errors import ConnectorError
from ..reference.lane import Lane
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="leaves an order in draft when confirming it fails once",
    flow="orders",
    cases=("O16",),
    scenario="odoo_restart",
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Log what Odoo says and go on."""

    async def confirm(lane: Lane, odoo_id: int) -> None:
        try:
            await whole(lane, odoo_id)
        except ConnectorError as error:
            say("not confirmed", order=odoo_id, reason=str(error))

    whole = replace(Lane, "confirm", confirm)
