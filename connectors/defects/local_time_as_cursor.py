"""The cursor is the local time of day, sent to the channel as if it were UTC.

Real case O5: east of Greenwich the cursor lay hours ahead of everything, and recent orders were
never fetched (https://github.com/OCA/connector-magento/issues/181,
https://github.com/OCA/connector-magento/issues/249, https://github.com/frappe/erpnext_shopify/issues/190,
https://github.com/OPEN-DSI/ecommerceng_woosync/issues/42). This one runs in Vienna.
"""

import os
import time
from collections.abc import AsyncIterator
from typing import Any

from ..reference import reconcile
from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="sends local time as UTC when it looks for missed orders",
    flow="orders",
    cases=("O5",),
    scenario="webhook_weather",
    options={"kind": "loss"},
    invariants=("orders_exactly_once",),
)

ZONE = "Europe/Vienna"


def install() -> None:
    """Ask for what has changed since the last look, by the clock on the wall."""
    os.environ["TZ"] = ZONE
    time.tzset()
    last_look = [_now()]

    def since(
        shopify: Shopify, query: str, field: str, variables: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        if query == reconcile.ORDERS:
            variables = {"query": f"updated_at:>='{last_look[0]}'"}
            last_look[0] = _now()
        pages: AsyncIterator[dict[str, Any]] = whole(shopify, query, field, variables)
        return pages

    whole = replace(Shopify, "pages", since)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
