"""Examples that an invariant carries with it: small histories and what it must say of them."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from peakproof.evidence.claims import Claims, ServiceLevel
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["Example", "Told", "example_claims"]


def example_claims() -> Claims:
    """Return the claims of the connector in the examples: orders and stock, within seconds.

    It claims the other flows as well, without a promise of time.
    """
    return Claims(
        name="example",
        version="1",
        flows={"orders", "inventory", "fulfilment", "shipping", "returns", "bank", "payouts"}
        | {"payments"},
        operations={"approvals": {"above": "200"}},
        service_levels={
            "orders": ServiceLevel(p95_seconds=10, recovery_seconds=20),
            "inventory": ServiceLevel(p95_seconds=5, recovery_seconds=20),
        },
    )


class Told(Protocol):
    """A history written by hand: a Story of a shop, or a Chain of parcels and money."""

    def history(self) -> History:
        """Return the history."""

    def plan(self) -> Plan:
        """Return the plan that it belongs to."""


class Example(msgspec.Struct, kw_only=True, frozen=True):
    """A story and its verdict. ``says`` is found in the summary or in a finding."""

    name: str
    tell: Callable[[], Told]
    verdict: Verdict
    claims: Claims = msgspec.field(default_factory=example_claims)
    says: str = ""
