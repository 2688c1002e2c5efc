"""Gates one connector over several seeds and prints a table: scenario by seed.

    python benchmarks/gate_seeds.py --connector connectors/reference --seeds 10
    python benchmarks/gate_seeds.py --connector connectors/oca_stripe --seeds 1 --repeats 10

With ``--repeats`` every seed is played so often, and the last line tells whether the verdicts of
a seed and what was found were the same each time.
Ends with the worst exit code. Times are wall seconds; the last column is the share of the time
in which nobody but the harness worked.
"""

import argparse
import io
import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from peakproof.gate import GateRequest, gate
from peakproof.report.records import GateRecord
from peakproof.runtime.process import ProcessRuntime

__all__ = ["main"]


def main() -> int:
    """Run the gates; return the worst exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connector", type=Path, default=Path("connectors/reference"))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    console, codes, records = Console(), [], []
    with ProcessRuntime() as runtime:
        wanted = range(arguments.first, arguments.first + arguments.seeds)
        for seed in [seed for seed in wanted for _ in range(arguments.repeats)]:
            begin = time.monotonic()
            quiet = Console(file=io.StringIO(), width=120)
            request = GateRequest(
                connector=arguments.connector,
                seed=seed,
                runs=arguments.runs,
                worlds=arguments.worlds,
            )
            record = gate(request, runtime, quiet, lambda _: [])
            codes.append(record.exit_code)
            records.append((seed, record))
            verdicts = " ".join(f"{run.scenario}={run.verdict}" for run in record.runs)
            console.print(f"seed {seed}: {time.monotonic() - begin:.0f} s, {verdicts}")
            for run in record.runs:
                for result in run.results:
                    for finding in result.findings[:2]:
                        console.print(f"    {result.invariant}: {finding.found}", markup=False)
                for note in run.notes:
                    console.print(f"    {note}", markup=False)
    console.print(_table(records))
    if arguments.repeats > 1:
        console.print(_sameness(records))
    return max(codes)


def _sameness(records: list[tuple[int, GateRecord]]) -> str:
    """Return in words whether the gates of each seed said the same."""
    told: dict[int, Counter[str]] = {}
    for seed, record in records:
        said = [
            f"{run.scenario} {result.invariant} {result.verdict}: "
            + ", ".join(sorted({finding.what.partition(":")[0] for finding in result.findings}))
            for run in record.runs
            for result in run.results
        ]
        told.setdefault(seed, Counter()).update(said)
    lines = []
    for seed, counts in told.items():
        gates = sum(number == seed for number, _ in records)
        odd = [f"  {count} of {gates}: {text}" for text, count in counts.items() if count != gates]
        lines.append(f"seed {seed}: {gates} gates, {'all the same' if not odd else 'differences'}")
        lines += sorted(odd)
    return "\n".join(lines)


def _table(records: list[tuple[int, GateRecord]]) -> Table:
    table = Table("seed", *[run.scenario for run in records[0][1].runs], "seconds", "harness")
    for seed, record in records:
        table.add_row(
            str(seed),
            *[str(run.verdict) for run in record.runs],
            f"{record.duration_seconds:.0f}",
            f"{record.harness_share or 0:.1%}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
