"""Connections to a vendor are refused, kept ones reset at the next call: nothing gets there.

Options: ``simulator`` (the part of the world, reached by the world's proxy or directly) or, for
connectors that go by the proxy, ``host`` (glob, or a list); without either every vendor is meant;
``how`` (reset, or status for a 502), ``count``, ``skip``, ``probability``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_vendor_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "vendor_refused"
LEVEL = "network"
COLOUR = "#c92a2a"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_vendor_rule(world, NAME, "connect", {"effect": "refuse"}, options)


heal = remove_rule
fired = rule_fired
