"""Every GraphQL document of the OCA connector is valid here and runs without "not modelled".

The documents are read out of the published wheel, unmodified; order documents run against an
order that a shopper made a moment before.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from graphql import parse, validate

from peakproof.seed import wait_until
from simulators.shopify.schema import load_schema
from tests.simulators.shopify.published import connector_folder, published_schema

pytestmark = pytest.mark.node  # the published schema comes from npm

VERSION = "2026-01"
GRAPHQL_FILES = ("customer", "fulfillment", "instance", "inventory", "order", "product")


def _module(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def documents() -> dict[str, str]:
    """Return every document by its name in the connector."""
    folder = connector_folder()
    found: dict[str, str] = {}
    modules = [_module(folder / "graphql" / f"{name}.py", f"oca_{name}") for name in GRAPHQL_FILES]
    modules.append(_module(folder / "lib" / "queries.py", "oca_queries"))
    for module in modules:
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, str) and not name.endswith("_FIELDS"):
                found[name] = value
        if hasattr(module, "orders_bulk_query"):
            found["ORDERS_BULK_QUERY"] = module.orders_bulk_query("2020-01-01", "2040-01-01")
    return found


@pytest.fixture(scope="module")
def oca() -> dict[str, str]:
    return documents()


def test_the_connector_has_documents(oca: dict[str, str]) -> None:
    assert len(oca) > 35


def test_every_document_is_valid_at_shopify_and_here(oca: dict[str, str]) -> None:
    for name, text in oca.items():
        document = parse(text)
        # Bulk queries leave out `first`, which the schema does not require either.
        assert validate(published_schema(VERSION), document) == [], name
        assert validate(load_schema(VERSION), document) == [], name


@pytest.fixture
def known(store: Any) -> Iterator[dict[str, Any]]:
    """Return the ids of one of everything."""
    order = store.client.act(
        "checkout",
        {"lines": [{"sku": "TEE-S", "quantity": 2}],
         "customer": {"email": "bob@example.com", "first_name": "Bob", "last_name": "B",
                      "address1": "2 St", "city": "Austin", "province_code": "TX",
                      "zip": "78701", "country_code": "US"},
         "shipping": "Standard"},
    )  # fmt: skip
    data = store.data(
        """query($id: ID!) { order(id: $id) { customer { id } fulfillmentOrders(first: 1) {
        nodes { id } } } products(first: 1) { nodes { id
        variants(first: 1) { nodes { id } } } } }""",
        {"id": order["order_id"]},
    )
    product = data["products"]["nodes"][0]
    return {
        "store": store,
        "order": order["order_id"],
        "customer": data["order"]["customer"]["id"],
        "fulfillment_order": data["order"]["fulfillmentOrders"]["nodes"][0]["id"],
        "product": product["id"],
        "variant": product["variants"]["nodes"][0]["id"],
    }


def variables(ids: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the variables for the documents that need more than an id of nothing."""
    store = ids["store"]
    item, place = store.item("TEE-S"), store.place("NY")
    fulfilment = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": ids["fulfillment_order"]}]}
    product_input = {
        "title": "New", "status": "ACTIVE",
        "productOptions": [{"name": "Title", "position": 1, "values": [{"name": "Default Title"}]}],
        "variants": [{"optionValues": [{"optionName": "Title", "name": "Default Title"}],
                      "sku": "NEW", "barcode": "", "price": "3.50"}],
        "files": [{"originalSource": "https://shop.example/a.png", "alt": "A"}],
    }  # fmt: skip
    quantity = {"inventoryItemId": item, "locationId": place, "quantity": 7, "compareQuantity": 3}
    definition = {"name": "Odoo", "namespace": "$app", "key": "odoo_product_id", "type": "id",
                  "ownerType": "PRODUCT"}  # fmt: skip
    return {
        "ORDER_BY_ID_QUERY": {"id": ids["order"]},
        "ORDER_FULFILLMENT_ORDERS_QUERY": {"id": ids["order"]},
        "FULFILLMENT_BY_ID_QUERY": {"id": "gid://shopify/Fulfillment/1"},
        "FULFILLMENT_CANCEL_MUTATION": {"id": "gid://shopify/Fulfillment/1"},
        "FULFILLMENT_CREATE_MUTATION": {"fulfillment": fulfilment},
        "FULFILLMENT_ORDER_MOVE_MUTATION": {"id": ids["fulfillment_order"],
                                            "newLocationId": store.place("LA")},
        "FULFILLMENT_ORDER_RELEASE_HOLD_MUTATION": {"id": ids["fulfillment_order"]},
        "REFUND_BY_ID_QUERY": {"id": "gid://shopify/Refund/1"},
        "RETURN_BY_ID_QUERY": {"id": "gid://shopify/Return/1"},
        "DRAFT_ORDER_BY_ID_QUERY": {"id": "gid://shopify/DraftOrder/1"},
        "PRICE_LIST_PRICES_QUERY": {"id": "gid://shopify/PriceList/1"},
        "CUSTOMER_BY_ID_QUERY": {"id": ids["customer"]},
        "CUSTOMER_UPDATE_MUTATION": {"input": {"id": ids["customer"], "note": "x"}},
        "INVENTORY_LEVEL_QUERY": {"inventoryItemId": item, "locationId": place},
        "INVENTORY_SET_QUANTITIES_MUTATION": {
            "input": {"name": "available", "reason": "correction", "quantities": [quantity]}},
        "PRODUCT_BY_ID_QUERY": {"id": ids["product"]},
        "PRODUCT_VARIANT_MEDIA_QUERY": {"id": ids["variant"]},
        "PRODUCT_CUSTOM_ID_DEFINITION_QUERY": {
            "identifier": {k: definition[k] for k in ("namespace", "key", "ownerType")}},
        "PRODUCT_CUSTOM_ID_DEFINITION_CREATE": {"definition": definition},
        "PRODUCT_VARIANT_APPEND_MEDIA_MUTATION": {"productId": ids["product"], "variantMedia": []},
        "PRODUCT_VARIANT_DETACH_MEDIA_MUTATION": {"productId": ids["product"], "variantMedia": []},
        "PRODUCT_SET_MUTATION": {"identifier": {"customId": {
            "key": "odoo_product_id", "value": "db:1:1"}}, "input": product_input},
        "WEBHOOK_SUBSCRIPTION_CREATE": {"topic": "ORDERS_CREATE", "subscription": {
            "callbackUrl": "https://shop.example/hook", "format": "JSON"}},
        "WEBHOOK_SUBSCRIPTION_UPDATE": {"id": "gid://shopify/WebhookSubscription/1100000000001",
                                        "subscription": {"callbackUrl": "https://shop.example/b"}},
        "BULK_OPERATION_RUN": {"query": "{ products { edges { node { id } } } }"},
        "BULK_OPERATION_POLL": {"id": "gid://shopify/BulkOperation/3300000000001"},
    }  # fmt: skip


def test_every_document_runs(known: dict[str, Any], oca: dict[str, str]) -> None:
    store, values = known["store"], variables(known)
    for name, text in oca.items():
        if name.endswith("_BULK_QUERY"):
            continue
        body = store.post(text, values.get(name, {}), version=VERSION)
        assert "errors" not in body, f"{name}: {body['errors']}"
        assert store.last.headers["X-Shopify-API-Version"] == VERSION
        if name == "ORDER_BY_ID_QUERY":
            assert body["data"]["order"]["lineItems"]["nodes"][0]["sku"] == "TEE-S"


def test_every_bulk_query_runs(known: dict[str, Any], oca: dict[str, str]) -> None:
    store = known["store"]
    names = [name for name in oca if name.endswith("_BULK_QUERY")]
    assert len(names) >= 4
    for name in names:
        data = store.data(oca["BULK_OPERATION_RUN"], {"query": oca[name]}, version=VERSION)
        assert data["bulkOperationRunQuery"]["userErrors"] == [], name
        identity = data["bulkOperationRunQuery"]["bulkOperation"]["id"]

        def poll(identity: str = identity) -> Any:
            found = store.data(oca["BULK_OPERATION_POLL"], {"id": identity}, version=VERSION)
            return found["bulkOperation"]

        done = wait_until(
            lambda poll=poll: (found := poll())["status"] == "COMPLETED" and found, 10, name
        )
        assert done["errorCode"] is None
        lines = store.http.get(done["url"]).text.splitlines()
        assert len(lines) == int(done["objectCount"]) > 0


def test_the_connectors_own_client_and_bulk_runner(
    open_store: Callable[..., Any], oca: dict[str, str]
) -> None:
    """The connector's client code, over plain HTTP through a session that says so."""
    requests = pytest.importorskip("requests")
    client_module = _module(connector_folder() / "lib" / "client.py", "oca_client")
    store = open_store()

    class Plain(requests.Session):  # type: ignore[misc]
        def request(self, method: str, url: str, **options: Any) -> Any:
            return super().request(method, url.replace("https://", "http://"), **options)

    host = store.url.removeprefix("http://")
    token = client_module.request_access_token(host, "client-1", "hush", session=Plain())
    assert token["expires_in"] > 0
    client = client_module.ShopifyClient(
        host, token["access_token"], session=Plain(), sleep=lambda _seconds: None
    )
    assert client.execute(oca["SHOP_QUERY"])["shop"]["name"] == "Peak Demo"
    with pytest.raises(client_module.ShopifyUserError, match="compareQuantity"):
        client.execute(
            oca["INVENTORY_SET_QUANTITIES_MUTATION"],
            {"input": {"name": "available", "reason": "correction", "quantities": [
                {"inventoryItemId": store.item("TEE-S"), "locationId": store.place("NY"),
                 "quantity": 1, "compareQuantity": 99}]}},
        )  # fmt: skip
