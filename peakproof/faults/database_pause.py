"""PostgreSQL stands still with all of its processes: it takes connections and answers nothing.

It goes on at the heal as if no time had passed. A connector's own database, where it has one, is
on the same server.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ProcessToken, World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "NEEDS", "fired", "heal", "inject"]

NAME = "database_pause"
LEVEL = "process"
COLOUR = "#22b8cf"
NEEDS = "database_server"


def inject(world: World, options: Mapping[str, Any]) -> ProcessToken:  # noqa: ARG001  none yet
    """Begin; return the token for heal and fired."""
    server = require(world.database_server, "database server of its own")
    happened = bool(server.running)
    server.pause()
    return ProcessToken(happened)


def heal(world: World, token: ProcessToken) -> None:
    """Let the server go on; doing so twice does no harm."""
    server = require(world.database_server, "database server of its own")
    if not token.mended:
        server.resume()
    token.mended = True


def fired(world: World, token: ProcessToken) -> int:  # noqa: ARG001  the token knows
    """Return 1 if it ran and was paused."""
    return int(token.happened)
