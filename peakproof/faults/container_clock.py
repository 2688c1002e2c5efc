"""A container's wall clock is wrong until the heal: ahead, or behind.

As where nobody keeps the time (NTP is blocked, a virtual machine went on after a pause). Sleeps
and time-outs are not touched. Needs ``--runtime container``. Options: ``part`` (connector, or odoo,
which has a clock of its own beside its database's) and ``offset_seconds`` (3600; negative: behind).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.errors import WorldFailed
from peakproof.simkit.targets import ContainerToken, World, container

__all__ = ["COLOUR", "LEVEL", "NAME", "NEEDS", "fired", "heal", "inject"]

NAME = "container_clock"
LEVEL = "process"
COLOUR = "#e8590c"
NEEDS = "clock"


def inject(world: World, options: Mapping[str, Any]) -> ContainerToken:
    """Begin; return the token for heal and fired. Raises WorldFailed where it has no clock."""
    part = str(options.get("part", "connector"))
    _clock(world, part).set(float(options.get("offset_seconds", 3600)))
    return ContainerToken(part)


def heal(world: World, token: ContainerToken) -> None:
    """Let the clock be right again; doing so twice does no harm."""
    if not token.mended:
        fired(world, token)
        _clock(world, token.part).set(0)
        token.mended = True


def fired(world: World, token: ContainerToken) -> int:
    """Return 1 once a program of the container has looked at the wrong clock."""
    if not token.mended:
        token.count = int(_clock(world, token.part).read_since_set())
    return token.count


def _clock(world: World, part: str) -> Any:
    clock = container(world, part).clock
    if clock is None:
        raise WorldFailed(part, "its container was made without a clock of its own")
    return clock
