"""Odoo dies at once, with whatever it was doing, and is started again at the heal.

Its database survives: what was committed is there afterwards.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ProcessToken, World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "odoo_restart"
LEVEL = "process"
COLOUR = "#495057"


def inject(world: World, options: Mapping[str, Any]) -> ProcessToken:  # noqa: ARG001  none yet
    """Begin; return the token for heal and fired."""
    process = require(world.odoo_process, "odoo")
    happened = bool(process.running)
    process.kill()
    return ProcessToken(happened)


def heal(world: World, token: ProcessToken) -> None:
    """Start Odoo again; doing so twice does no harm."""
    process = require(world.odoo_process, "odoo")
    if not token.mended and not process.running:
        process.start()
    token.mended = True


def fired(world: World, token: ProcessToken) -> int:  # noqa: ARG001  the token knows
    """Return 1 if it ran and was killed."""
    return int(token.happened)
