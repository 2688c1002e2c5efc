"""Connections to a vendor are taken and never answered: the caller waits until it gives up.

Nothing gets there, over kept connections neither.
Options: ``simulator`` (the part of the world, reached by the world's proxy or directly) or, for
connectors that go by the proxy, ``host`` (glob, or a list); without either every vendor is meant;
``hang_seconds`` after which the connection ends (by default when the caller ends it),
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
