"""A job that was under way when the process died is taken for running for ever.

Real case Q2: jobs stayed "started" after their worker had been killed, and nothing ever took
them up again (https://github.com/OCA/queue/issues/122, https://github.com/OCA/queue/pull/716).
"""

from ..reference import metrics
from ..reference.queue import Queue
from ..reference.store import Store
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="never takes up a job again that was under way when it was killed",
    flow="operations",
    cases=("Q2",),
    scenario="worst_moment",
    invariants=("events_end_visibly", "orders_exactly_once"),
)


def install() -> None:
    """Mark a job when it starts, let nobody take a marked one, and do not count it as open."""
    ours: set[str] = set()

    async def work(queue: Queue, resource: str, flow: str) -> None:
        free = await queue.store.row(
            "update tasks set woken_at = '9999-01-01' where resource = %(r)s "
            "and woken_at < '9999-01-01' and wanted > done returning resource",
            r=resource,
        )
        if not free:
            return
        ours.add(resource)
        try:
            await whole(queue, resource, flow)
        finally:
            ours.discard(resource)
            await queue.store.rows(
                "update tasks set woken_at = clock_timestamp() where resource = %(r)s "
                "and woken_at = '9999-01-01'",
                r=resource,
            )

    async def pending(store: Store) -> dict[str, int]:
        counted: dict[str, int] = await count(store)
        row = await store.row(
            "select count(*) as started from tasks where wanted > done and not dead "
            "and woken_at = '9999-01-01' and not resource = any(%(ours)s)",
            ours=[*ours],
        )
        assert row is not None
        return {**counted, "pending": counted["pending"] - row["started"]}

    whole = replace(Queue, "work", work)
    count = replace(metrics, "pending", pending)
