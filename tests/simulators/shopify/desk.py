"""A Shopify simulator in this process, without a network: acts, queries, caught webhooks."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from peakproof.plan import (
    DiscountCode,
    Location,
    Product,
    ShippingRate,
    Shop,
    TaxRule,
    Variant,
)
from peakproof.seed import Clock
from peakproof.simkit import Kit, SimulatorConfig
from simulators.shopify import create
from simulators.shopify.context import Context
from simulators.shopify.orders import Orders

ADA = {
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "address1": "1 Test St",
    "city": "Austin",
    "province_code": "TX",
    "zip": "78701",
    "country_code": "US",
}
TOPICS = tuple(
    """ORDERS_CREATE ORDERS_UPDATED ORDERS_PAID ORDERS_CANCELLED ORDERS_EDITED ORDERS_FULFILLED
    ORDERS_PARTIALLY_FULFILLED ORDER_TRANSACTIONS_CREATE REFUNDS_CREATE FULFILLMENTS_CREATE
    FULFILLMENTS_UPDATE FULFILLMENT_EVENTS_CREATE FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE
    FULFILLMENT_ORDERS_MOVED FULFILLMENT_ORDERS_SPLIT FULFILLMENT_ORDERS_PLACED_ON_HOLD
    FULFILLMENT_ORDERS_HOLD_RELEASED FULFILLMENT_HOLDS_ADDED FULFILLMENT_HOLDS_RELEASED
    RETURNS_REQUEST RETURNS_APPROVE RETURNS_DECLINE RETURNS_PROCESS RETURNS_CLOSE RETURNS_REOPEN
    RETURNS_CANCEL DISPUTES_CREATE DISPUTES_UPDATE DRAFT_ORDERS_CREATE DRAFT_ORDERS_UPDATE
    DRAFT_ORDERS_DELETE INVENTORY_LEVELS_UPDATE""".split()  # noqa: SIM905
)


def shop_plan(**changes: Any) -> Shop:
    """Return a shop with two locations, prices that do not divide, a tax and discount codes."""
    settings: dict[str, Any] = {
        "locations": [
            Location(code="NYC", name="New York"),
            Location(code="LA", name="Los Angeles"),
        ],
        "products": [
            Product(
                title="Tee",
                variants=[
                    Variant(sku="TEE-S", title="S", price="20.00", stock={"NYC": 50, "LA": 5}),
                    Variant(sku="TEE-M", title="M", price="19.99", stock={"NYC": 50, "LA": 5}),
                ],
            ),
            Product(
                title="Mug",
                variants=[
                    Variant(
                        sku="MUG", title="Mug", price="7.35", stock={"NYC": 2},
                        inventory_policy="continue", weight_grams=300,
                    )
                ],
            ),
            Product(
                title="Card",
                variants=[
                    Variant(
                        sku="CARD", title="Card", price="10.00", taxable=False,
                        requires_shipping=False, tracked=False,
                    )
                ],
            ),
        ],
        "tax": TaxRule(title="TX State Tax", rate="0.0825"),
        "shipping_rates": [
            ShippingRate(title="Standard", price="5.00"),
            ShippingRate(title="Express", price="14.90"),
        ],
        "discount_codes": [
            DiscountCode(code="TEN", kind="percentage", value="10"),
            DiscountCode(code="FIVE", kind="fixed", value="5.00"),
            DiscountCode(code="ALL", kind="fixed", value="9999"),
        ],
        "exchange_rates": {"EUR": "0.9273", "JPY": "151.37"},
    }  # fmt: skip
    return Shop(**(settings | changes))


class EveryScope:
    """A token that may do everything."""

    key = "every scope"

    def needed(self, _key: str) -> str:
        """Return that nothing is asked for in particular."""
        return ""

    def missing(self, *_names: str) -> None:
        """Return that nothing is missing."""


class Desk:
    """A seeded simulator; every webhook topic of orders is subscribed and caught."""

    def __init__(self, folder: Path, plan: Shop | None = None, **options: Any) -> None:
        clock = Clock.start()
        config = SimulatorConfig(
            name="shopify",
            journal_path=str(folder / "journal.jsonl"),
            control_token="control",
            seed=7,
            clock_origin_monotonic_ns=clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=clock.origin_epoch_seconds,
            time_scale=600.0,
            options={"access_token": "shpat_test", "client_id": "app", "client_secret": "hush",
                     "shop_domain": "demo.myshopify.com", **options},
        )  # fmt: skip
        self.kit = Kit(config)
        self.simulator: Any = create(config, self.kit)
        self.simulator.seed(plan or shop_plan())
        self.shop = self.simulator.shop
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.states: list[tuple[str, str, dict[str, Any]]] = []
        self.kit.journal.state = self._state  # type: ignore[method-assign]
        self.later: list[Any] = []
        self.kit.later = lambda _seconds, call: self.later.append(call)  # type: ignore[method-assign]

    @property
    def orders(self) -> Orders:
        """The order book."""
        found = self.shop.orders
        assert isinstance(found, Orders)
        return found

    def subscribe(self) -> "Desk":
        """Catch what would be delivered from now on."""
        subscriptions = self.shop.subscriptions
        for topic in TOPICS:
            subscriptions.add(topic, "https://example.com/hook", self.shop.now())
        subscriptions.engine.enqueue = self._enqueue
        return self

    def _enqueue(self, delivery: Any) -> None:
        self.sent.append((delivery.topic, json.loads(delivery.payload)))

    def _state(self, entity: str, key: str, value: Any) -> None:
        self.states.append((entity, key, dict(value)))

    def topics(self) -> list[str]:
        """Return the topics caught so far, and forget them."""
        found = [topic for topic, _ in self.sent]
        self.sent.clear()
        return found

    def payload(self, topic: str) -> dict[str, Any]:
        """Return the last payload of a topic."""
        return next(payload for name, payload in reversed(self.sent) if name == topic)

    def act(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Do what a person would do."""
        return dict(self.simulator.actions()[name](arguments, "tester"))

    def buy(self, *lines: tuple[str, int], **more: Any) -> Any:
        """Check out; return the order."""
        cart = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
        arguments = {"lines": cart, "customer": ADA, "shipping": "Standard", **more}
        return self.orders.find(self.act("checkout", **arguments)["order_id"])

    def query(
        self, text: str, variables: dict[str, Any] | None = None, version: str = "2026-10"
    ) -> dict[str, Any]:
        """Run a GraphQL operation that must have no errors; return its data."""
        engine, client = self.simulator.engine, self.simulator.client
        prepared = engine.prepare(version, text)
        read = prepared.variables(variables or {})
        context = Context(self.shop, version, client, "request-1")
        result = engine.run(prepared, read, context, EveryScope())
        assert not result.errors, result.errors
        assert result.data is not None
        return dict(result.data)

    def run_jobs(self) -> None:
        """Run what was put off."""
        while self.later:
            self.later.pop(0)()

    def level(self, sku: str, code: str = "NYC") -> tuple[int, int, int]:
        """Return (available, committed, on_hand)."""
        item = self.shop.catalog.variant_by_sku(sku).item
        found = self.shop.inventory.level(item, self.shop.locations.by_code[code])
        return (found.available, found.committed, found.on_hand) if found else (0, 0, 0)

    def record(self, order: Any) -> dict[str, Any]:
        """Return an order's final record."""
        return dict(self.simulator.snapshot()["order"][order.id])


def decimals(record: dict[str, Any], *names: str) -> list[Decimal]:
    """Return fields of a record as Decimals."""
    return [Decimal(record[name]) for name in names]
