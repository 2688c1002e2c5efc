"""What is refused is tried again for ever: it never becomes something that a person is shown.

Real case Q3: the limit of retries was not applied on one way through the code, and a job was
tried more than four hundred times (https://github.com/OCA/queue/pull/622).
"""

from typing import Any

from ..reference import metrics
from ..reference.queue import Queue, backoff_seconds
from ..reference.store import Store
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="tries what was refused again without end",
    flow="operations",
    cases=("Q3",),
    scenario="operators_day",
    invariants=("operations_sound",),
)


def install() -> None:
    """Postpone each time; what waits for another try is not counted as open."""

    async def once_more(queue: Queue, task: dict[str, Any], reason: str) -> None:
        delay = backoff_seconds(task["refusals"], 0.4, 10.0)
        await queue._postpone(task, delay, reason, waits=0, refusals=1)

    async def pending(store: Store) -> dict[str, int]:
        counted: dict[str, int] = await count(store)
        row = await store.row(
            "select count(*) as later from tasks where wanted > done and refusals > 0"
        )
        assert row is not None
        return {**counted, "pending": counted["pending"] - row["later"]}

    replace(Queue, "_refuse", once_more)
    count = replace(metrics, "pending", pending)
