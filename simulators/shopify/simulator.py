"""The Shopify simulator as peakproof runs it: routes, acts, snapshot, seed.

Options: shop_domain, access_token, client_id, client_secret, scopes, public_url,
webhook_api_version, ca_bundle_path, cost (see cost.CostSettings).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from peakproof.simkit import (
    Action,
    Kit,
    Request,
    Response,
    Route,
    Simulator,
    SimulatorConfig,
)
from peakproof.simkit import (
    Shop as Plan,
)

from . import bulk_files, nouns, rest
from .api import GraphqlApi
from .bulk import BulkOperations
from .cost import CostSettings, bucket_for
from .execute import Engine
from .oauth import Client
from .payloads import shop_record
from .shop import Shop
from .versions import NEWEST

__all__ = ["Shopify", "create"]


class Shopify(Simulator):
    """One shop with one app installed."""

    version = f"Admin API {NEWEST}"
    fault_points = {
        "expired_token": "answer 401 though the token is good",
        "stale_read": "answer a repeated read as it was before the last changes",
    }

    def __init__(self, config: SimulatorConfig, kit: Kit) -> None:
        self.kit = kit
        self.client = Client(kit)
        self.scopes = [self.client.granted.scopes]
        settings = msgspec.convert(config.options.get("cost") or {}, CostSettings)
        self.engine = Engine(nouns.merged(), settings)
        self.api = GraphqlApi(kit, self.client, self.engine)
        self.shop: Shop | None = None
        self.client.on_uninstall.append(self._uninstalled)

    def routes(self) -> Sequence[Route]:
        """Return the Admin API, the token endpoint and the files of bulk operations."""
        graphql = self.api.handle
        return [
            Route("POST", "/admin/api/{version}/graphql.json", graphql, self.api.name),
            Route("POST", "/admin/oauth/access_token", self.client.answer),
            *bulk_files.routes(lambda: self.shop),
            *rest.routes(nouns.rest_table(), lambda: self.shop, self.client, self.kit),
        ]

    def actions(self) -> Mapping[str, Action]:
        """Return what people can do in the shop."""
        return {
            name: self._action(act)
            for part in nouns.PARTS
            for name, act in getattr(part, "ACTS", {}).items()
        }

    def _action(self, act: Any) -> Action:
        def run(arguments: dict[str, Any], _actor: str) -> Mapping[str, Any] | None:
            assert self.shop is not None, "seed the shop first"
            result: dict[str, Any] | None = act(self.shop, arguments)
            self.shop.touch()
            return result

        return run

    def seed(self, shop: Plan) -> Mapping[str, Any] | None:
        """Open the shop of the plan."""
        found = Shop(self.kit, shop, self.client)
        found.bulk = BulkOperations(found, self.engine)
        self.client.bucket = bucket_for(shop.plan, self.kit.clock.now)
        for location in shop.locations:
            found.locations.seed(location)
        for part in nouns.PARTS:
            if hasattr(part, "attach"):
                part.attach(found)
        found.catalog.seed(shop.products)
        for customer in shop.customers:
            found.customers.find_or_create(msgspec.to_builtins(customer), announce=False)
        for part in nouns.PARTS:
            if hasattr(part, "seed"):
                part.seed(found, shop)
        self.shop = self.api.shop = found
        return {
            "shop_id": found.id,
            "locations": {place.code: place.id for place in found.locations.all},
            "variants": {
                variant.sku: {"variant": variant.id, "inventory_item": variant.item.id,
                              "product": variant.product.id}
                for variant in found.catalog.variants
            },
        }  # fmt: skip

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the final records of every part."""
        if self.shop is None:
            return {}
        return {
            entity: records(self.shop)
            for part in nouns.PARTS
            for entity, records in getattr(part, "SNAPSHOT", {}).items()
        }

    def pending(self) -> Mapping[str, int]:
        """Return what is under way."""
        return {
            "deliveries": self.client.subscriptions.engine.pending(),
            "jobs": self.shop.jobs if self.shop else 0,
        }

    def throttled(self, request: Request) -> Response:
        """Return Shopify's throttled answer: a 200 of GraphQL, a 429 of REST."""
        if request.path.endswith("graphql.json"):
            return self.api.throttled(request)
        return rest.throttled()

    def failure(self, request: Request, status: int, message: str) -> Response:
        """Return an error answer in Shopify's shape."""
        if status == 401:
            message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
        return Response.json({"errors": message}, status, [("X-Request-Id", request.id)])

    def _uninstalled(self) -> None:
        shop = self.shop
        if shop is not None:
            shop.emit("app/uninstalled", shop.id, lambda: shop_record(shop))
            for entry in list(self.client.subscriptions.all):
                if entry.enum != "APP_UNINSTALLED":
                    self.client.subscriptions.remove(entry)


def create(config: SimulatorConfig, kit: Kit) -> Simulator:
    """Return the simulator that a configuration describes."""
    return Shopify(config, kit)
