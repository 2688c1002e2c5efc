"""Explores deliberate defects at random and prints what was found: no story is aimed at them.

    python benchmarks/explore_defects.py --minutes 4 --defect pushes_on_hand --defect ...

Each defect is explored until one way to fail is known or the time is up. A way to fail that the
reference shows too would be a false alarm: it is explored first, for as long as all of them
together may take at most (``--reference-minutes``). All random stories are played in turn unless
``--scenario`` names some, as somebody would who knows which part of a connector was changed.
``--connector`` explores another connector, for the whole time.
"""

import argparse
import io
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from peakproof import catalog
from peakproof.explore import ExploreRequest, explore
from peakproof.report.discoveries import ExploreRecord
from peakproof.runtime.process import ProcessRuntime
from peakproof.selftest import chosen

__all__ = ["main"]


def main() -> int:
    """Explore; return 1 if the reference tripped anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--defect", action="append", default=[])
    parser.add_argument("--connector", action="append", default=[], type=Path)
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--reference-minutes", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shrink-runs", type=int, default=12)
    parser.add_argument("--worlds", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    console, quiet = Console(), Console(file=io.StringIO())
    connectors = catalog.folder("connectors")
    table = Table("connector", "found by", "what", "stories", "steps", "faults", "minutes")

    def look(connector: Path, minutes: float, discoveries_max: int) -> ExploreRecord:
        request = ExploreRequest(
            connector=connector,
            minutes=minutes,
            seed=arguments.seed,
            scenarios=arguments.scenario,
            shrink_runs=arguments.shrink_runs,
            discoveries_max=discoveries_max,
            worlds=arguments.worlds,
            runs=arguments.runs,
        )
        record = explore(request, runtime, quiet)
        _add(table, record)
        console.print(f"{record.connector}: {[one.what for one in record.discoveries]}")
        return record

    with ProcessRuntime() as runtime:
        false_alarms = 0
        if arguments.reference_minutes:
            record = look(connectors / "reference", arguments.reference_minutes, 0)
            false_alarms = len(record.discoveries)
        for folder in arguments.connector:
            look(folder, arguments.minutes, 0)
        for name in chosen(arguments.defect) if arguments.defect or not arguments.connector else ():
            look(connectors / "defects" / f"{name}.py", arguments.minutes, 1)
    console.print(table)
    return 1 if false_alarms else 0


def _add(table: Table, record: ExploreRecord) -> None:
    minutes = f"{record.duration_seconds / 60:.1f}"
    if not record.discoveries:
        table.add_row(record.connector, "-", "-", str(record.stories), "-", "-", minutes)
    for found in record.discoveries:
        table.add_row(
            record.connector,
            found.invariant,
            found.what,
            str(record.stories),
            f"{found.steps} of {found.steps_before}",
            ", ".join(found.faults) or "-",
            minutes,
        )


if __name__ == "__main__":
    sys.exit(main())
