"""The Admin API versions that are modelled, and which one answers a request.

A version is a quarter. One that has expired, or is not known, falls forward to the oldest that
is still supported; ``X-Shopify-API-Version`` of the answer tells which one was used.

Not modelled: release candidates and ``unstable`` have no schema of their own; the newest
stable one answers for them, and the header says so.
"""

import re

__all__ = ["NEWEST", "OLDEST", "VERSIONS", "at_least", "dated", "resolve"]

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
OLDEST = VERSIONS[0]
NEWEST = VERSIONS[-1]


def resolve(requested: str) -> str:
    """Return the version that answers a request for ``requested``."""
    if requested in VERSIONS:
        return requested
    if requested == "unstable" or requested > NEWEST:
        return NEWEST
    return OLDEST


def dated(requested: str) -> bool:
    """Tell whether a version is named by its quarter."""
    return re.fullmatch(r"\d{4}-\d{2}", requested) is not None


def at_least(version: str, wanted: str) -> bool:
    """Tell whether a stable version is ``wanted`` or younger."""
    return version >= wanted
