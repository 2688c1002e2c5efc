"""The version of the channel's API is written into the program, and has been retired since.

Real case L6: a pinned version whose end has come is answered in the oldest one that is left, with
what was broken in between (https://shopify.dev/changelog/finalizing-compare-and-swap-redesign-for-inventory-set-quantities).
"""

from collections.abc import Mapping

import msgspec

from ..reference.settings import Settings
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="asks for a version of the API that has been retired",
    flow="limits",
    cases=("L6",),
    scenario="quiet_day",
    invariants=("api_manners",),
)

VERSION = "2025-04"


def install() -> None:
    """Take the version from here, whatever the settings say."""

    def pinned(environment: Mapping[str, str]) -> Settings:
        settings: Settings = read(environment)
        return msgspec.structs.replace(settings, shopify_api_version=VERSION)

    read = replace(Settings, "read", pinned)
