"""A dead letter that is tried again is worked as a new job under a new key, as often as asked for.

Near to case O2: what is delivered again is taken for a new request, and there is an order for
each (https://wp.jjknowledgebase.com/old-shopify-orders-being-re-imported-due-to-new-shopify-webhook-retry-logic).
"""

from collections import Counter
from typing import Any

from ..reference import orders
from ..reference.queue import Queue
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="does a dead letter once more for each time that it is tried again",
    flow="operations",
    cases=("O2",),
    scenario="operators_day",
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Run the job at once, with a key that is made of the attempt."""
    replays: Counter[str] = Counter()

    async def replay(queue: Queue, letter_id: int) -> bool:
        letter = await queue.store.row("select * from dead_letters where id = %(id)s", id=letter_id)
        if letter is None:
            return False
        resource = letter["resource"]
        replays[resource] += 1
        await queue.store.rows(
            "update orders set content_hash = '' where gid = %(gid)s", gid=resource
        )
        await queue.handlers[letter["flow"]](resource)
        await queue.store.rows(
            "update tasks set done = wanted, dead = false where resource = %(r)s", r=resource
        )
        await queue.resolve(letter["flow"], resource)
        return True

    def key(shop: str, gid: str) -> str:
        name: str = external_id(shop, gid)
        return f"{name}_again_{replays[gid]}" if replays[gid] else name

    async def find(self: orders.Orders, gid: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = None if replays[gid] else await look(self, gid)
        return found

    replace(Queue, "replay", replay)
    external_id = replace(orders, "external_id", key)
    look = replace(orders.Orders, "_find", find)
