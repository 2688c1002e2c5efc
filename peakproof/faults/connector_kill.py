"""The connector dies at once and is started again at the heal.

What it had not stored is gone. A connector inside Odoo dies with Odoo.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ProcessToken, World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "connector_kill"
LEVEL = "process"
COLOUR = "#2b8a3e"


def inject(world: World, options: Mapping[str, Any]) -> ProcessToken:  # noqa: ARG001  none yet
    """Begin; return the token for heal and fired."""
    process = require(world.connector, "connector")
    happened = bool(process.running)
    process.kill()
    return ProcessToken(happened)


def heal(world: World, token: ProcessToken) -> None:
    """Start the connector again; doing so twice does no harm."""
    process = require(world.connector, "connector")
    if not token.mended and not process.running:
        process.start()
    token.mended = True


def fired(world: World, token: ProcessToken) -> int:  # noqa: ARG001  the token knows
    """Return 1 if it ran and was killed."""
    return int(token.happened)
