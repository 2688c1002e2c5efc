"""A seeded gateway over real TCP, and a place that webhooks arrive at."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from peakproof.plan import Shop
from peakproof.simkit import Hosted
from simulators.gateway import create
from tests.simkit.worlds import Receiver, make_config
from tests.simulators.gateway.desk import Desk, config, plan


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Return a function that opens a gateway; ``shop`` is its plan, the rest are options."""
    running: list[tuple[Hosted, Desk]] = []

    def start(shop: Shop | None = None, **options: Any) -> Desk:
        folder = tmp_path / f"desk-{len(running)}"
        folder.mkdir()
        hosted = Hosted(create, config(folder, **options))
        hosted.__enter__()
        values = hosted.client.seed(shop or plan())["values"]
        desk = Desk(hosted, values, folder / "journal.jsonl")
        running.append((hosted, desk))
        return desk

    yield start
    for hosted, desk in running:
        desk.close()
        hosted.__exit__(None, None, None)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def hook(receiver: Receiver, tmp_path: Path) -> Iterator[str]:
    with Hosted(receiver.create, make_config(tmp_path, "receiver")) as hosted:
        yield hosted.url + "/hook"
