"""An offline till that comes back sends a sale twice: two orders with one reference.

Payment and goods are there once; only the order is double. Options: ``count``, ``skip``,
``probability``, ``operation`` (glob of the sale's reference), ``simulator`` (default "pos").
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "till_resends"
LEVEL = "business"
COLOUR = "#9775fa"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_rule(world, NAME, "till_resends", {}, {"simulator": "pos", **options})


heal = remove_rule
fired = rule_fired
