"""The channel refuses calls because the caller is over its rate limit.

Options: ``operation`` (glob), ``count``, ``skip``, ``probability``, ``simulator``; ``style``
``cost`` answers as the vendor does in its own words (THROTTLED in a 200), ``status`` with a
plain 429 and ``Retry-After: retry_after_seconds``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.errors import UnknownName
from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "api_throttle"
LEVEL = "api"
COLOUR = "#f08c00"
STYLES = ("cost", "status")


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    given = dict(options)
    style = given.pop("style", "cost")
    if style not in STYLES:
        raise UnknownName("style of throttling", str(style), STYLES)
    retry_after_seconds = float(given.pop("retry_after_seconds", 1.0))
    if style == "cost":
        return add_rule(world, NAME, "request", {"effect": "throttle"}, given)
    headers = {"Retry-After": f"{retry_after_seconds:.1f}"}
    fixed = {"effect": "error", "status": 429, "headers": headers}
    return add_rule(world, NAME, "request", fixed, given)


heal = remove_rule
fired = rule_fired
