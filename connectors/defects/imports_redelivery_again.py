"""Every ``orders/create`` makes an order, also the one that was delivered before.

Real cases O2 and O4: orders that were weeks old were imported, billed and sent again when the
channel delivered their webhooks once more
(https://wp.jjknowledgebase.com/old-shopify-orders-being-re-imported-due-to-new-shopify-webhook-retry-logic);
a slow acknowledgement brought a second delivery a minute later, and a second order
(https://github.com/Shopify/shopify-api-js/issues/916, https://github.com/Shopify/shopify_app/issues/1173).
"""

import uuid

import msgspec

from ..reference.inbox import Delivery, Inbox
from ._defect import Defect, replace
from ._fresh import forget, fresh_ids

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="takes a webhook that is delivered again for a new order",
    flow="orders",
    cases=("O2", "O4"),
    scenario="webhook_weather",
    options={"kind": "duplicates"},
    invariants=("webhooks_sound",),
)


def install() -> None:
    """Know no delivery again, and make an order for each that tells of a new one."""

    async def take(inbox: Inbox, delivery: Delivery, body: bytes) -> bool:
        if delivery.topic == "orders/create":
            await inbox.store.rows("delete from orders where gid = %(g)s", g=delivery.resource)
            forget(delivery.resource)
        unheard_of = msgspec.structs.replace(delivery, webhook_id=str(uuid.uuid4()), event_id=None)
        kept: bool = await whole(inbox, unheard_of, body)
        return kept

    whole = replace(Inbox, "take", take)
    fresh_ids()
