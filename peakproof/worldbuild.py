"""Builds the world of one run, part by part, and takes it down again.

Called by ``peakproof.run`` only. Parts start in the order in which they need each other; each
one that was started is stopped, by process id, whatever happens after it.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg

from peakproof import catalog
from peakproof.connector import ConnectorSpec, render
from peakproof.errors import WaitExpired, WorldFailed
from peakproof.history import Event, HistoryWriter
from peakproof.plan import Plan, Scenario
from peakproof.runtime.certificates import Authority, ServerCertificate
from peakproof.runtime.odoo_acts import OdooActs
from peakproof.runtime.odoo_shop import seed_odoo
from peakproof.runtime.ports import reserve_port
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.supervise import Supervised
from peakproof.runtime.zygote import Server
from peakproof.seed import Clock, Seed, wait_until
from peakproof.simkit.client import SimulatorClient
from peakproof.simkit.config import SimulatorConfig
from peakproof.store import RunFolder, RunMeta
from peakproof.world import OdooTarget, World

__all__ = ["build_world"]

_START_LIMIT_SECONDS = 30.0
_PROXY = "peakproof.runtime.proxy"


@contextlib.contextmanager
def build_world(
    plan: Plan,
    scenario: Scenario,
    spec: ConnectorSpec,
    runtime: ProcessRuntime,
    folder: RunFolder,
    clock: Clock,
    writer: HistoryWriter,
    meta: RunMeta,
) -> Iterator[World]:
    """Build a world, yield it, take it down.

    Raises WorldFailed, naming the part and its last log lines, when one does not come up.
    """
    builder = _Builder(plan, spec, runtime, folder, clock, writer, meta)
    with contextlib.ExitStack() as stack:
        world = builder.world
        stack.callback(world.close)
        with builder.timed("template"):
            builder.template()
        with builder.timed("simulators"):
            for name in scenario.simulators:
                builder.simulator(name, stack)
        with builder.timed("odoo"):
            builder.odoo(stack)
        with builder.timed("simulators"):
            if world.external:
                builder.proxy(stack)
        with builder.timed("seed"):
            builder.seed()
        with builder.timed("connector"):
            if spec.start is not None:
                builder.connector(stack)
        with builder.timed("setup"):
            builder.setup()
        yield world


class _Builder:
    """The steps, sharing what each of them needs."""

    def __init__(
        self,
        plan: Plan,
        spec: ConnectorSpec,
        runtime: ProcessRuntime,
        folder: RunFolder,
        clock: Clock,
        writer: HistoryWriter,
        meta: RunMeta,
    ) -> None:
        self.plan, self.spec, self.runtime = plan, spec, runtime
        self.folder, self.clock, self.writer, self.meta = folder, clock, writer, meta
        self.seeds = Seed(plan.seed)
        self.world = World(plan, spec, folder.path)
        self.authority = Authority(folder.path / "certificates")
        self.certificate: ServerCertificate = self.authority.issue()
        self.world.values = {
            "ca": {"bundle": str(self.authority.bundle_path)},
            "run": {"folder": str(folder.path), "world_file": str(folder.path / "world.json")},
            "harness": {"token": self.seeds.token("control of the connector")},
        }

    def template(self) -> None:
        """Have the template database with the modules that the connector needs."""
        addons = self.spec.addons
        if addons is None:
            self._template = self.runtime.prepare(self.spec.needs.modules)
        else:
            requirements = self.spec.path(addons.requirements) if addons.requirements else None
            paths = [self.spec.path(addons.folder)] if addons.folder else []
            self._template = self.runtime.prepare(addons.modules, requirements, paths)
        self.runtime.warm(self._template)

    def odoo(self, stack: contextlib.ExitStack) -> None:
        """Clone the template and start Odoo on the clone."""
        addons = self.spec.addons
        name = f"world_{self.seeds.token(str(self.folder.path), 12)}"
        database = self.runtime.new_database(self._template, name)
        stack.callback(self.runtime.drop, database)
        process = self.runtime.start_odoo(
            database,
            log_path=self.folder.log("odoo"),
            env=self._environment() if addons else {},
            load=addons.load if addons else (),
            on_event=self._process_event("odoo"),
        )
        target = OdooTarget(process)
        self.world.odoo_process = target
        self.world.dsn = process.dsn
        self.world.odoo = process.client()
        stack.callback(self.world.odoo.close)
        self.world.values["odoo"] = {
            "url": process.url,
            "direct_url": process.url,
            "database": process.database,
            "api_key": process.api_key,
            "login": process.login,
        }
        self.meta.versions["odoo"] = self._template.note.odoo_version
        with psycopg.connect(process.dsn) as connection:
            number = connection.info.server_version
            self.meta.versions["postgresql"] = f"{number // 10000}.{number % 10000}"
        if addons is not None:
            self.world.connector = target

    def simulator(self, name: str, stack: contextlib.ExitStack) -> None:
        """Start a simulator and tell the world its credentials."""
        options = self._shop_options() if name == "shopify" else {}
        _, config, port = self._start_kit(
            name, catalog.module("simulators", name), stack, options, tls=True
        )
        url = f"https://{config.host}:{port}"
        client = SimulatorClient(url, config.control_token, str(self.authority.bundle_path))
        self.world.simulators[name] = client
        self.world.values[name] = {
            **{key: value for key, value in options.items() if isinstance(value, str)},
            "url": url,
            "host": f"{config.host}:{port}",
            "domain": options.get("shop_domain", ""),
        }
        self.meta.versions[name] = str(client.health().get("version", ""))

    def proxy(self, stack: contextlib.ExitStack) -> None:
        """Put the recording proxy before Odoo, where answers can be lost."""
        upstream = self.world.values["odoo"]["url"]
        _, config, port = self._start_kit(
            "odoo_proxy", _PROXY, stack, {"upstream_url": upstream}, tls=False
        )
        url = f"http://{config.host}:{port}"
        self.world.odoo_proxy = SimulatorClient(url, config.control_token)
        self.world.values["odoo"]["url"] = url

    def seed(self) -> None:
        """Put the shop into Odoo and into every simulator."""
        assert self.world.odoo is not None
        shop = seed_odoo(self.world.odoo, self.plan.shop)
        self.world.odoo_shop = shop
        self.world.acts = OdooActs(self.world.odoo, shop)
        places: dict[str, Any] = {}
        for name, client in self.world.simulators.items():
            told = client.seed(self.plan.shop)
            for code, gid in told.get("locations", {}).items():
                places.setdefault(code, {})[f"{name}_location_gid"] = gid
        for code, identity in shop.location_ids.items():
            places.setdefault(code, {})["odoo_location_id"] = identity
        self.world.values["locations"] = places
        self.world.values["odoo"]["tax_id"] = shop.tax_id

    def connector(self, stack: contextlib.ExitStack) -> None:
        """Start the connector's own program and wait until it is ready."""
        assert self.spec.start is not None
        port = reserve_port()
        stack.callback(port.close)
        self.world.values["connector"] = {
            "folder": self.spec.folder,
            "port": port.number,
            "url": f"http://127.0.0.1:{port.number}",
            "token": self.seeds.token("connector"),
        }
        name = f"connector_{self.seeds.token(str(self.folder.path), 12)}"
        self.world.values["postgres"] = {"dsn": self.runtime.create_database(name)}
        stack.callback(self.runtime.drop_storage, name)
        self._write_world_file()
        words = [
            render(word, self.world.values, "[start] command") for word in self.spec.start.command
        ]
        if words[0] == "python":
            words[0] = sys.executable
        process = Supervised(
            "connector",
            words,
            self.folder.log("connector"),
            env={**_plain_environment(), **self._environment()},
            cwd=catalog.root(),
            on_event=self._process_event("connector"),
        )
        process.start()
        stack.callback(process.stop)
        self.world.connector = process
        self._await_ready(process)

    def setup(self) -> None:
        """Run the connector's set-up script against the world."""
        if self.spec.setup is None:
            return
        world_file = self._write_world_file()
        script = self.spec.path(self.spec.setup.script)
        process = Supervised(
            "setup",
            [sys.executable, str(script)],
            self.folder.log("setup"),
            env={
                **_plain_environment(),
                "PEAKPROOF_WORLD": str(world_file),
                "PYTHONPATH": str(Path(catalog.__file__).parent.parent),
            },
            on_event=self._process_event("setup"),
        )
        process.start()
        try:
            code = process.wait(self.spec.setup.limit_seconds)
        except WaitExpired as error:
            process.kill()
            raise WorldFailed("connector set-up", str(error), process.last_lines(15)) from error
        if code != 0:
            raise WorldFailed(
                "connector set-up",
                f"{script.name} ended with {code}; its log is {process.log_path}",
                process.last_lines(15),
            )

    def _start_kit(
        self,
        name: str,
        module: str,
        stack: contextlib.ExitStack,
        options: dict[str, Any],
        tls: bool,
    ) -> tuple[Server, SimulatorConfig, int]:
        """Start a program built on simkit; return it with its configuration and port."""
        config = SimulatorConfig(
            name=name,
            journal_path=str(self.folder.part(name)),
            control_token=self.seeds.token(f"control {name}"),
            seed=self.seeds.number(name),
            clock_origin_monotonic_ns=self.clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=self.clock.origin_epoch_seconds,
            tls_certificate_path=str(self.certificate.certificate_path) if tls else None,
            tls_key_path=str(self.certificate.key_path) if tls else None,
            time_scale=self.plan.webhook_time_scale,
            options=options,
        )
        path = self.folder.write_values(f"{name}.json", config)
        process = Server(
            name,
            self.runtime.programs(),
            [str(path)],
            _plain_environment()
            | {"SSL_CERT_FILE": str(self.authority.bundle_path), "PYTHONPATH": str(catalog.root())},
            self.folder.log(name),
            self._process_event(name),
            program=f"{module}.__main__" if module != _PROXY else module,
            out_path=self.folder.log(f"{name}.out"),
        )
        process.start()
        stack.callback(process.stop)
        line = process.first_line(_START_LIMIT_SECONDS)
        try:
            port = int(msgspec.json.decode(line.encode())["port"])
        except (msgspec.DecodeError, KeyError, ValueError) as error:
            raise WorldFailed(
                name, f"expected its ready line, got {line!r}", process.last_lines(15)
            ) from error
        return process, config, port

    def _shop_options(self) -> dict[str, Any]:
        """Draw the throw-away credentials of the channel."""
        return {
            "shop_domain": "peakproof-demo.myshopify.com",
            "access_token": "shpat_" + self.seeds.token("access token"),
            "client_id": self.seeds.token("client id"),
            "client_secret": "shpss_" + self.seeds.token("client secret"),
        }

    def _environment(self) -> dict[str, str]:
        rendered = {}
        for name, template in self.spec.environment.items():
            rendered[name] = render(template, self.world.values, f"[environment] {name}")
        return rendered

    def _await_ready(self, process: Supervised) -> None:
        probe = self.spec.ready
        if probe is None:
            return
        url = render(probe.url, self.world.values, "[ready] url")

        def answers() -> bool:
            if not process.running:
                raise WorldFailed(
                    "connector",
                    f"ended with {process.exit_code} before it was ready",
                    process.last_lines(20),
                )
            try:
                return httpx.get(url, timeout=2, trust_env=False).is_success
            except httpx.TransportError:
                return False

        try:
            wait_until(answers, probe.limit_seconds, f"the connector to be ready at {url}")
        except WaitExpired as error:
            raise WorldFailed("connector", str(error), process.last_lines(20)) from error

    def _write_world_file(self) -> Path:
        return self.folder.write_values(
            "world.json", {**self.world.values, "shop": msgspec.to_builtins(self.plan.shop)}
        )

    def _process_event(self, component: str) -> Callable[[str, dict[str, Any]], None]:
        def record(outcome: str, value: dict[str, Any]) -> None:
            self.writer.append(
                Event(
                    time=self.clock.now(),
                    source="harness",
                    kind="process",
                    name=component,
                    outcome=outcome,
                    value=value,
                )
            )

        return record

    @contextlib.contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Note how long a step took, also when it failed."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.meta.phases[phase] = self.meta.phases.get(phase, 0.0) + time.monotonic() - begin


def _plain_environment() -> dict[str, str]:
    """Return the environment without what belongs to the machine's proxies and Python."""
    left_out = ("proxy", "pythonpath", "pythonhome", "virtual_env")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith(left_out) and not name.startswith("PEAKPROOF_")
    }
