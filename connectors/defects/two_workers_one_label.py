"""A job that takes long is started a second time beside the first, and both buy a label.

Real case F5, its other half: two dispatches of one shipment at the same moment, where nothing
locked the resource (https://github.com/openlinker-project/openlinker/issues/1917). A lost answer
is looked up here as it should be.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from ..reference.queue import Queue
from ..reference.shipping import Shipping
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="works one job twice at the same time when it takes long",
    flow="operations",
    cases=("F5",),
    scenario="carrier_outage",
    invariants=("labels_once",),
)


def install() -> None:
    """Lock no delivery; look for a shipment only after a round that went wrong."""

    @contextlib.asynccontextmanager
    async def no_lock(queue: Queue, resource: str) -> AsyncIterator[bool]:
        if resource.startswith("label:"):
            yield True
        else:
            async with lock(queue, resource) as held:
                yield held

    async def after_failure(
        shipping: Shipping, row: dict[str, Any], reference: str
    ) -> dict[str, Any] | None:
        if not row["rounds"] and not row["tracking"]:
            return None
        found: dict[str, Any] | None = await look(shipping, row, reference)
        return found

    lock = replace(Queue, "lock", no_lock)
    look = replace(Shipping, "_shipment", after_failure)
