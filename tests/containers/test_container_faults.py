"""Every fault that needs containers: its effect is visible, gone after the heal, healing repeats.

One small world: a database server with a small disk, a web server and one who asks it.
"""

import time
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import psycopg
import pytest

from peakproof.errors import WorldFailed
from peakproof.faults import REGISTRY
from peakproof.runtime import images
from peakproof.runtime.contained import Contained, Recipe
from peakproof.runtime.container_clock import ContainerClock
from peakproof.runtime.container_postgres import ContainerCluster
from peakproof.runtime.engine import Engine, Network
from peakproof.seed import wait_until
from tests.containers.worlds import ask, asks, server_words, time_of

FAULTS = {
    name: module
    for name, module in REGISTRY.items()
    if getattr(module, "NEEDS", "") in ("containers", "small_disk", "clock")
}
LINE = "an answer of a kilobyte" * 44


@pytest.fixture(scope="module")
def world(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A world of three containers, as much of it as these faults touch."""
    folder = tmp_path_factory.mktemp("faults")
    harness, postgres = images.ensure("harness"), images.ensure("postgres")
    network = Network(engine, "faults")
    asker = Contained(
        engine,
        network,
        "asker",
        Recipe(image=harness, entrypoint=["sleep"], words=["infinity"]),
        None,
        folder / "asker.log",
    )
    words = server_words(LINE)
    target = Contained(
        engine, network, "connector", Recipe(image=harness, words=words), None, folder / "web.log"
    )
    target.clock = ContainerClock(engine, folder / "clock")
    database = ContainerCluster(
        engine, network, postgres, "secret", folder / "postgres.log", small_disk=True
    )
    try:
        for part in (asker, target, database):
            part.start()
        wait_until(lambda: ask(asker, target) == LINE, 30, "the web server to answer", 0.2)
        with database.connect() as connection:
            connection.execute("create table note (line text)")
        yield SimpleNamespace(
            containers={"connector": target, "postgres": database.process},
            database_server=database,
            asker=asker,
            target=target,
        )
    finally:
        for thing in (asker, target):
            thing.remove()
        database.close()
        network.close()


def unreachable(world: Any) -> bool:
    return not asks(world.asker, world.target, 1.0)


def crawls(world: Any) -> bool:
    """Tell whether one of several answers took longer than a sound line's, also on a busy machine.

    A connection whose first packet is lost is tried again after a second.
    """
    return not all(asks(world.asker, world.target, 0.6) for _ in range(8))


def narrow(world: Any) -> bool:
    return not asks(world.asker, world.target, 0.35, times=40)


def cannot_write(world: Any) -> bool:
    try:
        with world.database_server.connect() as connection:
            connection.execute(
                "insert into note select repeat('x', 100) from generate_series(1,9999)"
            )
    except psycopg.Error:
        return True
    return False


def ahead(world: Any) -> bool:
    return abs(time_of(world.asker, world.target) - time.time() - 3600) < 60


def behind(world: Any) -> bool:
    return abs(time_of(world.asker, world.target) - time.time() + 600) < 60


CASES: dict[str, tuple[dict[str, Any], Callable[[Any], bool]]] = {
    "container_clock": ({}, ahead),
    "container_cut": ({}, unreachable),
    "container_loss": ({"probability": 0.6}, crawls),
    "container_slow": ({"delay_milliseconds": 400, "kilobits": 16}, narrow),
    "container_disk_full": ({}, cannot_write),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_the_effect_comes_and_goes(world: Any, name: str) -> None:
    fault, (options, symptom) = FAULTS[name], CASES[name]
    wait_until(lambda: not symptom(world), 30, "the world to be healthy before")
    token = fault.inject(world, options)
    wait_until(lambda: symptom(world), 30, f"{name} to show")
    # What a container says reaches its log a moment after it was said.
    wait_until(lambda: fault.fired(world, token) >= 1, 10, f"{name} to tell that it fired")
    fault.heal(world, token)
    fired = fault.fired(world, token)
    fault.heal(world, token)
    wait_until(lambda: not symptom(world), 30, f"{name} to be over")
    assert fault.fired(world, token) == fired, "a healed fault fires no more"


def test_a_clock_that_nobody_looks_at_has_not_fired(world: Any) -> None:
    fault, (options, symptom) = FAULTS["container_clock"], ({"offset_seconds": -600}, behind)
    world.target.pause()
    token = fault.inject(world, options)
    assert fault.fired(world, token) == 0
    world.target.resume()
    wait_until(lambda: symptom(world), 30, "the clock to be behind")
    assert fault.fired(world, token) == 1
    fault.heal(world, token)
    wait_until(lambda: not symptom(world), 30, "the clock to be right")


def test_a_container_without_a_clock_of_its_own_says_so(world: Any) -> None:
    with pytest.raises(WorldFailed, match="without a clock of its own"):
        FAULTS["container_clock"].inject(world, {"part": "postgres"})


@pytest.mark.parametrize("module", FAULTS.values(), ids=FAULTS)
def test_a_world_of_processes_says_what_it_takes(module: ModuleType) -> None:
    nothing = SimpleNamespace(containers={}, database_server=None)
    with pytest.raises(WorldFailed, match="--runtime container"):
        module.inject(nothing, {})
