"""The docker engine for tests that need one: the machine's, or one started here and ended again.

Where none can be had these tests fail and say so; PEAKPROOF_WITHOUT_CONTAINERS=1 leaves them
out on purpose.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from peakproof.runtime.engine import Engine
from peakproof.seed import wait_until

collect_ignore_glob = ["test_*"] if os.environ.get("PEAKPROOF_WITHOUT_CONTAINERS") == "1" else []
START_SECONDS = 60.0


@pytest.fixture(scope="session")
def engine(daemon: None) -> Iterator[Engine]:
    """A connection to the engine; what was made through it is removed at the end."""
    connected = Engine()
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An engine that answers; raises where there is none and none can be started."""
    if _answers():
        yield
        return
    startable = os.geteuid() == 0 and shutil.which("dockerd") is not None
    assert startable, (
        "These tests need a docker engine, and none answers here. Next step: start one, or leave "
        "them out on purpose with PEAKPROOF_WITHOUT_CONTAINERS=1."
    )
    log: Path = tmp_path_factory.mktemp("engine") / "dockerd.log"
    with log.open("w") as output:
        started = subprocess.Popen(
            ["dockerd"], stdout=output, stderr=output, start_new_session=True
        )
        try:
            wait_until(
                lambda: _answers() or started.poll() is not None, START_SECONDS, "the engine"
            )
            assert started.poll() is None, log.read_text()[-2000:]
            yield
        finally:
            started.terminate()
            started.wait(START_SECONDS)


def _answers() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True).returncode == 0
