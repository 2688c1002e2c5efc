"""The channel forgets a webhook subscription of the connector's.

It happens for real after repeated failures, or when somebody clears the app's settings. The
heal cannot give it back: noticing and subscribing again is the connector's work. Options:
``topic`` (such as ``orders/create``, or ``*`` for every one), ``simulator``.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from peakproof.errors import SimulatorRefused
from peakproof.simkit.targets import World

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "subscription_removed"
LEVEL = "business"
COLOUR = "#099268"


class Token(msgspec.Struct):
    """How many subscriptions were removed."""

    removed: int


def inject(world: World, options: Mapping[str, Any]) -> Token:
    """Remove the subscriptions of the topic; return the token for heal and fired."""
    client = world.simulator(str(options.get("simulator", "shopify")))
    topic = str(options.get("topic", "orders/create"))
    try:
        result = client.act("remove_subscription", {"topic": topic}, "channel")
    except SimulatorRefused:  # nothing was subscribed, so nothing was removed: it did not fire
        return Token(0)
    return Token(len(result["removed"]))


def heal(world: World, token: Token) -> None:
    """Do nothing: the channel does not subscribe on anybody's behalf."""


def fired(world: World, token: Token) -> int:  # noqa: ARG001  the token knows
    """Return how many subscriptions were removed."""
    return token.removed
