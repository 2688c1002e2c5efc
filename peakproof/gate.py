"""The gate: every applicable scenario against one connector, judged, reported, one exit code."""

import os
import shlex
import threading
import time
from collections.abc import Callable
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import TypeVar

import msgspec
from rich.console import Console

from peakproof import catalog
from peakproof.connector import ConnectorSpec
from peakproof.errors import UsageError
from peakproof.history import History
from peakproof.judging import judge_run, sum_up
from peakproof.outcomes import Verdict, exit_code, worst
from peakproof.plan import Plan
from peakproof.report import write_reports
from peakproof.report.console import print_gate
from peakproof.report.records import ConnectorRecord, GateRecord, NotApplicable, RunRecord
from peakproof.run import RunRequest, applicable, execute, load_scenario
from peakproof.runtime.site import Runtime
from peakproof.seed import Clock
from peakproof.store import RunFolder

__all__ = ["GateRequest", "Saying", "check", "gate", "play", "processors", "side_by_side"]

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

# Phases in which only the harness works; in the others the story, Odoo or the connector does.
_OWN_PHASES = ("simulators", "reads", "merge", "judge", "report")


class GateRequest(msgspec.Struct, kw_only=True):
    """What to judge: a connector, the scenarios (none means all that apply), seed, options.

    ``worlds`` is how many scenarios are played at the same time, each in a world of its own;
    0 means as many as the machine has processors. ``reports`` is the folder for the reports;
    None puts them into ``runs``.
    """

    connector: Path
    scenarios: list[str] = []
    seed: int = 1
    options: dict[str, str] = {}
    runs: Path = Path("runs")
    reports: Path | None = None
    worlds: int = 0

    def command(self, runtime: str) -> str:
        """Return the command that does the same again, in such a runtime."""
        words = ["peakproof", "gate", "--connector", str(self.connector), "--seed", str(self.seed)]
        for name in self.scenarios:
            words += ["--scenario", name]
        words += [] if runtime == "process" else ["--runtime", runtime]
        return shlex.join(words)


def gate(
    request: GateRequest,
    runtime: Runtime,
    console: Console,
    describe: Callable[[Plan], list[str]],
) -> GateRecord:
    """Play, judge, report; return the record. Raises UsageError for a caller's mistake."""
    begin = time.monotonic()
    started = Clock.start().wall(0).isoformat()
    spec = ConnectorSpec.load(request.connector)
    names, left_out = _choose(request, spec, runtime.name)
    asked = [
        RunRequest(
            scenario=name,
            connector=request.connector,
            seed=request.seed,
            options=request.options,
            runs=request.runs,
            runtime=runtime.name,
        )
        for name in names
    ]
    say = Saying(console)
    judged = side_by_side(
        lambda run: play(run, runtime, say, describe), asked, request.worlds or processors()
    )
    total = time.monotonic() - begin
    verdict = worst([record.verdict for record, _ in judged])
    gate_record = GateRecord(
        connector=_connector_record(request, spec),
        verdict=verdict,
        runs=[record for record, _ in judged],
        reproduce=request.command(runtime.name),
        started=started,
        exit_code=int(exit_code(verdict)),
        duration_seconds=total,
        harness_share=_harness_share([record for record, _ in judged]),
        versions=judged[-1][0].versions,
        not_applicable=left_out,
    )
    target = _report_folder(request, [record for record, _ in judged])
    _publish(gate_record, [history for _, history in judged], target, console)
    return gate_record


class Saying:
    """Prints lines that belong together without those of another world between them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._turn = threading.Lock()

    def __call__(self, lines: list[str]) -> None:
        """Print the lines."""
        with self._turn:
            for line in lines:
                self._console.print(line, markup=False)


def play(
    run: RunRequest, runtime: Runtime, say: Saying, describe: Callable[[Plan], list[str]]
) -> tuple[RunRecord, History]:
    """Play one scenario, judge it, say what came of it."""
    folder = execute(run, runtime, lambda plan: say(describe(plan)))
    record, history = _judge(folder)
    took = sum(record.durations_seconds.values())
    say([f"  -> {run.scenario}: {record.verdict} in {took:.1f} s, {folder.path}"])
    return record, history


def processors() -> int:
    """Return how many worlds the machine carries at a time: one for each processor."""
    return os.cpu_count() or 1


def side_by_side(work: Callable[[Item], Outcome], items: list[Item], worlds: int) -> list[Outcome]:
    """Work on the items, so many at a time; the results are in the order of the items."""
    if worlds == 1 or len(items) == 1:
        return [work(item) for item in items]
    with ThreadPool(min(worlds, len(items))) as pool:  # its threads do not outlive an interrupt
        return list(pool.imap(work, items))


def check(run_folder: Path, console: Console) -> int:
    """Judge one stored run again and rewrite its reports; return the exit code."""
    folder = RunFolder.open(run_folder)
    record, history = _judge(folder)
    gate_record = GateRecord(
        connector=record.connector,
        verdict=record.verdict,
        runs=[record],
        reproduce=record.reproduce,
        started=record.started,
        exit_code=int(exit_code(record.verdict)),
        duration_seconds=sum(record.durations_seconds.values()),
        harness_share=_harness_share([record]),
        versions=record.versions,
    )
    _publish(gate_record, [history], folder.path, console)
    return gate_record.exit_code


def _publish(record: GateRecord, histories: list[History], target: Path, console: Console) -> None:
    """Write and print the reports, without the credentials of any run in them."""
    sum_up(record)
    secrets = [word for run in record.runs for word in RunFolder(Path(run.folder)).secrets()]
    paths = write_reports(record, histories, target, secrets)
    print_gate(record, paths, console, secrets)


def _choose(
    request: GateRequest, spec: ConnectorSpec, runtime: str
) -> tuple[list[str], list[NotApplicable]]:
    names, left_out = [], []
    everything = [name for name in catalog.names("scenarios") if not load_scenario(name).random]
    for name in request.scenarios or everything:
        reason = applicable(load_scenario(name), spec, runtime)
        if reason and request.scenarios:
            raise UsageError(f"Scenario {name} does not apply: {reason}.")
        if reason:
            left_out.append(NotApplicable(scenario=name, reason=reason))
        else:
            names.append(name)
    if not names:
        raise UsageError(
            f"No scenario applies to {spec.connector.name}, which claims "
            f"{', '.join(spec.connector.flows) or 'nothing'}: nothing would be tested."
        )
    return names, left_out


def _judge(folder: RunFolder) -> tuple[RunRecord, History]:
    begin = time.monotonic()
    history = folder.history()
    record = judge_run(folder, history)
    record.durations_seconds["judge"] = time.monotonic() - begin
    if not any(verdict is not Verdict.NOT_CLAIMED for verdict in _verdicts(record)):
        record.notes.append("Nothing that the connector claims was judged.")
    return record, history


def _verdicts(record: RunRecord) -> list[Verdict]:
    return [result.verdict for result in record.results]


def _harness_share(records: list[RunRecord]) -> float:
    """Return the share of the time in which nobody but the harness worked, 0 to 1."""
    own = sum(record.durations_seconds.get(phase, 0) for record in records for phase in _OWN_PHASES)
    total = sum(sum(record.durations_seconds.values()) for record in records)
    return own / total if total else 0.0


def _connector_record(request: GateRequest, spec: ConnectorSpec) -> ConnectorRecord:
    return ConnectorRecord(
        name=spec.connector.name,
        version=spec.connector.version,
        claims=spec.connector.flows,
        source=str(request.connector),
        summary=spec.connector.summary,
    )


def _report_folder(request: GateRequest, records: list[RunRecord]) -> Path:
    """Return where the reports go: as asked, a run's folder, or runs/gate/<connector>/<time>."""
    if request.reports is not None:
        return request.reports
    if len(records) == 1:
        return Path(records[0].folder)
    stamp = Clock.start().wall(0).strftime("%Y%m%dT%H%M%S")
    parent = request.runs / "gate" / request.connector.resolve().name
    folder = parent / stamp
    folder.mkdir(parents=True, exist_ok=True)
    link = parent / f".latest-{stamp}"
    link.unlink(missing_ok=True)
    link.symlink_to(stamp)
    link.replace(parent / "latest")
    return folder
