"""Calls to a vendor take ``delay_seconds`` (default 2) longer to get there.

Options: ``simulator`` (the part of the world, reached by the world's proxy or directly) or, for
connectors that go by the proxy, ``host`` (glob, or a list); without either every vendor is meant;
``operation`` (glob of ``METHOD /path`` at the proxy, of operations elsewhere),
``count``, ``skip``, ``probability``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_vendor_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "vendor_slow"
LEVEL = "network"
COLOUR = "#ffa94d"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    given = {"delay_seconds": 2.0, **options}
    return add_vendor_rule(world, NAME, "request", {"effect": "delay"}, given)


heal = remove_rule
fired = rule_fired
