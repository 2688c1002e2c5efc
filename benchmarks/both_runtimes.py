"""Gates connectors among processes and in containers, and tells whether the verdicts are equal.

    python -m benchmarks.both_runtimes --connector connectors/reference --seed 1 --worlds 2

    python -m benchmarks.both_runtimes --connector connectors/oca_shopify --repeats 5

A connector that races itself is found out in one run and spared in the next, so ``--repeats``
plays every gate so often, the runtimes in turn. Prints a line for each scenario and invariant that
was not judged alike everywhere, with how often each verdict came, and a table of wall seconds and
memory. A verdict depends on the runtime if the two have none in common; if they have, the
connector wavers. Memory is what the machine had less of, at the worst moment, than before the
gate began: the same measure for both, and true only if nobody else is at work. Ends with 1 where a
verdict depends on the runtime.
"""

import argparse
import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
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
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    given = parser.parse_args()
    console, depends = Console(), False
    table = Table("connector", "runtime", "scenarios", "seconds", "MiB at most", "harness")
    for connector in given.connector:
        records: dict[str, list[GateRecord]] = {name: [] for name in RUNTIMES}
        for name in [name for _ in range(given.repeats) for name in RUNTIMES]:
            request = GateRequest(
                connector=connector,
                scenarios=given.scenario,
                seed=given.seed,
                runs=given.runs / name,
                worlds=given.worlds,
            )
            record, seconds, memory_mib = _measured(name, request)
            records[name].append(record)
            table.add_row(
                connector.name,
                name,
                str(len(record.runs)),
                f"{seconds:.0f}",
                f"{memory_mib:.0f}",
                f"{record.harness_share or 0:.1%}",
            )
            console.print(f"{connector.name}, {name}: {record.verdict} in {seconds:.0f} s")
        depend, waver = differences(*records.values())
        depends = depends or bool(depend)
        for line in depend or ["no verdict depends on the runtime"]:
            console.print(f"  {line}", markup=False)
        for line in waver:
            console.print(f"  the connector wavers: {line}", markup=False)
    console.print(table)
    return int(depends)


def _measured(runtime_name: str, request: GateRequest) -> tuple[GateRecord, float, float]:
    """Return what a gate recorded, its wall seconds, and the memory it took at most, in MiB."""
    with (
        open_runtime(runtime_name) as runtime,
        Most(_missing_since(_available_mib()), every_seconds=0.5) as memory,
    ):
        begin = time.monotonic()
        record = gate(request, runtime, Console(file=io.StringIO()), lambda _: [])
        return record, time.monotonic() - begin, memory.value


def differences(
    first: Sequence[GateRecord], second: Sequence[GateRecord]
) -> tuple[list[str], list[str]]:
    """Return in words which verdicts depend on the runtime, and which waver within one.

    A story that only one runtime can play (it disturbs a container's network) is no difference.
    """
    one, other = _judgements(first), _judgements(second)
    both = _stories(first) & _stories(second)
    depend: list[str] = []
    waver: list[str] = []
    for judgement in sorted(one.keys() | other.keys()):
        said = one.get(judgement, Counter()), other.get(judgement, Counter())
        if judgement[0] not in both or (said[0].keys() == said[1].keys() and len(said[0]) == 1):
            continue
        line = f"{' '.join(judgement)}: {_counts(said[0])}; {_counts(said[1])}"
        (waver if said[0].keys() & said[1].keys() else depend).append(line)
    return depend, waver


def _stories(records: Sequence[GateRecord]) -> set[str]:
    return {run.scenario for record in records for run in record.runs}


def _judgements(records: Sequence[GateRecord]) -> dict[Judgement, Counter[str]]:
    """Return how often each verdict came, by what was judged."""
    said: dict[Judgement, Counter[str]] = {}
    for run in [run for record in records for run in record.runs]:
        said.setdefault((run.scenario, "as a whole"), Counter())[str(run.verdict)] += 1
        for result in run.results:
            verdicts = said.setdefault((run.scenario, result.invariant), Counter())
            verdicts[str(result.verdict)] += 1
    return said


def _counts(verdicts: Counter[str]) -> str:
    if not verdicts:
        return "not judged"
    return ", ".join(f"{verdict} {count}" for verdict, count in sorted(verdicts.items()))


def _missing_since(before_mib: float) -> Callable[[], float]:
    """Return what tells how much less memory there is than before."""
    return lambda: before_mib - _available_mib()


def _available_mib() -> float:
    text = Path("/proc/meminfo").read_text()
    return int(text.partition("MemAvailable:")[2].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
