"""Fulfilment orders and fulfilments: splitting, moving, holding, tracking, cancellation."""

from pathlib import Path
from typing import Any

import pytest

from peakproof.simkit import SimulatorRefused
from tests.simulators.shopify.desk import Desk

CREATE = """mutation($input: FulfillmentInput!) { fulfillmentCreate(fulfillment: $input) {
  fulfillment { id name status displayStatus trackingInfo { company number url }
    location { id } fulfillmentLineItems(first: 9) { nodes { quantity lineItem { sku } } } }
  userErrors { field message } } }"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).subscribe()


def create(desk: Desk, *entries: Any, **more: Any) -> dict[str, Any]:
    given = {"lineItemsByFulfillmentOrder": list(entries), **more}
    return dict(desk.query(CREATE, {"input": given})["fulfillmentCreate"])


def whole(entry: Any) -> dict[str, Any]:
    return {"fulfillmentOrderId": entry.id}


def part(entry: Any, quantity: int, index: int = 0) -> dict[str, Any]:
    lines = [{"id": entry.lines[index].id, "quantity": quantity}]
    return {"fulfillmentOrderId": entry.id, "fulfillmentOrderLineItems": lines}


def status(desk: Desk, order: Any) -> str:
    return str(desk.record(order)["fulfillment_status"])


def test_shipping_in_parts(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3), ("TEE-M", 1))
    entry = order.fulfillment_orders[0]
    desk.topics()
    tracking = {"company": "UPS", "numbers": ["1Z1", "1Z2"], "urls": ["https://ups.test/1"]}
    first = create(desk, part(entry, 2), trackingInfo=tracking)
    assert first["userErrors"] == []
    assert first["fulfillment"]["name"] == f"{order.name}.1"
    assert first["fulfillment"]["trackingInfo"] == [
        {"company": "UPS", "number": "1Z1", "url": "https://ups.test/1"},
        {"company": "UPS", "number": "1Z2", "url": None},
    ]
    assert (entry.status, status(desk, order)) == ("IN_PROGRESS", "PARTIALLY_FULFILLED")
    assert desk.level("TEE-S") == (47, 1, 48)
    assert desk.topics() == [
        "inventory_levels/update", "fulfillments/create", "orders/partially_fulfilled",
        "orders/updated",
    ]  # fmt: skip
    create(desk, whole(entry))
    assert (entry.status, status(desk, order)) == ("CLOSED", "FULFILLED")
    assert "orders/fulfilled" in desk.topics()
    assert desk.level("TEE-S") == (47, 0, 47)


@pytest.mark.parametrize("quantity", [0, -1, 4])
def test_impossible_quantities_are_user_errors(desk: Desk, quantity: int) -> None:
    order = desk.buy(("TEE-S", 3))
    payload = create(desk, part(order.fulfillment_orders[0], quantity))
    assert payload["fulfillment"] is None
    assert payload["userErrors"]
    assert status(desk, order) == "UNFULFILLED"


def test_one_fulfilment_is_of_one_order_and_one_location(desk: Desk) -> None:
    first, second = desk.buy(("TEE-S", 1)), desk.buy(("TEE-S", 1))
    payload = create(desk, whole(first.fulfillment_orders[0]), whole(second.fulfillment_orders[0]))
    assert "different orders" in payload["userErrors"][0]["message"]
    split = desk.buy(("TEE-S", 50))
    payload = create(desk, *(whole(entry) for entry in split.fulfillment_orders))
    assert "different locations" in payload["userErrors"][0]["message"]


def test_cancelling_a_fulfilment_reopens_under_a_new_id(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    entry = order.fulfillment_orders[0]
    parcel = create(desk, whole(entry))["fulfillment"]["id"]
    text = """mutation($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status displayStatus }
      userErrors { message } } }"""
    done = desk.query(text, {"id": parcel})["fulfillmentCancel"]
    assert done["fulfillment"] == {"status": "CANCELLED", "displayStatus": "CANCELED"}
    assert entry.status == "CLOSED"
    fresh = order.fulfillment_orders[1]
    assert (fresh.status, fresh.remaining) == ("OPEN", 2)
    assert desk.level("TEE-S") == (48, 2, 50)
    assert status(desk, order) == "UNFULFILLED"
    assert desk.query(text, {"id": parcel})["fulfillmentCancel"]["userErrors"]
    assert create(desk, whole(fresh))["userErrors"] == []


def test_moving_a_part_leaves_the_rest_under_the_old_id(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3))
    entry = order.fulfillment_orders[0]
    target = desk.shop.locations.by_code["LA"]
    text = """mutation($id: ID!, $to: ID!, $lines: [FulfillmentOrderLineItemInput!]) {
      fulfillmentOrderMove(id: $id, newLocationId: $to, fulfillmentOrderLineItems: $lines) {
      movedFulfillmentOrder { id assignedLocation { location { id } } }
      originalFulfillmentOrder { id } remainingFulfillmentOrder { id }
      userErrors { code message } } }"""
    lines = [{"id": entry.lines[0].id, "quantity": 1}]
    moved = desk.query(text, {"id": entry.id, "to": target.id, "lines": lines})
    payload = moved["fulfillmentOrderMove"]
    assert payload["userErrors"] == []
    assert payload["movedFulfillmentOrder"]["id"] != entry.id
    assert payload["remainingFulfillmentOrder"]["id"] == entry.id
    assert desk.level("TEE-S") == (48, 2, 50)
    assert desk.level("TEE-S", "LA") == (4, 1, 5)
    sent = desk.payload("fulfillment_orders/moved")
    assert sent["moved_fulfillment_order"]["assigned_location_id"] == target.id
    again = desk.query(text, {"id": entry.id, "to": target.id, "lines": None})
    assert again["fulfillmentOrderMove"]["movedFulfillmentOrder"]["id"] == entry.id
    assert again["fulfillmentOrderMove"]["remainingFulfillmentOrder"] is None
    same = desk.query(text, {"id": entry.id, "to": target.id, "lines": None})
    assert same["fulfillmentOrderMove"]["userErrors"]


def test_holds_stop_shipping_until_they_are_released(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3))
    entry = order.fulfillment_orders[0]
    text = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) { fulfillmentOrderHold(id: $id,
      fulfillmentHold: $hold) { fulfillmentHold { id reason heldByRequestingApp displayReason }
      fulfillmentOrder { status supportedActions { action } }
      remainingFulfillmentOrder { id status } userErrors { code message } } }"""
    lines = [{"id": entry.lines[0].id, "quantity": 2}]
    hold = {"reason": "INCORRECT_ADDRESS", "handle": "a", "fulfillmentOrderLineItems": lines}
    held = desk.query(text, {"id": entry.id, "hold": hold})["fulfillmentOrderHold"]
    assert held["userErrors"] == []
    assert held["fulfillmentHold"]["heldByRequestingApp"] is True
    assert held["fulfillmentOrder"]["status"] == "ON_HOLD"
    assert held["remainingFulfillmentOrder"]["status"] == "OPEN"
    assert status(desk, order) == "ON_HOLD"
    assert "on hold" in create(desk, whole(entry))["userErrors"][0]["message"]
    twice = desk.query(text, {"id": entry.id, "hold": {"reason": "OTHER", "handle": "a"}})
    assert twice["fulfillmentOrderHold"]["userErrors"][0]["code"] == (
        "DUPLICATE_FULFILLMENT_HOLD_HANDLE"
    )
    released = desk.query(
        """mutation($id: ID!) { fulfillmentOrderReleaseHold(id: $id) {
        fulfillmentOrder { status } userErrors { code } } }""",
        {"id": entry.id},
    )["fulfillmentOrderReleaseHold"]
    assert released["fulfillmentOrder"] == {"status": "OPEN"}
    topics = desk.topics()
    for topic in ("fulfillment_holds/added", "fulfillment_orders/placed_on_hold",
                  "fulfillment_holds/released", "fulfillment_orders/hold_released"):  # fmt: skip
        assert topic in topics
    assert desk.level("TEE-S") == (47, 3, 50)


def test_splitting(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3), ("TEE-M", 1))
    entry = order.fulfillment_orders[0]
    text = """mutation($splits: [FulfillmentOrderSplitInput!]!) { fulfillmentOrderSplit(
      fulfillmentOrderSplits: $splits) { fulfillmentOrderSplits { fulfillmentOrder { id }
      remainingFulfillmentOrder { id lineItems(first: 5) { nodes { remainingQuantity } } } }
      userErrors { code } } }"""
    lines = [{"id": entry.lines[0].id, "quantity": 2}]
    splits = [{"fulfillmentOrderId": entry.id, "fulfillmentOrderLineItems": lines}]
    done = desk.query(text, {"splits": splits})["fulfillmentOrderSplit"]
    assert done["userErrors"] == []
    result = done["fulfillmentOrderSplits"][0]
    assert result["fulfillmentOrder"]["id"] == entry.id
    assert result["remainingFulfillmentOrder"]["lineItems"]["nodes"] == [{"remainingQuantity": 2}]
    assert sum(found.remaining for found in order.fulfillment_orders) == 4


def test_carrier_events_and_tracking_updates(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))
    parcel = create(desk, whole(order.fulfillment_orders[0]))["fulfillment"]["id"]
    desk.topics()
    event = """mutation($event: FulfillmentEventInput!) { fulfillmentEventCreate(
      fulfillmentEvent: $event) { fulfillmentEvent { status } userErrors { message } } }"""
    for name in ("IN_TRANSIT", "DELIVERED"):
        given = {"fulfillmentId": parcel, "status": name, "happenedAt": "2026-11-23T10:00:00Z"}
        assert desk.query(event, {"event": given})["fulfillmentEventCreate"]["userErrors"] == []
    assert desk.payload("fulfillments/update")["shipment_status"] == "delivered"
    update = """mutation($id: ID!, $info: FulfillmentTrackingInput!) {
      fulfillmentTrackingInfoUpdate(
      fulfillmentId: $id, trackingInfoInput: $info) { fulfillment { displayStatus deliveredAt
      trackingInfo { number } events(first: 9) { nodes { status } } } userErrors { message } } }"""
    done = desk.query(update, {"id": parcel, "info": {"number": "1Z9"}})
    assert done["fulfillmentTrackingInfoUpdate"]["fulfillment"] == {
        "displayStatus": "DELIVERED", "deliveredAt": "2026-11-23T10:00:00Z",
        "trackingInfo": [{"number": "1Z9"}],
        "events": {"nodes": [{"status": "IN_TRANSIT"}, {"status": "DELIVERED"}]},
    }  # fmt: skip
    assert desk.topics().count("fulfillments/update") == 3


def test_a_warehouse_ships_what_is_left(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 52), ("CARD", 1))
    done = desk.act("fulfil_order", order_id=order.id, tracking_number="1Z")
    assert len(done["fulfillment_ids"]) == 2
    assert status(desk, order) == "FULFILLED"
    with pytest.raises(SimulatorRefused) as caught:
        desk.act("fulfil_order", order_id=order.id)
    assert caught.value.code == "already_fulfilled"
    back = desk.act("cancel_fulfilment", order_id=order.id)
    assert back["fulfillment_id"] == done["fulfillment_ids"][1]
