"""A webhook is acknowledged and then worked on by a task in memory, which dies with the process.

Real case W4: an event was answered with 200 before its order existed; when the work behind it
came to nothing, nobody ever sent the event again
(https://github.com/duncanmcclean/statamic-cargo/issues/190). Web frameworks offer it ready made,
as "background tasks". Such a connector has no reconciliation besides.
"""

import asyncio

from ..reference.errors import ConnectorError
from ..reference.inbox import Delivery, Inbox
from ..reference.service import Service
from ._alone import webhooks_only
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="acknowledges a webhook and keeps the work in memory",
    flow="orders",
    cases=("W4",),
    scenario="worst_moment",
    invariants=("events_end_visibly", "orders_exactly_once"),
)

RETRY_SECONDS = 1.0


def install() -> None:
    """Start a task for each webhook instead of writing one down."""
    tasks: set[asyncio.Task[None]] = set()
    turns: dict[str, asyncio.Lock] = {}

    async def work(service: Service, gid: str) -> None:
        async with turns.setdefault(gid, asyncio.Lock()):
            while True:
                try:
                    await service.orders.bring_up_to_date(gid)
                except (ConnectorError, OSError):
                    await asyncio.sleep(RETRY_SECONDS)
                else:
                    return

    async def take(inbox: Inbox, delivery: Delivery, body: bytes) -> bool:
        if not delivery.topic.startswith("orders/"):
            kept: bool = await whole_take(inbox, delivery, body)
            return kept
        task = asyncio.create_task(work(services[0], delivery.resource))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return True

    def remembered(service: Service, *given: object) -> None:
        whole_begin(service, *given)
        services.append(service)

    services: list[Service] = []
    whole_begin = replace(Service, "__init__", remembered)
    whole_take = replace(Inbox, "take", take)
    webhooks_only()
