"""Subscriptions are made at the start and never looked at again; when they go, silence.

Real case W7: the channel removed a subscription after failures, and nothing noticed that no
webhook came any more (https://github.com/BuilderIO/nextjs-shopify/issues/20,
https://github.com/gnikyt/laravel-shopify/issues/58). Such a connector has no reconciliation
besides.
"""

from ..reference.reconcile import Reconciler
from ._alone import webhooks_only
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="does not notice that its webhook subscriptions are gone",
    flow="webhooks",
    cases=("W7",),
    scenario="webhook_weather",
    options={"kind": "deafness"},
    invariants=("events_end_visibly",),
)


def install() -> None:
    """Subscribe once."""
    done: list[bool] = []

    async def once(reconciler: Reconciler) -> None:
        if not done:
            await whole(reconciler)
            done.append(True)

    whole = replace(Reconciler, "check_subscriptions", once)
    webhooks_only()
