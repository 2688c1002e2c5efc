"""What a simulator is: state, one table of routes, and a few answers about itself.

A module under simulators/ exposes NAME and ``create(config, kit) -> Simulator``; the Kit holds
everything that is not the vendor's: clock, seed, journal, fault points, timers, webhooks.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from peakproof.plan import Shop
from peakproof.simkit.app import App, Route
from peakproof.simkit.calendar import BusinessCalendar
from peakproof.simkit.config import SimulatorConfig
from peakproof.simkit.faults import FaultPoints
from peakproof.simkit.journal import Journal
from peakproof.simkit.messages import Request, Response
from peakproof.simkit.scopes import Scopes
from peakproof.simkit.server import Connection, Shared
from peakproof.simkit.webhooks import HeadersFor, WebhookEngine

__all__ = ["Action", "Create", "Kit", "Simulator"]

Action: TypeAlias = Callable[[dict[str, Any], str], Mapping[str, Any] | None]


class Kit:
    """What a simulator gets from peakproof: ``clock``, ``seed``, ``journal``, ``faults`` ..."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.config = config
        self.clock = config.clock()
        self.calendar = BusinessCalendar(self.clock)
        self.seed = config.seeds()
        self.journal = Journal(Path(config.journal_path), config.name, self.clock)
        self.faults = FaultPoints(self.seed)
        self.handed_out: list[str] = []  # tokens that were issued: the harness looks for leaks
        self._engines: list[WebhookEngine] = []
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def real_seconds(self, vendor_seconds: float) -> float:
        """Return how long a stretch of the vendor's time (a token's life ...) lasts here."""
        return vendor_seconds / self.config.time_scale

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Run ``call`` in the server's thread after real seconds (once the server runs)."""
        if self._loop is None:
            self._timers.append((seconds, call))
        else:
            self._loop.call_later(seconds, call)

    def webhooks(
        self,
        headers: HeadersFor,
        retry_calendar_seconds: Sequence[float],
        **options: Any,
    ) -> WebhookEngine:
        """Return a new delivery engine, started and stopped with the server.

        ``retry_calendar_seconds`` are the vendor's waits between attempts, scaled here;
        ``options`` are those of WebhookEngine.
        """
        engine = WebhookEngine(
            journal=self.journal,
            clock=self.clock,
            faults=self.faults,
            headers=headers,
            retry_calendar_seconds=[self.real_seconds(wait) for wait in retry_calendar_seconds],
            **options,
        )
        self._engines.append(engine)
        if self._loop is not None:
            engine.start(self._loop)
        return engine

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin deliveries and timers; the server calls this in its loop."""
        self._loop = loop
        for engine in self._engines:
            engine.start(loop)
        for seconds, call in self._timers:
            loop.call_later(seconds, call)
        self._timers.clear()

    async def close(self) -> None:
        """Stop deliveries and flush the journal."""
        for engine in self._engines:
            await engine.close()
        self.journal.close()


class Simulator(ABC):
    """A simulated vendor. Handlers and actions run one after another: no locks needed.

    ``fault_points`` are the points of its own, name -> what happens there; ``version`` is the
    vendor's API version that it speaks by default; ``hosts`` are the vendor's host names, which
    unmodified clients may have hard-coded (the world's forward proxy leads them here). ``scopes``
    are what the client's credential may do, told to the history when the shop is seeded.
    """

    version: str = ""
    hosts: Sequence[str] = ()
    fault_points: Mapping[str, str] = {}
    scopes: Sequence[Scopes] = ()

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Return the vendor's API."""

    @abstractmethod
    def actions(self) -> Mapping[str, Action]:
        """Return what people can do there: name -> ``action(arguments, actor) -> result``.

        Called once, at the start. An action raises SimulatorRefused(code, message) when it did
        definitely not happen.
        """

    @abstractmethod
    def seed(self, shop: Shop) -> Mapping[str, Any] | None:
        """Set up the business before the story begins; return what callers need to know.

        ``values`` in the result (name -> text) become connector.toml's ``{simulator.name}``.
        """

    @abstractmethod
    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the final records: entity -> key -> record."""

    @abstractmethod
    def pending(self) -> Mapping[str, int]:
        """Return what is still under way, by kind; all zero means quiet."""

    def day_began(self) -> None:  # noqa: B027  most simulators do nothing by the day
        """Do what is due on a new business day; ``kit.calendar`` tells which day it is."""

    def throttled(self, request: Request) -> Response:  # noqa: ARG002
        """Return what the vendor answers to a caller over its rate limit."""
        return Response.json({"error": "rate limited"}, 429, {"Retry-After": "1"})

    def failure(self, request: Request, status: int, message: str) -> Response:  # noqa: ARG002
        """Return an error answer in the vendor's shape."""
        return Response.json({"error": message}, status)

    def connection(self, app: App, shared: Shared) -> Connection:
        """Return what serves a new client's connection; only proxies speak more than HTTP."""
        return Connection(app, app.journal.clock, shared)

    def close(self) -> None:  # noqa: B027  most simulators hold nothing that needs closing
        """Let go of what the simulator holds; called once, at the end."""


Create: TypeAlias = Callable[[SimulatorConfig, Kit], Simulator]
