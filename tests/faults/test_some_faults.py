"""What is special about single faults."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psycopg
import pytest

from peakproof.errors import EnvironmentLacks, OdooRefused, UsageError, WorldFailed
from peakproof.faults import REGISTRY
from peakproof.plan import Location, Product, Shop, Variant
from peakproof.runtime.odoo import OdooProcess
from peakproof.seed import wait_until
from peakproof.simkit import Hosted, SimulatorClient
from simulators import pos
from tests.faults.symptoms import answer_lost, api_slow, webhooks
from tests.faults.worlds import VENDOR, World
from tests.simkit.worlds import make_config


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
    with psycopg.connect(world.odoo_dsn(), application_name="odoo-42") as odoo:
        assert fault.fired(world, fault.inject(world, {})) == 1, "over the network as well"
        with pytest.raises(psycopg.OperationalError):
            odoo.execute("select 1")


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
