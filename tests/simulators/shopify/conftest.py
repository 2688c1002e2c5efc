"""A seeded Shopify simulator over real TCP, and a small client for it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from peakproof.plan import (
    Customer,
    GiftCard,
    Location,
    Product,
    ShippingRate,
    Shop,
    TaxRule,
    Variant,
)
from peakproof.seed import Clock, wait_until
from peakproof.simkit import Hosted, SimulatorConfig
from simulators.shopify import create

TOKEN, CLIENT_ID, SECRET = "shpat_test", "client-1", "hush"


class Store:
    """A running simulator with its answers decoded."""

    def __init__(self, hosted: Hosted, seeded: dict[str, Any], journal: Path) -> None:
        self.hosted, self.seeded, self.journal = hosted, seeded, journal
        self.url, self.client = hosted.url, hosted.client
        self.http = httpx.Client(base_url=self.url, timeout=20)
        self.last: httpx.Response

    def post(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        version: str = "2026-10",
        token: str = TOKEN,
        **headers: str,
    ) -> dict[str, Any]:
        """Send a GraphQL request; return the decoded body."""
        self.last = self.http.post(
            f"/admin/api/{version}/graphql.json",
            json={"query": query, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": token, **headers},
        )
        return dict(self.last.json())

    def data(self, query: str, variables: dict[str, Any] | None = None, **options: Any) -> Any:
        """Send a GraphQL request that must succeed; return its data."""
        body = self.post(query, variables, **options)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def item(self, sku: str) -> str:
        """Return the inventory item of a SKU."""
        return str(self.seeded["variants"][sku]["inventory_item"])

    def place(self, code: str) -> str:
        """Return the location of a code."""
        return str(self.seeded["locations"][code])

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return what the journal holds of a kind so far."""
        lines = self.journal.read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["kind"] == kind]

    def wait_for(self, kind: str, count: int = 1, **values: Any) -> list[dict[str, Any]]:
        """Wait until the journal holds so many events of a kind with these fields."""

        def found() -> list[dict[str, Any]]:
            return [
                event
                for event in self.events(kind)
                if all(event.get(name) == value for name, value in values.items())
            ]

        wait_until(lambda: len(found()) >= count, 10, f"{count} {kind} events with {values}")
        return found()


def plan(**changes: Any) -> Shop:
    """Return a small shop: two places, three variants, a customer, a tax."""
    settings: dict[str, Any] = {
        "locations": [
            Location(code="NY", name="New York"),
            Location(code="LA", name="Los Angeles"),
        ],
        "products": [
            Product(
                title="Tee",
                variants=[
                    Variant(sku="TEE-S", title="S", price="20.00", stock={"NY": 5, "LA": 3}),
                    Variant(sku="TEE-M", title="M", price="21.00", stock={"NY": 2}),
                ],
            ),
            Product(
                title="Mug", variants=[Variant(sku="MUG", title="", price="9.5", stock={"NY": 100})]
            ),
        ],
        "customers": [
            Customer(
                email="ada@example.com",
                first_name="Ada",
                last_name="Lovelace",
                address1="1 Test St",
                city="Austin",
                province_code="TX",
                zip="78701",
            )
        ],
        "tax": TaxRule(title="TX", rate="0.0825"),
        "shipping_rates": [ShippingRate(title="Standard", price="5.00")],
        "gift_cards": [GiftCard(code="GIFT-0001-ABCD", balance="3.00")],
    }
    return Shop(**(settings | changes))


def config(folder: Path, **options: Any) -> SimulatorConfig:
    """Return the configuration of a simulator whose vendor time runs 600 times as fast."""
    clock = Clock.start()
    extra = {key: options.pop(key) for key in list(options) if key.startswith("tls_")}
    return SimulatorConfig(
        name="shopify",
        journal_path=str(folder / "journal.jsonl"),
        control_token="control",
        seed=7,
        clock_origin_monotonic_ns=clock.origin_monotonic_ns,
        clock_origin_epoch_seconds=clock.origin_epoch_seconds,
        time_scale=options.pop("time_scale", 600.0),
        options={
            "access_token": TOKEN,
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "shop_domain": "demo.myshopify.com",
            **options,
        },
        **extra,
    )


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Return a function that opens a store; ``shop`` is its plan, the rest are options."""
    running: list[tuple[Hosted, Store]] = []

    def start(shop: Shop | None = None, verify: str | bool = True, **options: Any) -> Store:
        folder = tmp_path / f"store-{len(running)}"
        folder.mkdir()
        hosted = Hosted(create, config(folder, **options), verify)
        hosted.__enter__()
        found = Store(hosted, hosted.client.seed(shop or plan()), folder / "journal.jsonl")
        running.append((hosted, found))
        return found

    yield start
    for hosted, found in running:
        found.http.close()
        hosted.__exit__(None, None, None)


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    """Return an open store."""
    return open_store()
