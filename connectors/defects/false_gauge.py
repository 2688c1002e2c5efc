"""The gauge of dead letters says none, whatever is listed.

A metric that is registered once and never set again, so that no alarm ever rings; seen beside
the cases of jobs that fail in silence (Q2: https://github.com/OCA/queue/issues/122).
"""

import re
from typing import Any

from ..reference import metrics
from ..reference.store import Store
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="says in its metrics that there are no dead letters while it lists some",
    flow="operations",
    cases=("Q2",),
    scenario="operators_day",
    invariants=("operations_sound",),
)


def install() -> None:
    """Leave the gauge at its first value."""

    async def never_set(store: Store, figures: Any = ()) -> str:
        return re.sub(r"(?m)^connector_dead_letters .*$", "connector_dead_letters 0",
                      await text(store, figures))  # fmt: skip

    text = replace(metrics, "text", never_set)
