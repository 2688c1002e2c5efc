"""The access token of the start is used for ever; when it has expired, every call fails.

A connector took every token to be good for ever, and its work stopped when the first one ended
(https://github.com/airbytehq/airbyte/issues/74726,
https://github.com/airbytehq/airbyte/issues/49842).
"""

from ..reference.shopify import Shopify
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="never fetches another access token",
    flow="orders",
    scenario="webhook_weather",
    options={"kind": "expiry"},
    invariants=("orders_exactly_once",),
)


def install() -> None:
    """Keep the first token whatever the channel says of it."""
    replace(Shopify, "_forget", lambda _shopify, _token: None)
