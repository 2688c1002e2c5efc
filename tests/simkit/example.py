"""A tiny simulator, the smallest that uses every part of the kit: a shop that takes orders.

``python -m tests.simkit.example CONFIG.json`` runs it.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from peakproof.simkit import (
    Answer,
    Delivery,
    Kit,
    Request,
    Response,
    Route,
    Shop,
    Simulator,
    SimulatorConfig,
    SimulatorRefused,
    serve,
)

NAME = "example"
SECRET = b"example-secret"


class Example(Simulator):
    """Orders by number; a webhook ``orders/create`` to every registered address."""

    fault_points = {
        "expired_token": "answer 401 although the token is good",
        "stale_read": "answer the list of orders as it was when the rule was added",
    }

    def __init__(self, config: SimulatorConfig, kit: Kit) -> None:
        self.kit = kit
        self.orders: dict[str, dict[str, Any]] = {}
        self.addresses: list[str] = []
        calendar = config.options.get("retry_calendar_seconds", [60, 60, 60])
        total_seconds = config.options.get("total_seconds", 5.0)
        self.webhooks = kit.webhooks(
            self.sign, calendar, attempted=self.attempted, total_seconds=total_seconds
        )

    def routes(self) -> Sequence[Route]:
        return [
            Route("GET", "/orders", self.list_orders, name="listOrders"),
            Route("POST", "/orders", self.create_order, name="createOrder"),
            Route("GET", "/orders/{id}", self.read_order, name=self.name_read),
            Route("GET", "/crash", self.crash),
            Route("GET", "/crash/after", self.crash_after),
        ]

    def actions(self) -> Mapping[str, Any]:
        return {
            "checkout": self.checkout,
            "burst": self.burst,
            "subscribe": self.subscribe,
            "remove_subscription": self.remove_subscription,
            "explode": lambda arguments, actor: 1 / 0,
        }

    def seed(self, shop: Shop) -> Mapping[str, Any]:
        return {"variants": len(shop.variants())}

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        return {"order": self.orders}

    def pending(self) -> Mapping[str, int]:
        return {"deliveries": self.webhooks.pending()}

    # the wire

    def authorise(self, request: Request) -> None:
        if self.kit.faults.fire("expired_token", request.name):
            raise Answer(Response.json({"error": "token expired"}, 401))

    def list_orders(self, request: Request) -> Response:
        self.authorise(request)
        if self.kit.faults.fire("stale_read", request.name):
            return Response.json([])
        return Response.json(list(self.orders.values()))

    def create_order(self, request: Request) -> Response:
        self.authorise(request)
        return Response.json(self.add(request.json(), "api"), 201)

    def name_read(self, request: Request) -> str:
        return "readOrder"

    def read_order(self, request: Request) -> Response:
        order = self.orders.get(request.params["id"])
        return Response.json(order) if order else Response.json({"error": "none"}, 404)

    def crash(self, request: Request) -> Response:
        raise RuntimeError("a defect on purpose")

    def crash_after(self, request: Request) -> Response:
        def late() -> None:
            raise RuntimeError("a defect after the answer")

        request.after_send(late)
        return Response.text("fine")

    # the business

    def checkout(self, arguments: dict[str, Any], actor: str) -> dict[str, Any]:
        if arguments.get("sku") == "SOLD-OUT":
            raise SimulatorRefused("sold_out", "nothing is left")
        return self.add(arguments, actor)

    def burst(self, arguments: dict[str, Any], actor: str) -> None:
        for _ in range(arguments["orders"]):
            self.add({}, actor)

    def add(self, value: dict[str, Any], actor: str) -> dict[str, Any]:
        order = {"id": len(self.orders) + 1, **value}
        key = str(order["id"])
        self.orders[key] = order
        self.kit.journal.state("order", key, {"change": "create", "actor": actor})
        for number, uri in enumerate(self.addresses):
            self.webhooks.enqueue(
                Delivery(
                    webhook_id=f"w-{key}-{number}",
                    topic="orders/create",
                    uri=uri,
                    payload=msgspec.json.encode(order),
                    event_id=f"e-{key}",
                    subscription=uri,
                    resource=str(value.get("resource", key)),
                )
            )
        return order

    def subscribe(self, arguments: dict[str, Any], actor: str) -> None:
        self.addresses.append(arguments["uri"])

    def remove_subscription(self, arguments: dict[str, Any], actor: str) -> dict[str, Any]:
        removed, self.addresses = self.addresses, []
        if not removed:
            raise SimulatorRefused("no_subscription", "nothing is subscribed")
        for uri in removed:
            self.webhooks.forget(uri)
        return {"removed": removed}

    def sign(self, delivery: Delivery) -> Mapping[str, str]:
        digest = hmac.new(SECRET, delivery.payload, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "X-Signature": base64.b64encode(digest).decode(),
            "X-Webhook-Id": delivery.webhook_id,
        }

    def attempted(self, delivery: Delivery, acknowledged: bool, failures: int) -> None:
        if failures >= 8 and delivery.subscription in self.addresses:
            self.addresses.remove(delivery.subscription)
            self.webhooks.forget(delivery.subscription)


def create(config: SimulatorConfig, kit: Kit) -> Simulator:
    return Example(config, kit)


if __name__ == "__main__":
    serve(create)
