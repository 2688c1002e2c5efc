"""A webhook arrives ``delay_seconds`` after its time.

Options: ``topic`` (glob), ``count``, ``skip``, ``probability``, ``simulator``,
``delay_seconds`` (default 2).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "webhook_late"
LEVEL = "webhook"
COLOUR = "#0ca678"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    given = {"delay_seconds": 2.0, **options}
    return add_rule(world, NAME, "webhook", {"effect": "late"}, given)


heal = remove_rule
fired = rule_fired
