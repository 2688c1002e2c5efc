"""A partner answers calls with errors (503 unless ``status`` says otherwise); nothing is done.

Options: ``simulator`` (the partner's part: tax, fraud, messages ...), ``operation`` (glob),
``count`` (calls; all until the heal without it), ``status``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import PartnerRule, World, add_partner_rule, heal_partner, partner_met

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "partner_error"
LEVEL = "api"
COLOUR = "#ff6b6b"


def inject(world: World, options: Mapping[str, Any]) -> PartnerRule:
    """Begin; return the token for heal and fired."""
    response = {"status": int(options.get("status", 503)), "body": "unavailable"}
    return add_partner_rule(world, NAME, response, options, "status")


heal = heal_partner
fired = partner_met
