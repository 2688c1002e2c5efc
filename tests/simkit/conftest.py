"""Fixtures: the example simulator and a receiver of webhooks, both on real sockets."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from peakproof.simkit import Hosted, SimulatorConfig
from tests.simkit.example import create
from tests.simkit.worlds import Receiver, make_config


@pytest.fixture
def config(tmp_path: Path) -> SimulatorConfig:
    return make_config(tmp_path)


@pytest.fixture
def example(config: SimulatorConfig) -> Iterator[Hosted]:
    with Hosted(create, config) as hosted:
        yield hosted


@pytest.fixture
def http(example: Hosted) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=example.url, trust_env=False, timeout=5) as client:
        yield client


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def hook(receiver: Receiver, tmp_path: Path) -> Iterator[str]:
    with Hosted(receiver.create, make_config(tmp_path, "receiver")) as hosted:
        yield hosted.url + "/hook"
