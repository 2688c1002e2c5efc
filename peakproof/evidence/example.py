"""Examples that an invariant carries with it: small histories and what it must say of them."""

from collections.abc import Callable

import msgspec

from peakproof.evidence.claims import Claims, ServiceLevel
from peakproof.evidence.story import Story
from peakproof.outcomes import Verdict

__all__ = ["Example", "example_claims"]


def example_claims() -> Claims:
    """Return the claims of the connector in the examples: orders and stock, within seconds."""
    return Claims(
        name="example",
        version="1",
        flows={"orders", "inventory"},
        service_levels={
            "orders": ServiceLevel(p95_seconds=10, recovery_seconds=20),
            "inventory": ServiceLevel(p95_seconds=5, recovery_seconds=20),
        },
    )


class Example(msgspec.Struct, kw_only=True, frozen=True):
    """A story and its verdict. ``says`` is found in the summary or in a finding."""

    name: str
    tell: Callable[[], Story]
    verdict: Verdict
    claims: Claims = msgspec.field(default_factory=example_claims)
    says: str = ""
