"""A partner carries calls out and answers 200 with what nobody can read.

An acknowledgement that is lost on the way: whoever asks again has asked twice.

Options: ``simulator`` (the partner's part: tax, fraud, messages ...), ``operation`` (glob),
``count`` (calls; all until the heal without it).
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import PartnerRule, World, add_partner_rule, heal_partner, partner_met

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "partner_malformed"
LEVEL = "network"
COLOUR = "#7048e8"


def inject(world: World, options: Mapping[str, Any]) -> PartnerRule:
    """Begin; return the token for heal and fired."""
    response = {"status": 200, "fault": "MALFORMED_RESPONSE_CHUNK"}
    return add_partner_rule(world, NAME, response, options)


heal = heal_partner
fired = partner_met
