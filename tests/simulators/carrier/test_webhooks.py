"""Webhooks, really delivered and checked by EasyPost's own verifier."""

import json
from collections.abc import Callable
from typing import Any

import easypost
import pytest
from easypost.errors import SignatureVerificationError

from peakproof.seed import wait_until
from tests.simulators.carrier.conftest import Desk, refusal
from tests.simulators.shopify.receiver import Receiver

SECRET = "s\u00e9cret \ufb01"  # NFKD changes both letters


def topics(receiver: Receiver) -> list[str]:
    """Return the descriptions of what has arrived."""
    return [json.loads(body)["description"] for _, body in receiver.received]


def test_a_delivered_event_passes_the_official_verifier(desk: Desk, receiver: Receiver) -> None:
    desk.api.webhook.create(
        url=receiver.url,
        webhook_secret=SECRET,
        custom_headers=[{"name": "X-Shop", "value": "peak"}],
    )
    bought = desk.bought()
    desk.quiet()
    received = receiver.wait(2)
    for headers, body in received:
        event = easypost.util.validate_webhook(body, headers, SECRET)
        assert headers["X-Shop"] == "peak"
        assert event["object"] == "Event"
        assert event["id"].startswith("evt_")
        assert event["result"]["tracking_code"] == bought.tracking_code
        assert event["pending_urls"] == [receiver.url]
        with pytest.raises(SignatureVerificationError):
            easypost.util.validate_webhook(body, headers, "another")
    assert sorted(topics(receiver)) == ["tracker.created", "tracker.updated"]
    desk.control.act("deliver", {"tracking_code": bought.tracking_code})
    _, body = receiver.wait(3)[2]
    event = json.loads(body)
    assert event["previous_attributes"] == {"status": "pre_transit"}
    assert event["result"]["status"] == "delivered"
    assert b'"weight":15.4' in body
    found = easypost.util.receive_event(body.decode())
    assert found.result.id == bought.tracker.id


def test_a_refund_tells_when_it_succeeds_not_when_it_is_rejected(
    desk: Desk, receiver: Receiver
) -> None:
    one, two = desk.bought(), desk.bought()
    desk.quiet()
    desk.control.act("register_webhook", {"url": receiver.url})
    desk.api.shipment.refund(one.id)
    desk.api.shipment.refund(two.id)
    desk.control.act("deliver", {"tracking_code": two.tracking_code})
    desk.quiet()
    assert topics(receiver) == ["tracker.updated", "refund.successful"]
    headers, body = receiver.received[1]
    secret = desk.seeded["values"]["webhook_secret"]
    event = easypost.util.validate_webhook(body, headers, secret)
    assert event["result"]["shipment_id"] == one.id


def test_a_failed_delivery_is_retried_with_the_same_bytes(
    open_desk: Callable[..., Desk], receiver: Receiver
) -> None:
    desk = open_desk(time_scale=6000.0)
    desk.control.act("register_webhook", {"url": receiver.url})
    receiver.status = 500
    desk.api.tracker.create(tracking_code="FX1", carrier="FedEx")
    receiver.wait(2)
    [event] = desk.api.event.all().events
    assert event.status == "retrying"
    receiver.status = 204
    desk.quiet()
    assert len({body for _, body in receiver.received}) == 1
    assert desk.api.event.retrieve(event.id).status == "completed"


def test_an_event_that_nobody_ever_took_has_failed(
    open_desk: Callable[..., Desk], receiver: Receiver
) -> None:
    desk = open_desk(time_scale=6_000_000.0)
    desk.control.act("register_webhook", {"url": receiver.url})
    receiver.status = 500
    desk.api.tracker.create(tracking_code="FX1", carrier="FedEx")
    desk.quiet()
    assert len(receiver.received) == 7
    assert [event.status for event in desk.api.event.all().events] == ["failed"]


def test_a_webhook_that_keeps_failing_is_disabled_until_it_is_updated(
    open_desk: Callable[..., Desk], receiver: Receiver
) -> None:
    desk = open_desk(webhook_failures_max=2, time_scale=1.0)
    hook = desk.api.webhook.create(url=receiver.url, webhook_secret=SECRET)
    receiver.status = 503

    def told(code: str, attempts: int) -> None:
        desk.api.tracker.create(tracking_code=code, carrier="FedEx")
        receiver.wait(attempts)

    told("FX1", 1)
    told("FX2", 2)
    wait_until(lambda: desk.api.webhook.retrieve(hook.id).disabled_at, 5, "it to be disabled", 0.3)
    receiver.status = 200
    desk.api.tracker.create(tracking_code="FX3", carrier="FedEx")
    desk.quiet()
    assert len(receiver.received) == 2
    updated = desk.api.webhook.update(hook.id, webhook_secret="new")
    assert updated.disabled_at is None
    told("FX4", 3)
    headers, body = receiver.received[2]
    assert easypost.util.validate_webhook(body, headers, "new")["description"] == "tracker.created"


def test_webhooks_are_kept_and_removed(desk: Desk, receiver: Receiver) -> None:
    hook = desk.api.webhook.create(url=receiver.url)
    assert hook.disabled_at is None
    assert [entry.id for entry in desk.api.webhook.all().webhooks] == [hook.id]
    desk.api.tracker.create(tracking_code="FX1", carrier="FedEx")
    [(headers, _)] = receiver.wait(1)
    assert "X-Hmac-Signature" not in headers
    desk.api.webhook.delete(hook.id)
    assert refusal(lambda: desk.api.webhook.retrieve(hook.id)).code == "NOT_FOUND"
    desk.api.tracker.create(tracking_code="FX2", carrier="FedEx")
    desk.quiet()
    assert len(receiver.received) == 1
    assert refusal(lambda: desk.api.webhook.create(url="nowhere")).code == "WEBHOOK.INVALID"
    wrong: dict[str, Any] = {"url": receiver.url, "custom_headers": ["x"]}
    assert refusal(lambda: desk.api.webhook.create(**wrong)).code == "WEBHOOK.INVALID"


def test_basic_authentication_comes_from_the_address(desk: Desk, receiver: Receiver) -> None:
    url = receiver.url.replace("http://", "http://peak:pass%21word@")
    hook = desk.api.webhook.create(url=url, webhook_secret="hidden-secret")
    refused = refusal(lambda: desk.api.webhook.update(hook.id, url=receiver.url))
    assert refused.code == "PARAMETER.FORBIDDEN"
    desk.api.tracker.create(tracking_code="FX1", carrier="FedEx")
    [(headers, _)] = receiver.wait(1)
    assert headers["Authorization"] == "Basic cGVhazpwYXNzIXdvcmQ="
    desk.quiet()
    wait_until(lambda: desk.events("delivery"), 5, "the journal")
    text = desk.journal.read_text()
    for secret in ("pass%21word", "pass!word", "hidden-secret", desk.api.api_key):
        assert secret not in text


def test_forged_duplicated_and_dropped_events(desk: Desk, receiver: Receiver) -> None:
    desk.api.webhook.create(url=receiver.url, webhook_secret=SECRET)
    desk.control.inject("webhook", {"effect": "forge", "count": 1})
    desk.control.inject("webhook", {"effect": "duplicate", "match": "tracker.created"})
    desk.control.inject("webhook", {"effect": "drop", "match": "tracker.updated"})
    bought = desk.bought()
    desk.quiet()
    assert topics(receiver) == ["tracker.created"] * 3
    forged = [body for _, body in receiver.received if b"FORGED" in body]
    genuine = {body for _, body in receiver.received if b"FORGED" not in body}
    assert (len(forged), len(genuine)) == (1, 1)
    headers = next(headers for headers, body in receiver.received if body == forged[0])
    with pytest.raises(SignatureVerificationError):
        easypost.util.validate_webhook(forged[0], headers, SECRET)
    # What webhooks lost, the lists still tell.
    assert desk.api.tracker.retrieve(bought.tracker.id).status == "pre_transit"
    page = desk.api.event.all(page_size=1)
    assert [event.description for event in page.events] == ["tracker.updated"]
    page = desk.api.event.get_next_page(page, page_size=1)
    assert [event.description for event in page.events] == ["tracker.created"]
    assert refusal(lambda: desk.api.event.retrieve("evt_none")).code == "NOT_FOUND"
