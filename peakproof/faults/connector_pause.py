"""The connector stands still and goes on at the heal as if no time had passed.

Webhooks to it time out meanwhile. A connector inside Odoo stands still with Odoo.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ProcessToken, World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "connector_pause"
LEVEL = "process"
COLOUR = "#66a80f"


def inject(world: World, options: Mapping[str, Any]) -> ProcessToken:  # noqa: ARG001  none yet
    """Begin; return the token for heal and fired."""
    process = require(world.connector, "connector")
    happened = bool(process.running)
    process.pause()
    return ProcessToken(happened)


def heal(world: World, token: ProcessToken) -> None:
    """Let the connector go on; doing so twice does no harm."""
    if not token.mended:
        require(world.connector, "connector").resume()
        token.mended = True


def fired(world: World, token: ProcessToken) -> int:  # noqa: ARG001  the token knows
    """Return 1 if it ran and was paused."""
    return int(token.happened)
