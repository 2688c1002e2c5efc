"""pytest fixtures: a connector's own repository tests against a real Odoo.

``pytest --peakproof-connector FOLDER`` (or ``peakproof_connector`` in the ini file), and::

    def test_a_quiet_day(play):
        assert play("quiet_day").verdict == "pass"

``world`` is a fresh world for one test, ``odoo``, ``shopify``, ``pos``, ``carrier``, ``gateway``
and ``bank`` are its parts; docs/pytest.md tells the rest. ``pytest --fixtures`` lists them.

Loaded by every pytest run where peakproof is installed, so this module imports only pytest; what
a fixture needs it imports when it is asked for.
"""

import contextlib
import re
import shlex
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from peakproof.report.records import FindingRecord, ResultRecord, RunRecord
    from peakproof.runtime.json2 import Odoo
    from peakproof.runtime.site import Runtime
    from peakproof.trial import Part, Trial

__all__: list[str] = []  # what pytest finds here is fixtures and hooks

_FINDINGS_SHOWN = 5
_LINES_SHOWN, _LINE_MAX = 6, 90  # of an assertion, of which pytest shows 640 characters
_OPTIONS = {
    "connector": "folder with the connector's connector.toml (or the name of a bundled one)",
    "seed": "the number that everything random is drawn from (default: 1)",
    "runs": "folder that keeps the runs (default: runs, beside the ini file)",
    "runtime": "what worlds are made of: process (default) or container",
}
_MARKER = (
    "peakproof(shop=None, simulators=None, seed=None): the Shop of the test's world, the parts "
    "to be played (such as ['shopify', 'carrier']) and a seed of its own"
)
_NOTES = pytest.StashKey[list[str]]()  # of a test: what its report says if it fails
_PLAYED = pytest.StashKey["list[RunRecord]"]()  # of the session: what the running test played


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and their ini equivalents."""
    group = parser.getgroup("peakproof", "tests of a connector against a real Odoo")
    for name, meaning in _OPTIONS.items():
        group.addoption(f"--peakproof-{name}", metavar=name.upper(), help=meaning)
        parser.addini(f"peakproof_{name}", meaning, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_PLAYED] = []


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is tested, where a connector is given."""
    told = _setting(config, "connector")
    return [f"peakproof: connector {told}, seed {_seed(config)}"] if told else []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add seed, run folder and command to the report of a test that failed."""
    report = yield
    notes = item.stash.get(_NOTES, [])
    if report.failed and notes:
        report.sections.append(("peakproof", "\n".join(notes)))
    return report


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """Explain ``play(...).verdict == "pass"`` by the findings of what the test has played."""
    if op != "==" or not config.stash[_PLAYED]:
        return None
    from peakproof.outcomes import Verdict

    if not isinstance(left, Verdict) and not isinstance(right, Verdict):
        return None
    lines = [
        f"{record.scenario}: {line}"
        for record in config.stash[_PLAYED]
        if record.verdict in (left, right)
        for line in _shortly(record)
    ]
    # pytest cuts long explanations off: the whole of it stands in the section "peakproof".
    return [f"verdict {left!s} == {right!s}", *lines[:_LINES_SHOWN]] if lines else None


@pytest.fixture(scope="session")
def peakproof_runtime(pytestconfig: pytest.Config) -> "Iterator[Runtime]":
    """Where worlds live: real Odoo and PostgreSQL, warm for the whole session.

    Override it in a conftest.py for another one (``ProcessRuntime(odoo_source=...)``).
    """
    from peakproof.errors import PeakproofError
    from peakproof.runtime.choice import open_runtime

    name = _setting(pytestconfig, "runtime") or "process"
    with contextlib.ExitStack() as stack:
        try:
            opened = open_runtime(name, progress=_Progress(pytestconfig))
            runtime = stack.enter_context(opened)
        except PeakproofError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield runtime


@pytest.fixture(scope="session")
def peakproof_connector(pytestconfig: pytest.Config) -> Path:
    """The folder of the connector under test."""
    from peakproof import catalog

    told = _setting(pytestconfig, "connector")
    if not told:
        pytest.fail(
            "No connector is given. Say where its connector.toml lies: "
            "`pytest --peakproof-connector FOLDER`, or `peakproof_connector = FOLDER` in the "
            "ini file, or override the fixture peakproof_connector.",
            pytrace=False,
        )
    return catalog.connector(_placed(pytestconfig, "connector", told))


@pytest.fixture
def world(
    request: pytest.FixtureRequest, peakproof_connector: Path, peakproof_runtime: "Runtime"
) -> "Iterator[Trial]":
    """A fresh world: real Odoo, simulators, the connector started and set up (a peakproof Trial).

    ``world.act(system, action, **arguments)``, ``world.settle()``, ``world.read()`` ...
    """
    import psycopg

    from peakproof.errors import PeakproofError
    from peakproof.trial import TrialRequest, open_trial

    asked = _marked(request)
    seed = _seed(request.config) if asked["seed"] is None else asked["seed"]
    runs = _runs(request.config)
    words = ["pytest", request.node.nodeid, "--peakproof-connector", str(peakproof_connector)]
    trial_request = TrialRequest(
        name=re.sub(r"\W+", "_", request.node.name).strip("_"),
        connector=peakproof_connector,
        seed=seed,
        shop=asked["shop"],
        simulators=asked["simulators"],
        runs=runs,
        reproduce=shlex.join([*words, "--peakproof-seed", str(seed), *_chosen_runtime(request)]),
    )
    latest = runs / trial_request.name / "latest"
    notes = request.node.stash.setdefault(_NOTES, [])
    notes += [f"seed {seed}", f"again  {trial_request.reproduce}"]
    try:
        with open_trial(trial_request, peakproof_runtime) as trial:
            notes.append(f"run    {trial.folder}")
            yield trial
    except (PeakproofError, OSError, psycopg.Error) as error:
        told = f"{error}\nThe run is kept in {latest.resolve()}"
        raise pytest.fail.Exception(told, pytrace=False) from None


@pytest.fixture
def odoo(world: "Trial") -> "Odoo":
    """A JSON-2 client of the world's Odoo: ``odoo.search_read("sale.order", [], ["name"])``."""
    return world.odoo


@pytest.fixture
def shopify(world: "Trial") -> "Part":
    """The world's Shopify: ``shopify.act("checkout", customer=..., lines=...)``."""
    return _part(world, "shopify")


@pytest.fixture
def pos(world: "Trial") -> "Part":
    """The world's tills."""
    return _part(world, "pos")


@pytest.fixture
def carrier(world: "Trial") -> "Part":
    """The world's parcel carriers."""
    return _part(world, "carrier")


@pytest.fixture
def gateway(world: "Trial") -> "Part":
    """The world's payment gateway."""
    return _part(world, "gateway")


@pytest.fixture
def bank(world: "Trial") -> "Part":
    """The world's bank."""
    return _part(world, "bank")


@pytest.fixture
def play(
    request: pytest.FixtureRequest, peakproof_connector: Path, peakproof_runtime: "Runtime"
) -> "Iterator[Callable[..., RunRecord]]":
    """Play a scenario (or a stored plan.json) and return its judged record.

    ``play("flash_sale", seed=7, stock=40).verdict == "pass"``: options are the scenario's own.
    """
    from rich.console import Console

    from peakproof.gate import GateRequest, gate
    from peakproof.run import describe

    config = request.config
    notes = request.node.stash.setdefault(_NOTES, [])

    def play_one(scenario: str, *, seed: int | None = None, **options: object) -> "RunRecord":
        __tracebackhide__ = True
        asked = GateRequest(
            connector=peakproof_connector,
            scenarios=[scenario],
            seed=_seed(config) if seed is None else seed,
            options={name: str(value) for name, value in options.items()},
            runs=_runs(config),
        )
        console = Console(file=sys.stdout, highlight=False)
        record = gate(asked, peakproof_runtime, console, describe).runs[0]
        config.stash[_PLAYED].append(record)
        notes.extend(_explained(record))
        return record

    yield play_one
    config.stash[_PLAYED].clear()


def _part(world: "Trial", name: str) -> "Part":
    if name not in world.world.simulators:
        known = ", ".join(world.world.simulators) or "nobody"
        pytest.fail(
            f"This world has no {name}; it has {known}. Unless told otherwise a world has what the "
            "connector's flows need. To have it: claim its flow in connector.toml, or mark the "
            f"test @pytest.mark.peakproof(simulators=[{name!r}]).",
            pytrace=False,
        )
    return world.part(name)


def _chosen_runtime(request: pytest.FixtureRequest) -> list[str]:
    told = _setting(request.config, "runtime")
    return ["--peakproof-runtime", told] if told else []


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what the markers around a test ask for; the closest wins."""
    asked: dict[str, Any] = dict.fromkeys(("shop", "simulators", "seed"))
    for mark in reversed(list(request.node.iter_markers("peakproof"))):
        unknown = sorted(set(mark.kwargs) - set(asked))
        if unknown or mark.args:
            found = ", ".join([*map(repr, mark.args), *unknown])
            pytest.fail(f"@pytest.mark.{_MARKER}. Found: {found}.", pytrace=False)
        asked |= mark.kwargs
    return asked


def _setting(config: pytest.Config, name: str) -> str:
    """Return an option, else its ini equivalent, else ""."""
    return str(config.getoption(f"peakproof_{name}") or config.getini(f"peakproof_{name}") or "")


def _seed(config: pytest.Config) -> int:
    told = _setting(config, "seed") or "1"
    if not told.isdecimal():
        raise pytest.UsageError(f"--peakproof-seed: expected a whole number, found {told!r}.")
    return int(told)


def _runs(config: pytest.Config) -> Path:
    return _placed(config, "runs", _setting(config, "runs") or "runs")


def _placed(config: pytest.Config, name: str, told: str) -> Path:
    """Return a path: of the command line as seen from there, of the ini file from beside it."""
    given = config.getoption(f"peakproof_{name}")
    return (config.invocation_params.dir if given else config.rootpath) / told


def _failed(record: "RunRecord") -> "list[ResultRecord]":
    return [one for one in record.results if one.verdict not in ("pass", "not claimed")]


def _shortly(record: "RunRecord") -> list[str]:
    """Say in a line for each invariant what is wrong with a run; nothing for a pass."""
    lines = list(record.notes)
    for result in _failed(record):
        first = _about(result.findings[0]) if result.findings else result.reason or result.summary
        more = max(result.findings_total, len(result.findings)) - 1
        lines.append(f"{result.invariant}: {first}{f' (and {more} more)' if more > 0 else ''}")
    return [line if len(line) <= _LINE_MAX else f"{line[: _LINE_MAX - 3]}..." for line in lines]


def _explained(record: "RunRecord") -> list[str]:
    """Say what came of a run, with the first findings, where it lies and how to repeat it."""
    lines = [f"{record.scenario}, seed {record.seed}: {record.verdict}", *record.notes]
    for result in _failed(record):
        lines.append(f"  {result.invariant}: {result.verdict}. {result.statement}")
        if not result.findings:
            lines.append(f"    {result.reason or result.summary}")
        for finding in result.findings[:_FINDINGS_SHOWN]:
            lines.append(f"    {_about(finding)}")
            lines.append(f"      expected {finding.expected}, found {finding.found}")
        more = max(result.findings_total, len(result.findings)) - _FINDINGS_SHOWN
        if more > 0:
            lines.append(f"    and {more} more")
    return [*lines, f"report {Path(record.folder) / 'report.html'}", f"again  {record.reproduce}"]


def _about(finding: "FindingRecord") -> str:
    return f"{finding.what}: {finding.subject}" if finding.what else finding.subject


class _Progress:
    """Says on the terminal what takes long, each thing once: the first run fetches Odoo."""

    def __init__(self, config: pytest.Config) -> None:
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._told: set[str] = set()

    def __call__(self, description: str, _fraction: float | None) -> None:
        if description in self._told:
            return
        self._told.add(description)
        free: Any = contextlib.nullcontext
        with (self._capture.global_and_fixture_disabled if self._capture else free)():
            print(f"\npeakproof: {description} ...", file=sys.stderr, flush=True)
