"""A world that a test drives by hand: no story, no verdict, the test says what happens.

``open_trial(request, runtime)`` builds it as ``peakproof.run`` builds one for a story (the same
parts, the same way) and keeps its history, so that invariants can judge what the test did.
``peakproof.pytest_plugin`` makes fixtures of it; docs/pytest.md shows how to use them.

Not here: faults of the database server, which need a server that no other world shares.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from peakproof import catalog, faults, invariants
from peakproof.assortment import draw_shop
from peakproof.connector import ConnectorSpec
from peakproof.errors import UnknownName, WorldFailed
from peakproof.evidence import Result
from peakproof.history import Event, HistoryWriter, read_events
from peakproof.judging import claims_of
from peakproof.plan import Plan, PlannedFault, Scenario, Shop, Stage, Step
from peakproof.play import Nemesis, Stagehand
from peakproof.run import applicable, load_scenario
from peakproof.runtime import capture
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.site import Runtime
from peakproof.seed import Clock, Seed
from peakproof.settle import Settler
from peakproof.simkit.client import SimulatorClient
from peakproof.store import RunFolder, RunMeta
from peakproof.world import World
from peakproof.worldbuild import build_world

__all__ = ["Part", "Trial", "TrialRequest", "open_trial", "parts_of"]

_STAGE = "the test"
_SETTLE_LIMIT_SECONDS = 150.0
_LOG_LINES = 15


class TrialRequest(msgspec.Struct, kw_only=True):
    """What a test asks for.

    ``name`` names the run's folder, ``simulators`` the parts to be played (None: those of every
    story that applies to the connector), ``shop`` the business (None: a small one, drawn from
    the seed); ``reproduce`` is the command that does the same again.
    """

    name: str
    connector: Path
    seed: int = 1
    shop: Shop | None = None
    simulators: Sequence[str] | None = None
    runs: Path = Path("runs")
    reproduce: str = ""


def parts_of(spec: ConnectorSpec) -> list[str]:
    """Return the parts that a connector's flows need: those of every story that applies to it."""
    stories = [load_scenario(name) for name in catalog.names("scenarios")]
    return list(
        dict.fromkeys(
            part
            for story in stories
            if not story.random and not applicable(story, spec)
            for part in story.simulators
        )
    )


@contextlib.contextmanager
def open_trial(request: TrialRequest, runtime: Runtime) -> Iterator["Trial"]:
    """Build the world, yield it, keep its history, take it down.

    Raises WorldFailed with the last log lines when a part does not come up, or when one has
    crashed in the meantime without a fault of the test's own.
    """
    spec = ConnectorSpec.load(request.connector)
    parts = parts_of(spec) if request.simulators is None else list(request.simulators)
    for part in parts:
        catalog.module("simulators", spec.played_by(part))  # a wrong name is told at once
    shop = request.shop or draw_shop(Seed(request.seed), products=4, stock=20, customers=3)
    plan = Plan(
        scenario=request.name,
        seed=request.seed,
        options={},
        shop=shop,
        stages=[Stage(name=_STAGE)],
    )
    scenario = Scenario(
        name=request.name,
        summary="",
        flows=(),
        simulators=tuple(parts),
        options=msgspec.Struct,
        invariants=(),
        plan=lambda *_: plan,
    )
    clock = Clock.start()
    folder = RunFolder.create(request.runs, request.name, clock)
    meta = RunMeta(
        scenario=request.name,
        seed=request.seed,
        connector=spec.connector.name,
        connector_version=spec.connector.version,
        connector_folder=str(request.connector),
        flows=spec.connector.flows,
        service_levels={},
        reproduce=request.reproduce,
        started_at=clock.wall(0).isoformat(),
        external=spec.addons is None,
        systems=spec.systems,
    )
    folder.write_plan(plan)
    folder.write_meta(meta)
    with (
        contextlib.closing(HistoryWriter(folder.part("harness"))) as writer,
        build_world(plan, scenario, spec, runtime, folder, clock, writer, meta) as world,
    ):
        trial = Trial(world, folder, meta, clock, writer)
        try:
            yield trial
        finally:
            trial.keep()
        trial.check_alive()


class Trial:
    """A living world: ``act``, ``settle``, ``read``, ``fault`` and ``judge``.

    ``odoo`` is a JSON-2 client of its Odoo, ``shop`` the business in it, ``values`` what the
    placeholders of connector.toml stand for (addresses, credentials), ``folder`` where its
    history and logs lie. Usable from several threads.
    """

    def __init__(
        self, world: World, folder: RunFolder, meta: RunMeta, clock: Clock, writer: HistoryWriter
    ) -> None:
        self.world, self.shop, self.values = world, world.plan.shop, world.values
        self.folder = folder.path
        self._folder, self._meta, self._clock, self._writer = folder, meta, clock, writer
        self._settler = Settler(world, clock, writer)
        self._stagehand = Stagehand(clock, writer, world.act)
        self._faulty = False
        self._mark("begin")

    @property
    def odoo(self) -> Odoo:
        """A client of the world's Odoo."""
        assert self.world.odoo is not None
        return self.world.odoo

    def part(self, name: str) -> "Part":
        """Return a simulator of this world; UnknownName when nobody plays that part."""
        return Part(name, self, self.world.simulator(name))

    def act(self, system: str, action: str, actor: str = "test", **arguments: Any) -> Any:
        """Do what a person does in a system (a part, or "odoo") and return the result.

        Raises SimulatorRefused with a code (``sold_out``) when the system says no.
        """
        step = Step(
            at_seconds=self._clock.now(),
            actor=actor,
            system=system,
            action=action,
            arguments=msgspec.to_builtins(arguments),
        )
        self.world.plan.stages[0].steps.append(step)
        return self._stagehand.perform(step)

    def settle(self, *, daily: bool = False, limit_seconds: float = _SETTLE_LIMIT_SECONDS) -> None:
        """Wait until all is quiet, trigger the connector's schedules, wait again.

        With ``daily`` the schedules that run less than hourly come due as well. Raises
        WorldFailed with the connector's last lines when the world does not come to rest.
        """
        rested = self._settler.settle(limit_seconds)
        failures: list[str] = []
        for long_ones in (False, True)[: 1 + daily]:
            failed, quiet = self._settler.kick(long_ones, limit_seconds)
            failures += failed
            rested = rested and quiet
        if not rested:
            failures.append(f"not at rest after {limit_seconds:g} s: {self._settler.look()}")
        if failures:
            raise WorldFailed("connector", "; ".join(failures), self.last_lines())

    def read(self) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
        """Return the records of every system as they are now: system -> entity -> key -> record.

        ``read()["odoo"]["order"]`` are Odoo's sale orders by id, read from its database;
        ``read()["shopify"]["order"]`` the channel's by gid.
        """
        return self._settler.records()

    def sale_orders(self, channel_order: str) -> list[dict[str, Any]]:
        """Return the sale orders in Odoo that a channel order (its gid) became.

        Which those are says ``[correlate]`` in connector.toml.
        """
        records = self.read()["odoo"]["order"]
        numbers = self.world.read_correlation().get(channel_order, [])
        return [records[str(number)] for number in numbers if str(number) in records]

    @contextlib.contextmanager
    def fault(self, name: str, **options: Any) -> Iterator[None]:
        """Have a fault of the registry act inside the ``with``; it is healed at the end.

        Raises WorldFailed when it never had an effect: then the test has tested nothing.
        """
        if name not in faults.REGISTRY:
            raise UnknownName("fault", name, faults.REGISTRY)
        self._faulty, before = True, self._count("fault", "fired")
        nemesis = Nemesis(self._clock, self._writer, faults.REGISTRY, self.world)
        nemesis.begin(Stage(name=_STAGE, faults=[PlannedFault(fault=name, options=options)]))
        try:
            yield
        finally:
            nemesis.end()
        if self._count("fault", "fired") == before:
            raise WorldFailed(name, "the fault never had an effect, so it tested nothing")

    def judge(self, invariant: str) -> Result:
        """Judge what happened so far by an invariant: its verdict and findings."""
        self._settler.read("settled")
        history = self._folder.merge(capture.export(self.world.odoo_dsn(), self._clock))
        plan = self.world.plan
        return invariants.judge(history, claims_of(self._meta), plan, [invariant])[0]

    def last_lines(self) -> list[str]:
        """Return the end of the connector's log (of Odoo's where it lives inside Odoo)."""
        log = self._folder.log("connector" if self.world.external else "odoo")
        text = log.read_text(errors="replace") if log.is_file() else ""
        return text.splitlines()[-_LOG_LINES:]

    def keep(self) -> None:
        """Store plan, meta and history, as of a story; what cannot be read is left out."""
        self._mark("end")
        self._folder.write_plan(self.world.plan)
        self._folder.write_meta(self._meta)
        changes: list[Event] = []
        with contextlib.suppress(psycopg.Error):
            changes = list(capture.export(self.world.odoo_dsn(), self._clock))
        self._folder.merge(changes)

    def check_alive(self) -> None:
        """Raise WorldFailed if a process crashed though the test injected no fault."""
        for event in read_events(self._folder.part("harness")):
            if (event.kind, event.outcome) == ("process", "crashed") and not self._faulty:
                lines = event.value.get("last_lines", [])
                code = event.value.get("exit_code")
                raise WorldFailed(event.name, f"crashed during the test (exit code {code})", lines)

    def _count(self, kind: str, outcome: str) -> int:
        events = read_events(self._folder.part("harness"))
        return sum((event.kind, event.outcome) == (kind, outcome) for event in events)

    def _mark(self, outcome: str) -> None:
        event = Event(
            time=self._clock.now(), source="harness", kind="phase", name=_STAGE, outcome=outcome
        )
        self._writer.append(event)


class Part:
    """A simulator as a test uses it: ``shopify.act("checkout", customer=..., lines=...)``."""

    def __init__(self, name: str, trial: Trial, client: SimulatorClient) -> None:
        self.name, self._trial = name, trial
        self.client = client  # its control API: fault rules, pending work
        self.values: dict[str, Any] = trial.values[name]  # address and credentials

    def act(self, action: str, actor: str = "test", **arguments: Any) -> Any:
        """Do what a person does there; SimulatorRefused when it is refused."""
        return self._trial.act(self.name, action, actor, **arguments)

    def records(self, entity: str) -> dict[str, dict[str, Any]]:
        """Return its records of a kind (``order``, ``label`` ...) by key, as they are now."""
        snapshot = self.client.snapshot()
        if entity not in snapshot:
            raise UnknownName("kind of record", entity, snapshot, self.name)
        return dict(snapshot[entity])
