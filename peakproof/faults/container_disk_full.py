"""The disk of the database server is full: PostgreSQL can write nothing more until the heal.

Its data lies on a small disk of its own in such a world, which a file fills up. What it answers
is an error, or it ends; then it is started again at the heal. Needs ``--runtime container``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ContainerToken, World, container, require

__all__ = ["COLOUR", "LEVEL", "NAME", "NEEDS", "fired", "heal", "inject"]

NAME = "container_disk_full"
LEVEL = "process"
COLOUR = "#4b2a9e"
NEEDS = "small_disk"
_PART = "postgres"
_COMPLAINT = "No space left on device"


def inject(world: World, options: Mapping[str, Any]) -> ContainerToken:  # noqa: ARG001  none yet
    """Begin; return the token for heal and fired."""
    server = container(world, _PART)
    token = ContainerToken(_PART, detail=str(_complaints(server)))
    require(world.database_server, "database server of its own").fill_disk()
    return token


def heal(world: World, token: ContainerToken) -> None:
    """Make room, and start the server where it has ended; doing so twice does no harm."""
    if not token.mended:
        fired(world, token)
        server = require(world.database_server, "database server of its own")
        server.clear_disk()
        if not server.running:
            server.start()
        token.mended = True


def fired(world: World, token: ContainerToken) -> int:
    """Return how often the server complained of it so far."""
    if not token.mended:
        token.count = _complaints(container(world, _PART)) - int(token.detail)
    return token.count


def _complaints(server: Any) -> int:
    return int(server.log_path.read_text(errors="replace").count(_COMPLAINT))
