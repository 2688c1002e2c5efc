"""Gates connectors among processes and in containers, and tells whether the verdicts are equal.

    python -m benchmarks.both_runtimes --connector connectors/reference --seed 1 --worlds 2

Prints a line for each scenario and invariant that was judged differently, and a table of wall
seconds and memory. Memory is what the machine had less of, at the worst moment, than before the
gate began: the same measure for both, and true only if nobody else is at work. Ends with 1 where
verdicts differ.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.watching import Most
from peakproof.gate import GateRequest, gate
from peakproof.report.records import GateRecord
from peakproof.runtime.choice import RUNTIMES, open_runtime

__all__ = ["differences", "main"]

Judgement = tuple[str, str]  # scenario, invariant


def main() -> int:
    """Play the gates; return 1 if a verdict depends on the runtime."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connector", action="append", type=Path, required=True)
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    given = parser.parse_args()
    console, unequal = Console(), False
    table = Table("connector", "runtime", "scenarios", "seconds", "MiB at most", "harness")
    for connector in given.connector:
        records = []
        for name in RUNTIMES:
            request = GateRequest(
                connector=connector,
                scenarios=given.scenario,
                seed=given.seed,
                runs=given.runs / name,
                worlds=given.worlds,
            )
            with (
                open_runtime(name) as runtime,
                Most(_missing_since(_available_mib()), every_seconds=0.5) as memory,
            ):
                begin = time.monotonic()
                record = gate(request, runtime, Console(file=io.StringIO()), lambda _: [])
                seconds = time.monotonic() - begin
            records.append(record)
            table.add_row(
                connector.name,
                name,
                str(len(record.runs)),
                f"{seconds:.0f}",
                f"{memory.value:.0f}",
                f"{record.harness_share or 0:.1%}",
            )
            console.print(f"{connector.name}, {name}: {record.verdict} in {seconds:.0f} s")
        lines = differences(*records)
        unequal = unequal or bool(lines)
        for line in lines or ["the verdicts are equal"]:
            console.print(f"  {line}", markup=False)
    console.print(table)
    return int(unequal)


def differences(first: GateRecord, second: GateRecord) -> list[str]:
    """Return in words what one gate judged otherwise than the other.

    A story that only one runtime can play (it disturbs a container's network) is no difference.
    """
    both = {run.scenario for run in first.runs} & {run.scenario for run in second.runs}
    one, other = _judgements(first), _judgements(second)
    return [
        f"{scenario} {invariant}: {one.get((scenario, invariant), 'not judged')} and "
        f"{other.get((scenario, invariant), 'not judged')}"
        for scenario, invariant in sorted(one.keys() | other.keys())
        if scenario in both and one.get((scenario, invariant)) != other.get((scenario, invariant))
    ]


def _judgements(record: GateRecord) -> dict[Judgement, str]:
    return {
        (run.scenario, result.invariant): str(result.verdict)
        for run in record.runs
        for result in run.results
    }


def _missing_since(before_mib: float) -> Callable[[], float]:
    """Return what tells how much less memory there is than before."""
    return lambda: before_mib - _available_mib()


def _available_mib() -> float:
    text = Path("/proc/meminfo").read_text()
    return int(text.partition("MemAvailable:")[2].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
