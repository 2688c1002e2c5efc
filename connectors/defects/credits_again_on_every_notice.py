"""A refund is credited whenever something is heard of it: nobody finds the note that is there.

Real case R7: whether a return had been booked was looked up with a filter that never found
anything (https://github.com/frappe/ecommerce_integrations/commit/2fe3d07). The channel tells of a
refund by several webhooks, and may deliver each again.
"""

import secrets

from ..reference.channel_order import ChannelOrder
from ..reference.invoices import Document, Invoices
from ..reference.returns import Returns
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="posts another credit note when it hears of a refund again",
    flow="returns",
    cases=("R7",),
    scenario="returns_and_exchanges",
    invariants=("refunds_conserved",),
)


def install() -> None:
    """Take every refund for one that is not booked, and give its note an id of its own."""

    async def notice(returns: Returns, order: ChannelOrder) -> None:
        await returns.store.rows(
            "update refunds set status = 'seen' where order_gid = %(g)s", g=order.gid
        )
        await whole_notice(returns, order)

    async def post(
        invoices: Invoices, order: ChannelOrder, sale_id: int, document: Document
    ) -> int:
        if document.kind == "out_refund":
            document.name += f"_{secrets.token_hex(4)}"
        number: int = await whole_post(invoices, order, sale_id, document)
        return number

    whole_notice = replace(Returns, "notice", notice)
    whole_post = replace(Invoices, "_post", post)
