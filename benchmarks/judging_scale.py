"""How long judging takes, and how much memory, for histories of 100,000 to 10 million events.

    python -m benchmarks.judging_scale --events 100000 --events 1000000 --plant

Writes a peak (see benchmarks.peak) of each size, judges it by every invariant in a process of its
own, works out the figures and the record that a report is made of, and prints wall seconds,
processor seconds (children included) and the most memory of all its processes together; before
that what each step took, as it is done. With ``--plant`` a few things are broken, and each must
be found. The load of the machine stands beside the figures: on a busy machine only processor time
tells.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from benchmarks.peak import INVARIANTS, PLANTED, Peak
from benchmarks.watching import Most
from peakproof import invariants, judging
from peakproof.outcomes import Verdict
from peakproof.report.records import RunRecord
from peakproof.store import RunFolder

__all__ = ["judged", "main", "shortcomings"]

SCENARIO = SimpleNamespace(
    summary="A peak of any size.", simulators=("shopify",), invariants=INVARIANTS
)


def judged(folder: RunFolder) -> RunRecord:
    """Judge a stored peak by every invariant, as any stored run is judged."""
    with mock.patch.object(judging, "load_scenario", return_value=SCENARIO):
        return judging.judge_run(folder)


def shortcomings(record: RunRecord, planted: bool) -> list[str]:
    """Return what judging got wrong: a thing not found, a pass without anything tested."""
    results = {result.invariant: result for result in record.results}
    expected = set(PLANTED.values()) if planted else set()
    wrong = [f"{name} found nothing" for name in expected if not results[name].findings]
    wrong += [f"{name} tested nothing" for name, one in results.items() if not one.tested]
    if not planted:
        wrong += [
            f"{name}: {one.verdict}"
            for name, one in results.items()
            if one.verdict is not Verdict.PASS
        ]
    return sorted(wrong)


def main() -> None:
    """Measure the sizes that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, action="append", help="a size; may be repeated")
    parser.add_argument("--plant", action="store_true", help="break a few things")
    parser.add_argument("--folder", type=Path, help="where to write; by default a temporary one")
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.judge:
        _measure(RunFolder.open(given.judge), given.plant)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        for events in given.events or [100_000]:
            folder = Path(place) / f"peak-{events}"
            Peak(events, planted=PLANTED if given.plant else ()).store(folder)
            command = [sys.executable, "-m", "benchmarks.judging_scale", "--judge", str(folder)]
            print(f"{events:,} events, load {os.getloadavg()[0]:.1f}", flush=True)
            subprocess.run([*command, *(["--plant"] if given.plant else [])], check=True)
            (folder / "history.jsonl").unlink()


def _measure(folder: RunFolder, planted: bool) -> None:
    with Most(_all_mib, every_seconds=0.1) as memory, _timed("the whole of it"), _timed_checks():
        record = judged(folder)
    print(f"{memory.value:8.0f} MiB at most, of all processes together")
    wrong = shortcomings(record, planted)
    if wrong:
        raise SystemExit("Judged wrongly: " + "; ".join(wrong))


def _all_mib() -> float:
    """Return the memory of this process and its children: what they share counts once."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return sum(map(_mib, ["self", *children]))


def _mib(process: str) -> float:
    """Return a process's share of memory (resident; of shared pages its part)."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0  # it has just ended
    return int(text.partition("\nPss:")[2].split()[0]) / 1024


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@contextlib.contextmanager
def _timed(what: str) -> Iterator[None]:
    began, used = time.perf_counter(), _processor_seconds()
    yield
    print(
        f"{time.perf_counter() - began:8.2f} s wall {_processor_seconds() - used:8.2f} s "
        f"processor  {what}",
        flush=True,
    )


@contextlib.contextmanager
def _timed_checks() -> Iterator[None]:
    """Have every invariant, the reading and the figures print what they took."""
    places: list[tuple[Any, str, str]] = [
        (judging, "figures", "figures"),
        (RunFolder, "history", "reading"),
        *((module, "check", name) for name, module in invariants.REGISTRY.items()),
    ]

    def timed(function: Callable[..., Any], what: str) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            with _timed(f"  {what}"):
                return function(*arguments)

        return run

    with contextlib.ExitStack() as stack:
        for place, name, what in places:
            run = timed(getattr(place, name), what)
            stack.enter_context(mock.patch.object(place, name, run))
        yield


if __name__ == "__main__":
    main()
