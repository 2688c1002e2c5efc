"""Looks for the order, creates it if there is none, and does so for two events at once.

Real case O1: two jobs read "not there yet" before either of them had committed; the order was
imported twice where nothing unique stood in the way, and crashed where something did
(https://github.com/OCA/connector-magento/issues/165). The channel tells of one checkout under
two topics within milliseconds, so the race is run all day long.
"""

import contextlib
from collections.abc import AsyncIterator

from ..reference.lane import Lane
from ..reference.queue import Queue
from ._defect import Defect, replace
from ._fresh import fresh_ids

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="looks whether an order is there and creates it, twice at the same time",
    flow="orders",
    cases=("O1",),
    scenario="quiet_day",
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Work on one order in two tasks at once, and write it under no id that is unique."""

    @contextlib.asynccontextmanager
    async def no_lock(_queue: Queue, _resource: str) -> AsyncIterator[bool]:
        yield True

    async def confirm(lane: Lane, odoo_id: int) -> None:
        await lane.odoo.write("sale.order", "action_confirm", ids=[odoo_id])

    replace(Queue, "lock", no_lock)
    replace(Lane, "confirm", confirm)
    fresh_ids()
