"""The channel takes ``delay_seconds`` longer before it processes a call.

Options: ``operation`` (glob), ``count``, ``skip``, ``probability``, ``simulator``,
``delay_seconds`` (default 2).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "api_latency"
LEVEL = "api"
COLOUR = "#e8a33d"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    given = {"delay_seconds": 2.0, **options}
    return add_rule(world, NAME, "request", {"effect": "delay"}, given)


heal = remove_rule
fired = rule_fired
