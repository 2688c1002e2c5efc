"""A container as a watched program: starts, ends, pauses, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peakproof.errors import EnvironmentLacks
from peakproof.runtime import images
from peakproof.runtime.contained import Contained, Recipe
from peakproof.runtime.engine import OWNER_LABEL, Engine, Network
from peakproof.seed import wait_until
from tests.containers.worlds import LEAKER, ask, asks, server_words, there

ROOT = Path(__file__).parents[2]
COUNTER = "mkdir -p /tmp/c; date >> /tmp/c/starts; wc -l < /tmp/c/starts; echo $NAME >&2; sleep 600"


@pytest.fixture(scope="module")
def harness(engine: Engine) -> str:
    """The harness's image, up to date."""
    return engine.require(images.ensure("harness"))


@pytest.fixture
def network(engine: Engine) -> Iterator[Network]:
    """A network of a world."""
    made = Network(engine, "contained")
    yield made
    made.close()


class Heard(list[tuple[str, dict[str, Any]]]):
    """What was told of a program."""

    def __call__(self, outcome: str, value: dict[str, Any]) -> None:
        self.append((outcome, value))

    @property
    def outcomes(self) -> list[str]:
        return [outcome for outcome, _ in self]


def test_it_starts_again_with_the_files_that_it_wrote(
    engine: Engine, network: Network, harness: str, tmp_path: Path
) -> None:
    heard = Heard()
    recipe = Recipe(image=harness, entrypoint=["sh"], words=["-c", COUNTER])
    log, out = tmp_path / "program.log", tmp_path / "program.out"
    program = Contained(engine, network, "counter", recipe, {"NAME": "one"}, log, heard, out)
    try:
        program.start()
        assert program.first_line(20).strip() == "1"
        address = program.address
        program.kill()
        assert program.exit_code == -signal.SIGKILL
        program.start()
        assert program.first_line(20).strip() == "2", "the same container"
        program.pause()
        assert program.running
        program.stop(2.0)
        assert not program.running
        assert heard.outcomes == ["started", "killed", "started", "paused", "stopped"]
        wait_until(lambda: log.read_text().split() == ["one", "one"], 10, "its complaints")
        program.env = {"NAME": "two"}
        program.start()
        assert program.first_line(20).strip() == "1", "another environment is another container"
        assert program.address == address
    finally:
        program.remove()
    assert not there("ps", "-aq", "--filter", f"label={OWNER_LABEL}={engine.owner}")


def test_a_crash_is_told_with_its_last_lines(
    engine: Engine, network: Network, harness: str, tmp_path: Path
) -> None:
    heard = Heard()
    recipe = Recipe(image=harness, entrypoint=["sh"], words=["-c", "echo broken >&2; exit 3"])
    program = Contained(engine, network, "crash", recipe, None, tmp_path / "log", heard)
    program.start()
    assert program.wait(30) == 3
    assert heard[-1][0] == "crashed"
    assert heard[-1][1]["last_lines"] == ["broken"]
    program.remove()


def test_a_world_is_closed_to_the_outside_and_open_to_us(
    engine: Engine, network: Network, harness: str, tmp_path: Path
) -> None:
    recipe = Recipe(image=harness, words=server_words("hello"))
    web = Contained(engine, network, "web", recipe, None, tmp_path / "web.log")
    asker = Contained(
        engine,
        network,
        "asker",
        Recipe(image=harness, entrypoint=["sleep"], words=["600"]),
        None,
        tmp_path / "asker.log",
    )
    other_network = Network(engine, "other")
    other = Contained(engine, other_network, "web", recipe, None, tmp_path / "other.log")
    try:
        for program in (web, asker, other):
            program.start()
        wait_until(lambda: ask(asker, web) == "hello", 20, "its neighbour to answer", 0.2)
        assert not asks(asker, other, 2.0), "another world is out of reach"
        told = json.loads(there("inspect", web.docker.id))[0]
        assert not told["HostConfig"]["PortBindings"], "nothing is published"
        assert told["HostConfig"]["Memory"] > 0
        assert told["HostConfig"]["CapDrop"] == ["ALL"]
        with pytest.raises(OSError, match="ended with"):
            asker.run(
                ["python", "-c", "import socket; socket.create_connection(('9.9.9.9', 53), 2)"]
            )
    finally:
        for program in (other, asker, web):
            program.remove()
        other_network.close()


def test_what_a_killed_harness_left_is_removed(
    engine: Engine, harness: str, tmp_path: Path
) -> None:
    words = [sys.executable, "-c", LEAKER, harness, str(tmp_path / "log")]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    ) as leaker:
        assert leaker.stdout is not None
        container, network = leaker.stdout.readline().split()
        assert container in there("ps", "-q", "--no-trunc")
        os.kill(leaker.pid, signal.SIGKILL)

    def gone() -> bool:
        left = there("ps", "-aq", "--no-trunc") + there("network", "ls", "-q", "--no-trunc")
        return container not in left and network not in left

    wait_until(gone, 30, "the warden to remove the container and its network", 0.2)


def test_a_session_sweeps_what_the_one_before_left(engine: Engine, harness: str) -> None:
    dead, alive = "999999:1", engine.owner
    ids = [
        there("create", "--label", f"{OWNER_LABEL}={owner}", harness, "true")
        for owner in (dead, alive)
    ]
    Engine().docker.close()
    left = there("ps", "-aq", "--no-trunc")
    assert ids[0] not in left
    assert ids[1] in left, "what a living session made stays"
    there("rm", ids[1])


def test_an_image_that_is_nowhere_is_named(engine: Engine) -> None:
    with pytest.raises(EnvironmentLacks, match=r"peakproof/no-such-image.*make images"):
        engine.require("peakproof/no-such-image:1")
