"""The channel carries a call out and the answer is lost: the caller cannot know.

Options: ``operation`` (glob), ``count``, ``skip``, ``probability``, ``simulator``,
``how`` (reset, close, or hang until the caller gives up).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "lost_acknowledgement"
LEVEL = "network"
COLOUR = "#ae3ec9"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_rule(world, NAME, "request", {"effect": "lost_acknowledgement"}, options)


heal = remove_rule
fired = rule_fired
