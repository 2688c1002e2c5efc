"""The point of sale as peakproof runs it: routes, acts, snapshot, seed.

Options: access_token, merchant_id, ca_bundle_path, idempotency_retention_seconds,
requests_per_second, card_refund_seconds, drawer_units.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from peakproof.simkit import (
    Action,
    Kit,
    Request,
    Response,
    Route,
    Shop,
    Simulator,
    SimulatorConfig,
    SimulatorRefused,
)

from . import wire_catalog, wire_orders, wire_payments, wire_shop, wire_stock
from .api import VERSION, Api
from .business import Business
from .errors import Refusal
from .subscriptions import Subscriptions
from .tills import Tills

__all__ = ["PointOfSale", "create"]

_ACTS = (
    "sale", "refund_sale", "go_offline", "come_online", "close_day", "count_stock",
    "receive_stock", "reserve_pickup", "hand_over", "release_pickup",
)  # fmt: skip
_WIRES = (wire_shop, wire_catalog, wire_orders, wire_payments, wire_stock)


class PointOfSale(Simulator):
    """One seller with locations and tills, and one application with a token."""

    version = f"Square API {VERSION}"
    hosts = ("connect.squareup.com",)
    fault_points = {
        "expired_token": "answer 401 ACCESS_TOKEN_EXPIRED though the token is good",
        "stale_read": "answer a repeated read as it was answered the last time",
        "till_resends": "an offline till sends a sale twice: two orders with one reference_id",
        "refund_fails": "a refund that was accepted ends FAILED",
    }

    def __init__(self, config: SimulatorConfig, kit: Kit) -> None:
        self.kit = kit
        options = config.options
        self.access_token = str(
            options.get("access_token") or "EAAA" + kit.seed.token("pos|access token", 60)
        )
        self.merchant_id = str(
            options.get("merchant_id") or "ML" + kit.seed.token("pos|merchant", 11).upper()
        )
        self.api = Api(kit, self.access_token)
        self.scopes = [self.api.permissions]
        self.subscriptions = Subscriptions(kit, self.merchant_id)
        self.business: Business | None = None
        self.tills: Tills | None = None

    def routes(self) -> Sequence[Route]:
        """Return the API."""
        return [route for wire in _WIRES for route in wire.routes(self.api)]

    def actions(self) -> Mapping[str, Action]:
        """Return what people can do in the shops."""
        return {name: self._action(name) for name in _ACTS}

    def _action(self, name: str) -> Action:
        def run(arguments: dict[str, Any], actor: str) -> Mapping[str, Any] | None:
            assert self.tills is not None, "seed the shop first"
            try:
                result: Mapping[str, Any] = getattr(self.tills, name)(arguments, actor)
            except Refusal as error:
                raise SimulatorRefused(error.code.lower(), error.detail) from error
            return result

        return run

    def seed(self, shop: Shop) -> Mapping[str, Any] | None:
        """Open the seller's shops; ``values`` are what a connector is configured with."""
        business = Business(self.kit, shop, self.subscriptions, self.merchant_id)
        business.catalog.seed()
        business.customers.seed()
        business.stock.seed()
        self.business = self.api.business = business
        self.tills = Tills(business)
        locations = {place.code: place.id for place in business.places.values()}
        return {
            "values": {
                "access_token": self.access_token,
                "merchant_id": self.merchant_id,
                "api_version": VERSION,
                "main_location_id": business.main_place.id,
                **{f"location_id_{code}": identity for code, identity in locations.items()},
            },
            "locations": locations,
            "variations": dict(business.catalog.skus),
        }

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the final records."""
        business, tills = self.business, self.tills
        if business is None or tills is None:
            return {}
        return {
            "sale": business.orders.snapshot(),
            "sale_refund": business.refunds.snapshot(),
            "level": business.stock.snapshot(),
            "day_close": business.drawers.closes,
            "till": tills.snapshot(),
        }

    def pending(self) -> Mapping[str, int]:
        """Return what is under way: webhooks and card refunds.

        Sales on an offline till are not: nothing happens to them until it comes online.
        """
        business = self.business
        return {
            "deliveries": self.subscriptions.engine.pending(),
            "refunds": business.refunds.pending() if business else 0,
        }

    def day_began(self) -> None:
        """End the delays of approved payments that are due."""
        if self.business is not None:
            self.business.payments.delays_ended()

    def throttled(self, request: Request) -> Response:  # noqa: ARG002
        """Return Square's 429."""
        return self.api.throttled()

    def failure(self, request: Request, status: int, message: str) -> Response:  # noqa: ARG002
        """Return an error answer in Square's shape."""
        code, category = _FAILURES.get(status, ("INTERNAL_SERVER_ERROR", "API_ERROR"))
        return Refusal(code, message, "", status, category).response()


_FAILURES = {
    401: ("UNAUTHORIZED", "AUTHENTICATION_ERROR"),
    403: ("FORBIDDEN", "AUTHENTICATION_ERROR"),
    404: ("NOT_FOUND", "INVALID_REQUEST_ERROR"),
    429: ("RATE_LIMITED", "RATE_LIMIT_ERROR"),
    502: ("BAD_GATEWAY", "API_ERROR"),
    503: ("SERVICE_UNAVAILABLE", "API_ERROR"),
    504: ("GATEWAY_TIMEOUT", "API_ERROR"),
}


def create(config: SimulatorConfig, kit: Kit) -> Simulator:
    """Return the simulator that a configuration describes."""
    return PointOfSale(config, kit)
