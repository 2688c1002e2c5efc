"""The explorer: random stories over and over, judged by the same invariants; failures shrunk.

    peakproof explore --connector connectors/mine --minutes 10 --seed 1

A story that violates an invariant in a way not seen before is played again with less and less
in it, as long as the same goes wrong; what is left is written as a plan that one command plays.
How something goes wrong is told by the invariant and the words of its finding.
"""

import itertools
import time
from pathlib import Path

import msgspec
from rich.console import Console

from peakproof import catalog
from peakproof.connector import ConnectorSpec
from peakproof.errors import UsageError
from peakproof.gate import Saying, play, processors, side_by_side
from peakproof.outcomes import Verdict
from peakproof.plan import Plan
from peakproof.report.discoveries import Discovery, ExploreRecord, in_words
from peakproof.report.records import RunRecord
from peakproof.run import RunRequest, applicable, load_scenario
from peakproof.runtime.site import Runtime
from peakproof.shrinking import shorter
from peakproof.store import write_atomically

__all__ = ["ExploreRequest", "explore", "kinds"]

Kind = tuple[str, str]  # an invariant, and what it calls the thing that went wrong


class ExploreRequest(msgspec.Struct, kw_only=True):
    """What to explore, for how long at least, and how many runs a discovery is shortened with.

    With ``discoveries_max`` it ends earlier, when so many ways to fail are known (0: it does not).
    """

    connector: Path
    minutes: float = 10.0
    seed: int = 1
    scenarios: list[str] = []
    shrink_runs: int = 24
    discoveries_max: int = 0
    runs: Path = Path("runs")
    worlds: int = 0


def kinds(record: RunRecord) -> dict[Kind, str]:
    """Return in which ways a story went wrong, each with its first finding."""
    found: dict[Kind, str] = {}
    for result in record.results:
        if result.verdict is Verdict.VIOLATED:
            for finding in result.findings:
                said = f"{finding.subject}: expected {finding.expected}, found {finding.found}"
                found.setdefault((result.invariant, _alike(finding.what)), said)
    return found


def _alike(what: str) -> str:
    """Return the words of a finding without the name that follows them."""
    return what.partition(":")[0]


def explore(request: ExploreRequest, runtime: Runtime, console: Console) -> ExploreRecord:
    """Explore until the time is up; return what was found. Raises UsageError."""
    names = _choose(request)
    explorer = _Explorer(request, runtime, Saying(console))
    begin = time.monotonic()
    seeds, turns = itertools.count(request.seed), itertools.cycle(names)
    going_on = True
    while going_on:
        asked = [(next(turns), next(seeds)) for _ in range(explorer.worlds)]
        for record in side_by_side(lambda one: explorer.play(*one), asked, explorer.worlds):
            if not explorer.enough:
                explorer.look(record)
        going_on = time.monotonic() < begin + request.minutes * 60 and not explorer.enough
    return ExploreRecord(
        connector=ConnectorSpec.load(request.connector).connector.name,
        seeds=[request.seed, next(seeds) - 1],
        stories=explorer.stories,
        runs=explorer.runs,
        duration_seconds=time.monotonic() - begin,
        discoveries=explorer.discoveries,
    )


def _choose(request: ExploreRequest) -> list[str]:
    spec = ConnectorSpec.load(request.connector)
    everything = [name for name in catalog.names("scenarios") if load_scenario(name).random]
    names = [
        name
        for name in request.scenarios or everything
        if not applicable(load_scenario(name), spec)
    ]
    if not names:
        raise UsageError(
            f"No random scenario applies to {spec.connector.name}, which claims "
            f"{', '.join(spec.connector.flows)}. There are: {', '.join(everything)}."
        )
    return names


class _Explorer:
    """Plays stories and keeps what it finds."""

    def __init__(self, request: ExploreRequest, runtime: Runtime, say: Saying) -> None:
        self.request, self.runtime, self.say = request, runtime, say
        self.worlds = request.worlds or processors()
        self.stories = self.runs = 0
        self.known: set[Kind] = set()
        self.discoveries: list[Discovery] = []
        self.folder = request.runs / "explore" / request.connector.resolve().stem

    def play(self, scenario: str, seed: int = 0) -> RunRecord:
        """Play a scenario, or the file of a plan."""
        run = RunRequest(
            scenario=scenario, connector=self.request.connector, seed=seed, runs=self.folder
        )
        self.runs += 1
        return play(run, self.runtime, self.say, lambda _plan: [])[0]

    @property
    def enough(self) -> bool:
        """Whether as much was found as was asked for."""
        return 0 < self.request.discoveries_max <= len(self.discoveries)

    def look(self, record: RunRecord) -> None:
        """Shrink a story once for each new way in which it went wrong."""
        self.stories += 1
        for kind, said in kinds(record).items():
            if kind not in self.known:
                self.say([f"{kind[0]}: {kind[1]} ({said})"])
                self._shrink(record, kind, said)

    def _shrink(self, record: RunRecord, kind: Kind, said: str) -> None:
        left = self.request.shrink_runs
        plan, seen = record.plan, kinds(record)
        candidates = self._folder_of_candidates()

        def fails(less: list[Plan]) -> int | None:
            """Return the first of the plans that goes wrong in the same way."""
            nonlocal left, said, seen
            less = less[:left]
            left -= len(less)
            files = [_write(candidates / f"{left + n}.json", one) for n, one in enumerate(less)]
            played = side_by_side(lambda file: self.play(str(file)), files, self.worlds)
            for number, one in enumerate(played):
                found = kinds(one)
                if kind in found:
                    said, seen = found[kind], found
                    return number
            return None

        plan = shorter(plan, fails, self.worlds, lambda: left > 0)
        self.known |= seen.keys()
        name = "-".join([kind[0], *kind[1].lower().split(), str(plan.seed)])
        file = _write(self.folder / f"{name}.json", plan)
        write_atomically(file.with_suffix(".txt"), "\n".join(in_words(plan)).encode() + b"\n")
        self.discoveries.append(
            Discovery(
                scenario=plan.scenario,
                seed=plan.seed,
                invariant=kind[0],
                what=kind[1],
                found=said,
                others=sorted(f"{name}: {what}" for name, what in seen if (name, what) != kind),
                steps=sum(len(stage.steps) for stage in plan.stages),
                faults=[fault.fault for stage in plan.stages for fault in stage.faults],
                steps_before=sum(len(stage.steps) for stage in record.plan.stages),
                runs=self.request.shrink_runs - left,
                file=str(file),
                command=RunRequest(scenario=str(file), connector=self.request.connector).command(),
            )
        )

    def _folder_of_candidates(self) -> Path:
        folder = self.folder / "candidates"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _write(file: Path, plan: Plan) -> Path:
    write_atomically(file, msgspec.json.format(msgspec.json.encode(plan)) + b"\n")
    return file
