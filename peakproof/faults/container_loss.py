"""A share of the packets to and from a container is lost; connections crawl or break.

As on a bad line. The rules are made in the container's own network namespace. Needs
``--runtime container``. Options: ``part``, and ``probability`` (0.3) of losing a packet.
"""

import re
from collections.abc import Mapping
from typing import Any

from peakproof.errors import WorldFailed
from peakproof.simkit.targets import ContainerToken, World, container

__all__ = ["COLOUR", "LEVEL", "NAME", "NEEDS", "fired", "heal", "inject"]

NAME = "container_loss"
LEVEL = "network"
COLOUR = "#4263eb"
NEEDS = "containers"
_RULE = "-m statistic --mode random --probability {} -j DROP"
_CHAINS = ("INPUT", "OUTPUT")


def inject(world: World, options: Mapping[str, Any]) -> ContainerToken:
    """Begin; return the token for heal and fired. Raises WorldFailed where rules are refused."""
    part = str(options.get("part", "connector"))
    rule = _RULE.format(float(options.get("probability", 0.3)))
    script = " && ".join(f"iptables -A {chain} {rule}" for chain in _CHAINS)
    code, said = container(world, part).in_network(["sh", "-ec", script])
    if code:
        raise WorldFailed(part, f"packets cannot be lost here: {said.strip()[-200:]}")
    return ContainerToken(part, detail=rule)


def heal(world: World, token: ContainerToken) -> None:
    """Count what was lost and end it; doing so twice does no harm."""
    if not token.mended:
        fired(world, token)
        script = "; ".join(f"iptables -D {chain} {token.detail}" for chain in _CHAINS)
        container(world, token.part).in_network(["sh", "-c", script])
        token.mended = True


def fired(world: World, token: ContainerToken) -> int:
    """Return how many packets were lost so far."""
    target = container(world, token.part)
    if not token.mended and target.running:
        _, said = target.in_network(["iptables", "-nvxL"])
        token.count = sum(map(int, re.findall(r"^\s*(\d+)\s+\d+\s+DROP", said, re.MULTILINE)))
    return token.count
