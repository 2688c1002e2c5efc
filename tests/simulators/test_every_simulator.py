"""What must hold for every simulator of the registry, whatever vendor it stands for."""

import asyncio
import importlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from peakproof import catalog
from peakproof.assortment import draw_shop
from peakproof.errors import UnknownName, UsageError
from peakproof.plan import BankAccount, CarrierAccount, CarrierService, Shop
from peakproof.seed import Clock, Seed
from peakproof.simkit import REQUEST_EFFECTS, Hosted, Kit, SimulatorConfig

EVERY = catalog.names("simulators")
TOKEN = "control"
Start = Callable[..., AbstractContextManager[Hosted]]
# What differs from run to run although the seed is the same: addresses and moments.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?|\d{10,}|\d+\.\d{3,}")


def shop() -> Shop:
    """A business with something for everybody."""
    drawn = draw_shop(Seed(5), products=3, stock=9, customers=2)
    drawn.days_ago = 5
    drawn.bank_accounts = [BankAccount(code="MAIN", iban="BE71096123456769")]
    drawn.carrier_accounts = [
        CarrierAccount(carrier="UPS", services=[CarrierService(name="Ground", price="8.40")])
    ]
    return drawn


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Return a function that runs a simulator, seeded unless told otherwise."""
    clock = Clock.start()
    runs = iter(range(100))

    @contextmanager
    def run(name: str, seeded: bool = True) -> Iterator[Hosted]:
        folder = tmp_path / str(next(runs))
        folder.mkdir()
        config = SimulatorConfig(
            name=name,
            journal_path=str(folder / "journal.jsonl"),
            control_token=TOKEN,
            seed=7,
            clock_origin_monotonic_ns=clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=clock.origin_epoch_seconds,
        )
        with Hosted(catalog.load("simulators", name).create, config) as hosted:
            if seeded:
                hosted.client.seed(shop())
            yield hosted

    return run


def vendor_route(name: str, folder: Path) -> tuple[str, str]:
    """Return method and path of one of the vendor's routes, placeholders filled in."""
    clock = Clock.start()
    config = SimulatorConfig(
        name=name,
        journal_path=str(folder / "routes.jsonl"),
        control_token=TOKEN,
        seed=7,
        clock_origin_monotonic_ns=clock.origin_monotonic_ns,
        clock_origin_epoch_seconds=clock.origin_epoch_seconds,
    )
    kit = Kit(config)
    simulator = catalog.load("simulators", name).create(config, kit)
    route = next(route for route in simulator.routes() if route.method != "*")
    simulator.close()
    asyncio.run(kit.close())
    return route.method, re.sub(r"{\w+(:path)?}", "1", route.pattern)


@pytest.mark.parametrize("name", EVERY)
class TestEverySimulator:
    def test_it_says_what_it_is_and_what_it_is_not(self, name: str) -> None:
        module = importlib.import_module(f"simulators.{name}")
        assert name == module.NAME
        assert "Not modelled" in (module.__doc__ or "")
        assert f"python -m simulators.{name}" in (module.__doc__ or "")

    def test_health_tells_version_and_state(self, name: str, start: Start) -> None:
        with start(name, seeded=False) as hosted:
            before = hosted.client.health()
            hosted.client.seed(shop())
            after = hosted.client.health()
        assert (before["seeded"], after["seeded"]) == (False, True)
        assert after["name"] == name
        assert after["version"]

    def test_a_shop_without_anything_is_taken(self, name: str, start: Start) -> None:
        with start(name, seeded=False) as hosted:
            hosted.client.seed(Shop())
            assert hosted.client.health()["seeded"]
            assert not any(hosted.client.pending().values())

    def test_the_control_api_needs_its_token(self, name: str, start: Start) -> None:
        with start(name) as hosted:
            for path in ("/snapshot", "/pending", "/faults", "/health"):
                assert httpx.get(f"{hosted.url}/_peakproof{path}").status_code == 401

    def test_what_is_not_modelled_says_so(self, name: str, start: Start) -> None:
        with start(name) as hosted:
            answer = httpx.get(f"{hosted.url}/surely/nobody/wrote/this")
        assert answer.status_code == 404
        assert "does not model GET /surely/nobody/wrote/this" in answer.text

    def test_unknown_actions_and_faults_are_refused(self, name: str, start: Start) -> None:
        with start(name) as hosted:
            with pytest.raises((UnknownName, UsageError), match="dance"):
                hosted.client.act("dance")
            with pytest.raises((UnknownName, UsageError), match="fault point"):
                hosted.client.inject("nowhere", {})

    def test_each_request_fault_fires_and_heals(
        self, name: str, start: Start, tmp_path: Path
    ) -> None:
        method, path = vendor_route(name, tmp_path)
        with start(name) as hosted:

            def ask() -> Any:
                try:
                    answer = httpx.request(method, hosted.url + path, timeout=5)
                except httpx.TransportError as error:
                    return type(error).__name__
                return answer.status_code, len(answer.content)

            usual = ask()
            for effect in REQUEST_EFFECTS:
                options = {"effect": effect, "delay_seconds": 0.01, "status": 599, "count": 1}
                rule = hosted.client.inject("request", options)
                ill = ask()
                assert hosted.client.fired(rule) == 1, effect
                if effect not in ("delay", "slow_answer", "throttle"):
                    assert ill != usual, effect
                hosted.client.heal(rule)
                hosted.client.heal(rule)
                assert ask() == usual, effect
                assert hosted.client.fired(rule) == 1, effect

    def test_the_same_seed_gives_the_same_business(
        self, name: str, start: Start, tmp_path: Path
    ) -> None:
        told = []
        for _ in range(2):
            with start(name, seeded=False) as hosted:
                seeded = hosted.client.seed(shop())
                text = _timeless([seeded, hosted.client.snapshot()], hosted.url)
                told.append(re.sub(rf"{tmp_path}/\d+", "", text))
        assert told[0] == told[1]

    def test_days_pass(self, name: str, start: Start) -> None:
        with start(name) as hosted:
            first = hosted.client.act("pass_days")["today"]
            assert hosted.client.act("pass_days", {"days": 2})["today"] > first
            assert hosted.client.health()["ready"]

    def test_no_secret_stands_in_snapshot_or_journal(
        self, name: str, start: Start, tmp_path: Path
    ) -> None:
        with start(name, seeded=False) as hosted:
            values = hosted.client.seed(shop()).get("values", {})
            snapshot = json.dumps(hosted.client.snapshot())
        journal = "".join(path.read_text() for path in tmp_path.rglob("journal.jsonl"))
        for key, value in values.items():
            if any(word in key for word in ("secret", "token", "key", "password")) and value:
                assert value not in snapshot, key
                assert value not in journal, key


def _timeless(value: Any, url: str) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return MOMENT.sub("*", text.replace(url, "").replace(url.rpartition(":")[2], ""))
