"""The channel answers calls with errors (503 unless ``status`` says otherwise).

Options: ``operation`` (glob), ``count``, ``skip``, ``probability``, ``simulator``,
``status``, ``body``, ``headers``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "api_errors"
LEVEL = "api"
COLOUR = "#d9480f"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_rule(world, NAME, "request", {"effect": "error"}, options)


heal = remove_rule
fired = rule_fired
