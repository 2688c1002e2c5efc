"""What a container sends is held up: each packet by a delay, or all of them by a narrow line.

The delay is the kernel's netem; where the kernel has none, the line is narrowed instead (tbf),
which holds up whatever queues there. Needs ``--runtime container``. Options: ``part``,
``delay_milliseconds`` (200), and ``kilobits`` (256) a second for the narrow line.
"""

import re
from collections.abc import Mapping
from typing import Any

from peakproof.errors import WorldFailed
from peakproof.simkit.targets import ContainerToken, World, container

__all__ = ["COLOUR", "LEVEL", "NAME", "NEEDS", "fired", "heal", "inject"]

NAME = "container_slow"
LEVEL = "network"
COLOUR = "#748ffc"
NEEDS = "containers"
# Its number grows when the container is put into a network anew.
_FIND = ["sh", "-c", "ip -o -4 addr show scope global | head -1 | tr -s ' ' | cut -d' ' -f2"]


def inject(world: World, options: Mapping[str, Any]) -> ContainerToken:
    """Begin; return the token for heal and fired. Raises WorldFailed where neither is possible."""
    part = str(options.get("part", "connector"))
    delay = int(options.get("delay_milliseconds", 200))
    rate = int(options.get("kilobits", 256))
    target = container(world, part)
    device = target.in_network(_FIND)[1].strip()
    add = f"tc qdisc add dev {device} root"
    narrow = f"tbf rate {rate}kbit burst 3000 latency 5s"
    script = f"{add} netem delay {delay}ms 2>/dev/null || {add} {narrow}"
    code, said = target.in_network(["sh", "-c", script])
    if code:
        raise WorldFailed(part, f"its line cannot be slowed here: {said.strip()[-200:]}")
    return ContainerToken(part, detail=device)


def heal(world: World, token: ContainerToken) -> None:
    """Count what was held up and end it; doing so twice does no harm."""
    if not token.mended:
        fired(world, token)
        words = ["tc", "qdisc", "del", "dev", token.detail, "root"]
        container(world, token.part).in_network(words)
        token.mended = True


def fired(world: World, token: ContainerToken) -> int:
    """Return how many packets went through the slow line so far."""
    target = container(world, token.part)
    if not token.mended and target.running:
        _, said = target.in_network(["tc", "-s", "qdisc", "show", "dev", token.detail])
        found = re.search(r"Sent \d+ bytes (\d+) pkt", said)
        token.count = int(found[1]) if found else 0
    return token.count
