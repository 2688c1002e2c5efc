"""Somebody else posts a webhook with a body of his own and a signature that is not good.

Options: ``signature`` (wrong, the default, or missing), ``topic`` (glob), ``count``, ``skip``,
``probability``, ``simulator``.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.errors import UsageError
from peakproof.simkit.targets import RuleToken, World, add_rule, remove_rule, rule_fired

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "webhook_forge"
LEVEL = "webhook"
COLOUR = "#e03131"


def inject(world: World, options: Mapping[str, Any]) -> RuleToken:
    """Begin; return the token for heal and fired."""
    if options.get("signature", "wrong") not in ("wrong", "missing"):
        raise UsageError(f"{NAME}: the signature is wrong or missing, not {options['signature']!r}")
    return add_rule(world, NAME, "webhook", {"effect": "forge"}, options)


heal = remove_rule
fired = rule_fired
