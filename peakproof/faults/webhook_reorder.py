"""A webhook is overtaken by a later one about the same record.

Options: ``topic`` (glob), ``count``, ``skip``, ``probability``, ``simulator``,
``delay_seconds`` it waits at most to be overtaken, ``scope`` (resource, any).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "webhook_reorder"
LEVEL = "webhook"
COLOUR = "#1098ad"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_rule(world, NAME, "webhook", {"effect": "reorder"}, options)


heal = remove_rule
fired = rule_fired
