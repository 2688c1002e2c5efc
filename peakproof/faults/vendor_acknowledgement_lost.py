"""A vendor carries a call out and the answer is lost on the way: the caller cannot know.

Options: ``simulator`` (the part of the world, reached by the world's proxy or directly) or, for
connectors that go by the proxy, ``host`` (glob, or a list); without either every vendor is meant;
``operation`` (glob of ``METHOD /path`` at the proxy, of operations elsewhere),
``count``, ``skip``, ``probability``, ``how`` (reset, close, hang).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_vendor_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "vendor_acknowledgement_lost"
LEVEL = "network"
COLOUR = "#9c36b5"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_vendor_rule(world, NAME, "request", {"effect": "lost_acknowledgement"}, options)


heal = remove_rule
fired = rule_fired
