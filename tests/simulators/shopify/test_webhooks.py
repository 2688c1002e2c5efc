"""Webhook subscriptions and deliveries: signature, retries, removal, filters, payloads."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from peakproof.simkit import SimulatorRefused
from simulators.shopify.subscriptions import RETRY_CALENDAR_SECONDS
from simulators.shopify.topics import topic_path
from tests.simulators.shopify.receiver import Receiver

CREATE = """mutation($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) {
    webhookSubscription { id uri topic filter includeFields name apiVersion { handle } callbackUrl
      endpoint { ... on WebhookHttpEndpoint { callbackUrl } } }
    userErrors { field message } } }"""
ROUND = {"NY": 1}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def subscribe(store: Any, topic: str, uri: str, **given: Any) -> Any:
    data = store.data(CREATE, {"topic": topic, "given": {"uri": uri, **given}})
    return data["webhookSubscriptionCreate"]


def restock(store: Any, available: int, sku: str = "MUG") -> None:
    store.client.act("set_inventory", {"sku": sku, "location_code": "NY", "available": available})


def test_a_delivery_is_signed_over_its_exact_bytes(store: Any, receiver: Receiver) -> None:
    assert (
        subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url, name="stock")["userErrors"] == []
    )
    restock(store, 42)
    headers, body = receiver.wait(1)[0]
    digest = hmac.new(b"hush", body, hashlib.sha256).digest()
    assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()
    assert headers["X-Shopify-Topic"] == "inventory_levels/update"
    assert headers["X-Shopify-Shop-Domain"] == "demo.myshopify.com"
    assert headers["X-Shopify-API-Version"] == "2026-10"
    assert headers["X-Shopify-Name"] == "stock"
    assert headers["X-Shopify-Webhook-Id"] != headers["X-Shopify-Event-Id"]
    assert headers["X-Shopify-Triggered-At"].endswith("Z")
    payload = receiver.payloads()[0]
    assert payload["available"] == 42
    assert isinstance(payload["inventory_item_id"], int)
    assert payload["admin_graphql_api_id"].startswith("gid://shopify/InventoryLevel/")
    delivery = store.wait_for("delivery")[0]
    assert (delivery["outcome"], delivery["name"]) == ("ok", "inventory_levels/update")
    event = store.client.snapshot()["event"][headers["X-Shopify-Event-Id"]]
    assert event["acknowledged"] is True


def test_two_addresses_share_an_event(store: Any, receiver: Receiver) -> None:
    for path in ("/a", "/b"):
        subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url + path)
    restock(store, 1)
    first, second = receiver.wait(2)
    assert first[0]["X-Shopify-Event-Id"] == second[0]["X-Shopify-Event-Id"]
    assert first[0]["X-Shopify-Webhook-Id"] != second[0]["X-Shopify-Webhook-Id"]


def test_the_same_address_twice_is_refused(store: Any) -> None:
    uri = "https://shop.example/hook"
    made = subscribe(store, "ORDERS_CREATE", uri)["webhookSubscription"]
    assert made["endpoint"]["callbackUrl"] == made["callbackUrl"] == made["uri"] == uri
    again = subscribe(store, "ORDERS_CREATE", uri)
    assert again["userErrors"][0]["message"] == "Address for this topic has already been taken"
    assert subscribe(store, "ORDERS_PAID", uri)["userErrors"] == []
    listed = store.data(
        "{ webhookSubscriptions(first: 5, topics: [ORDERS_PAID]) { nodes { uri } } }"
    )
    assert len(listed["webhookSubscriptions"]["nodes"]) == 1


@pytest.mark.parametrize("uri", ["http://shop.example/x", "ftp://x", "", "pubsub://p:t"])
def test_addresses_that_cannot_be_used(store: Any, uri: str) -> None:
    assert subscribe(store, "ORDERS_CREATE", uri)["userErrors"]


def test_updating_and_deleting(store: Any) -> None:
    made = subscribe(store, "ORDERS_CREATE", "https://shop.example/1")["webhookSubscription"]
    update = """mutation($id: ID!) { webhookSubscriptionUpdate(id: $id, webhookSubscription:
      {uri: "https://shop.example/2", includeFields: ["id"]}) {
      webhookSubscription { uri includeFields } userErrors { message } } }"""
    found = store.data(update, {"id": made["id"]})["webhookSubscriptionUpdate"]
    assert found["webhookSubscription"] == {
        "uri": "https://shop.example/2", "includeFields": ["id"],
    }  # fmt: skip
    delete = """mutation($id: ID!) { webhookSubscriptionDelete(id: $id) {
      deletedWebhookSubscriptionId userErrors { message } } }"""
    assert store.data(delete, {"id": made["id"]})["webhookSubscriptionDelete"][
        "deletedWebhookSubscriptionId"
    ]
    assert store.data(delete, {"id": made["id"]})["webhookSubscriptionDelete"]["userErrors"]


def test_include_fields_debounce_identical_payloads(store: Any, receiver: Receiver) -> None:
    """Without a field that changes, a second identical payload is not sent at all."""
    subscribe(store, "PRODUCTS_UPDATE", receiver.url, includeFields=["id", "variants.sku"])
    restock(store, 7)
    first = receiver.payloads(1)[0]
    assert set(first) == {"id", "variants"}
    assert first["variants"] == [{"sku": "MUG"}]
    restock(store, 8)
    receiver.quiet(store.client.pending)
    assert len(receiver.received) == 1


def test_a_filter_lets_only_what_it_names_through(store: Any, receiver: Receiver) -> None:
    subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url, filter="available:<5")
    for available in (50, 3, 40):
        restock(store, available)
    receiver.quiet(store.client.pending)
    assert [payload["available"] for payload in receiver.payloads(1)] == [3]


def test_the_retry_calendar_is_eight_retries_over_four_hours() -> None:
    assert len(RETRY_CALENDAR_SECONDS) == 8
    assert sum(RETRY_CALENDAR_SECONDS) == pytest.approx(4 * 3600, abs=1)
    assert sorted(RETRY_CALENDAR_SECONDS) == RETRY_CALENDAR_SECONDS


def test_a_failed_delivery_is_repeated_with_the_same_ids_and_bytes(
    open_store: Callable[..., Any], receiver: Receiver
) -> None:
    store = open_store(time_scale=6_000.0)
    subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url)
    receiver.status = 500
    restock(store, 9)
    receiver.wait(2)
    receiver.status = 200
    receiver.quiet(store.client.pending)
    bodies = {body for _, body in receiver.received}
    ids = {headers["X-Shopify-Webhook-Id"] for headers, _ in receiver.received}
    assert len(bodies) == len(ids) == 1
    outcomes = [event["outcome"] for event in store.wait_for("delivery", 3)]
    assert outcomes[-1] == "ok"
    assert set(outcomes[:-1]) == {"fail"}
    assert store.client.snapshot()["subscription"]


def test_a_webhook_that_fails_through_all_retries_removes_the_subscription(
    open_store: Callable[..., Any], receiver: Receiver
) -> None:
    store = open_store(time_scale=200_000.0)
    made = subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url)["webhookSubscription"]
    receiver.status = 410
    restock(store, 9)
    receiver.wait(9)
    receiver.quiet(store.client.pending)
    record = store.client.snapshot()["subscription"][made["id"]]
    assert record == {"topic": "inventory_levels/update", "uri": receiver.url, "failures": 9,
                      "removed": True}  # fmt: skip
    left = store.data("{ webhookSubscriptions(first: 5) { nodes { id } } }")
    assert left["webhookSubscriptions"]["nodes"] == []
    receiver.status = 200
    restock(store, 1)
    receiver.quiet(store.client.pending)
    assert len(receiver.received) == 9, "nobody is told any more"


def test_many_failures_in_a_short_outage_remove_nothing(
    open_store: Callable[..., Any], receiver: Receiver
) -> None:
    store = open_store(time_scale=6_000.0)
    made = subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url)["webhookSubscription"]
    receiver.status = 503
    for available in range(1, 13):
        restock(store, available)
    receiver.wait(12)
    receiver.status = 200
    receiver.quiet(store.client.pending)
    record = store.client.snapshot()["subscription"][made["id"]]
    assert (record["failures"], record["removed"]) == (0, False)
    told = {headers["X-Shopify-Webhook-Id"] for headers, _ in receiver.received}
    assert len(told) == 12, "each came again after the outage"


def test_a_rotated_secret_signs_the_next_delivery(store: Any, receiver: Receiver) -> None:
    subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url)
    secret = store.client.act("rotate_secret")["client_secret"]
    assert secret != "hush"
    restock(store, 2)
    headers, body = receiver.wait(1)[0]
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()


def test_what_a_parser_writes_anew_is_not_what_was_signed(store: Any, receiver: Receiver) -> None:
    subscribe(store, "ORDERS_CREATE", receiver.url)
    lines = [{"sku": "MUG", "quantity": 1}]
    store.client.act("checkout", {"lines": lines, "note": "Knock & <wait>"})
    headers, body = receiver.wait(1)[0]
    assert rb"Knock \u0026 \u003cwait\u003e" in body
    assert msgspec.json.decode(body)["note"] == "Knock & <wait>"
    digest = hmac.new(b"hush", body, hashlib.sha256).digest()
    assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()


def test_duplicates_and_forgeries_on_request(store: Any, receiver: Receiver) -> None:
    subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url)
    store.client.inject("webhook", {"effect": "duplicate", "count": 1})
    store.client.inject("webhook", {"effect": "forge", "count": 1})
    restock(store, 2)
    received = receiver.wait(3)
    good = [
        headers["X-Shopify-Hmac-Sha256"]
        == base64.b64encode(hmac.new(b"hush", body, hashlib.sha256).digest()).decode()
        for headers, body in received
    ]
    assert sorted(good) == [False, True, True]
    ids = {headers["X-Shopify-Webhook-Id"] for headers, _ in received}
    assert len(ids) == 2, "the duplicate carries the same id"


def test_removing_by_hand_and_uninstalling(store: Any, receiver: Receiver) -> None:
    subscribe(store, "INVENTORY_LEVELS_UPDATE", receiver.url)
    subscribe(store, "APP_UNINSTALLED", receiver.url)
    assert store.client.act("remove_subscription", {"topic": "inventory_levels/update"})["removed"]
    with pytest.raises(SimulatorRefused, match="no_subscription"):
        store.client.act("remove_subscription", {"topic": "orders/create"})
    store.data("mutation { appUninstall { userErrors { message } } }")
    assert receiver.payloads(1, "app/uninstalled")[0]["myshopify_domain"] == "demo.myshopify.com"
    store.post("{ shop { name } }")
    assert store.last.status_code == 401


def test_rest_shapes_of_this_halfs_topics(store: Any, receiver: Receiver) -> None:
    for topic in ("PRODUCTS_CREATE", "CUSTOMERS_CREATE", "LOCATIONS_UPDATE",
                  "INVENTORY_ITEMS_UPDATE", "VARIANTS_OUT_OF_STOCK"):  # fmt: skip
        subscribe(store, topic, receiver.url)
    store.data("""mutation { productCreate(product: {title: "Hat"}) { userErrors { message } }
      customerCreate(input: {email: "eve@example.com"}) { userErrors { message } } }""")
    store.data("""mutation($p: ID!, $i: ID!) { locationEdit(id: $p, input: {name: "NYC"}) {
      userErrors { message } } inventoryItemUpdate(id: $i, input: {tracked: true}) {
      userErrors { message } } }""", {"p": store.place("NY"), "i": store.item("MUG")})  # fmt: skip
    restock(store, 0)
    product = receiver.payloads(1, "products/create")[0]
    assert product["title"] == "Hat"
    assert product["variants"][0]["inventory_management"] == "shopify"
    customer = receiver.payloads(1, "customers/create")[0]
    assert customer["email"] == "eve@example.com"
    assert customer["admin_graphql_api_id"].endswith(str(customer["id"]))
    assert receiver.payloads(1, "locations/update")[0]["name"] == "NYC"
    assert receiver.payloads(1, "inventory_items/update")[0]["sku"] == "MUG"
    assert receiver.payloads(1, "variants/out_of_stock")[0]["sku"] == "MUG"


@pytest.mark.parametrize(
    ("enum", "path"),
    [("ORDERS_CREATE", "orders/create"), ("FULFILLMENT_ORDERS_MOVED", "fulfillment_orders/moved"),
     ("ORDERS_RISK_ASSESSMENT_CHANGED", "orders/risk_assessment_changed"),
     ("APP_UNINSTALLED", "app/uninstalled"), ("VARIANTS_IN_STOCK", "variants/in_stock")],
)  # fmt: skip
def test_names_of_topics(enum: str, path: str) -> None:
    assert topic_path(enum) == path
