"""A webhook is never delivered, and nobody is told.

Options: ``topic`` (glob), ``count``, ``skip``, ``probability``, ``simulator``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "webhook_drop"
LEVEL = "webhook"
COLOUR = "#364fc7"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_rule(world, NAME, "webhook", {"effect": "drop"}, options)


heal = remove_rule
fired = rule_fired
