"""The audit tells what was done, not what was refused.

Whoever asks afterwards why an order is missing finds nothing (beside case L7:
https://github.com/microsoft/BCApps/pull/9211).
"""

from typing import Any

from ..reference.audit import Audit
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="leaves what it refused out of its audit",
    flow="operations",
    cases=("L7",),
    scenario="operators_day",
    invariants=("operations_sound",),
)


def install() -> None:
    """Record no dead letter."""

    async def success(
        audit: Audit, kind: str, resource: str, connection: Any = None, **detail: Any
    ) -> None:
        if kind != "dead letter":
            await record(audit, kind, resource, connection, **detail)

    record = replace(Audit, "record", success)
