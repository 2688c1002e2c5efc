"""What faults are done to, as far as they need to know it, and rules at fault points.

``World`` is the part of a run's world that a fault may touch. The functions below are
what every fault that is a rule at a point consists of: add it, remove it, count it.
``add_vendor_rule`` adds one on the way to a vendor, which may lead through the world's proxy.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from peakproof.errors import UnknownName, UsageError, WorldFailed
from peakproof.simkit.client import SimulatorClient

__all__ = [
    "ODOO",
    "VENDORS",
    "Background",
    "ContainerToken",
    "PartnerRule",
    "ProcessToken",
    "RuleToken",
    "Target",
    "World",
    "add_partner_rule",
    "add_rule",
    "add_vendor_rule",
    "container",
    "heal_partner",
    "partner_met",
    "remove_rule",
    "require",
    "rule_fired",
]

ODOO = "odoo"
VENDORS = "vendor_proxy"
Part = TypeVar("Part")


class Target(Protocol):
    """A process that can be broken: the connector, Odoo, or PostgreSQL."""

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
    database_server: Any
    connector: Any
    odoo_proxy: SimulatorClient | None
    vendor_proxy: SimulatorClient | None
    partners: Any
    containers: Mapping[str, Any]

    def simulator(self, name: str) -> SimulatorClient:
        """Return a simulator's control client."""

    def odoo_dsn(self) -> str:
        """Return how to reach Odoo's database by SQL."""

    def behind_proxy(self, part: str) -> bool:
        """Return whether the connector reaches a part by the proxy that poses as the vendors."""


class RuleToken(msgspec.Struct, frozen=True):
    """A rule that was added: ``system`` is a simulator's name, or ODOO or VENDORS."""

    system: str
    rule: str


class PartnerRule(msgspec.Struct, frozen=True):
    """A rule that was added at the partners."""

    rule: Any


class ProcessToken(msgspec.Struct):
    """A process that was broken: whether it really was, and whether it was mended."""

    happened: bool
    mended: bool = False


class ContainerToken(msgspec.Struct):
    """A container whose surroundings were broken: how often it showed, what must be undone."""

    part: str
    count: int = 0
    detail: str = ""
    mended: bool = False


def container(world: World, part: str) -> Any:
    """Return a part's container; WorldFailed in a world that is not made of them."""
    if part not in world.containers:
        known = ", ".join(sorted(world.containers)) or "none"
        raise WorldFailed(
            part, f"it is no container of this world (there are: {known}); use --runtime container"
        )
    return world.containers[part]


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


def add_vendor_rule(
    world: World,
    fault: str,
    point: str,
    fixed: Mapping[str, Any],
    options: Mapping[str, Any],
) -> RuleToken:
    """Add a rule on the way to a vendor: at ``connect``, or at ``request``.

    Option ``simulator`` means a part of the world, however the connector reaches it: at the proxy
    for vendors' hosts, or else at the simulator's own door, where a connection is known by its
    requests. At the proxy only: option ``host``, a glob (or a list of them) of hosts (without
    either every vendor is meant), and ``operation``, a glob of ``METHOD /path``, for rules at
    ``request``. Raises UsageError.
    """
    given = dict(options)
    hosts = given.pop("host", None)
    simulator = given.pop("simulator", None)
    if simulator is not None:
        if hosts is not None:
            raise UsageError(f"{fault}: give either host or simulator, not both.")
        if not world.behind_proxy(simulator):
            return add_rule(world, fault, "request", fixed, options)
        hosts = _client(world, VENDORS).act("hosts", {"simulator": simulator})["hosts"]
    globs = [hosts or "*"] if hosts is None or isinstance(hosts, str) else list(hosts)
    operation = given.pop("operation", None)
    if point == "request":
        globs = [f"{host} {operation or '*'}" for host in globs]
    elif operation is not None:
        raise UsageError(f"{fault}: a connection is not known by its operation; give a host.")
    return add_rule(world, fault, point, {**fixed, "match": globs}, given, VENDORS)


def remove_rule(world: World, token: RuleToken) -> None:
    """Remove a rule; doing so again does no harm."""
    _client(world, token.system).heal(token.rule)


def rule_fired(world: World, token: RuleToken) -> int:
    """Return how often a rule took effect."""
    return _client(world, token.system).fired(token.rule)


def add_partner_rule(
    world: World,
    fault: str,
    response: Mapping[str, Any],
    options: Mapping[str, Any],
    *own: str,
) -> PartnerRule:
    """Have a partner answer otherwise: ``response`` is WireMock's, ``own`` the fault's options.

    Option ``simulator`` names the partner's part, ``operation`` is a glob of what it takes,
    ``count`` how often. Raises UsageError.
    """
    known = ("simulator", "operation", "count", *own)
    for name in options:
        if name not in known:
            raise UnknownName("option", name, known, fault)
    if "simulator" not in options:
        raise UsageError(f"{fault}: say which partner is meant, by option simulator.")
    partners = require(world.partners, "the partners")
    operation, count = str(options.get("operation", "*")), int(options.get("count", 0))
    rule = partners.inject(fault, options["simulator"], operation, response, count)
    return PartnerRule(rule)


def heal_partner(world: World, token: PartnerRule) -> None:
    """Remove a partner's rule; doing so again does no harm."""
    require(world.partners, "the partners").heal(token.rule)


def partner_met(world: World, token: PartnerRule) -> int:
    """Return how many calls a partner's rule has met."""
    return int(require(world.partners, "the partners").fired(token.rule))


class Background:
    """What a fault goes on doing beside the story, in a thread of its own.

    ``work`` is handed an event that is set when the fault heals. What it raises is raised by
    ``end``, once.
    """

    def __init__(self, name: str, work: Callable[[threading.Event], None]) -> None:
        self._work = work
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait until it has stopped; doing so again does no harm."""
        self._stop.set()
        self._thread.join()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _run(self) -> None:
        try:
            self._work(self._stop)
        except BaseException as error:  # noqa: BLE001  raised again by end()
            self._failure = error


def require(part: Part | None, name: str) -> Part:
    """Return a part of the world; raises WorldFailed if the world has none."""
    if part is None:
        raise WorldFailed(
            name, "this world has none, so that the fault cannot be injected; see the plan"
        )
    return part


def _client(world: World, system: str) -> SimulatorClient:
    if system == ODOO:
        return require(world.odoo_proxy, "the proxy in front of Odoo")
    if system == VENDORS:
        return require(world.vendor_proxy, "the proxy for vendors' hosts")
    return world.simulator(system)
