"""Fraud screening that does not answer has nothing against an order, which goes on at once.

A time-out that is treated as a "yes" turns every outage of the partner into an open door; a
policy of that kind has to be written down, with a time, and shown (no public case is known).
"""

from ..reference.channel_order import ChannelOrder
from ..reference.errors import Unavailable
from ..reference.minfraud import Minfraud
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="takes fraud screening that does not answer for a yes",
    flow="screening",
    scenario="partner_trouble",
    invariants=("screening_heeded",),
)


def install() -> None:
    """Accept what nobody spoke about."""

    async def consent(minfraud: Minfraud, order: ChannelOrder) -> tuple[str, str]:
        try:
            answer: tuple[str, str] = await score(minfraud, order)
        except Unavailable:
            return "", "accept"
        return answer

    score = replace(Minfraud, "score", consent)
