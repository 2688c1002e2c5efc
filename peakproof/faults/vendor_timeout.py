"""Connections to a vendor are taken and never answered: the caller waits until it gives up.

Nothing gets there, over kept connections neither. Only for connectors that reach their vendors
through the world's proxy. Options:
``host`` (glob, or a list) or ``simulator`` (the part that stands for the vendor); without
either every vendor is meant;
``count``, ``skip``, ``probability``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_vendor_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "vendor_timeout"
LEVEL = "network"
COLOUR = "#3b5bdb"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_vendor_rule(world, NAME, "connect", {"effect": "hang"}, options)


heal = remove_rule
fired = rule_fired
