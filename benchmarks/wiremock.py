"""WireMock 3.13.2 as a peer: fetched with ``npm pack``, started in its best configuration.

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
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from benchmarks.wiremock_stubs import Stub
from peakproof.errors import EnvironmentLacks
from peakproof.runtime.cache import cache_folder, locked
from peakproof.runtime.ports import reserve_port
from peakproof.seed import wait_until

__all__ = ["VERSION", "jar", "running"]

VERSION = "3.13.2"
_MEMBER = f"package/build/wiremock-standalone-{VERSION}.jar"
START_SECONDS_MAX = 60.0


def jar() -> Path:
    """Return the jar, fetched once into the cache. Raises EnvironmentLacks."""
    for program in ("npm", "java", "taskset"):
        if shutil.which(program) is None:
            raise EnvironmentLacks(f"{program} is not on the path; install it, or skip WireMock.")
    target = cache_folder() / "benchmarks" / Path(_MEMBER).name
    target.parent.mkdir(exist_ok=True)
    with locked(target.with_suffix(".lock")):
        if not target.exists():
            _fetch(target)
    return target


def _fetch(target: Path) -> None:
    """Fetch the npm package and take the jar out of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"wiremock@{VERSION}", "--silent"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise EnvironmentLacks(f"`npm pack wiremock@{VERSION}` failed: {done.stderr[-400:]}")
        archive = next(Path(folder).glob("wiremock-*.tgz"))
        with tarfile.open(archive) as packed:
            member = packed.extractfile(_MEMBER)
            assert member is not None, f"{archive.name} holds no {_MEMBER}"
            beside = target.with_suffix(".part")
            beside.write_bytes(member.read())
        beside.replace(target)


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
