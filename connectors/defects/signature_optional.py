"""A webhook without a signature is taken as genuine; only a wrong one is refused.

Real case W5: unsigned webhooks accepted, because the signature was checked only where the
header was present (https://github.com/frappe/ecommerce_integrations/commit/7f22c45).
"""

from collections.abc import Sequence

from ..reference import web
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="takes webhooks without a signature",
    flow="webhooks",
    cases=("W5",),
    scenario="webhook_weather",
    options={"kind": "forgery"},
    invariants=("webhooks_sound",),
)


def install() -> None:
    """Ask for a signature only where there is one."""

    def lenient(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
        return not signature or genuine(body, signature, secrets)

    genuine = replace(web, "genuine", lenient)
