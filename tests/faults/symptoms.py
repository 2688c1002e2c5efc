"""How each fault shows: the options it is tried with, and the look that tells that it is on."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import psycopg

from peakproof.seed import wait_until
from tests.faults.worlds import VENDOR, World
from tests.simkit.worlds import Receiver

__all__ = ["CASES", "answer_lost", "api_slow", "api_status", "webhooks"]


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
