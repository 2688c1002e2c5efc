"""A webhook is delivered more than once, with the same ids.

Options: ``topic`` (glob), ``count``, ``skip``, ``probability``, ``simulator``,
``copies``, ``delay_seconds`` between them.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "webhook_duplicate"
LEVEL = "webhook"
COLOUR = "#1971c2"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_rule(world, NAME, "webhook", {"effect": "duplicate"}, options)


heal = remove_rule
fired = rule_fired
