"""Webhooks are written to the log as they came: with what shoppers wrote into the order's note.

A card number in a note is the shopper's mistake; that it stays in a log for years is ours. No
case of our list is about it.
"""

from ..reference.audit import say
from ..reference.inbox import Delivery, Inbox
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="writes whole webhooks into its log, a card number in a note included",
    flow="privacy",
    scenario="operators_day",
    invariants=("secrets_kept",),
)


def install() -> None:
    """Say what came in."""

    async def said(inbox: Inbox, delivery: Delivery, body: bytes) -> bool:
        say("webhook", topic=delivery.topic, payload=body.decode())
        fresh: bool = await take(inbox, delivery, body)
        return fresh

    take = replace(Inbox, "take", said)
