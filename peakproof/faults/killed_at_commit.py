"""A call is carried out, its answer never comes, and the connector dies at that very moment.

The worst moment there is: the other side has committed, and whoever knew of the call is gone.
Options: ``at`` says who commits (``odoo``, through the proxy before it, or a part such as
``shopify``), ``operation`` (glob), ``count`` (default 1), ``down_seconds`` (default 0.5) until
the connector is started again. A connector inside Odoo dies with Odoo.
"""

import threading
from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import (
    ODOO,
    Background,
    RuleToken,
    Target,
    World,
    add_rule,
    remove_rule,
    require,
    rule_fired,
)

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "killed_at_commit"
LEVEL = "process"
COLOUR = "#4c6ef5"

LOOK_SECONDS = 0.02  # between two looks whether the answer is being withheld


class Watch:
    """Kills a process each time that the rule has withheld an answer; ``kills`` counts."""

    def __init__(self, world: World, process: Target, rule: RuleToken, down_seconds: float) -> None:
        self.kills = 0
        self.rule = rule
        self._world = world
        self._process = process
        self._down_seconds = down_seconds
        self.background = Background("killed at commit", self._look)

    def _look(self, stop: threading.Event) -> None:
        while not stop.wait(LOOK_SECONDS):
            if rule_fired(self._world, self.rule) <= self.kills:
                continue
            self.kills += 1
            self._process.kill()
            stop.wait(self._down_seconds)
            if not self._process.running:
                self._process.start()


def inject(world: World, options: Mapping[str, Any]) -> Watch:
    """Begin; return the token for heal and fired."""
    process = require(world.connector, "connector")
    chosen = dict(options)
    place = str(chosen.pop("at", ODOO))
    down_seconds = float(chosen.pop("down_seconds", 0.5))
    effect = {"effect": "lost_acknowledgement", "how": "hang"}
    rule = add_rule(world, NAME, "request", effect, {"count": 1, **chosen}, place)
    return Watch(world, process, rule, down_seconds)


def heal(world: World, token: Watch) -> None:
    """Stop; doing so twice does no harm."""
    remove_rule(world, token.rule)
    token.background.end()


def fired(world: World, token: Watch) -> int:  # noqa: ARG001  the token knows
    """Return how often the connector was killed."""
    return token.kills
