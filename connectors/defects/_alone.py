"""The reference without a second look: it learns of orders from webhooks alone."""

from ..reference.reconcile import Reconciler
from ._defect import replace

__all__ = ["webhooks_only"]


def webhooks_only() -> None:
    """Never ask the channel which orders have changed."""

    async def find_nothing(_reconciler: Reconciler, overlap_seconds: int = 0) -> set[str]:  # noqa: ARG001
        return set()

    replace(Reconciler, "find_orders", find_nothing)
