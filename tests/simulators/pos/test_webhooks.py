"""Webhooks as they arrive: Square's own verifier, its event models, retries, duplicates."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from square.core.api_error import ApiError
from square.types.catalog_version_updated_event import CatalogVersionUpdatedEvent
from square.types.inventory_count_updated_event import InventoryCountUpdatedEvent
from square.types.order_created_event import OrderCreatedEvent
from square.types.order_updated_event import OrderUpdatedEvent
from square.types.payment_created_event import PaymentCreatedEvent
from square.types.payment_updated_event import PaymentUpdatedEvent
from square.types.refund_created_event import RefundCreatedEvent
from square.types.refund_updated_event import RefundUpdatedEvent
from square.utils.webhooks_helper import verify_signature

from peakproof.seed import wait_until
from simulators.pos.subscriptions import RETRY_CALENDAR_SECONDS
from tests.simulators.pos.conftest import fits
from tests.simulators.shopify.receiver import Receiver

EVENTS: dict[str, Any] = {
    "order.created": OrderCreatedEvent,
    "order.updated": OrderUpdatedEvent,
    "payment.created": PaymentCreatedEvent,
    "payment.updated": PaymentUpdatedEvent,
    "refund.created": RefundCreatedEvent,
    "refund.updated": RefundUpdatedEvent,
    "inventory.count.updated": InventoryCountUpdatedEvent,
    "catalog.version.updated": CatalogVersionUpdatedEvent,
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def subscribe(till: Any, url: str, kinds: list[str] | None = None) -> Any:
    answer = till.square.webhooks.subscriptions.create(
        idempotency_key=till.key(),
        subscription={"name": "test", "event_types": kinds or list(EVENTS),
                      "notification_url": url, "api_version": "2026-09-16"},
    )  # fmt: skip
    return till.checked(answer).subscription


def sell(till: Any, **more: Any) -> Any:
    return till.act("sale", location_code="NY", lines=[{"sku": "TEE", "quantity": 1}], **more)


def genuine(entry: tuple[dict[str, str], bytes], key: str, url: str) -> bool:
    headers, body = entry
    return verify_signature(
        request_body=body.decode(),
        signature_header=headers["x-square-hmacsha256-signature"],
        signature_key=key,
        notification_url=url,
    )


def test_every_event_is_signed_and_as_published(till: Any, receiver: Receiver) -> None:
    subscription = subscribe(till, receiver.url)
    sold = sell(till, tender="card")
    till.act("refund_sale", order_id=sold["order_id"], restock=True)
    tax = next(each for each in till.square.catalog.list() if each.type == "TAX")
    till.square.catalog.object.upsert(
        idempotency_key=till.key(),
        object={"type": "TAX", "id": tax.id, "version": tax.version,
                "tax_data": {"name": "Tax", "percentage": "9", "enabled": True}},
    )  # fmt: skip
    receiver.quiet(till.hosted.client.pending)
    seen: dict[str, dict[str, Any]] = {}
    for entry in receiver.received:
        assert genuine(entry, subscription.signature_key, receiver.url)
        assert not genuine(entry, subscription.signature_key, receiver.url + "/")
        event = msgspec.json.decode(entry[1])
        event_id = event["event_id"]
        assert event_id not in {known["event_id"] for known in seen.values()}
        fits(EVENTS[event["type"]], event)
        seen[event["type"]] = event
    assert set(seen) == set(EVENTS)
    assert seen["payment.created"]["data"]["object"]["payment"]["id"] == sold["payment_id"]
    counts = seen["inventory.count.updated"]["data"]["object"]["inventory_counts"]
    assert counts[0]["catalog_object_id"] == till.variation()


def test_a_payment_is_approved_before_it_is_completed(till: Any, receiver: Receiver) -> None:
    subscribe(till, receiver.url, ["payment.created", "payment.updated"])
    sell(till)
    bodies = [msgspec.json.decode(body) for _, body in receiver.wait(2)]
    status = {body["type"]: body["data"]["object"]["payment"]["status"] for body in bodies}
    assert status == {"payment.created": "APPROVED", "payment.updated": "COMPLETED"}


def test_only_what_was_subscribed_and_while_enabled(till: Any, receiver: Receiver) -> None:
    subscription = subscribe(till, receiver.url, ["payment.created"])
    sell(till)
    receiver.wait(1)
    changed = till.checked(
        till.square.webhooks.subscriptions.update(
            subscription_id=subscription.id, subscription={"enabled": False}
        )
    ).subscription
    assert changed.enabled is False
    sell(till)
    receiver.quiet(till.hosted.client.pending)
    assert len(receiver.received) == 1
    assert list(till.square.webhooks.subscriptions.list()) == []
    listed = till.checked(till.square.webhooks.subscriptions.list(include_disabled=True))
    assert [each.id for each in listed] == [subscription.id]


def test_a_new_key_signs_what_comes_next(till: Any, receiver: Receiver) -> None:
    subscription = subscribe(till, receiver.url, ["payment.created"])
    fresh = till.checked(
        till.square.webhooks.subscriptions.update_signature_key(
            subscription_id=subscription.id, idempotency_key=till.key()
        )
    ).signature_key
    assert fresh != subscription.signature_key
    sell(till)
    (entry,) = receiver.wait(1)
    assert genuine(entry, fresh, receiver.url)
    assert not genuine(entry, subscription.signature_key, receiver.url)


def test_retries_tell_their_number(till: Any, receiver: Receiver) -> None:
    subscribe(till, receiver.url, ["payment.created"])
    receiver.status = 500
    sell(till)
    wait_until(lambda: len(receiver.received) >= 3, 10, "two retries")
    receiver.status = 200
    receiver.quiet(till.hosted.client.pending)
    numbers = [headers.get("square-retry-number") for headers, _ in receiver.received]
    assert numbers[:3] == [None, "1", "2"]
    assert len({body for _, body in receiver.received}) == 1
    assert 22 * 3_600 < sum(RETRY_CALENDAR_SECONDS) <= 24 * 3_600


def test_events_of_one_resource_can_be_reordered(till: Any, receiver: Receiver) -> None:
    subscribe(till, receiver.url, ["payment.created", "payment.updated"])
    till.hosted.client.inject(
        "webhook", {"effect": "reorder", "match": "payment.created", "count": 1}
    )
    sell(till)
    kinds = [msgspec.json.decode(body)["type"] for _, body in receiver.wait(2)]
    assert kinds == ["payment.updated", "payment.created"]


def test_duplicates_and_forgeries(till: Any, receiver: Receiver) -> None:
    subscription = subscribe(till, receiver.url, ["payment.created"])
    till.hosted.client.inject("webhook", {"effect": "duplicate", "count": 1})
    till.hosted.client.inject("webhook", {"effect": "forge", "count": 1})
    sold = sell(till)
    receiver.wait(3)
    good = [entry for entry in receiver.received
            if genuine(entry, subscription.signature_key, receiver.url)]  # fmt: skip
    bad = [entry for entry in receiver.received if entry not in good]
    assert len(good) == 2
    assert len({msgspec.json.decode(body)["event_id"] for _, body in good}) == 1
    (forged,) = [msgspec.json.decode(body) for _, body in bad]
    assert forged["data"]["object"]["payment"]["id"] != sold["payment_id"]


def test_a_test_event_and_the_end_of_a_subscription(till: Any, receiver: Receiver) -> None:
    subscription = subscribe(till, receiver.url, ["payment.created", "order.created"])
    answer = till.checked(
        till.square.webhooks.subscriptions.test(
            subscription_id=subscription.id, event_type="order.created"
        )
    )
    assert answer.status_code == 200
    (entry,) = receiver.received
    assert genuine(entry, subscription.signature_key, receiver.url)
    till.checked(till.square.webhooks.subscriptions.delete(subscription_id=subscription.id))
    sell(till)
    receiver.quiet(till.hosted.client.pending)
    assert len(receiver.received) == 1
    with pytest.raises(ApiError) as gone:
        till.square.webhooks.subscriptions.get(subscription_id=subscription.id)
    assert gone.value.status_code == 404


def test_addresses_must_be_https_unless_they_are_ours(till: Any) -> None:
    for url in ("http://shop.example/hook", "ftp://127.0.0.1/x"):
        with pytest.raises(ApiError, match="HTTPS"):
            subscribe(till, url)


def test_keys_are_in_no_record(till: Any, receiver: Receiver) -> None:
    subscription = subscribe(till, receiver.url)
    sell(till)
    receiver.quiet(till.hosted.client.pending)
    till.wait_for("delivery", "payment.created")
    text = msgspec.json.encode(till.hosted.client.snapshot()).decode()
    with open(till.config.journal_path) as journal:
        text += journal.read()
    assert subscription.signature_key not in text
    assert "EAAA-test" not in text
