"""WireMock as a peer: the jar that plays the partners, started in its best configuration.

Best here: the answer stands in the stub itself (a body read from a file makes it nearly three
times slower), no request log, no journal, and 20 seconds of warm-up by the caller. What it is
told to answer is in wiremock_stubs.py; whatever that is, it authenticates nobody and stores
nothing.

Needs npm and Java 11 or newer on the path.
"""

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from benchmarks.wiremock_stubs import Stub
from peakproof.errors import EnvironmentLacks
from peakproof.runtime import wiremock as partners
from peakproof.runtime.ports import reserve_port
from peakproof.seed import wait_until

__all__ = ["VERSION", "jar", "running"]

VERSION = partners.VERSION
START_SECONDS_MAX = 60.0


def jar() -> Path:
    """Return the jar that the partners of a run use as well. Raises EnvironmentLacks."""
    for program in ("java", "taskset"):
        if shutil.which(program) is None:
            raise EnvironmentLacks(f"{program} is not on the path; install it, or skip WireMock.")
    return partners.jar()


@contextlib.contextmanager
def running(stubs: Sequence[Stub], core: int) -> Iterator[tuple[int, int]]:
    """Serve the stubs on one core; give the port and the process id."""
    archive = jar()
    port = reserve_port()
    with tempfile.TemporaryDirectory() as folder:
        mappings = Path(folder) / "mappings"
        mappings.mkdir()
        for number, stub in enumerate(stubs):
            (mappings / f"{number}.json").write_text(json.dumps(stub))
        command = ["taskset", "-c", str(core), "java", "-Xmx512m", "-jar", str(archive)]
        command += ["--port", str(port.number), "--bind-address", "127.0.0.1"]
        command += ["--root-dir", folder, "--disable-request-logging", "--no-request-journal"]
        command += ["--disable-banner"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port.number}/__admin/health"
            wait_until(lambda: _healthy(url, process), START_SECONDS_MAX, "WireMock to start")
            yield port.number, process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            port.close()


def _healthy(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Tell whether the server answers; raises EnvironmentLacks when it has ended."""
    if process.poll() is not None:
        raise EnvironmentLacks(f"WireMock ended at once with exit code {process.returncode}.")
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
