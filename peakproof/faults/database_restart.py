"""PostgreSQL is stopped in order, as for an upgrade, and started at the heal.

Its connections are ended and their transactions rolled back, everything else is written. A
connector's own database, where it has one, is on the same server.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ProcessToken, World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "NEEDS", "fired", "heal", "inject"]

NAME = "database_restart"
LEVEL = "process"
COLOUR = "#0c8599"
NEEDS = "database_server"


def inject(world: World, options: Mapping[str, Any]) -> ProcessToken:  # noqa: ARG001  none yet
    """Begin; return the token for heal and fired."""
    server = require(world.database_server, "database server of its own")
    happened = bool(server.running)
    server.stop()
    return ProcessToken(happened)


def heal(world: World, token: ProcessToken) -> None:
    """Start the server and wait until it answers; doing so twice does no harm."""
    server = require(world.database_server, "database server of its own")
    if not token.mended and not server.running:
        server.start()
    token.mended = True


def fired(world: World, token: ProcessToken) -> int:  # noqa: ARG001  the token knows
    """Return 1 if it ran and was stopped."""
    return int(token.happened)
