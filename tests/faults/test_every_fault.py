"""Every fault of the registry: its effect is visible, gone after the heal, healing repeats.

The channel is the example simulator (which the vendors' proxy leads to as well), Odoo a proxy
before a second one, the processes are real ones of Python that count in a file, and Odoo's
database is an empty one of a real PostgreSQL, whose server a fault may break as well.
"""

import re
from types import ModuleType, SimpleNamespace

import pytest

from peakproof.errors import WorldFailed
from peakproof.faults import REGISTRY
from peakproof.seed import wait_until
from tests.faults.symptoms import CASES, api_status
from tests.faults.worlds import World


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_effect_comes_and_goes(world: World, name: str) -> None:
    fault, (options, symptom) = REGISTRY[name], CASES[name]
    assert not symptom(world), "healthy before"
    token = fault.inject(world, options)
    assert symptom(world), "ill"
    assert fault.fired(world, token) >= 1
    fault.heal(world, token)
    fired = fault.fired(world, token)
    fault.heal(world, token)
    wait_until(lambda: not symptom(world), 10, f"{name} to be over")
    assert fault.fired(world, token) == fired, "a healed fault fires no more"


def test_a_fault_that_met_nobody_did_not_fire(world: World) -> None:
    fault = REGISTRY["api_errors"]
    token = fault.inject(world, {"operation": "inventory*"})
    assert not api_status(503)(world)
    assert fault.fired(world, token) == 0
    fault.heal(world, token)


def test_a_process_that_was_not_there_was_not_paused(world: World) -> None:
    world.connector.stop()
    fault = REGISTRY["connector_pause"]
    token = fault.inject(world, {})
    assert fault.fired(world, token) == 0
    fault.heal(world, token)


def test_a_world_without_the_part_says_so(world: World) -> None:
    world.odoo_proxy = None
    with pytest.raises(WorldFailed, match="proxy in front of Odoo"):
        REGISTRY["odoo_acknowledgement_lost"].inject(world, {})
    with pytest.raises(WorldFailed, match="database server of its own"):
        REGISTRY["database_kill"].inject(SimpleNamespace(database_server=None), {})
    world.connector, kept = None, world.connector
    with pytest.raises(WorldFailed, match="connector"):
        REGISTRY["connector_kill"].inject(world, {})
    world.connector = kept


@pytest.mark.parametrize("module", REGISTRY.values(), ids=REGISTRY)
def test_each_fault_is_described(module: ModuleType) -> None:
    assert module.__doc__
    assert module.LEVEL in ("api", "webhook", "network", "process", "business")
    assert re.fullmatch("#[0-9a-f]{6}", module.COLOUR)
    assert module.__name__.rpartition(".")[2] == module.NAME


def test_colours_tell_faults_apart_and_each_is_tested_here() -> None:
    assert len({module.COLOUR for module in REGISTRY.values()}) == len(REGISTRY)
    elsewhere = {name for name in REGISTRY if name.startswith("container_")}  # tests/containers
    assert {*CASES, "subscription_removed", "till_resends", *elsewhere} == set(REGISTRY)
