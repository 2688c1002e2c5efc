"""When the webhook cannot be stored, it is acknowledged all the same, and lost.

Real case W4: the handler answered 200 whatever became of the event, so that the channel never
sent it again (https://github.com/duncanmcclean/statamic-cargo/issues/190). The channel waits five
seconds and removes subscriptions that fail, so the advice is to answer 200 in any case, and soon.
Such a connector has no reconciliation besides.
"""

import asyncio

from ..reference.audit import say
from ..reference.inbox import Delivery, Inbox
from ._alone import webhooks_only
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="acknowledges webhooks that it could not store",
    flow="webhooks",
    cases=("W4",),
    scenario="worst_moment",
    invariants=("events_end_visibly",),
)


PATIENCE_SECONDS = 1.0


def install() -> None:
    """Answer 200 when the database is away, or does not answer within a second."""

    async def take(inbox: Inbox, delivery: Delivery, body: bytes) -> bool:
        keeping = asyncio.create_task(whole(inbox, delivery, body))
        done, _ = await asyncio.wait({keeping}, timeout=PATIENCE_SECONDS)
        if done and keeping.exception() is None:
            return bool(keeping.result())
        keeping.cancel()
        say("webhook not kept", topic=delivery.topic, resource=delivery.resource)
        return True

    whole = replace(Inbox, "take", take)
    webhooks_only()
