"""The command line: parses words, calls run and gate, turns errors into exit codes.

Nothing is decided here. Exit codes: 0 pass, 1 violated, 2 unknown, 3 service level missed,
64 usage, 70 harness crashed.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from typer.exceptions import TyperException

from peakproof import catalog, contracts, faults, invariants
from peakproof.connector import ConnectorSpec
from peakproof.errors import PeakproofError, UsageError
from peakproof.explore import ExploreRequest, explore
from peakproof.gate import GateRequest, check, gate
from peakproof.outcomes import ExitCode, exit_code, worst
from peakproof.report import detection
from peakproof.report.console import print_gates
from peakproof.report.detection import print_selftest
from peakproof.report.discoveries import print_explored
from peakproof.report.records import GateRecord
from peakproof.run import describe, load_scenario, option_pairs
from peakproof.runtime.choice import open_runtime
from peakproof.runtime.doctor import examine
from peakproof.sandbox_commands import app as sandbox_app
from peakproof.selftest import SEEDS_MAX, SelftestRequest, chosen, selftest, stored
from peakproof.version import __version__

__all__ = ["app", "main"]

app = typer.Typer(
    name="peakproof",
    help="Proves that a retail integration around Odoo survives the bad day.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(sandbox_app, name="sandbox")
_CONSOLE = Console(highlight=False)

ConnectorOption = Annotated[
    Path, typer.Option("--connector", help="Folder with the connector's connector.toml.")
]
ConnectorsOption = Annotated[
    list[Path],
    typer.Option(
        "--connector",
        help="Folder with a connector.toml, or a folder of such folders; repeat for several.",
    ),
]
SeedOption = Annotated[
    int, typer.Option("--seed", help="The number that everything is drawn from.")
]
OptionOption = Annotated[
    list[str] | None, typer.Option("--option", help="name=value of a scenario's option; repeat.")
]
RunsOption = Annotated[Path, typer.Option("--runs", help="Folder that keeps the runs.")]
ReportsOption = Annotated[
    Path | None,
    typer.Option(
        "--reports",
        help="Folder for the reports, such as report.html and summary.md; by default in the runs. "
        "With several connectors each has a folder in it.",
    ),
]
WorldsOption = Annotated[
    int,
    typer.Option(
        "--worlds", min=0, help="Scenarios played at the same time; 0: one for each processor."
    ),
]
RuntimeOption = Annotated[
    str,
    typer.Option(
        "--runtime",
        help="What worlds are made of: process (of this machine) or container (docker).",
    ),
]
SourceOption = Annotated[
    Path | None,
    typer.Option("--odoo-source", help="Odoo 19 source folder or archive, where there is no apt."),
]


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or a stored plan.json.")],
    connector: ConnectorOption,
    seed: SeedOption = 1,
    option: OptionOption = None,
    runs: RunsOption = Path("runs"),
    reports: ReportsOption = None,
    runtime: RuntimeOption = "process",
    odoo_source: SourceOption = None,
) -> None:
    """Play one scenario against a connector and judge it."""
    load_scenario(scenario)
    request = GateRequest(
        connector=catalog.connector(connector),
        scenarios=[scenario],
        seed=seed,
        options=option_pairs(option or []),
        runs=runs,
        reports=reports,
    )
    _gate([request], runtime, odoo_source)


@app.command("gate")
def gate_command(
    connector: ConnectorsOption,
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", help="Only this scenario; repeat.")
    ] = None,
    seed: SeedOption = 1,
    worlds: WorldsOption = 0,
    runs: RunsOption = Path("runs"),
    reports: ReportsOption = None,
    runtime: RuntimeOption = "process",
    odoo_source: SourceOption = None,
) -> None:
    """Play every scenario that applies to each connector, and say whether it may pass."""
    for name in scenario or []:
        load_scenario(name)
    folders = [folder for path in connector for folder in _folders(path)]
    requests = [
        GateRequest(
            connector=folder,
            scenarios=scenario or [],
            seed=seed,
            runs=runs,
            reports=reports / folder.stem if reports and len(folders) > 1 else reports,
            worlds=worlds,
        )
        for folder in folders
    ]
    _gate(requests, runtime, odoo_source)


@app.command("selftest")
def selftest_command(
    defect: Annotated[
        list[str] | None, typer.Option("--defect", help="Only this defect; repeat.")
    ] = None,
    seed: SeedOption = 1,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="How many seeds a defect has to be caught in.")
    ] = SEEDS_MAX,
    worlds: WorldsOption = 0,
    runs: RunsOption = Path("runs"),
    page: Annotated[
        Path | None, typer.Option("--page", help="File to write the detection matrix to.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--stored", help="Judge the runs that are stored; play nothing.")
    ] = False,
    runtime: RuntimeOption = "process",
    odoo_source: SourceOption = None,
) -> None:
    """Prove that peakproof finds what is broken: the reference and every deliberate defect."""
    request = SelftestRequest(
        defects=defect or [], seed=seed, seeds=seeds, runs=runs, worlds=worlds
    )
    chosen(request.defects)
    if again:
        record = stored(request)
    else:
        with _Bars() as progress, open_runtime(runtime, odoo_source, progress) as worlds_of:
            record = selftest(request, worlds_of, _CONSOLE, describe)
    print_selftest(record, _CONSOLE)
    if page is not None:
        page.write_text(detection.page(record))
    raise typer.Exit(detection.selftest_code(record))


@app.command("explore")
def explore_command(
    connector: ConnectorOption,
    minutes: Annotated[float, typer.Option("--minutes", help="How long to go on.")] = 10.0,
    seed: SeedOption = 1,
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", help="Only this random scenario; repeat.")
    ] = None,
    worlds: WorldsOption = 0,
    runs: RunsOption = Path("runs"),
    runtime: RuntimeOption = "process",
    odoo_source: SourceOption = None,
) -> None:
    """Play random stories with random faults; shorten each that fails to one that replays."""
    request = ExploreRequest(
        connector=catalog.connector(connector),
        minutes=minutes,
        seed=seed,
        scenarios=scenario or [],
        runs=runs,
        worlds=worlds,
    )
    with _Bars() as progress, open_runtime(runtime, odoo_source, progress) as worlds_of:
        record = explore(request, worlds_of, _CONSOLE)
    print_explored(record, _CONSOLE)
    raise typer.Exit(ExitCode.VIOLATED if record.discoveries else ExitCode.PASS)


@app.command("check")
def check_command(
    run_folder: Annotated[Path, typer.Argument(help="runs/<scenario>/<time> or .../latest")],
) -> None:
    """Judge a stored run again, offline."""
    raise typer.Exit(check(run_folder, _CONSOLE))


@app.command("list")
def list_command(
    kind: Annotated[
        str,
        typer.Argument(help="connectors, scenarios, simulators, partners, invariants or faults"),
    ] = "",
) -> None:
    """List what there is, from the registries."""
    tables: dict[str, Callable[[], list[tuple[str, str]]]] = {
        "connectors": _connectors,
        "scenarios": _scenarios,
        "simulators": _simulators,
        "partners": _partners,
        "invariants": lambda: _modules(invariants.REGISTRY),
        "faults": lambda: _modules(faults.REGISTRY),
    }
    if kind and kind not in tables:
        raise UsageError(f"Expected one of {', '.join(tables)}, found {kind!r}.")
    for name, rows in tables.items():
        if kind in ("", name):
            table = Table("name", "what it is", title=name, title_justify="left", box=None)
            for row in rows():
                table.add_row(*row)
            _CONSOLE.print(table)
            _CONSOLE.print()


@app.command()
def doctor() -> None:
    """Say what the machine has and what it lacks."""
    lacking = 0
    for finding in examine():
        mark = "✓" if finding.ok else "✗"
        _CONSOLE.print(f"{mark} {finding.name}: {finding.detail}")
        if not finding.ok:
            lacking += 1
            _CONSOLE.print(f"    next step: {finding.next_step}")
    raise typer.Exit(ExitCode.CRASHED if lacking else ExitCode.PASS)


@app.command()
def version() -> None:
    """Print the version."""
    _CONSOLE.print(__version__)


def _gate(requests: "list[GateRequest]", runtime: str, odoo_source: Path | None) -> None:
    for request in requests:
        ConnectorSpec.load(request.connector)  # a mistake in the last is told before the first
    records: list[GateRecord] = []
    with _Bars() as progress, open_runtime(runtime, odoo_source, progress) as worlds_of:
        records.extend(gate(request, worlds_of, _CONSOLE, describe) for request in requests)
    if len(records) > 1:
        print_gates(records, _CONSOLE)
    raise typer.Exit(exit_code(worst([record.verdict for record in records])))


class _Bars:
    """Shows the long steps as bars on a terminal and as plain lines elsewhere."""

    def __init__(self) -> None:
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> "_Bars":
        if self._terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal:
            self._bars.stop()

    def __call__(self, description: str, fraction: float | None) -> None:
        """Show how far a step is; ``fraction`` None means nobody knows."""
        if not self._terminal:
            if description not in self._tasks:
                self._tasks[description] = TaskID(0)
                print(f"  {description} ...", file=sys.stderr, flush=True)
            return
        if description not in self._tasks:
            self._tasks[description] = self._bars.add_task(description, total=1.0)
        task = self._tasks[description]
        if fraction is not None:
            self._bars.update(task, completed=fraction, visible=fraction < 1)


def _folders(path: Path) -> list[Path]:
    """Return a connector's folder, its variants, or every connector in a folder of several."""
    folder = catalog.connector(path)
    if (folder / "connector.toml").is_file():
        return ConnectorSpec.variants_in(folder) or [folder]
    inside = sorted(file.parent for file in folder.glob("*/connector.toml"))
    return [one for one in inside if not ConnectorSpec.variants_in(one)] or [folder]


def _connectors() -> list[tuple[str, str]]:
    rows = []
    for file in sorted(catalog.folder("connectors").glob("*/connector.toml")):
        name, variants = f"connectors/{file.parent.name}", ConnectorSpec.variants_in(file.parent)
        if variants:
            rows.append((f"{name}/*.py", f"{len(variants)} variants; see `peakproof selftest`"))
            continue
        identity = ConnectorSpec.load(file).connector
        rows.append((name, f"{identity.version}: {identity.summary}"))
    return rows


def _scenarios() -> list[tuple[str, str]]:
    return [(name, load_scenario(name).summary) for name in catalog.names("scenarios")]


def _simulators() -> list[tuple[str, str]]:
    return _modules(
        {name: catalog.load("simulators", name) for name in catalog.names("simulators")}
    )


def _partners() -> list[tuple[str, str]]:
    found = contracts.chosen(contracts.parts(), {}, {})
    return [(contract.part, f"{contract.title} ({contract.provider})") for contract in found]


def _modules(registry: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _first_line(module.__doc__)) for name, module in registry.items()]


def _first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0] if text else ""


def main() -> None:
    """Run the command line; the program's entry point."""
    try:
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except TyperException as error:
        message = error.format_message() or "see peakproof --help"
        print(f"peakproof: {message}", file=sys.stderr)
        sys.exit(ExitCode.USAGE)
    except (typer.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
    except UsageError as error:
        print(f"peakproof: {error}", file=sys.stderr)
        sys.exit(ExitCode.USAGE)
    except PeakproofError as error:
        print(f"peakproof: {error}", file=sys.stderr)
        sys.exit(ExitCode.CRASHED)
    except Exception as error:
        if os.environ.get("PEAKPROOF_DEBUG"):
            raise
        print(
            f"peakproof itself failed: {type(error).__name__}: {error}. This is a defect of "
            "peakproof; run again with PEAKPROOF_DEBUG=1 for the trace and report it.",
            file=sys.stderr,
        )
        sys.exit(ExitCode.CRASHED)


if __name__ == "__main__":
    main()
