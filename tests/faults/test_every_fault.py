"""Every fault of the registry: its effect is visible, gone after the heal, healing repeats.

The channel is the example simulator, Odoo a proxy before a second one, the processes are real
ones of Python that count in a file.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from peakproof.errors import UsageError, WorldFailed
from peakproof.faults import REGISTRY
from peakproof.runtime import proxy
from peakproof.runtime.supervise import Supervised
from peakproof.seed import wait_until
from peakproof.simkit import Hosted, SimulatorClient
from tests.simkit.example import create
from tests.simkit.worlds import Receiver, make_config

PULSE = """
import pathlib, sys, time
count = 0
while True:
    count += 1
    pathlib.Path(sys.argv[1]).write_text(str(count))
    time.sleep(0.01)
"""


class World:
    """As much of a world as faults touch."""

    def __init__(self, shop: Hosted, odoo: Hosted | None, receiver: Receiver, folder: Path) -> None:
        self.shop = shop
        self.receiver = receiver
        self.folder = folder
        self.odoo_url = odoo.url if odoo else ""
        self.odoo_proxy = odoo.client if odoo else None
        self.odoo_process = self.pulse("odoo")
        self.connector: Any = self.pulse("connector")

    def simulator(self, name: str) -> SimulatorClient:
        assert name == "shopify"
        return self.shop.client

    def pulse(self, name: str) -> Supervised:
        path = self.folder / f"{name}.pulse"
        command = [sys.executable, "-c", PULSE, str(path)]
        return Supervised(name, command, self.folder / f"{name}.log")

    def beats(self, name: str) -> bool:
        """Say whether a process's pulse moves within a second."""
        path = self.folder / f"{name}.pulse"
        begin = path.read_text() if path.exists() else ""
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            now = path.read_text() if path.exists() else ""
            if now not in ("", begin):
                return True
            time.sleep(0.02)
        return False

    def settle(self) -> None:
        wait_until(lambda: not self.shop.client.pending()["deliveries"], 20, "the deliveries")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    receiver = Receiver()
    upstream = make_config(tmp_path, "upstream")
    with (
        Hosted(receiver.create, make_config(tmp_path, "receiver")) as hook,
        Hosted(create, make_config(tmp_path, "shop")) as shop,
        Hosted(create, upstream) as behind,
        Hosted(
            proxy.create,
            make_config(tmp_path, "odoo_proxy", options={"upstream_url": behind.url}),
        ) as odoo,
    ):
        shop.client.act("subscribe", {"uri": hook.url + "/hook"})
        world = World(shop, odoo, receiver, tmp_path)
        for process in (world.odoo_process, world.connector):
            process.start()
        try:
            yield world
        finally:
            for process in (world.odoo_process, world.connector):
                process.stop()


# A symptom says whether the world is ill, and is asked before, during and after.


def api_status(status: int) -> Callable[[World], bool]:
    return lambda world: httpx.post(world.shop.url + "/orders", json={}).status_code == status


def api_slow(world: World) -> bool:
    begin = time.monotonic()
    httpx.get(world.shop.url + "/orders")
    return time.monotonic() - begin >= 0.3


def answer_lost(url: Callable[[World], str]) -> Callable[[World], bool]:
    def symptom(world: World) -> bool:
        before = httpx.get(url(world)).json()
        try:
            httpx.post(url(world), json={})
        except httpx.ReadError:
            return len(httpx.get(url(world)).json()) == len(before) + 1
        return False

    return symptom


def webhooks(judge: Callable[[list[str], Receiver], bool]) -> Callable[[World], bool]:
    """Sell twice to one customer and judge the ids of what arrived."""

    def symptom(world: World) -> bool:
        world.receiver.taken.clear()
        for _ in range(2):
            world.shop.client.act("checkout", {"resource": "one"})
        world.settle()
        ids = world.receiver.ids()
        return judge(ids, world.receiver)

    return symptom


def still(name: str) -> Callable[[World], bool]:
    return lambda world: not world.beats(name)


def number(identity: str) -> int:
    return int(re.findall(r"\d+", identity)[0])


CASES: dict[str, tuple[dict[str, Any], Callable[[World], bool]]] = {
    "api_errors": ({"operation": "create*", "status": 500}, api_status(500)),
    "api_throttle": ({"operation": "create*"}, api_status(429)),
    "api_latency": ({"delay_seconds": 0.3}, api_slow),
    "lost_acknowledgement": (
        {"operation": "create*"},
        answer_lost(lambda world: world.shop.url + "/orders"),
    ),
    "token_expired": ({}, api_status(401)),
    "odoo_acknowledgement_lost": (
        {"operation": "POST*"},
        answer_lost(lambda world: world.odoo_url + "/orders"),
    ),
    "webhook_duplicate": ({"topic": "orders/*"}, webhooks(lambda ids, _: len(ids) > len(set(ids)))),
    "webhook_reorder": (
        {"count": 1, "delay_seconds": 5},
        webhooks(lambda ids, _: [number(i) for i in ids] != sorted(number(i) for i in ids)),
    ),
    "webhook_late": (
        {"count": 1, "delay_seconds": 0.4},
        webhooks(lambda ids, _: [number(i) for i in ids] != sorted(number(i) for i in ids)),
    ),
    "webhook_drop": ({"count": 1}, webhooks(lambda ids, _: len(ids) == 1)),
    "webhook_forge": ({}, webhooks(lambda ids, r: any(b"FORGED" in body for _, body in r.taken))),
    "webhook_acknowledgement_lost": ({}, webhooks(lambda ids, _: len(ids) > len(set(ids)))),
    "odoo_restart": ({}, still("odoo")),
    "odoo_pause": ({}, still("odoo")),
    "connector_kill": ({}, still("connector")),
    "connector_pause": ({}, still("connector")),
}


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


def test_a_removed_subscription_stays_removed(world: World) -> None:
    fault = REGISTRY["subscription_removed"]
    arrives = webhooks(lambda ids, _: len(ids) == 2)
    assert arrives(world)
    token = fault.inject(world, {"topic": "orders/create"})
    assert fault.fired(world, token) == 1
    for _ in range(2):
        fault.heal(world, token)
    assert not arrives(world), "the connector must subscribe again"
    assert fault.fired(world, fault.inject(world, {})) == 0, "there was nothing to remove"


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


def test_throttling_by_status_names_the_wait(world: World) -> None:
    fault = REGISTRY["api_throttle"]
    token = fault.inject(world, {"style": "status", "retry_after_seconds": 3, "count": 1})
    answer = httpx.get(world.shop.url + "/orders")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3.0")
    assert fault.fired(world, token) == 1
    with pytest.raises(UsageError, match="Did you mean 'status'"):
        fault.inject(world, {"style": "statuss"})


def test_a_world_without_the_part_says_so(world: World) -> None:
    world.odoo_proxy = None
    with pytest.raises(WorldFailed, match="proxy in front of Odoo"):
        REGISTRY["odoo_acknowledgement_lost"].inject(world, {})
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
    assert {*CASES, "subscription_removed"} == set(REGISTRY)
