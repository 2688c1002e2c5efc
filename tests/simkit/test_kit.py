"""What the Kit gives a simulator: vendor time, timers, engines made before the server runs."""

import httpx
import pytest

from peakproof.errors import WorldFailed
from peakproof.seed import wait_until
from peakproof.simkit import Hosted, Kit, Simulator, SimulatorConfig
from tests.simkit.example import Example


def test_vendor_time_is_scaled(config: SimulatorConfig) -> None:
    kit = Kit(config)
    assert kit.real_seconds(3600) == 6.0
    kit.journal.close()


def test_timers_set_before_and_while_the_server_runs(config: SimulatorConfig) -> None:
    rung: list[str] = []

    def create(config: SimulatorConfig, kit: Kit) -> Simulator:
        def first() -> None:
            rung.append("first")
            kit.later(0.05, lambda: rung.append("second"))

        kit.later(0.05, first)
        return Example(config, kit)

    with Hosted(create, config):
        wait_until(lambda: rung == ["first", "second"], 5, "both timers")


def test_two_runs_of_a_seed_draw_alike(config: SimulatorConfig) -> None:
    kit = Kit(config)
    assert kit.seed.token("secret") == config.seeds().token("secret")
    kit.journal.close()


def test_a_simulator_that_cannot_start_says_why(config: SimulatorConfig) -> None:
    def create(config: SimulatorConfig, kit: Kit) -> Simulator:
        raise ValueError("no such shop")

    with pytest.raises(WorldFailed, match="no such shop"), Hosted(create, config):
        pass


def test_the_version_is_told(config: SimulatorConfig) -> None:
    class Versioned(Example):
        version = "2026-10"

    with Hosted(Versioned, config) as hosted:
        assert hosted.client.health()["version"] == "2026-10"
        assert httpx.get(hosted.url + "/orders").status_code == 200
