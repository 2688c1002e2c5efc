"""Orders over the network: control acts and refusals, REST reads, snapshot, search of payouts."""

import re
from typing import Any
from urllib.parse import unquote

import pytest

from peakproof.simkit import SimulatorRefused
from tests.simulators.shopify.desk import ADA

TOKEN = "shpat_test"


def buy(store: Any, quantity: int = 1, sku: str = "MUG", **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": quantity}]
    arguments = {"lines": lines, "customer": ADA, "shipping": "Standard", **more}
    return dict(store.client.act("checkout", arguments, "shopper-1"))


def read(store: Any, path: str, **query: Any) -> Any:
    answer = store.http.get(
        f"/admin/api/2026-07/{path}", params=query, headers={"X-Shopify-Access-Token": TOKEN}
    )
    assert answer.status_code == 200, answer.text
    store.last = answer
    return answer.json()


def test_acts_and_refusals_over_the_control_api(store: Any) -> None:
    made = buy(store, 2)
    assert set(made) == {"order_id", "legacy_id", "name", "total"}
    with pytest.raises(SimulatorRefused) as caught:
        buy(store, 6, "TEE-M")
    assert caught.value.code == "sold_out"
    record = store.client.snapshot()["order"][made["order_id"]]
    assert record["totals"]["total"] == made["total"] == "25.57"
    level = store.client.snapshot()["level"]["MUG@NY"]
    assert (level["available"], level["committed"], level["on_hand"]) == (98, 2, 100)


def test_rest_orders_are_filtered_and_paged(store: Any) -> None:
    made = [buy(store) for _ in range(5)]
    store.client.act("cancel_order", {"order_id": made[0]["order_id"]}, "merchant")
    assert len(read(store, "orders.json")["orders"]) == 4
    assert len(read(store, "orders.json", status="any")["orders"]) == 5
    assert read(store, "orders/count.json", status="cancelled") == {"count": 1}
    page = read(store, "orders.json", limit=2, status="any")["orders"]
    assert [order["id"] for order in page] == [made[0]["legacy_id"], made[1]["legacy_id"]]
    assert 'rel="next"' in store.last.headers["Link"]
    since = read(store, "orders.json", since_id=made[3]["legacy_id"], status="any")["orders"]
    assert [order["name"] for order in since] == [made[4]["name"]]
    none = read(store, "orders.json", updated_at_max="2020-01-01T00:00:00Z", status="any")
    assert none == {"orders": []}


def test_a_rest_cursor_remembers_the_filters(store: Any) -> None:
    made = [buy(store) for _ in range(5)]
    store.client.act("cancel_order", {"order_id": made[0]["order_id"]}, "merchant")
    seen = [order["id"] for order in read(store, "orders.json", limit=2, status="any")["orders"]]
    while following := re.search(r'page_info=([^&>]+)>; rel="next"', store.last.headers["Link"]):
        cursor = unquote(following[1])
        page = read(store, "orders.json", limit=2, page_info=cursor)["orders"]
        seen += [order["id"] for order in page]
    assert seen == [order["legacy_id"] for order in made]
    wrong = store.http.get(
        "/admin/api/2026-07/orders.json?limit=many", headers={"X-Shopify-Access-Token": TOKEN}
    )
    assert (wrong.status_code, wrong.json()) == (400, {"errors": {"limit": "Invalid value."}})


def test_a_rest_order_with_its_parts(store: Any) -> None:
    made = buy(store, 2)
    number = made["legacy_id"]
    store.client.act("fulfil_order", {"order_id": number}, "warehouse")
    lines = [{"sku": "MUG", "quantity": 1}]
    store.client.act("refund_order", {"order_id": number, "lines": lines}, "merchant")
    order = read(store, f"orders/{number}.json")["order"]
    assert order["fulfillment_status"] == "fulfilled"
    assert order["financial_status"] == "partially_refunded"
    kinds = [
        entry["kind"] for entry in read(store, f"orders/{number}/transactions.json")["transactions"]
    ]
    assert kinds == ["sale", "refund"]
    assert len(read(store, f"orders/{number}/refunds.json")["refunds"]) == 1
    assert len(read(store, f"orders/{number}/fulfillments.json")["fulfillments"]) == 1
    missing = store.http.get(
        "/admin/api/2026-07/orders/1.json", headers={"X-Shopify-Access-Token": TOKEN}
    )
    assert missing.status_code == 404


def test_reads_are_fresh_after_acts_and_jobs(store: Any) -> None:
    made = buy(store)
    text = "query($id: ID!) { order(id: $id) { cancelledAt updatedAt displayFinancialStatus } }"
    assert store.data(text, {"id": made["order_id"]})["order"]["cancelledAt"] is None
    store.data(
        """mutation($id: ID!) { orderCancel(orderId: $id, reason: OTHER, restock: true,
        refundMethod: {originalPaymentMethodsRefund: true}) {
        orderCancelUserErrors { message } } }""",
        {"id": made["order_id"]},
    )
    events = store.wait_for("state", name="order", count=2)
    assert [event["value"]["change"] for event in events] == ["create", "cancel"]
    found = store.data(text, {"id": made["order_id"]})["order"]
    assert found["displayFinancialStatus"] == "REFUNDED"
    assert found["cancelledAt"] is not None


def test_the_history_has_every_stock_movement_with_its_cause(store: Any) -> None:
    made = buy(store, 2)
    store.client.act("cancel_order", {"order_id": made["order_id"]}, "merchant")
    events = store.wait_for("state", name="inventory_level", key="MUG@NY", count=3)
    causes = [event["value"]["cause"]["kind"] for event in events]
    assert causes == ["seed", "order", "cancel"]
    assert [event["value"]["available"] for event in events] == [100, 98, 100]
