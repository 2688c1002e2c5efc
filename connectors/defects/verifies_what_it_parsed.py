"""The signature is checked over the body as it looks after parsing and writing it anew.

Seen again and again where a framework parses bodies before the handler gets them: bodies with a
letter that the channel escapes do not verify, and genuine webhooks are refused
(https://github.com/Shopify/shopify-express/pull/15,
https://github.com/nozzlegear/Shopify-Prime/issues/2,
https://github.com/jonpulice/node-shopify-auth/issues/2).
"""

import json
from collections.abc import Sequence

from ..reference import web
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="verifies webhooks over a body that it parsed and wrote anew",
    flow="webhooks",
    scenario="webhook_weather",
    invariants=("webhooks_sound",),
)


def install() -> None:
    """Verify ``JSON.stringify(JSON.parse(body))``."""

    def anew(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
        text = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
        good: bool = genuine(text.encode(), signature, secrets)
        return good

    genuine = replace(web, "genuine", anew)
