"""Reading and creating orders on our Shopify simulator, beside WireMock, in one run.

    python -m benchmarks.simulator_throughput [--rounds 3] [--seconds 4] [--json FILE]

Server on core 0, load generator on core 1, all servers up at once and measured in turn, so
that a slow minute of the machine hits each. WireMock stands there twice: with the very bytes
that the simulator gave, which is its best case, and with bodies matched by JSONPath and answers
made by templates, which is what tests of a connector need. The work is still not the same, and
the table says so: the simulator runs GraphQL, authorises, meters cost, moves stock and writes a
journal; WireMock stores nothing.

Only figures of a quiet machine mean anything: a server that shares its core is slow, and the JVM
is then measured before it is warm. The run says so, and the figures hold ``"quiet": false``.
Every answer is checked, and the running number of the simulator's orders must have grown by as
many as it was asked for. Takes about two and a half minutes; loopback only.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks import wiremock, wiremock_stubs
from benchmarks.load import Load, Shot, cpu_seconds, fire
from peakproof import catalog
from peakproof.errors import EnvironmentLacks, PeakproofError
from peakproof.plan import Customer, Location, Product, ShippingRate, Shop, TaxRule, Variant
from peakproof.seed import Clock
from peakproof.simkit import SimulatorConfig
from peakproof.simkit.client import SimulatorClient

__all__ = ["main"]

SERVER_CORE, CLIENT_CORE = 0, 1
SIMULATOR = "simulator"
FIXED, TEMPLATED = "WireMock, fixed bytes", "WireMock, templated"
WARM_UP_SECONDS = {SIMULATOR: 3.0, FIXED: 20.0, TEMPLATED: 20.0}
COUNT_MAX = 60_000  # requests of one stretch
CLIENT_BOUND_SHARE, SHARED_CORE_SHARE = 0.95, 0.85
API_VERSION = "2026-10"
GRAPHQL_PATH = f"/admin/api/{API_VERSION}/graphql.json"
CREATE_PATH = "/_peakproof/act"
TOKEN, CONTROL_TOKEN = "shpat_benchmark", "benchmark-control"  # throw-away, loopback only
# Every call is metered, at a price of nothing: a throttled answer would be no answer.
NO_METER = {"cost": {"object": 0, "connection": 0, "mutation": 0}}
ORDER_QUERY = """query order($id: ID!) { order(id: $id) {
  id legacyResourceId name email createdAt currencyCode displayFinancialStatus
  totalPriceSet { shopMoney { amount currencyCode } }
  totalTaxSet { shopMoney { amount currencyCode } }
  shippingAddress { firstName lastName address1 city zip countryCodeV2 }
  lineItems(first: 10) { nodes { id sku title quantity
    originalUnitPriceSet { shopMoney { amount currencyCode } } } } } }"""
ORDER_MARKER = b'"gid://shopify/Order/'  # in every right answer, in no refusal
ORDERS_TO_READ = 6_000  # so many more than the answers kept that none of them is of use
READ_SAME, READ_ANOTHER, CREATE = "read the same order", "read another order", "create an order"
_ECHO = "query and id matched by JSONPath; the id echoed into otherwise fixed text"
WORK = {
    READ_SAME: {
        SIMULATOR: "token, scopes, cost; answer kept from before while nothing changed; journalled",
        FIXED: "path matched; fixed bytes",
        TEMPLATED: _ECHO,
    },
    READ_ANOTHER: {
        SIMULATOR: "token, scopes, cost; GraphQL answer built from live state; journalled",
        FIXED: "path matched; fixed bytes, whatever order was asked for",
        TEMPLATED: _ECHO,
    },
    CREATE: {
        SIMULATOR: "cart priced with tax and shipping; stock committed; customer, payment and "
        "order stored and journalled",
        FIXED: "path matched; fixed bytes; nothing stored",
        TEMPLATED: "action and SKU matched by JSONPath; the cart's lines echoed, a random id; "
        "nothing priced or stored",
    },
}


class Peer(msgspec.Struct, kw_only=True):
    """A server under load."""

    name: str
    port: int
    pid: int


def shop() -> Shop:
    """Return a small business with stock that does not run out."""
    variants = [
        Variant(sku=f"TEE-{size}", title=f"Tee {size}", price="19.90", stock={"MAIN": 10**8})
        for size in "SML"
    ]
    return Shop(
        plan="plus",
        tax=TaxRule(title="State tax", rate="0.0825"),
        locations=[Location(code="MAIN", name="Main warehouse")],
        products=[Product(title="Tee", variants=variants)],
        shipping_rates=[ShippingRate(title="Standard", price="4.90")],
    )


def cart() -> dict[str, Any]:
    """Return the arguments of the checkout that creates an order of three lines."""
    customer = Customer(
        email="shopper@example.com",
        first_name="Ada",
        last_name="Example",
        address1="1 Main St",
        city="Springfield",
        province_code="NY",
        zip="10001",
    )
    return {
        "lines": [{"sku": f"TEE-{size}", "quantity": 2} for size in "SML"],
        "customer": msgspec.to_builtins(customer),
        "shipping": "Standard",
    }


@contextlib.contextmanager
def simulator(options: dict[str, Any]) -> Iterator[tuple[Peer, SimulatorClient, list[Shot]]]:
    """Start and seed the simulator on its core; give it with the two requests to send."""
    clock = Clock.start()
    with tempfile.TemporaryDirectory() as folder:
        config = SimulatorConfig(
            name="shopify",
            journal_path=str(Path(folder) / "journal.jsonl"),
            control_token=CONTROL_TOKEN,
            seed=1,
            clock_origin_monotonic_ns=clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=clock.origin_epoch_seconds,
            options={"shop_domain": "benchmark.myshopify.com", "access_token": TOKEN, **options},
        )
        path = Path(folder) / "config.json"
        path.write_bytes(msgspec.json.encode(config))
        command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m"]
        command += [catalog.module("simulators", "shopify"), str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=catalog.root())
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise EnvironmentLacks(f"The simulator ended with exit code {process.wait(10)}.")
            port = int(json.loads(line)["port"])
            client = SimulatorClient(f"http://127.0.0.1:{port}", CONTROL_TOKEN)
            client.seed(shop())
            peer = Peer(name=SIMULATOR, port=port, pid=process.pid)
            yield peer, client, _shots(client, port)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _shots(client: SimulatorClient, port: int) -> list[Shot]:
    """Create orders to read, and return the three requests."""
    create = {"action": "checkout", "arguments": cart(), "actor": "shopper-1"}
    creating = Shot(
        name=CREATE,
        path=CREATE_PATH,
        headers={"Authorization": f"Bearer {CONTROL_TOKEN}"},
        bodies=[msgspec.json.encode(create)],
        marker=ORDER_MARKER,
    )
    _require_right(fire(creating, port, 60, ORDERS_TO_READ), "the simulator", creating)
    bodies = [
        msgspec.json.encode({"query": ORDER_QUERY, "variables": {"id": order_id}})
        for order_id in list(client.snapshot()["order"])
    ]
    same, another = (
        Shot(
            name=name,
            path=GRAPHQL_PATH,
            headers={"X-Shopify-Access-Token": TOKEN},
            bodies=chosen,
            marker=ORDER_MARKER,
        )
        for name, chosen in ((READ_SAME, bodies[:1]), (READ_ANOTHER, bodies))
    )
    return [same, another, creating]


def _require_right(load: Load, server: str, shot: Shot) -> None:
    """Raise PeakproofError when an answer was not right: such a figure would say nothing."""
    if load.wrong or not load.answered:
        raise PeakproofError(
            f"{load.wrong} of {load.answered} answers of {server} to {shot.name!r} were wrong, "
            f"the first: {load.first_wrong}"
        )


def answer_to(shot: Shot, port: int) -> bytes:
    """Return the simulator's answer to one request, which WireMock is to give."""
    url = f"http://127.0.0.1:{port}{shot.path}"
    headers = {**shot.headers, "Content-Type": "application/json"}
    response = httpx.post(url, headers=headers, content=shot.bodies[0], trust_env=False)
    if response.status_code != 200 or shot.marker not in response.content:
        raise EnvironmentLacks(
            f"Expected 200 with {shot.marker!r} for {shot.name}, got {response.status_code} "
            f"{response.text[:300]!r}."
        )
    return response.content


def templated(answers: dict[str, bytes]) -> list[wiremock_stubs.Stub]:
    """Return WireMock's stubs that read the request, made of the simulator's answers."""
    return wiremock_stubs.templated(
        GRAPHQL_PATH, answers[GRAPHQL_PATH], CREATE_PATH, answers[CREATE_PATH]
    )


def measure(
    peers: list[Peer], shots: list[Shot], rounds: int, seconds: float
) -> tuple[dict[tuple[str, str], list[Load]], int]:
    """Warm each peer up, then measure in turn.

    Returns one Load a round by peer and request, and how many orders the simulator was asked
    for in all, warm-up included.
    """
    loads: dict[tuple[str, str], list[Load]] = {}
    asked = 0
    for peer in peers:
        for shot in shots:
            warm = fire(shot, peer.port, WARM_UP_SECONDS[peer.name] / len(shots), COUNT_MAX * 10)
            asked += warm.answered if _creates(peer, shot) else 0
    for _ in range(rounds):
        for shot in shots:
            for peer in peers:
                used = cpu_seconds(peer.pid)
                load = fire(shot, peer.port, seconds, COUNT_MAX)
                load.server_cpu_seconds = cpu_seconds(peer.pid) - used
                _require_right(load, peer.name, shot)
                loads.setdefault((peer.name, shot.name), []).append(load)
                asked += load.answered if _creates(peer, shot) else 0
    return loads, asked


def _creates(peer: Peer, shot: Shot) -> bool:
    """Tell whether the request makes an order in the simulator."""
    return peer.name == SIMULATOR and shot.path == CREATE_PATH


def show(loads: dict[tuple[str, str], list[Load]], console: Console) -> dict[str, Any]:
    """Print the table and what differs in the work; return the figures."""
    table = Table(title="one core each, 16 connections, every answer checked")
    for heading in (
        "request",
        "server",
        "per second (rounds)",
        "median",
        "p99",
        "CPU each",
        "core used",
    ):
        table.add_column(heading)
    figures: dict[str, Any] = {}
    for (server, request), rounds in sorted(loads.items(), key=lambda item: item[0][1]):
        rates = [load.per_second for load in rounds]
        middle = statistics.median(rates)
        figures[f"{request}, {server}"] = round(middle)
        cost = statistics.median(load.cpu_microseconds for load in rounds)
        figures[f"{request}, {server}, CPU us"] = round(cost)
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        table.add_row(
            request,
            server,
            f"{middle:,.0f} ({spread})",
            f"{statistics.median(load.median_seconds for load in rounds) * 1000:.1f} ms",
            f"{statistics.median(load.p99_seconds for load in rounds) * 1000:.1f} ms",
            f"{cost:.0f} us",
            f"{_core_share(rounds):.0%}",
        )
    console.print(table)
    figures["quiet"] = all(_core_share(rounds) >= SHARED_CORE_SHARE for rounds in loads.values())
    for (server, request), rounds in loads.items():
        if max(load.client_share for load in rounds) > CLIENT_BOUND_SHARE:
            console.print(f"{request}, {server}: the load generator was the limit")
        elif _core_share(rounds) < SHARED_CORE_SHARE:
            console.print(
                f"{request}, {server}: others used the server's core; measure again in quiet"
            )
    for request, work in WORK.items():
        for peer in (FIXED, TEMPLATED):
            rate, cpu = (_ratio(figures, request, peer, measure) for measure in ("", ", CPU us"))
            if rate and cpu:
                figures[f"{request}, ratio to {peer}"] = round(rate, 2)
                figures[f"{request}, ratio to {peer} by CPU"] = round(1 / cpu, 2)
                console.print(
                    f"{request}: simulator / ({peer}) = {rate:.2f} in answers a second, "
                    f"{1 / cpu:.2f} in answers for the same processor time"
                )
        for server, done in work.items():
            console.print(f"  {server}: {done}", style="dim")
    return figures


def _ratio(figures: dict[str, Any], request: str, peer: str, measure: str) -> float | None:
    """Return the simulator's figure over a peer's, or None where one is missing."""
    ours, theirs = (figures.get(f"{request}, {name}{measure}") for name in (SIMULATOR, peer))
    return ours / theirs if ours and theirs else None


def _order_number(client: SimulatorClient) -> int:
    """Create one more order and return its running number (``#1042`` is 1042)."""
    return int(str(client.act("checkout", cart(), "shopper-2")["name"]).lstrip("#"))


def _core_share(rounds: list[Load]) -> float:
    """Return how much of its core the server had, 0 to 1."""
    return statistics.median(load.server_cpu_seconds / load.seconds for load in rounds)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; exit code 0, or 2 where WireMock could not be had."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 11))
    parser.add_argument("--seconds", type=float, default=4.0, help="of one stretch, at most 20")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument(
        "--options", type=json.loads, default=NO_METER, help="of the simulator, as JSON"
    )
    chosen = parser.parse_args(arguments)
    if CLIENT_CORE in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {CLIENT_CORE})
    console = Console(highlight=False)
    console.width = max(console.width, 110)
    seconds = min(chosen.seconds, 20.0)
    with contextlib.ExitStack() as stack:
        ours, client, shots = stack.enter_context(simulator(chosen.options))
        answers = {shot.path: answer_to(shot, ours.port) for shot in shots}
        peers = [ours]
        try:
            for name, stubs in (
                (FIXED, wiremock_stubs.fixed(answers)),
                (TEMPLATED, templated(answers)),
            ):
                port, pid = stack.enter_context(wiremock.running(stubs, SERVER_CORE))
                peers.append(Peer(name=name, port=port, pid=pid))
        except EnvironmentLacks as lack:
            console.print(f"WireMock is left out: {lack}")
        before = _order_number(client)
        loads, asked = measure(peers, shots, chosen.rounds, seconds)
        made = _order_number(client) - before - 1
        console.print(f"orders asked for {asked:,}, orders in the simulator {made:,}")
        figures = show(loads, console)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if made == asked and len(peers) > 2 else 2


if __name__ == "__main__":
    sys.exit(main())
