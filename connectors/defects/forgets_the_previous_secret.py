"""With a new secret in place, webhooks under the previous one are refused as forged.

Shopify asks apps to accept both secrets until the old one is revoked, for it goes on signing with
that (https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets/rotate-revoke-client-credentials).
A connector that knows one secret at a time refuses genuine webhooks meanwhile.
"""

from collections.abc import Sequence

from ..reference import web
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="refuses webhooks signed with the previous secret right after it changed",
    flow="webhooks",
    scenario="webhook_weather",
    options={"kind": "rotation"},
    invariants=("webhooks_sound",),
)


def install() -> None:
    """Verify with the first secret alone."""

    def newest(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
        good: bool = genuine(body, signature, secrets[:1])
        return good

    genuine = replace(web, "genuine", newest)
