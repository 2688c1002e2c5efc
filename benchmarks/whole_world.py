"""How long a whole fresh world takes: clone, Odoo, Shopify, proxy, the shop in both.

    python -m benchmarks.whole_world [--count 10]

Everything of a story's world except the connector itself. Prints medians and extremes by part;
the first world of a session is listed apart, as it waits for the warm parents.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from peakproof.connector import ConnectorSpec, Identity
from peakproof.history import HistoryWriter
from peakproof.run import draw_plan, load_scenario
from peakproof.runtime.process import ProcessRuntime
from peakproof.seed import Clock
from peakproof.store import RunFolder, RunMeta
from peakproof.worldbuild import build_world

__all__ = ["main"]

PARTS = ("odoo", "simulators", "seed", "whole world")


def one_world(runtime: ProcessRuntime, folder: Path, seed: int) -> dict[str, float]:
    """Build a world and take it down; return the seconds by part, without the taking down."""
    scenario = load_scenario("flash_sale")
    plan = draw_plan(scenario, seed, {}, external=True)
    spec = ConnectorSpec(connector=Identity(name="none", version="0", flows=[]))
    clock = Clock.start()
    run = RunFolder.create(folder, scenario.name, clock)
    meta = RunMeta(
        scenario=scenario.name,
        seed=seed,
        connector="none",
        connector_version="0",
        connector_folder="",
        flows=[],
        service_levels={},
        reproduce="",
        started_at="",
    )
    writer = HistoryWriter(run.part("harness"))
    begin = time.perf_counter()
    with build_world(plan, scenario, spec, runtime, run, clock, writer, meta):
        meta.phases["whole world"] = time.perf_counter() - begin
    writer.close()
    return meta.phases


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder, ProcessRuntime() as runtime:
        first = one_world(runtime, Path(folder), 0)
        rows = [one_world(runtime, Path(folder), number + 1) for number in range(count)]
    table = Table(title=f"{count} whole worlds (flash_sale's shop), seconds")
    for heading in ("part", "median", "min", "max", "the very first"):
        table.add_column(heading, justify="left" if heading == "part" else "right")
    for part in PARTS:
        column = [row[part] for row in rows]
        figures = (statistics.median(column), min(column), max(column), first[part])
        table.add_row(part, *(f"{figure:.2f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    main()
