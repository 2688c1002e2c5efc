"""What faults are done to, as far as they need to know it, and rules at fault points.

``World`` is the part of a run's world that a fault may touch. The three functions below are
what every fault that is a rule at a point consists of: add it, remove it, count it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from peakproof.errors import WorldFailed
from peakproof.simkit.client import SimulatorClient

__all__ = [
    "ODOO",
    "ProcessToken",
    "RuleToken",
    "Target",
    "World",
    "add_rule",
    "remove_rule",
    "require",
    "rule_fired",
]

ODOO = "odoo"


class Target(Protocol):
    """A process that can be broken: the connector, or Odoo."""

    @property
    def running(self) -> bool:
        """Whether it runs (a paused one does)."""

    def start(self) -> None:
        """Start it (again)."""

    def kill(self) -> None:
        """End it at once, as a power cut does."""

    def pause(self) -> None:
        """Stop it where it stands."""

    def resume(self) -> None:
        """Let a paused one go on."""


class World(Protocol):
    """The parts of a run that faults touch; those that a world lacks are None."""

    odoo_process: Any
    connector: Any
    odoo_proxy: SimulatorClient | None

    def simulator(self, name: str) -> SimulatorClient:
        """Return a simulator's control client."""


class RuleToken(msgspec.Struct, frozen=True):
    """A rule that was added: ``system`` is a simulator's name, or ODOO for the proxy."""

    system: str
    rule: str


class ProcessToken(msgspec.Struct):
    """A process that was broken: whether it really was, and whether it was mended."""

    happened: bool
    mended: bool = False


def add_rule(
    world: World,
    fault: str,
    point: str,
    fixed: Mapping[str, Any],
    options: Mapping[str, Any],
    system: str = "",
) -> RuleToken:
    """Add a rule in the name of ``fault``; ``fixed`` decides, ``options`` are the plan's.

    Options ``operation`` and ``topic`` are the globs of what it takes; ``simulator`` says
    where, by default at Shopify's.
    """
    rule = {"fault": fault, **options, **fixed}
    system = system or str(rule.pop("simulator", "shopify"))
    for name in ("operation", "topic"):
        if name in rule:
            rule["match"] = rule.pop(name)
    return RuleToken(system, _client(world, system).inject(point, rule))


def remove_rule(world: World, token: RuleToken) -> None:
    """Remove a rule; doing so again does no harm."""
    _client(world, token.system).heal(token.rule)


def rule_fired(world: World, token: RuleToken) -> int:
    """Return how often a rule took effect."""
    return _client(world, token.system).fired(token.rule)


def require(part: Any, name: str) -> Any:
    """Return a part of the world; raises WorldFailed if the world has none."""
    if part is None:
        raise WorldFailed(
            name, "this world has none, so that the fault cannot be injected; see the plan"
        )
    return part


def _client(world: World, system: str) -> SimulatorClient:
    if system == ODOO:
        client: SimulatorClient = require(world.odoo_proxy, "the proxy in front of Odoo")
        return client
    return world.simulator(system)
