"""The settings are written to the log at the start, with every secret that is in them.

Seen wherever a configuration is printed as it is; no case of our list is about it.
"""

from typing import Any

import msgspec

from ..reference.settings import Settings
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="writes its settings with all secrets into its log",
    flow="privacy",
    scenario="quiet_day",
    invariants=("secrets_kept",),
)


def install() -> None:
    """Show every field."""

    def whole(settings: Settings) -> str:
        fields: dict[str, Any] = msgspec.structs.asdict(settings)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in fields.items())})"

    replace(Settings, "__repr__", whole)
