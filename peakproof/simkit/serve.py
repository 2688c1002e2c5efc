"""Starts a simulator: as a process (``serve``) or inside this one (``Hosted``, for tests).

Garbage collection: a simulator keeps many live objects, and each full collection walks all of
them and stalls every request. So automatic collection is off; twice a second the young
objects alone are collected and the survivors set aside, which is cheap and catches the cycles
that exceptions and tasks leave. What is kept grows with the run's own orders and events and
with nothing else, and one full collection is made whenever the simulator has been idle for long.
"""

import asyncio
import contextlib
import gc
import signal
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import msgspec
import uvloop

from peakproof.errors import BadFile, WorldFailed
from peakproof.simkit.app import App
from peakproof.simkit.client import SimulatorClient
from peakproof.simkit.config import SimulatorConfig
from peakproof.simkit.control import control_routes
from peakproof.simkit.server import Shared
from peakproof.simkit.simulator import Create, Kit

__all__ = ["Hosted", "load_config", "run_simulator", "serve"]

YOUNG_COLLECTION_SECONDS = 0.5
IDLE_SECONDS = 5.0
CLOSE_SECONDS_MAX = 1.0


def serve(create: Create, arguments: list[str] | None = None) -> None:
    """Run a simulator until SIGTERM: the body of ``python -m simulators.NAME CONFIG.json``.

    Prints one line of JSON, ``{"ready": true, "port": N}``, when it accepts connections.
    """
    config = load_config(sys.argv[1:] if arguments is None else arguments)

    def ready(port: int) -> None:
        print(msgspec.json.encode({"ready": True, "port": port}).decode(), flush=True)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        gc.collect()
        gc.freeze()
        gc.disable()
        await run_simulator(create, config, stop, ready)

    uvloop.run(main())


def load_config(arguments: list[str]) -> SimulatorConfig:
    """Return the configuration named on the command line; raises BadFile."""
    if len(arguments) != 1:
        raise BadFile(f"Expected the path of one CONFIG.json, found {arguments}.")
    try:
        return SimulatorConfig.load(Path(arguments[0]))
    except (OSError, msgspec.DecodeError) as error:
        raise BadFile(f"{arguments[0]}: not a simulator's configuration: {error}") from error


async def run_simulator(
    create: Create, config: SimulatorConfig, stop: asyncio.Event, ready: Callable[[int], None]
) -> None:
    """Serve until ``stop`` is set; calls ``ready(port)`` once connections are accepted."""
    loop = asyncio.get_running_loop()
    kit = Kit(config)
    try:
        simulator = create(config, kit)
        kit.faults.declare(simulator.fault_points)
        routes = [
            *control_routes(config.name, config.control_token, simulator, kit),
            *simulator.routes(),
        ]
        app = App(config.name, routes, kit.journal, kit.faults, simulator)
        shared = Shared(f"{config.name}-{int(kit.clock.now() * 1000):x}-")
        server = await loop.create_server(
            lambda: simulator.connection(app, shared),
            config.host,
            config.port,
            ssl=_tls(config),
            backlog=2048,
        )
        kit.start(loop)
        keeper = loop.create_task(_collect_garbage(shared))
        ready(server.sockets[0].getsockname()[1])
        await stop.wait()
        keeper.cancel()
        server.close()
        await _end(shared)
        simulator.close()
        await asyncio.sleep(0)  # what was closed is told so
    finally:
        await kit.close()


class Hosted:
    """A simulator running in a thread of this process; use it in a ``with`` statement.

    ``url`` is its address, ``client`` its control API.
    """

    def __init__(self, create: Create, config: SimulatorConfig, verify: str | bool = True) -> None:
        self._create = create
        self._config = config
        self._verify = verify
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"simulator {config.name}")
        self.port = 0
        self.url = ""
        self.client: SimulatorClient

    @property
    def running(self) -> bool:
        """Whether the simulator serves."""
        return self._thread.is_alive()

    def __enter__(self) -> "Hosted":
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise WorldFailed(self._config.name, f"did not start: {self._error!r}")
        scheme = "https" if self._config.tls_certificate_path else "http"
        self.url = f"{scheme}://{self._config.host}:{self.port}"
        self.client = SimulatorClient(self.url, self._config.control_token, self._verify)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._error is not None and error is None:
            raise WorldFailed(self._config.name, f"failed: {self._error!r}")

    def _run(self) -> None:
        def ready(port: int) -> None:
            self.port = port
            self._ready.set()

        try:
            self._loop.run_until_complete(
                run_simulator(self._create, self._config, self._stop, ready)
            )
        except BaseException as error:  # noqa: BLE001  told to the thread that waits
            self._error = error
        finally:
            self._loop.close()
            self._ready.set()


async def _end(shared: Shared) -> None:
    """Close the connections and end what is waited for, so that nothing outlives the loop."""
    for connection in list(shared.connections):
        connection.close()
    for task in list(shared.tasks):
        task.cancel()
    await asyncio.gather(*shared.tasks, return_exceptions=True)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS_MAX):
            while shared.connections:
                await asyncio.sleep(0.002)
    for connection in list(shared.connections):
        connection.abort()


async def _collect_garbage(shared: Shared) -> None:
    """Do what the module's docstring says, in a process whose automatic collection is off."""
    served, idle_seconds = shared.requests, 0.0
    while not gc.isenabled():
        await asyncio.sleep(YOUNG_COLLECTION_SECONDS)
        gc.collect(1)
        idle_seconds = idle_seconds + YOUNG_COLLECTION_SECONDS if shared.requests == served else 0.0
        served = shared.requests
        if idle_seconds == IDLE_SECONDS:
            gc.collect()


def _tls(config: SimulatorConfig) -> ssl.SSLContext | None:
    if config.tls_certificate_path is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.tls_certificate_path, config.tls_key_path)
    return context
