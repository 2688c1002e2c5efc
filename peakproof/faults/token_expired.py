"""The channel answers 401 to a token that was good a moment ago.

Options: ``operation`` (glob), ``count``, ``skip``, ``probability``, ``simulator``. With
``lasting`` every token that its holder can renew has expired from then on, not for the one call
alone. The simulator decides what it answers.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "token_expired"
LEVEL = "api"
COLOUR = "#c2255c"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_rule(world, NAME, "expired_token", {}, options)


heal = remove_rule
fired = rule_fired
