"""A container is taken off its network and put back under the same address and names.

As when a node loses its link: nobody finds the part, and it finds nobody. Needs
``--runtime container``. Option ``part``: connector, odoo, postgres, or a simulator's part.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ContainerToken, World, container

__all__ = ["COLOUR", "LEVEL", "NAME", "NEEDS", "fired", "heal", "inject"]

NAME = "container_cut"
LEVEL = "network"
COLOUR = "#1c3d8f"
NEEDS = "containers"


def inject(world: World, options: Mapping[str, Any]) -> ContainerToken:
    """Begin; return the token for heal and fired."""
    part = str(options.get("part", "connector"))
    target = container(world, part)
    target.cut()
    return ContainerToken(part, int(target.running))


def heal(world: World, token: ContainerToken) -> None:
    """Put it back; doing so twice does no harm."""
    if not token.mended:
        container(world, token.part).rejoin()
        token.mended = True


def fired(world: World, token: ContainerToken) -> int:  # noqa: ARG001  the token knows
    """Return 1 if it was running when it was cut off."""
    return token.count
