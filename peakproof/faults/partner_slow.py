"""A partner's answers take ``median_seconds`` (default 2), some of them far longer.

Delays are log-normal with ``sigma`` (default 0.4), as real services' are.

Options: ``simulator`` (the partner's part: tax, fraud, messages ...), ``operation`` (glob),
``count`` (calls; all until the heal without it),
``median_seconds``, ``sigma``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit.targets import PartnerRule, World, add_partner_rule, heal_partner, partner_met

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "partner_slow"
LEVEL = "network"
COLOUR = "#f59f00"


def inject(world: World, options: Mapping[str, Any]) -> PartnerRule:
    """Begin; return the token for heal and fired."""
    delay = {
        "type": "lognormal",
        "median": 1000 * float(options.get("median_seconds", 2.0)),
        "sigma": float(options.get("sigma", 0.4)),
    }
    own = ("median_seconds", "sigma")
    return add_partner_rule(world, NAME, {"delayDistribution": delay}, options, *own)


heal = heal_partner
fired = partner_met
