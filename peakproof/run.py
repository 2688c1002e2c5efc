"""Read this first: the one place that assembles a run.

    scenario + seed -> plan -> world (Odoo, simulators, proxy, connector)
                    -> stages and faults -> settle -> reads -> history

Everything to the right of the history (invariants, verdict, report) is in peakproof.gate and
works on a stored run. Nobody else wires parts together.
"""

import contextlib
import shlex
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from peakproof import catalog, faults
from peakproof.connector import FLOWS, ConnectorSpec
from peakproof.disclosures import Disclosures
from peakproof.errors import BadFile, PeakproofError, UnknownName, UsageError, WorldFailed
from peakproof.history import Event, HistoryWriter
from peakproof.plan import Plan, Scenario
from peakproof.play import Nemesis, Stagehand
from peakproof.rights import RIGHTS_PART, note_grants
from peakproof.runtime import capture
from peakproof.runtime.site import Runtime
from peakproof.seed import Clock, Seed
from peakproof.settle import ORDINARY_PERIOD_SECONDS, Settler, Watcher
from peakproof.store import RunFolder, RunMeta
from peakproof.version import __version__
from peakproof.world import World
from peakproof.worldbuild import build_world

__all__ = [
    "RunRequest",
    "applicable",
    "describe",
    "draw_plan",
    "execute",
    "load_scenario",
    "option_pairs",
    "stored_plan",
]

_SETTLE_LIMIT_SECONDS = 150.0
_PATIENCE_SECONDS = 10.0  # after a stage, for calls that are to meet a fault


class RunRequest(msgspec.Struct, kw_only=True):
    """What somebody asked for: a scenario, a connector's folder, a seed, options.

    Instead of a scenario's name it may be the file of a stored plan (``plan.json``), which is
    played as it stands: its seed and options are its own. ``runtime`` is what its world is made
    of, for ``command`` to tell.
    """

    scenario: str
    connector: Path
    seed: int = 1
    options: dict[str, str] = {}
    runs: Path = Path("runs")
    runtime: str = "process"

    def command(self) -> str:
        """Return the command that does the same again."""
        words = ["peakproof", "run", self.scenario, "--connector", str(self.connector)]
        words += [] if self.runtime == "process" else ["--runtime", self.runtime]
        if is_stored(self.scenario):
            return shlex.join(words)
        words += ["--seed", str(self.seed)]
        for name, value in sorted(self.options.items()):
            words += ["--option", f"{name}={value}"]
        return shlex.join(words)


def is_stored(scenario: str) -> bool:
    """Tell whether the word stands for the file of a stored plan rather than a scenario."""
    return scenario.endswith(".json")


def stored_plan(path: Path) -> Plan:
    """Read a stored plan; BadFile when the file holds none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (OSError, msgspec.DecodeError) as error:
        raise BadFile(f"{path}: expected a stored plan (plan.json of a run): {error}.") from error


def load_scenario(name: str) -> Scenario:
    """Return a scenario of the registry, or that of a stored plan; UnknownName otherwise."""
    if is_stored(name):
        name = stored_plan(Path(name)).scenario
    known = catalog.names("scenarios")
    if name not in known:
        raise UnknownName("scenario", name, known)
    scenario: Scenario = catalog.load("scenarios", name).SCENARIO
    return scenario


def applicable(scenario: Scenario, spec: ConnectorSpec, runtime: str = "") -> str:
    """Return why a scenario does not apply to a connector, or "" when it does."""
    claimed = spec.connector.flows
    missing = [flow for flow in scenario.flows if flow not in claimed]
    if scenario.flows_any and not set(scenario.flows_any) & set(claimed):
        missing.append(" or ".join(scenario.flows_any))
    if missing:
        return f"{spec.connector.name} does not claim {', '.join(missing)}"
    if scenario.runtimes and runtime and runtime not in scenario.runtimes:
        return f"it needs --runtime {' or '.join(scenario.runtimes)}"
    return ""


def draw_plan(
    scenario: Scenario,
    seed: int,
    options: Mapping[str, str],
    external: bool,
    flows: Collection[str] = FLOWS,
) -> Plan:
    """Draw everything that the scenario leaves to chance; pure.

    ``flows`` are those that the connector claims: steps of others are left out.
    """
    fields = {field.name: field for field in msgspec.structs.fields(scenario.options)}
    for name in options:
        if name not in fields:
            raise UnknownName("option", name, fields, f"scenario {scenario.name}")
    try:
        chosen = msgspec.convert(dict(options), scenario.options, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"--option for {scenario.name}: {error}.") from error
    return _fitted(scenario.plan(chosen, Seed(seed)), external, flows)


def _fitted(plan: Plan, external: bool, flows: Collection[str]) -> Plan:
    """Leave out what does not concern such a connector."""
    kind = "external" if external else "addons"
    for stage in plan.stages:
        stage.steps = [step for step in stage.steps if not step.flow or step.flow in flows]
        stage.faults = [fault for fault in stage.faults if fault.only_for in ("", kind)]
        for fault in stage.faults:
            if fault.fault not in faults.REGISTRY:
                raise UnknownName("fault", fault.fault, faults.REGISTRY, plan.scenario)
    return plan


def plan_of(request: RunRequest, spec: ConnectorSpec) -> Plan:
    """Return the plan that is asked for: drawn, or read from its file."""
    external, flows = spec.addons is None, spec.connector.flows
    if is_stored(request.scenario):
        if request.options:
            raise UsageError("A stored plan has its options in it: leave --option away.")
        return _fitted(stored_plan(Path(request.scenario)), external, flows)
    scenario = load_scenario(request.scenario)
    return draw_plan(scenario, request.seed, request.options, external, flows)


def execute(
    request: RunRequest,
    runtime: Runtime,
    announce: Callable[[Plan], None] = lambda _plan: None,
) -> RunFolder:
    """Play a scenario against a connector and store the run; it is not judged here.

    ``announce`` is shown the plan before anything starts.

    A world that does not come up, or breaks, is recorded as the run's failure (the verdict is
    then unknown); only mistakes of the caller are raised.
    """
    spec = ConnectorSpec.load(request.connector)
    scenario = load_scenario(request.scenario)
    plan = plan_of(request, spec)
    announce(plan)
    clock = Clock.start()
    folder = RunFolder.create(request.runs, scenario.name, clock)
    folder.write_plan(plan)
    meta = RunMeta(
        scenario=scenario.name,
        seed=plan.seed,
        connector=spec.connector.name,
        connector_version=spec.connector.version,
        connector_folder=str(request.connector),
        flows=spec.connector.flows,
        service_levels={
            flow: {"p95_seconds": level.p95_seconds, "recovery_seconds": level.recovery_seconds}
            for flow, level in spec.service_levels.items()
        },
        reproduce=request.command(),
        started_at=clock.wall(0).isoformat(),
        versions={"peakproof": __version__},
        external=spec.addons is None,
        operations=_operations(spec),
        systems=spec.systems,
    )
    folder.write_meta(meta)
    writer = HistoryWriter(folder.part("harness"))
    changes: list[Event] = []
    try:
        with build_world(plan, scenario, spec, runtime, folder, clock, writer, meta) as world:
            try:
                _tell(world, plan, meta, clock, writer)
            finally:
                with _timed(meta, "reads"):
                    changes = list(capture.export(world.odoo_dsn(), clock))
    except (PeakproofError, OSError, psycopg.Error) as error:
        meta.failure = str(error)
    finally:
        writer.close()
    with _timed(meta, "merge"):
        folder.merge(changes)
    folder.write_meta(meta)
    return folder


def _operations(spec: ConnectorSpec) -> dict[str, Any]:
    """Return what the connector says of its operation, for the invariants."""
    claimed: dict[str, Any] = {}
    if spec.approvals:
        claimed["approvals"] = {"above": spec.approvals.above}
    if spec.screening:
        claimed["screening"] = {"patience_seconds": spec.screening.patience_seconds}
    if spec.dead_letters and spec.replay:
        claimed["replay"] = True
    if spec.metrics and spec.metrics.dead_letters:
        claimed["metrics"] = True
    if spec.audit:
        claimed["audit"] = True
    return claimed


def _tell(world: World, plan: Plan, meta: RunMeta, clock: Clock, writer: HistoryWriter) -> None:
    """Play every stage, settle, kick the schedules and read the checkpoints."""
    settler = Settler(world, clock, writer)
    stagehand = Stagehand(clock, writer, world.act)
    nemesis = Nemesis(clock, writer, faults.REGISTRY, world, _PATIENCE_SECONDS)
    with Watcher(settler, clock, writer):
        with _timed(meta, "stages"):
            for stage in plan.stages:
                _mark(writer, clock, stage.name, "begin")
                try:
                    nemesis.begin(stage)
                    stagehand.play(stage)
                finally:
                    nemesis.end()
                _mark(writer, clock, stage.name, "end")
                if stage.settle and stage is not plan.stages[-1]:
                    settler.settle(_SETTLE_LIMIT_SECONDS)
        with _timed(meta, "settle"):
            failures = _rest(settler, meta)
    with _timed(meta, "reads"):
        settler.read("settled")
    if any(kick.period_seconds > ORDINARY_PERIOD_SECONDS for kick in world.spec.kick):
        with _timed(meta, "reconcile"):
            failed, rested = settler.kick(daily=True, limit_seconds=_SETTLE_LIMIT_SECONDS)
            failures += failed
            meta.settled = meta.settled and rested
            settler.read("reconciled")
    with _timed(meta, "reads"):
        Disclosures(world, clock, writer).scan()
        note_grants(
            world.odoo_dsn(), world.folder / "parts" / f"{RIGHTS_PART}.jsonl", clock, writer
        )
    if failures:
        raise WorldFailed("connector", "; ".join(failures))


def _rest(settler: Settler, meta: RunMeta) -> list[str]:
    """Settle, trigger the ordinary schedules once, settle after each."""
    meta.settled = settler.settle(_SETTLE_LIMIT_SECONDS)
    failures, rested = settler.kick(daily=False, limit_seconds=_SETTLE_LIMIT_SECONDS)
    meta.settled = meta.settled and rested
    return failures


def _mark(writer: HistoryWriter, clock: Clock, name: str, outcome: str) -> None:
    writer.append(
        Event(time=clock.now(), source="harness", kind="phase", name=name, outcome=outcome)
    )


@contextlib.contextmanager
def _timed(meta: RunMeta, phase: str) -> Iterator[None]:
    begin = time.monotonic()
    try:
        yield
    finally:
        meta.phases[phase] = meta.phases.get(phase, 0.0) + time.monotonic() - begin


def describe(plan: Plan) -> list[str]:
    """Return the lines that say what was drawn, printed before anything starts."""
    lines = [f"scenario {plan.scenario}, seed {plan.seed}"]
    lines += [f"  {name} = {value}" for name, value in plan.options.items()]
    for stage in plan.stages:
        planned = ", ".join(fault.fault for fault in stage.faults) or "no fault"
        lines.append(f"  stage {stage.name!r}: {len(stage.steps)} steps, {planned}")
    return lines


def option_pairs(words: list[str]) -> dict[str, str]:
    """Parse ``--option name=value`` words; UsageError for anything else."""
    pairs: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f"--option: expected name=value, found {word!r}.")
        pairs[name] = value
    return pairs
