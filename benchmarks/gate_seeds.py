"""Gates one connector over several seeds and prints a table: scenario by seed.

    python benchmarks/gate_seeds.py --connector connectors/reference --seeds 10

Ends with the worst exit code. Times are wall seconds; the last column is the share of the time
in which nobody but the harness worked.
"""

import argparse
import io
import sys
import time
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
    parser.add_argument("--worlds", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    console, codes, records = Console(), [], []
    with ProcessRuntime() as runtime:
        for seed in range(arguments.first, arguments.first + arguments.seeds):
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
    return max(codes)


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
