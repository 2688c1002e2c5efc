"""Odoo commits a call and the answer is lost on its way to the connector.

Only for connectors beside Odoo: it happens in the proxy before Odoo. Options: ``operation``
(glob of ``model.method``), ``count``, ``skip``, ``probability``, ``how`` (reset, close, hang).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import ODOO, RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "odoo_acknowledgement_lost"
LEVEL = "network"
COLOUR = "#862e9c"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    return add_rule(world, NAME, "request", {"effect": "lost_acknowledgement"}, options, ODOO)


heal = remove_rule
fired = rule_fired
