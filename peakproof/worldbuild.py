"""Builds the world of one run, part by part, and takes it down again.

Called by ``peakproof.run`` only. Parts start in the order in which they need each other; each
one that was started is stopped, by process id, whatever happens after it.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg

from peakproof import catalog, contracts, faults
from peakproof.connector import ConnectorSpec
from peakproof.errors import WaitExpired, WorldFailed
from peakproof.history import HistoryWriter
from peakproof.placeholders import render
from peakproof.plan import Plan, Scenario
from peakproof.rights import RIGHTS_PART, listener_environment
from peakproof.runtime.access import own_key
from peakproof.runtime.certificates import Authority
from peakproof.runtime.odoo_acts import OdooActs
from peakproof.runtime.odoo_shop import seed_odoo
from peakproof.runtime.site import Program, Runtime, Site
from peakproof.seed import Clock, Seed, wait_until
from peakproof.simkit.calendar import BusinessCalendar
from peakproof.simkit.client import SimulatorClient
from peakproof.store import RunFolder, RunMeta
from peakproof.world import OdooTarget, World
from peakproof.worldkits import Kits
from peakproof.worldpartners import chosen_by, start_partners

__all__ = ["build_world"]

_START_LIMIT_SECONDS = 30.0
_PROXY = "peakproof.runtime.proxy"
_VENDOR_PROXY = "peakproof.runtime.vendor_proxy"


@contextlib.contextmanager
def build_world(
    plan: Plan,
    scenario: Scenario,
    spec: ConnectorSpec,
    runtime: Runtime,
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
            stack.enter_context(builder.opened_site())
        with builder.timed("simulators"):
            for part in scenario.simulators:
                builder.simulator(part)
            if scenario.partners or spec.partners:
                builder.partners(scenario.partners, stack)
            if spec.systems or any("{proxy.url}" in text for text in spec.environment.values()):
                builder.vendor_proxy()
        with builder.timed("odoo"):
            builder.odoo(stack)
        with builder.timed("simulators"):
            if world.external:
                builder.proxy()
        with builder.timed("seed"):
            builder.seed()
        with builder.timed("connector"):
            if spec.start is not None:
                builder.connector()
        with builder.timed("setup"):
            builder.setup()
        yield world


class _Nobody(dict[str, str]):
    """The values of a part that nobody plays: each is empty."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __missing__(self, _name: str) -> str:
        return ""


class _Builder:
    """The steps, sharing what each of them needs."""

    def __init__(
        self,
        plan: Plan,
        spec: ConnectorSpec,
        runtime: Runtime,
        folder: RunFolder,
        clock: Clock,
        writer: HistoryWriter,
        meta: RunMeta,
    ) -> None:
        self.plan, self.spec, self.runtime = plan, spec, runtime
        self.folder, self.clock, self.writer, self.meta = folder, clock, writer, meta
        self.seeds = Seed(plan.seed)
        self._vendor_hosts: dict[str, tuple[str, str]] = {}
        calendar = BusinessCalendar(clock)
        shop = plan.shop
        calendar.begin(
            shop.days_ago, shop.holidays, shop.first_weekday, shop.month_end_day, shop.day_begins
        )
        self.world = World(plan, spec, folder.path, calendar, self.run_script)
        self.authority = Authority(folder.path / "certificates")
        self.kits = Kits(plan, folder, clock, self.seeds, self.authority, writer)
        self.world.values = {
            "ca": {"bundle": str(self.authority.bundle_path)},
            "run": {"folder": str(folder.path), "world_file": str(folder.path / "world.json")},
            "harness": {"token": self.seeds.token("control of the connector")},
        }

    @contextlib.contextmanager
    def opened_site(self) -> Iterator[None]:
        """Have the template with the modules that the connector needs, and a place for a world."""
        addons = self.spec.addons
        if addons is None:
            template = self.runtime.prepare(self.spec.needs.modules)
        else:
            requirements = self.spec.path(addons.requirements) if addons.requirements else None
            paths = [self.spec.path(addons.folder)] if addons.folder else []
            template = self.runtime.prepare(addons.modules, requirements, paths)
        self.meta.versions["odoo"] = template.note.odoo_version
        name = f"world_{self.seeds.token(str(self.folder.path), 12)}"
        with self.runtime.site(template, name, self.folder.path, self._needs()) as site:
            self.site: Site = site
            self.world.containers = site.containers
            yield

    def _needs(self) -> set[str]:
        planned = [fault for stage in self.plan.stages for fault in stage.faults]
        return {getattr(faults.REGISTRY[fault.fault], "NEEDS", "") for fault in planned}

    def odoo(self, stack: contextlib.ExitStack) -> None:
        """Start Odoo on a copy of the template."""
        addons = self.spec.addons
        process = self.site.odoo(
            self.folder.log("odoo"),
            (self._environment() if addons else {})
            | listener_environment(self.spec, self.clock, self.folder.part(RIGHTS_PART)),
            addons.load if addons else (),
            self.kits.recorder("odoo"),
            self.kits.recorder("postgres"),
            [self.authority.bundle_path],
        )
        self.world.database_server = self.site.database_server
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
        with psycopg.connect(process.dsn) as connection:
            if addons is None:
                self.world.values["odoo"]["api_key"] = own_key(connection, self.seeds)
            number = connection.info.server_version
            self.meta.versions["postgresql"] = f"{number // 10000}.{number % 10000}"
        if addons is not None:
            self.world.connector = target

    def simulator(self, part: str) -> None:
        """Start the simulator that plays a part and tell the world its credentials.

        The history knows it by its part, so that invariants need not know the vendor.
        """
        played_by = self.spec.played_by(part)
        options = self._shop_options() if played_by == "shopify" else {}
        if part in self.spec.scopes:
            options["scopes"] = self.spec.scopes[part]
        if part == "bank":
            options["statement_folder"] = str(self.folder.path / "statements")
        config, port = self.kits.start(
            part, catalog.module("simulators", played_by), self.site, options, tls=True
        )
        url = f"https://{config.host}:{port}"
        client = SimulatorClient(url, config.control_token, str(self.authority.bundle_path))
        self.world.simulators[part] = client
        self.world.values[part] = {
            **{key: value for key, value in options.items() if isinstance(value, str)},
            "url": url,
            "host": f"{config.host}:{port}",
        }
        if "shop_domain" in options:
            self.world.values[part]["domain"] = options["shop_domain"]
        health = client.health()
        self.meta.versions[part] = str(health.get("version", ""))
        self._vendor_hosts.update(dict.fromkeys(health.get("hosts", []), (part, url)))

    def partners(self, wanted: Sequence[str], stack: contextlib.ExitStack) -> None:
        """Start WireMock for the story's partners and the connector's own."""
        partners = start_partners(
            chosen_by(self.spec, wanted), self.site, self.folder, self.authority, self.clock,
            self.seeds, self.kits.recorder("partners"),
        )  # fmt: skip
        stack.callback(partners.write_journal, self.folder.path / "parts")
        self.world.partners = partners
        self.world.values |= partners.values
        self.meta.versions |= partners.versions
        self.meta.partners = partners.not_modelled
        self._vendor_hosts |= {host: (part, partners.url) for host, part in partners.hosts.items()}

    def vendor_proxy(self) -> None:
        """Start the forward proxy that leads the vendors' own host names to the simulators."""
        hosts = {}
        for host, (part, url) in self._vendor_hosts.items():
            issued = self.authority.issue(host)
            hosts[host] = {
                "simulator": part,
                "upstream": url,
                "certificate_path": str(issued.certificate_path),
                "key_path": str(issued.key_path),
            }
        config, port = self.kits.start(
            "vendor_proxy", _VENDOR_PROXY, self.site, {"hosts": hosts}, tls=False
        )
        url = f"http://{config.host}:{port}"
        self.world.vendor_proxy = SimulatorClient(url, config.control_token)
        self.world.values["proxy"] = {"url": url}

    def proxy(self) -> None:
        """Put the recording proxy before Odoo, where answers can be lost."""
        upstream = self.world.values["odoo"]["url"]
        config, port = self.kits.start(
            "odoo_proxy", _PROXY, self.site, {"upstream_url": upstream}, tls=False
        )
        url = f"http://{config.host}:{port}"
        self.world.odoo_proxy = SimulatorClient(url, config.control_token)
        self.world.values["odoo"]["url"] = url

    def seed(self) -> None:
        """Put the shop into Odoo and into every simulator."""
        assert self.world.odoo is not None
        shop = seed_odoo(self.world.odoo, self.plan.shop)
        self.world.odoo_shop = shop
        zone, calendar = self.plan.shop.timezone, self.world.calendar
        self.world.acts = OdooActs(
            self.world.odoo, shop, self.world.read_correlation, lambda: calendar.today_in(zone)
        )
        places: dict[str, Any] = {}
        for name, client in self.world.simulators.items():
            told = client.seed(self.plan.shop)
            self.world.values[name].update(told.get("values", {}))
            for code, gid in told.get("locations", {}).items():
                places.setdefault(code, {})[f"{name}_location_gid"] = gid
        for code, identity in shop.location_ids.items():
            places.setdefault(code, {})["odoo_location_id"] = identity
        self.world.values["locations"] = places
        self.world.values["odoo"]["tax_id"] = shop.tax_id

    def connector(self) -> None:
        """Start the connector's own program and wait until it is ready."""
        assert self.spec.start is not None
        host, port = self.site.host("connector"), self.site.port("connector")
        self.world.values["connector"] = {
            "folder": self.spec.folder,
            "variant": self.spec.variant,
            "host": host,
            "port": port,
            "url": f"http://{host}:{port}",
            "token": self.seeds.token("connector"),
        }
        self.world.values["postgres"] = {"dsn": self.site.storage("connector")}
        self._write_world_file()
        words = [
            render(word, self.world.values, "[start] command") for word in self.spec.start.command
        ]
        log, told = self.folder.log("connector"), self.kits.recorder("connector")
        place, image = Path(self.spec.folder), self.spec.start.image
        process = self.site.program("connector", words, None, log, told, place, image)

        def start() -> None:
            process.stop()
            process.env = self._environment()
            process.start()
            self._await_ready(process)

        self.world.connector, self.world.reconfigure = process, start
        start()

    def setup(self) -> None:
        """Run the connector's set-up script against the world."""
        if self.spec.setup is None:
            return
        self.run_script(self.spec.setup.script, self.spec.setup.limit_seconds)

    def run_script(self, name: str, limit_seconds: float) -> None:
        """Run a script of the connector's folder to its end; raises WorldFailed.

        PEAKPROOF_WORLD names the file with the world's values, PEAKPROOF_NOW is the story's
        date and time (UTC).
        """
        world_file = self._write_world_file()
        script = self.spec.path(name)
        process = self.site.program(
            "setup",
            ["python", str(script)],
            {
                "PEAKPROOF_WORLD": str(world_file),
                "PEAKPROOF_NOW": self.world.calendar.now().isoformat(),
                "PYTHONPATH": self.site.code,
            },
            self.folder.log(script.stem),
            self.kits.recorder("setup"),
            script.parent,
        )
        process.start()
        try:
            code = process.wait(limit_seconds)
        except WaitExpired as error:
            process.kill()
            raise WorldFailed(script.name, str(error), process.last_lines(15)) from error
        if code != 0:
            raise WorldFailed(
                script.name,
                f"{script.name} ended with {code}; its log is {process.log_path}",
                process.last_lines(15),
            )

    def _shop_options(self) -> dict[str, Any]:
        """Draw the throw-away credentials of the channel."""
        return {
            "shop_domain": "peakproof-demo.myshopify.com",
            "access_token": "shpat_" + self.seeds.token("access token"),
            "client_id": self.seeds.token("client id"),
            "client_secret": "shpss_" + self.seeds.token("client secret"),
            "previous_client_secret": "",
        }

    def _environment(self) -> dict[str, str]:
        # A part that this story has not is "" to a connector that can do without it.
        parts = {*catalog.names("simulators"), *contracts.parts(), *self.spec.systems}
        parts -= set(self.world.values)
        values = {**self.world.values, **dict.fromkeys(parts, _Nobody())}
        return {
            name: render(template, values, f"[environment] {name}")
            for name, template in self.spec.environment.items()
        }

    def _await_ready(self, process: Program) -> None:
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

    @contextlib.contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Note how long a step took, also when it failed."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.meta.phases[phase] = self.meta.phases.get(phase, 0.0) + time.monotonic() - begin
