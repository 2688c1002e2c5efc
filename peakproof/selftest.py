"""The self-test: how much the harness finds, measured on connectors that are broken on purpose.

The reference is played through every scenario and must trip nothing; then each defect of
``connectors/defects`` through its own, over a few seeds until it is caught: an invariant that
it names must be violated. A defect that is missed, or noticed only by an invariant that has
nothing to do with it, fails the self-test. One whose scenario exists in containers only is played
there, whatever the others are played in.
"""

import contextlib
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from peakproof import catalog
from peakproof.errors import BadFile, UnknownName
from peakproof.gate import GateRequest, Saying, gate, play, processors, side_by_side
from peakproof.judging import judge_run
from peakproof.outcomes import Verdict
from peakproof.plan import Plan
from peakproof.report.detection import CAUGHT, MISSED, UNRELATED, DetectionRecord, SelftestRecord
from peakproof.report.records import GateRecord, RunRecord
from peakproof.report.verdict import read_verdict
from peakproof.run import RunRequest, load_scenario
from peakproof.runtime.choice import open_runtime
from peakproof.runtime.site import Runtime
from peakproof.seed import Clock
from peakproof.store import RunFolder

__all__ = ["SelftestRequest", "chosen", "detection", "selftest", "stored"]

SEEDS_MAX = 3


class SelftestRequest(msgspec.Struct, kw_only=True):
    """What to test: defects (none means all, and the reference), the first seed, how many."""

    defects: list[str] = []
    seed: int = 1
    seeds: int = SEEDS_MAX
    runs: Path = Path("runs")
    worlds: int = 0


def chosen(names: list[str]) -> dict[str, Any]:
    """Return what the defects say of themselves, by name; UnknownName offers the nearest."""
    package = catalog.load("connectors", "defects")
    for name in names:
        if name not in package.REGISTRY:
            raise UnknownName("defect", name, package.REGISTRY)
    return {
        name: importlib.import_module(f"{package.__name__}.{name}").DEFECT
        for name in names or package.REGISTRY
    }


def selftest(
    request: SelftestRequest,
    runtime: Runtime,
    console: Console,
    describe: Callable[[Plan], list[str]],
) -> SelftestRecord:
    """Play the reference and every defect; return what was found.

    Raises EnvironmentLacks, before anything is played, where a defect needs containers and there
    is no engine; with PEAKPROOF_WITHOUT_CONTAINERS=1 such defects are left out, and named.
    """
    started = Clock.start().wall(0).isoformat()
    say = Saying(console)
    defects = _played(request, say)
    with _runtimes(runtime, {defect.scenario for defect in defects.values()}) as runtimes:
        reference = None if request.defects else _reference(request, runtime, console, describe)

        def hunt(name: str) -> DetectionRecord:
            played: list[RunRecord] = []
            for seed in range(request.seed, request.seed + request.seeds):
                run = RunRequest(
                    scenario=defects[name].scenario,
                    connector=catalog.folder("connectors") / "defects" / f"{name}.py",
                    seed=seed,
                    options=defects[name].options,
                    runs=request.runs / "selftest" / name,
                )
                played_in = runtimes[defects[name].scenario]
                played.append(play(run, played_in, say, lambda _plan: [])[0])
                found = detection(name, defects[name], played)
                if found.outcome == CAUGHT:
                    break
            say([f"{name}: {found.outcome}"])
            return found

        found = side_by_side(hunt, list(defects), request.worlds or processors())
    return _record(request, started, found, reference)


def _played(request: SelftestRequest, say: Saying) -> dict[str, Any]:
    """Return the defects to play, by name, and say which are left out."""
    defects = chosen(request.defects)
    if request.defects or os.environ.get("PEAKPROOF_WITHOUT_CONTAINERS") != "1":
        return defects
    here = {
        name: defect
        for name, defect in defects.items()
        if load_scenario(defect.scenario).runtimes in ((), ("process",))
    }
    for name in defects.keys() - here.keys():
        say([f"{name}: LEFT OUT, it needs containers (PEAKPROOF_WITHOUT_CONTAINERS=1)"])
    return here


@contextlib.contextmanager
def _runtimes(runtime: Runtime, scenarios: set[str]) -> Iterator[dict[str, Runtime]]:
    """Yield the runtime of each scenario: ``runtime``, or another one that it cannot do without."""
    with contextlib.ExitStack() as stack:
        opened, of = {runtime.name: runtime}, {}
        for scenario in sorted(scenarios):
            wanted = load_scenario(scenario).runtimes or (runtime.name,)
            name = runtime.name if runtime.name in wanted else wanted[0]
            if name not in opened:
                opened[name] = stack.enter_context(open_runtime(name))
            of[scenario] = opened[name]
        yield of


def stored(request: SelftestRequest) -> SelftestRecord:
    """Judge the stored runs of a self-test again and return what was found in them.

    Of each defect its newest runs count, back to the one with the first seed. Raises BadFile.
    """
    found = []
    for name, defect in chosen(request.defects).items():
        place = request.runs / "selftest" / name / defect.scenario
        played: list[RunRecord] = []
        for path in sorted(place.glob("[0-9]*"), reverse=True):
            played.insert(0, judge_run(RunFolder.open(path)))
            if played[0].seed == request.seed:
                break
        if not played:
            raise BadFile(f"{place}: expected runs of the defect. Play it without --stored.")
        found.append(detection(name, defect, played))
    file = request.runs / "gate" / "reference" / "latest" / "verdict.json"
    reference = None
    if not request.defects and file.is_file():
        reference = read_verdict(file)
    return _record(request, found[0].started, found, reference)


def _record(
    request: SelftestRequest,
    started: str,
    found: list[DetectionRecord],
    reference: GateRecord | None,
) -> SelftestRecord:
    played = sum(one.run_seconds for one in found)
    if reference:
        played += sum(sum(run.durations_seconds.values()) for run in reference.runs)
    return SelftestRecord(
        started=started,
        seed=request.seed,
        seeds=request.seeds,
        detections=found,
        reference=reference.verdict if reference else None,
        reference_scenarios=[run.scenario for run in reference.runs] if reference else [],
        played_seconds=played,
        versions=reference.versions if reference else {},
    )


def _reference(
    request: SelftestRequest,
    runtime: Runtime,
    console: Console,
    describe: Callable[[Plan], list[str]],
) -> GateRecord:
    asked = GateRequest(
        connector=catalog.folder("connectors") / "reference",
        seed=request.seed,
        runs=request.runs,
        worlds=request.worlds,
    )
    return gate(asked, runtime, console, describe)


def detection(name: str, defect: Any, played: list[RunRecord]) -> DetectionRecord:
    """Return what the runs of one defect, played one after the other, say of it."""
    last = played[-1]
    violated = {
        result.invariant: result for result in last.results if result.verdict is Verdict.VIOLATED
    }
    slow = {result.invariant for result in last.results if result.verdict is Verdict.SLOW}
    related = [invariant for invariant in defect.invariants if invariant in violated]
    related += [invariant for invariant in defect.invariants if invariant in slow]
    outcome = CAUGHT if related else UNRELATED if violated else MISSED
    first = violated[related[0]].findings[:1] if related and related[0] in violated else []
    return DetectionRecord(
        defect=name,
        title=defect.title,
        flow=defect.flow,
        cases=list(defect.cases),
        scenario=defect.scenario,
        options=defect.options,
        expected=list(defect.invariants),
        violated=[*violated, *slow],
        outcome=outcome,
        seed=last.seed,
        runs=len(played),
        run_seconds=sum(sum(run.durations_seconds.values()) for run in played),
        story_seconds=first[0].time if first else None,
        found=f"{first[0].what} ({first[0].subject}): {first[0].found}" if first else "",
        folder=last.folder,
        started=played[0].started,
    )
