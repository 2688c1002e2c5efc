"""Odoo stands still: it takes connections and answers nothing until the heal.

As under an overloaded machine, or a lock that nobody releases.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ProcessToken, World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "odoo_pause"
LEVEL = "process"
COLOUR = "#868e96"


def inject(world: World, options: Mapping[str, Any]) -> ProcessToken:  # noqa: ARG001  none yet
    """Begin; return the token for heal and fired."""
    process = require(world.odoo_process, "odoo")
    happened = bool(process.running)
    process.pause()
    return ProcessToken(happened)


def heal(world: World, token: ProcessToken) -> None:
    """Let Odoo go on; doing so twice does no harm."""
    if not token.mended:
        require(world.odoo_process, "odoo").resume()
        token.mended = True


def fired(world: World, token: ProcessToken) -> int:  # noqa: ARG001  the token knows
    """Return 1 if it ran and was paused."""
    return int(token.happened)
