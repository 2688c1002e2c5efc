"""A partner's connections are reset when a call has come: it was not carried out.

Options: ``simulator`` (the partner's part: tax, fraud, messages ...), ``operation`` (glob),
``count`` (calls; all until the heal without it).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import PartnerRule, World, add_partner_rule, heal_partner, partner_met

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "partner_reset"
LEVEL = "network"
COLOUR = "#5c7cfa"


def inject(world: World, options: Mapping[str, Any]) -> PartnerRule:
    """Begin; return the token for heal and fired."""
    return add_partner_rule(world, NAME, {"fault": "CONNECTION_RESET_BY_PEER"}, options)


heal = heal_partner
fired = partner_met
