"""How long a world's Odoo takes: from cloning its database to its first JSON-2 answer.

    python -m benchmarks.world_start [--count 20] [--beside]

Prints a table of medians and extremes. ``--beside`` keeps the earlier worlds running. The
template must be cached (the first run of all makes it, which is not measured).
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from peakproof.runtime.process import ProcessRuntime

__all__ = ["main"]

STEPS = ("clone", "start to first answer", "clone to first answer", "second answer", "drop")


def measure(
    runtime: ProcessRuntime, count: int, folder: Path, *, beside: bool
) -> list[list[float]]:
    """Return the seconds of every step for every world."""
    template = runtime.prepare()
    rows = []
    kept = []
    for number in range(count):
        begin = time.perf_counter()
        database = runtime.new_database(template, f"bench{number}")
        cloned = time.perf_counter()
        odoo = runtime.start_odoo(database, folder / f"odoo{number}.log")
        answered = time.perf_counter()
        with odoo.client() as client:
            assert client.search_read("res.users", fields=["login"])
            again = time.perf_counter()
        dropped = again
        if beside:
            kept.append(database)
        else:
            runtime.drop(database)
            dropped = time.perf_counter()
        rows.append(
            [cloned - begin, answered - cloned, answered - begin, again - answered, dropped - again]
        )
    for database in kept:
        runtime.drop(database)
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--beside", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ProcessRuntime() as runtime:
        template = runtime.prepare()
        begin = time.perf_counter()
        runtime.warm(template)
        warm = time.perf_counter() - begin
        first = measure(runtime, 1, Path(folder), beside=False)[0]
        rows = measure(runtime, options.count, Path(folder), beside=options.beside)
    table = Table(title=f"Odoo {template.note.odoo_version}, {options.count} worlds, seconds")
    for heading in ("step", "median", "min", "max", "the very first"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for index, step in enumerate(STEPS):
        column = [row[index] for row in rows]
        figures = (statistics.median(column), min(column), max(column), first[index])
        table.add_row(step, *(f"{figure:.3f}" for figure in figures))
    table.caption = f"database server and warm parent started in {warm:.2f} s (parent still loads)"
    Console().print(table)


if __name__ == "__main__":
    main()
