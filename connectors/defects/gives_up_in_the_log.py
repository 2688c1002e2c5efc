"""What was given up is said in the log and listed nowhere.

Real case L7: an error that nobody was shown, while the caller took all for done
(https://github.com/microsoft/BCApps/pull/9211).
"""

from ..reference.audit import say
from ..reference.queue import Queue
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="lists nothing that it has given up",
    flow="operations",
    cases=("L7",),
    scenario="operators_day",
    invariants=("operations_sound",),
)


def install() -> None:
    """Write a line instead of a dead letter."""

    async def mention(
        _queue: Queue,
        flow: str,
        resource: str,
        topic: str,
        reason: str,
        _connection: object = None,
    ) -> None:
        say("gave up", flow=flow, resource=resource, topic=topic, reason=reason)

    replace(Queue, "bury", mention)
