"""What a connector claims to do, as far as invariants need it.

``peakproof.connector`` builds a Claims from connector.toml. What is not claimed is shown as
``not claimed`` and never failed.
"""

from typing import Any

import msgspec

__all__ = ["SYNC_WINDOW_SECONDS", "Claims", "ServiceLevel"]

SYNC_WINDOW_SECONDS = 10.0  # granted where a connector states no service level


class ServiceLevel(msgspec.Struct, kw_only=True, frozen=True):
    """A promise about one flow.

    ``p95_seconds``: 95 of 100 changes arrive within it. ``recovery_seconds``: how long after
    a fault has healed until the backlog is gone. ``max_seconds``: none arrives later; where it
    is left out, ``p95_seconds`` bounds the sync window.
    """

    p95_seconds: float
    recovery_seconds: float = 60.0
    max_seconds: float | None = None


class Claims(msgspec.Struct, kw_only=True):
    """The claims of one connector.

    ``flows`` are names such as ``orders`` and ``inventory``. ``receives_webhooks`` False is
    for connectors that only poll. ``operations`` holds what it says of its operation
    (metrics, dead letters, replay ...) as written in connector.toml.
    """

    name: str = ""
    version: str = ""
    flows: set[str] = msgspec.field(default_factory=set)
    service_levels: dict[str, ServiceLevel] = {}
    operations: dict[str, Any] = {}
    receives_webhooks: bool = True

    def sync_window_seconds(self, flow: str) -> float:
        """Return how long a change may take to arrive while nothing is broken."""
        level = self.service_levels.get(flow)
        if level is None:
            return SYNC_WINDOW_SECONDS
        return level.p95_seconds if level.max_seconds is None else level.max_seconds

    def recovery_seconds(self, flow: str) -> float:
        """Return how long after a heal a change may still be late."""
        level = self.service_levels.get(flow)
        return 60.0 if level is None else level.recovery_seconds
