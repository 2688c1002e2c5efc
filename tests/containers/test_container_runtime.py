"""Whole stories in containers: the core set, with the verdicts that they have among processes."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from peakproof.gate import Saying, play
from peakproof.outcomes import Verdict
from peakproof.report.records import RunRecord
from peakproof.run import RunRequest
from peakproof.runtime.container import ContainerRuntime
from peakproof.runtime.engine import OWNER_LABEL, Engine
from peakproof.runtime.process import ProcessRuntime
from tests.containers.worlds import there

REFERENCE = Path("connectors/reference")
EXAMPLE = Path("docs/examples/connector_repository")
OCA = Path("connectors/oca_shopify")
DOCKERFILE = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY connector.py /connector.py
CMD ["python", "/connector.py"]
"""
CORE = ("quiet_day", "partial_shipment", "carrier_outage", "rough_network", "wrong_clock")
OWN_CLOCK = Path("connectors/defects/own_clock_as_cursor.py")


@pytest.fixture(scope="module")
def runtime(engine: Engine) -> Iterator[ContainerRuntime]:
    """The container runtime."""
    with ContainerRuntime() as made:
        yield made


def told(runtime: ContainerRuntime, connector: Path, scenario: str, folder: Path) -> RunRecord:
    """Play a story in containers; return how it was judged. Nothing may be left of its world."""
    request = RunRequest(
        scenario=scenario, connector=connector, seed=5, runs=folder, runtime="container"
    )
    record, history = play(request, runtime, Saying(Console()), lambda _plan: [])
    assert "--runtime container" in record.reproduce
    assert history.of("process", "odoo", outcome="started"), "its containers were watched"
    mine = f"label={OWNER_LABEL}={runtime.engine.owner}"
    assert not there("ps", "-aq", "--filter", mine)
    assert not there("network", "ls", "-q", "--filter", mine)
    return record


def violated(record: RunRecord) -> set[str]:
    """Return the invariants that a story violated; it must have been told to its end."""
    assert record.notes == []
    return {one.invariant for one in record.results if one.verdict is Verdict.VIOLATED}


@pytest.mark.parametrize("scenario", CORE)
def test_the_reference_passes_in_containers(
    runtime: ContainerRuntime, scenario: str, tmp_path: Path
) -> None:
    record = told(runtime, REFERENCE, scenario, tmp_path)
    assert violated(record) == set()
    sure = [one for one in record.results if one.verdict is Verdict.PASS]
    assert len(sure) >= len(record.results) - 2, "on a crowded machine speed may be unknown"
    (user,) = record.odoo_users
    assert {one.model for one in user.models} >= {"sale.order", "stock.picking"}, "it was heard"


def test_what_is_remembered_by_a_wrong_clock_is_lost(
    runtime: ContainerRuntime, tmp_path: Path
) -> None:
    record = told(runtime, OWN_CLOCK, "wrong_clock", tmp_path)
    assert "orders_exactly_once" in violated(record)


def test_a_connector_comes_as_an_image(runtime: ContainerRuntime, tmp_path: Path) -> None:
    folder = tmp_path / "image"
    folder.mkdir()
    shutil.copy(EXAMPLE / "connector.py", folder)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    arguments = {"BASE_IMAGE": runtime.harness()}
    name = f"peakproof-test/example:{os.getpid()}"
    runtime.engine.docker.images.build(path=str(folder), tag=name, buildargs=arguments)
    connector = tmp_path / "connector"
    connector.mkdir()
    toml = (EXAMPLE / "connector.toml").read_text()
    command = re.compile("^command = .*$", re.MULTILINE)
    (connector / "connector.toml").write_text(command.sub(f'image = "{name}"', toml))
    try:
        assert violated(told(runtime, connector, "quiet_day", tmp_path / "runs")) == set()
    finally:
        runtime.engine.docker.images.remove(name)


def test_a_connector_inside_odoo_is_what_it_is_among_processes(
    runtime: ContainerRuntime, tmp_path: Path
) -> None:
    with ProcessRuntime() as processes:
        request = RunRequest(scenario="quiet_day", connector=OCA, seed=5, runs=tmp_path / "plain")
        plain, _ = play(request, processes, Saying(Console()), lambda _plan: [])
    contained = told(runtime, OCA, "quiet_day", tmp_path)
    assert violated(contained) == violated(plain)
    assert contained.odoo_users
    assert [user.login for user in contained.odoo_users] == [
        user.login for user in plain.odoo_users
    ]
