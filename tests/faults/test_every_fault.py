"""Every fault of the registry: its effect is visible, gone after the heal, healing repeats.

The channel is the example simulator (which the vendors' proxy leads to as well), Odoo a proxy
before a second one, the processes are real ones of Python that count in a file, and Odoo's
database is an empty one of a real PostgreSQL, whose server a fault may break as well.
"""

import re
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import psycopg
import pytest

from peakproof.errors import EnvironmentLacks, OdooRefused, UsageError, WorldFailed
from peakproof.faults import REGISTRY
from peakproof.partners import Partners
from peakproof.plan import Location, Product, Shop, Variant
from peakproof.runtime import proxy, vendor_proxy
from peakproof.runtime.certificates import Authority
from peakproof.runtime.odoo import OdooProcess
from peakproof.runtime.postgres import Cluster
from peakproof.runtime.supervise import Supervised
from peakproof.seed import wait_until
from peakproof.simkit import Hosted, SimulatorClient, SimulatorConfig
from simulators import pos
from tests.simkit.example import create
from tests.simkit.worlds import Receiver, make_config

VENDOR = "https://api.vendor.test/orders"
PULSE = """
import pathlib, sys, time
count = 0
while True:
    count += 1
    pathlib.Path(sys.argv[1]).write_text(str(count))
    time.sleep(0.01)
"""


class World:
    """As much of a world as faults touch."""

    def __init__(
        self,
        shop: Hosted,
        odoo: Hosted,
        vendors: Hosted,
        receiver: Receiver,
        folder: Path,
        shared: Callable[[str], Any],
    ) -> None:
        self.shop = shop
        self.receiver = receiver
        self.folder = folder
        self.odoo_url = odoo.url
        self.odoo_proxy: SimulatorClient | None = odoo.client
        self.vendor_proxy: SimulatorClient | None = vendors.client
        self.vendor = httpx.Client(
            proxy=vendors.url,
            verify=ssl.create_default_context(cafile=folder / "authority" / "ca.pem"),
            trust_env=False,
            timeout=2,
        )
        self._shared = shared
        self.proxied = True
        self.session: psycopg.Connection[Any] | None = None
        self.odoo_process = self.pulse("odoo")
        self.connector: Any = self.pulse("connector")

    def simulator(self, name: str) -> SimulatorClient:
        assert name == "shopify"
        return self.shop.client

    def behind_proxy(self, _part: str) -> bool:
        return self.proxied

    @property
    def database_server(self) -> Cluster:
        return self._shared("server")

    @property
    def partners(self) -> Partners:
        return self._shared("every").partners

    def score(self) -> httpx.Response:
        """Ask the partner for fraud about an order."""
        served, asked = self._shared("every"), {"event": {"transaction_id": "1"}}
        credentials = served.values["fraud"]
        auth = (credentials["account_id"], credentials["license_key"])
        return served.http.post("/minfraud/v2.0/score", json=asked, auth=auth)

    def odoo_dsn(self) -> str:
        return self.database_server.dsn("postgres")

    def new_session(self) -> "psycopg.Connection[Any]":
        """Connect as Odoo does, over the socket."""
        return self.database_server.connect(role="odoo")

    def close(self) -> None:
        for process in (self.odoo_process, self.connector):
            process.stop()
        self.vendor.close()
        if self.session is not None:
            self.session.close()

    def pulse(self, name: str) -> Supervised:
        path = self.folder / f"{name}.pulse"
        command = [sys.executable, "-c", PULSE, str(path)]
        return Supervised(name, command, self.folder / f"{name}.log")

    def beats(self, name: str) -> bool:
        """Say whether a process's pulse moves within a second."""
        path = self.folder / f"{name}.pulse"
        begin = path.read_text() if path.exists() else ""
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            now = path.read_text() if path.exists() else ""
            if now not in ("", begin):
                return True
            time.sleep(0.02)
        return False

    def settle(self) -> None:
        wait_until(lambda: not self.shop.client.pending()["deliveries"], 20, "the deliveries")


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    made = Cluster()
    made.start()
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    receiver = Receiver()
    upstream = make_config(tmp_path, "upstream")
    with (
        Hosted(receiver.create, make_config(tmp_path, "receiver")) as hook,
        Hosted(create, make_config(tmp_path, "shop")) as shop,
        Hosted(create, upstream) as behind,
        Hosted(
            proxy.create,
            make_config(tmp_path, "odoo_proxy", options={"upstream_url": behind.url}),
        ) as odoo,
        Hosted(vendor_proxy.create, vendors_config(tmp_path, shop)) as vendors,
    ):
        shop.client.act("subscribe", {"uri": hook.url + "/hook"})
        world = World(shop, odoo, vendors, receiver, tmp_path, request.getfixturevalue)
        for process in (world.odoo_process, world.connector):
            process.start()
        try:
            yield world
        finally:
            world.close()


def vendors_config(folder: Path, shop: Hosted) -> SimulatorConfig:
    issued = Authority(folder / "authority").issue("api.vendor.test")
    hosts = {"api.vendor.test": vendor_proxy.vendor_host("shopify", shop.url, issued)}
    return make_config(folder, "vendor_proxy", options={"hosts": hosts})


# A symptom says whether the world is ill, and is asked before, during and after.


def api_status(status: int) -> Callable[[World], bool]:
    return lambda world: httpx.post(world.shop.url + "/orders", json={}).status_code == status


def api_slow(world: World) -> bool:
    begin = time.monotonic()
    httpx.get(world.shop.url + "/orders")
    return time.monotonic() - begin >= 0.3


def answer_lost(
    url: Callable[[World], str], http: Callable[[World], Any] = lambda _: httpx
) -> Callable[[World], bool]:
    def symptom(world: World) -> bool:
        before = http(world).get(url(world)).json()
        try:
            http(world).post(url(world), json={})
        except (httpx.ReadError, httpx.RemoteProtocolError):  # TLS shows a reset as an end
            return len(http(world).get(url(world)).json()) == len(before) + 1
        return False

    return symptom


def vendor_fails(how: type[httpx.TransportError], *others: type[Exception]) -> Any:
    """Call once over the kept connection and once over a new one."""

    def symptom(world: World) -> bool:
        failures = 0
        for _ in range(2):
            try:
                world.vendor.get(VENDOR, timeout=0.3)
            except (how, *others):
                failures += 1
        assert failures in (0, 2)
        return failures == 2

    return symptom


def vendor_slow(world: World) -> bool:
    begin = time.monotonic()
    world.vendor.get(VENDOR)
    return time.monotonic() - begin >= 0.3


def partner_fails(*how: type[httpx.TransportError]) -> Callable[[World], bool]:
    def symptom(world: World) -> bool:
        try:
            world.score()
        except how:
            return True
        return False

    return symptom


def partner_slow(world: World) -> bool:
    begin = time.monotonic()
    assert world.score().json()["disposition"]["action"] == "accept", "it answers all the same"
    return time.monotonic() - begin >= 0.3


def session_lost(world: World) -> bool:
    if world.session is None:
        world.session = world.new_session()
    try:
        world.session.execute("select 1")
    except psycopg.OperationalError:
        world.session.close()
        world.session = None
        return True
    return False


def database_silent(world: World) -> bool:
    try:
        psycopg.connect(world.odoo_dsn(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return True
    return False


def webhooks(judge: Callable[[list[str], Receiver], bool]) -> Callable[[World], bool]:
    """Sell twice to one customer and judge the ids of what arrived."""

    def symptom(world: World) -> bool:
        world.receiver.taken.clear()
        for _ in range(2):
            world.shop.client.act("checkout", {"resource": "one"})
        world.settle()
        ids = world.receiver.ids()
        return judge(ids, world.receiver)

    return symptom


def dies_at_commit(world: World) -> bool:
    """Call: the call is carried out, no answer comes, and the connector is dead."""
    before = httpx.get(world.shop.url + "/orders").json()
    try:
        httpx.post(world.shop.url + "/orders", json={}, timeout=0.3)
    except httpx.ReadTimeout:
        wait_until(lambda: not world.connector.running, 5, "the connector's death")
        return len(httpx.get(world.shop.url + "/orders").json()) == len(before) + 1
    return False


def still(name: str) -> Callable[[World], bool]:
    return lambda world: not world.beats(name)


def number(identity: str) -> int:
    return int(re.findall(r"\d+", identity)[0])


CASES: dict[str, tuple[dict[str, Any], Callable[[World], bool]]] = {
    "api_errors": ({"operation": "create*", "status": 500}, api_status(500)),
    "api_throttle": ({"operation": "create*"}, api_status(429)),
    "api_latency": ({"delay_seconds": 0.3}, api_slow),
    "lost_acknowledgement": (
        {"operation": "create*"},
        answer_lost(lambda world: world.shop.url + "/orders"),
    ),
    "token_expired": ({}, api_status(401)),
    "odoo_acknowledgement_lost": (
        {"operation": "POST*"},
        answer_lost(lambda world: world.odoo_url + "/orders"),
    ),
    "webhook_duplicate": ({"topic": "orders/*"}, webhooks(lambda ids, _: len(ids) > len(set(ids)))),
    "webhook_reorder": (
        {"count": 1, "delay_seconds": 5},
        webhooks(lambda ids, _: [number(i) for i in ids] != sorted(number(i) for i in ids)),
    ),
    "webhook_late": (
        {"count": 1, "delay_seconds": 0.4},
        webhooks(lambda ids, _: [number(i) for i in ids] != sorted(number(i) for i in ids)),
    ),
    "webhook_drop": ({"count": 1}, webhooks(lambda ids, _: len(ids) == 1)),
    "webhook_forge": ({}, webhooks(lambda ids, r: any(b"FORGED" in body for _, body in r.taken))),
    "webhook_acknowledgement_lost": ({}, webhooks(lambda ids, _: len(ids) > len(set(ids)))),
    "odoo_restart": ({}, still("odoo")),
    "odoo_pause": ({}, still("odoo")),
    "connector_kill": ({}, still("connector")),
    "connector_pause": ({}, still("connector")),
    "connector_crash_loop": (
        {"count": 1000, "up_seconds": 0, "down_seconds": 0.1},
        still("connector"),
    ),
    "killed_at_commit": (
        {"at": "shopify", "operation": "create*", "count": 1000, "down_seconds": 60},
        dies_at_commit,
    ),
    "database_connections_cut": ({}, session_lost),
    "database_kill": ({}, database_silent),
    "database_pause": ({}, database_silent),
    "database_restart": ({}, database_silent),
    "vendor_refused": (
        {"host": "api.vendor.*"},
        vendor_fails(httpx.ReadError, httpx.RemoteProtocolError),
    ),
    "vendor_timeout": ({"simulator": "shopify"}, vendor_fails(httpx.ReadTimeout)),
    "vendor_slow": ({"delay_seconds": 0.3, "operation": "GET /orders"}, vendor_slow),
    "partner_error": (
        {"simulator": "fraud", "status": 502},
        lambda world: world.score().status_code == 502,
    ),
    "partner_reset": (
        {"simulator": "fraud"},
        partner_fails(httpx.ReadError, httpx.RemoteProtocolError),
    ),
    "partner_malformed": (
        {"simulator": "fraud", "operation": "sc*"},
        partner_fails(httpx.RemoteProtocolError),
    ),
    "partner_slow": ({"simulator": "fraud", "median_seconds": 0.8, "sigma": 0.1}, partner_slow),
    "vendor_acknowledgement_lost": (
        {"host": ["api.vendor.test"], "operation": "POST *"},
        answer_lost(lambda world: VENDOR, lambda world: world.vendor),
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_effect_comes_and_goes(world: World, name: str) -> None:
    fault, (options, symptom) = REGISTRY[name], CASES[name]
    assert not symptom(world), "healthy before"
    token = fault.inject(world, options)
    assert symptom(world), "ill"
    assert fault.fired(world, token) >= 1
    fault.heal(world, token)
    fired = fault.fired(world, token)
    fault.heal(world, token)
    wait_until(lambda: not symptom(world), 10, f"{name} to be over")
    assert fault.fired(world, token) == fired, "a healed fault fires no more"


class ShopsOnly:
    """A world of which a fault needs nothing but the point of sale."""

    def __init__(self, shops: SimulatorClient) -> None:
        self.shops = shops

    def simulator(self, name: str) -> SimulatorClient:
        assert name == "pos"
        return self.shops


def test_a_till_sends_a_sale_twice_until_it_is_healed(tmp_path: Path) -> None:
    fault = REGISTRY["till_resends"]
    mug = Product(title="Mug", variants=[Variant(sku="MUG", title="Mug", price="9.99")])
    with Hosted(pos.create, make_config(tmp_path, name="pos")) as shops:
        shops.client.seed(Shop(locations=[Location(code="A", name="A")], products=[mug]))
        world = ShopsOnly(shops.client)

        def twins() -> int:
            shops.client.act("go_offline", {"location_code": "A"})
            line = {"sku": "MUG", "quantity": 1}
            for _ in range(2):
                shops.client.act("sale", {"location_code": "A", "lines": [line]})
            return len(shops.client.act("come_online", {"location_code": "A"})["duplicates"])

        assert twins() == 0
        token = fault.inject(world, {"count": 1})
        assert twins() == 1
        assert fault.fired(world, token) == 1
        for _ in range(2):
            fault.heal(world, token)
            assert twins() == 0
        assert fault.fired(world, token) == 1


def test_a_partner_fails_for_a_while_by_the_number_of_calls(world: World) -> None:
    fault = REGISTRY["partner_error"]
    token = fault.inject(world, {"simulator": "fraud", "count": 2})
    assert [world.score().status_code for _ in range(3)] == [503, 503, 200]
    assert fault.fired(world, token) == 2
    fault.heal(world, token)
    assert world.score().status_code == 200
    assert fault.fired(world, token) == 2


def test_a_partners_fault_says_what_it_lacks(world: World) -> None:
    fault = REGISTRY["partner_slow"]
    with pytest.raises(UsageError, match="say which partner"):
        fault.inject(world, {})
    with pytest.raises(UsageError, match="Did you mean 'median_seconds'"):
        fault.inject(world, {"simulator": "fraud", "median_second": 1})
    with pytest.raises(UsageError, match="Did you mean 'fraud'"):
        fault.inject(world, {"simulator": "frauds"})
    with pytest.raises(UsageError, match="no operation of fraud is called 'scores'"):
        fault.inject(world, {"simulator": "fraud", "operation": "scores"})
    with pytest.raises(WorldFailed, match="partners"):
        fault.inject(SimpleNamespace(partners=None), {"simulator": "fraud"})


def test_a_removed_subscription_stays_removed(world: World) -> None:
    fault = REGISTRY["subscription_removed"]
    arrives = webhooks(lambda ids, _: len(ids) == 2)
    assert arrives(world)
    token = fault.inject(world, {"topic": "orders/create"})
    assert fault.fired(world, token) == 1
    for _ in range(2):
        fault.heal(world, token)
    assert not arrives(world), "the connector must subscribe again"
    assert fault.fired(world, fault.inject(world, {})) == 0, "there was nothing to remove"


def test_a_fault_that_met_nobody_did_not_fire(world: World) -> None:
    fault = REGISTRY["api_errors"]
    token = fault.inject(world, {"operation": "inventory*"})
    assert not api_status(503)(world)
    assert fault.fired(world, token) == 0
    fault.heal(world, token)


def test_a_process_that_was_not_there_was_not_paused(world: World) -> None:
    world.connector.stop()
    fault = REGISTRY["connector_pause"]
    token = fault.inject(world, {})
    assert fault.fired(world, token) == 0
    fault.heal(world, token)


def test_throttling_by_status_names_the_wait(world: World) -> None:
    fault = REGISTRY["api_throttle"]
    token = fault.inject(world, {"style": "status", "retry_after_seconds": 3, "count": 1})
    answer = httpx.get(world.shop.url + "/orders")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3.0")
    assert fault.fired(world, token) == 1
    with pytest.raises(UsageError, match="Did you mean 'status'"):
        fault.inject(world, {"style": "statuss"})


def test_after_its_crash_loop_the_connector_lives(world: World) -> None:
    fault = REGISTRY["connector_crash_loop"]
    token = fault.inject(world, {"count": 2, "up_seconds": 0.2, "down_seconds": 0})
    wait_until(lambda: fault.fired(world, token) == 2, 10, "two deaths")
    wait_until(lambda: world.connector.running, 10, "the last start")
    assert world.beats("connector"), "before any heal"
    pid = world.connector.pid
    fault.heal(world, token)
    assert (world.connector.pid, fault.fired(world, token)) == (pid, 2)
    with pytest.raises(UsageError, match="at least 1"):
        fault.inject(world, {"count": 0})


def test_a_crash_loop_that_cannot_start_the_connector_says_so(world: World) -> None:
    fault = REGISTRY["connector_crash_loop"]
    world.connector.command = [str(world.folder / "no-such-program")]
    token = fault.inject(world, {"down_seconds": 0})
    with pytest.raises(EnvironmentLacks, match="no-such-program"):
        fault.heal(world, token)
    fault.heal(world, token)


@pytest.mark.parametrize("name", ["database_kill", "database_restart"])
def test_a_database_server_loses_no_commit_and_undoes_what_was_under_way(
    world: World, name: str
) -> None:
    fault, server = REGISTRY[name], world.database_server
    with server.connect() as done:
        done.execute("drop table if exists kept")
        done.execute("create table kept as select 'committed' as what")
    under_way = world.database_server.connect()
    under_way.autocommit = False
    under_way.execute("insert into kept values ('under way')")
    token = fault.inject(world, {})
    with pytest.raises(psycopg.OperationalError):
        under_way.commit()
    under_way.close()
    fault.heal(world, token)
    with server.connect() as after:
        assert after.execute("select what from kept").fetchall() == [("committed",)]


def test_the_harness_keeps_its_own_connections_to_the_database(world: World) -> None:
    fault = REGISTRY["database_connections_cut"]
    with psycopg.connect(world.odoo_dsn()) as own:
        assert fault.fired(world, fault.inject(world, {})) == 0, "Odoo had none"
        assert own.execute("select 1").fetchone() == (1,)


def direct_fails(how: type[Exception]) -> Callable[[World], bool]:
    def symptom(world: World) -> bool:
        try:
            httpx.get(world.shop.url + "/orders", timeout=0.5)
        except how:
            return True
        return False

    return symptom


@pytest.mark.parametrize(
    ("name", "options", "symptom"),
    [
        ("vendor_refused", {}, direct_fails(httpx.ReadError)),
        ("vendor_timeout", {}, direct_fails(httpx.ReadTimeout)),
        ("vendor_timeout", {"hang_seconds": 0.1}, direct_fails(httpx.RemoteProtocolError)),
        ("vendor_slow", {"delay_seconds": 0.3}, api_slow),
        (
            "vendor_acknowledgement_lost",
            {"operation": "create*"},
            answer_lost(lambda world: world.shop.url + "/orders"),
        ),
    ],
)
def test_faults_of_vendors_meet_connectors_that_need_no_proxy(
    world: World, name: str, options: dict[str, Any], symptom: Callable[[World], bool]
) -> None:
    world.proxied, world.vendor_proxy = False, None
    fault = REGISTRY[name]
    assert not symptom(world)
    token = fault.inject(world, {"simulator": "shopify", **options})
    assert symptom(world)
    assert fault.fired(world, token) == 1
    fault.heal(world, token)
    assert not symptom(world)


def test_a_vendors_connection_may_hang_for_a_while_only(world: World) -> None:
    fault = REGISTRY["vendor_timeout"]
    token = fault.inject(world, {"simulator": "shopify", "hang_seconds": 0.1})
    with pytest.raises((httpx.ProxyError, httpx.RemoteProtocolError)):
        world.vendor.get(VENDOR, timeout=5)
    fault.heal(world, token)


def test_faults_of_vendors_meet_the_named_ones_only(world: World) -> None:
    refused, slow = REGISTRY["vendor_refused"], REGISTRY["vendor_slow"]
    token = refused.inject(world, {"host": "api.other.test"})
    assert world.vendor.get(VENDOR).status_code == 200
    assert refused.fired(world, token) == 0
    with pytest.raises(UsageError, match="not both"):
        slow.inject(world, {"host": "x", "simulator": "shopify"})
    with pytest.raises(UsageError, match="Did you mean 'shopify'"):
        slow.inject(world, {"simulator": "shopfy"})
    with pytest.raises(UsageError, match="not known by its operation"):
        refused.inject(world, {"operation": "GET *"})
    world.vendor_proxy = None
    with pytest.raises(WorldFailed, match="proxy for vendors"):
        slow.inject(world, {})


def test_a_world_without_the_part_says_so(world: World) -> None:
    world.odoo_proxy = None
    with pytest.raises(WorldFailed, match="proxy in front of Odoo"):
        REGISTRY["odoo_acknowledgement_lost"].inject(world, {})
    with pytest.raises(WorldFailed, match="database server of its own"):
        REGISTRY["database_kill"].inject(SimpleNamespace(database_server=None), {})
    world.connector, kept = None, world.connector
    with pytest.raises(WorldFailed, match="connector"):
        REGISTRY["connector_kill"].inject(world, {})
    world.connector = kept


@pytest.mark.parametrize("module", REGISTRY.values(), ids=REGISTRY)
def test_each_fault_is_described(module: ModuleType) -> None:
    assert module.__doc__
    assert module.LEVEL in ("api", "webhook", "network", "process", "business")
    assert re.fullmatch("#[0-9a-f]{6}", module.COLOUR)
    assert module.__name__.rpartition(".")[2] == module.NAME


def test_colours_tell_faults_apart_and_each_is_tested_here() -> None:
    assert len({module.COLOUR for module in REGISTRY.values()}) == len(REGISTRY)
    elsewhere = {name for name in REGISTRY if name.startswith("container_")}  # tests/containers
    assert {*CASES, "subscription_removed", "till_resends", *elsewhere} == set(REGISTRY)


class OdooOnly:
    """A world of which a fault needs nothing but Odoo's database."""

    def __init__(self, odoo: OdooProcess) -> None:
        self.odoo = odoo

    def odoo_dsn(self) -> str:
        return self.odoo.dsn


@pytest.mark.odoo
def test_the_real_odoo_is_cut_off_from_its_database_and_connects_again(odoo: OdooProcess) -> None:
    world, fault = OdooOnly(odoo), REGISTRY["database_connections_cut"]
    with odoo.client() as client:
        client.create("res.partner", {"name": "Ada"})
        token = fault.inject(world, {})
        assert fault.fired(world, token) >= 1

        def found() -> bool:
            try:
                return len(client.search_read("res.partner", [["name", "=", "Ada"]], ["id"])) == 1
            except OdooRefused:  # the call that met the cut connection
                return False

        wait_until(found, 20, "Odoo to reach its database again")
