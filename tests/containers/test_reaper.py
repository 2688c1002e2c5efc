"""What is left when harness and warden die together: testcontainers' reaper (Ryuk) removes it.

Ryuk's own image is in a registry only, so a stand-in speaks its protocol here: it is told a label,
answers ACK, and removes what bears that label once the connection is gone. What is tested is our
half: that the reaper is started where its image is at hand, and that everything bears its label.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from peakproof.runtime import images
from peakproof.runtime.engine import Engine
from peakproof.seed import wait_until
from tests.containers.worlds import LEAKER, there

ROOT = Path(__file__).parents[2]
RYUK = """
import http.client, json, socket, urllib.parse

class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")

def call(method, path):
    connection = Engine("docker")
    connection.request(method, path)
    return connection.getresponse().read()

def labelled(path):
    wanted = urllib.parse.quote(json.dumps({"label": [label]}))
    return [one["Id"] for one in json.loads(call("GET", f"{path}filters={wanted}"))]

server = socket.create_server(("", 8080))
print("Ryuk Started!", flush=True)
harness, _ = server.accept()
label = harness.recv(1000).decode().strip().removeprefix("label=")
harness.sendall(b"ACK\\n")
try:
    while harness.recv(1000):
        pass
except ConnectionResetError:
    pass  # it was killed
for container in labelled("/containers/json?all=1&"):
    call("DELETE", f"/containers/{container}?force=1&v=1")
for network in labelled("/networks?"):
    call("DELETE", f"/networks/{network}")
"""
DOCKERFILE = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY ryuk.py /ryuk.py
USER root
CMD ["python", "/ryuk.py"]
"""


@pytest.fixture
def ryuk(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """An image that speaks Ryuk's protocol."""
    (tmp_path / "ryuk.py").write_text(RYUK)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    name = f"peakproof-test/ryuk:{os.getpid()}"
    arguments = {"BASE_IMAGE": images.ensure("harness")}
    engine.docker.images.build(path=str(tmp_path), tag=name, buildargs=arguments)
    yield name
    engine.docker.images.remove(name)


def test_the_reaper_removes_what_even_the_warden_left(
    engine: Engine, ryuk: str, tmp_path: Path
) -> None:
    words = [sys.executable, "-c", LEAKER, images.ensure("harness"), str(tmp_path / "log")]
    environment = {**os.environ, "RYUK_CONTAINER_IMAGE": ryuk, "TESTCONTAINERS_RYUK_DISABLED": "0"}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as leaker:
        assert leaker.stdout is not None
        container, network = leaker.stdout.readline().split()
        assert container in there("ps", "-q", "--no-trunc")
        assert there("ps", "-q", "--filter", f"ancestor={ryuk}"), "the reaper was started"
        (warden,) = Path(f"/proc/{leaker.pid}/task/{leaker.pid}/children").read_text().split()
        for pid in (int(warden), leaker.pid):
            os.kill(pid, signal.SIGKILL)

    def gone() -> bool:
        left = there("ps", "-aq", "--no-trunc") + there("network", "ls", "-q", "--no-trunc")
        return container not in left and network not in left

    wait_until(gone, 30, "the reaper to remove the container and its network", 0.2)
    reaper = f"ancestor={ryuk}"
    wait_until(lambda: not there("ps", "-aq", "--filter", reaper), 30, "the reaper to end", 0.2)
