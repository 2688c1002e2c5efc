"""Opens a world for a connector without a story: set up, and nothing happens by itself."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from peakproof import catalog
from peakproof.connector import ConnectorSpec
from peakproof.history import HistoryWriter
from peakproof.plan import Plan, Scenario, Shop
from peakproof.runtime.process import ProcessRuntime
from peakproof.seed import Clock
from peakproof.store import RunFolder, RunMeta
from peakproof.world import World
from peakproof.worldbuild import build_world

CONNECTORS = Path(__file__).parents[2] / "connectors"


@contextlib.contextmanager
def open_world(
    name: str, shop: Shop, parts: tuple[str, ...], runs: Path
) -> Iterator[tuple[World, Path]]:
    """Build the world of a connector in which setup.py has run; give it with its folder."""
    plan = Plan(scenario="oca", seed=11, options={}, shop=shop, stages=[])
    scenario = Scenario(
        name="oca", summary="", flows=(), simulators=parts, options=type(plan), invariants=(),
        plan=lambda *_: plan,
    )  # fmt: skip
    spec = ConnectorSpec.load(CONNECTORS / name)
    clock = Clock.start()
    folder = RunFolder.create(runs, "oca", clock)
    meta = RunMeta(
        scenario="oca", seed=11, connector=spec.connector.name,
        connector_version=spec.connector.version, connector_folder=spec.folder,
        flows=spec.connector.flows, service_levels={}, reproduce="", started_at="",
    )  # fmt: skip
    with (
        contextlib.closing(HistoryWriter(folder.part("harness"))) as writer,
        ProcessRuntime() as runtime,
        build_world(plan, scenario, spec, runtime, folder, clock, writer, meta) as world,
    ):
        yield world, folder.path


def set_up_again(name: str, world: World, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a connector's set-up script once more in its world."""
    environment = {
        **os.environ,
        "PEAKPROOF_WORLD": str(folder / "world.json"),
        "PEAKPROOF_NOW": world.calendar.now().isoformat(),
        "PYTHONPATH": str(Path(catalog.__file__).parent.parent),
    }
    return subprocess.run(
        [sys.executable, str(CONNECTORS / name / "setup.py")],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
