"""A message whose answer was lost is sent again: the customer is told twice.

Gateways for messages have no idempotency keys, so what may have been sent cannot be sent again
to be on the safe side (no public case is known; Twilio's documents say to expect it).
"""

from ..reference.errors import Unavailable, Unsure
from ..reference.sendgrid import SendGrid
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="sends a message again when its answer was lost",
    flow="messages",
    scenario="partner_trouble",
    invariants=("messages_once",),
)


def install() -> None:
    """Take a lost answer for a message that was not sent."""

    async def not_sent(mail: SendGrid, to: str, subject: str, text: str) -> None:
        try:
            await send(mail, to, subject, text)
        except Unsure as error:
            raise Unavailable(str(error)) from error

    send = replace(SendGrid, "send", not_sent)
