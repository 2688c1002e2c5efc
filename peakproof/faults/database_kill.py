"""PostgreSQL dies at once, as in a crash, and is started again at the heal.

Transactions under way are gone; what was committed is there afterwards, recovered from the log.
A connector's own database, where it has one, is on the same server.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ProcessToken, World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "NEEDS", "fired", "heal", "inject"]

NAME = "database_kill"
LEVEL = "process"
COLOUR = "#a61e4d"
NEEDS = "database_server"


def inject(world: World, options: Mapping[str, Any]) -> ProcessToken:  # noqa: ARG001  none yet
    """Begin; return the token for heal and fired."""
    server = require(world.database_server, "database server of its own")
    happened = bool(server.running)
    server.kill()
    return ProcessToken(happened)


def heal(world: World, token: ProcessToken) -> None:
    """Start the server again and wait until it answers; doing so twice does no harm."""
    server = require(world.database_server, "database server of its own")
    if not token.mended and not server.running:
        server.start()
    token.mended = True


def fired(world: World, token: ProcessToken) -> int:  # noqa: ARG001  the token knows
    """Return 1 if it ran and was killed."""
    return int(token.happened)
