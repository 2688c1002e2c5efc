"""Missed orders are looked for strictly after the newest change that was seen, without overlap.

Real case O7: records with the cursor's own second were lost for ever, because the comparison
was ``>`` and the channel's times have whole seconds
(https://github.com/estuary/connectors/issues/5205, https://github.com/airbytehq/airbyte/issues/14732).
"""

from collections.abc import AsyncIterator
from typing import Any

from ..reference import reconcile
from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="looks for missed orders strictly after its cursor",
    flow="orders",
    cases=("O7",),
    scenario="webhook_weather",
    options={"kind": "loss"},
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Ask with ``>`` and leave the overlap away."""

    def after(
        shopify: Shopify, query: str, field: str, variables: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        if query == reconcile.ORDERS:
            variables = {"query": variables["query"].replace(">=", ">")}
        pages: AsyncIterator[dict[str, Any]] = whole(shopify, query, field, variables)
        return pages

    whole = replace(Shopify, "pages", after)
    replace(reconcile.Reconciler.find_orders, "__defaults__", (0,))
