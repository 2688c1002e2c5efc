"""Whole stories in containers: the core set, with the verdicts that they have among processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from peakproof.gate import Saying, play
from peakproof.outcomes import Verdict
from peakproof.run import RunRequest
from peakproof.runtime.container import ContainerRuntime
from peakproof.runtime.engine import OWNER_LABEL, Engine
from tests.containers.worlds import there

REFERENCE = Path("connectors/reference")
CORE = ("quiet_day", "partial_shipment", "carrier_outage", "rough_network")


@pytest.fixture(scope="module")
def runtime(engine: Engine) -> Iterator[ContainerRuntime]:
    """The container runtime."""
    with ContainerRuntime() as made:
        yield made


@pytest.mark.parametrize("scenario", CORE)
def test_the_reference_passes_in_containers(
    runtime: ContainerRuntime, scenario: str, tmp_path: Path
) -> None:
    request = RunRequest(
        scenario=scenario, connector=REFERENCE, seed=5, runs=tmp_path, runtime="container"
    )
    record, history = play(request, runtime, Saying(Console()), lambda _plan: [])
    told = [(result.invariant, result.summary) for result in record.results]
    assert record.verdict in (Verdict.PASS, Verdict.SLOW), (record.notes, told)
    assert "--runtime container" in record.reproduce
    assert history.of("process", "connector", outcome="started"), "its container was watched"
    assert not there("ps", "-aq", "--filter", f"label={OWNER_LABEL}={runtime.engine.owner}")
    assert not there(
        "network", "ls", "-q", "--filter", f"label={OWNER_LABEL}={runtime.engine.owner}"
    )
