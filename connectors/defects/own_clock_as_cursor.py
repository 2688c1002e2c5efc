"""Where it has looked up to is remembered by the connector's own clock, not by the channel's.

With a clock that is ahead, whatever changes meanwhile is never looked for
(https://github.com/dynos-fit/dynos-sync/pull/93). Seen in containers only, where clocks can be
wrong: ``peakproof selftest --defect own_clock_as_cursor --runtime container``.
"""

import time

from ..reference import reconcile
from ..reference.reconcile import Reconciler
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="remembers by its own clock up to where it has looked",
    flow="orders",
    scenario="wrong_clock",
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Move the cursor to the present after each look."""

    async def find_orders(
        reconciler: Reconciler, overlap_seconds: int = reconcile.OVERLAP_SECONDS
    ) -> set[str]:
        found: set[str] = await whole(reconciler, overlap_seconds)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        await reconciler.store.rows("update cursors set value = %(v)s where name = 'orders'", v=now)
        return found

    whole = replace(Reconciler, "find_orders", find_orders)
