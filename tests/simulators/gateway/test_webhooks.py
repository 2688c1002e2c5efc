"""Webhooks: endpoints, signatures that the official verifier takes, retries, disorder."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from peakproof.seed import wait_until
from simulators.gateway.events import EVENT_TYPES, RETRY_CALENDARS, signature
from tests.simkit.worlds import Receiver
from tests.simulators.gateway.desk import Desk


def endpoint(desk: Desk, url: str, *topics: str) -> Any:
    return desk.stripe.v1.webhook_endpoints.create(
        {"url": url, "enabled_events": list(topics) or ["*"]}
    )


def taken(receiver: Receiver, count: int) -> list[tuple[dict[str, str], bytes]]:
    wait_until(lambda: len(receiver.taken) >= count, 10, f"{count} webhooks")
    return receiver.taken


def test_a_delivery_passes_the_official_verifier(desk: Desk, receiver: Receiver, hook: str) -> None:
    made = endpoint(desk, hook, "charge.succeeded")
    assert made.secret.startswith("whsec_")
    paid = desk.pay("12.50", order_name="#1")
    headers, body = taken(receiver, 1)[0]
    event = stripe.Webhook.construct_event(body, headers["stripe-signature"], made.secret)
    assert (event.type, event.data.object.id) == ("charge.succeeded", paid["charge_id"])
    assert event.data.object.metadata["order_name"] == "#1"
    assert event.request.id is None, "a shopper's act, not an API request"
    moment = int(headers["stripe-signature"].split(",")[0].removeprefix("t="))
    assert abs(moment - time.time_ns() / 1e9) < 60, "the signature's time is the machine's"
    assert event.created < moment - 30 * 86_400, "the event's is the story's"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, headers["stripe-signature"], "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", headers["stripe-signature"], made.secret)


def test_an_old_signature_is_out_of_tolerance() -> None:
    payload, now = b'{"object": "event"}', time.time_ns() // 1_000_000_000
    good = signature("whsec_1", payload, now - 290)
    assert stripe.WebhookSignature.verify_header(payload.decode(), good, "whsec_1", 300)
    old = signature("whsec_1", payload, now - 310)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.WebhookSignature.verify_header(payload.decode(), old, "whsec_1", 300)


def test_the_secret_is_shown_once(desk: Desk) -> None:
    made = endpoint(desk, "https://shop.example/hook", "payout.paid", "charge.refunded")
    read = desk.get(f"webhook_endpoints/{made.id}")
    assert "secret" not in read
    assert read["enabled_events"] == ["payout.paid", "charge.refunded"]
    assert "secret" not in desk.get("webhook_endpoints")["data"][0]
    changed = desk.stripe.v1.webhook_endpoints.update(
        made.id, {"enabled_events": ["*"], "disabled": True, "metadata": {"a": "1"}}
    )
    assert (changed.status, changed.enabled_events) == ("disabled", ["*"])
    gone = desk.stripe.v1.webhook_endpoints.delete(made.id)
    assert gone.deleted
    assert desk.get("webhook_endpoints")["data"] == []
    desk.quiet()
    assert made.secret not in desk.journal.read_text()


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"url": "http://shop.example/hook", "enabled_events": ["*"]}, "url"),
        ({"url": "nonsense", "enabled_events": ["*"]}, "url"),
        ({"url": "https://shop.example/", "enabled_events": ["invoice.paid"]}, "enabled_events"),
        ({"url": "https://shop.example/", "enabled_events": ["*"], "connect": True}, "connect"),
        ({"url": "https://shop.example/", "enabled_events": ["*"], "api_version": "2020-08-27"},
         "api_version"),
    ],
)  # fmt: skip
def test_endpoints_that_cannot_be(desk: Desk, given: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.v1.webhook_endpoints.create(given)
    assert refused.value.param == param
    assert desk.get("webhook_endpoints")["data"] == []


def test_only_wanted_events_come_and_a_disabled_endpoint_gets_none(
    desk: Desk, receiver: Receiver, hook: str
) -> None:
    made = endpoint(desk, hook, "refund.created")
    charge = desk.pay()["charge_id"]
    desk.act("refund", charge_id=charge, amount="1.00")
    (first,) = taken(receiver, 1)
    assert b'"refund.created"' in first[1]
    desk.stripe.v1.webhook_endpoints.update(made.id, {"disabled": True})
    desk.act("refund", charge_id=charge, amount="1.00")
    desk.quiet()
    assert len(receiver.taken) == 1


def test_failed_deliveries_are_repeated_with_a_new_signature(
    desk: Desk, receiver: Receiver, hook: str
) -> None:
    made = endpoint(desk, hook, "charge.succeeded")
    receiver.answers = [500, "reset", 302]
    desk.pay()
    desk.quiet()
    assert len(receiver.taken) == 4
    bodies = {body for _, body in receiver.taken}
    assert len(bodies) == 1, "the event is as it was"
    for headers, body in receiver.taken:
        stripe.Webhook.construct_event(body, headers["stripe-signature"], made.secret)
    assert desk.stripe.v1.events.list({"type": "charge.succeeded"}).data[0].pending_webhooks == 0


def test_retries_end_after_three_days(
    open_desk: Callable[..., Desk], receiver: Receiver, hook: str
) -> None:
    desk = open_desk(time_scale=720_000.0)
    for calendar in RETRY_CALENDARS.values():
        assert sum(calendar) <= 3 * 86_400
        assert calendar == sorted(calendar)
    endpoint(desk, hook, "charge.succeeded")
    receiver.answers = [500] * 20
    desk.pay()
    desk.quiet()
    assert len(receiver.taken) == 1 + len(RETRY_CALENDARS["live"])
    assert desk.stripe.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1
    wait_until(lambda: desk.events("delivery")[-1]["value"]["gave_up"], 10, "the journal")


def test_a_sandbox_tries_three_times(
    open_desk: Callable[..., Desk], receiver: Receiver, hook: str
) -> None:
    desk = open_desk(webhook_retries="sandbox")
    endpoint(desk, hook, "charge.succeeded")
    receiver.answers = [500] * 20
    desk.pay()
    desk.quiet()
    assert len(receiver.taken) == 3


def test_duplicates_are_the_same_event_and_forgeries_fail(
    desk: Desk, receiver: Receiver, hook: str
) -> None:
    made = endpoint(desk, hook, "charge.succeeded")
    desk.client.inject("webhook", {"effect": "duplicate", "count": 1})
    desk.pay()
    taken(receiver, 2)
    assert receiver.taken[0][1] == receiver.taken[1][1]
    desk.client.inject("webhook", {"effect": "forge", "count": 1})
    paid = desk.pay("20.00")
    taken(receiver, 4)
    judged = []
    for headers, body in receiver.taken[2:]:
        try:
            event = stripe.Webhook.construct_event(body, headers["stripe-signature"], made.secret)
            judged.append(event.data.object.id)
        except stripe.SignatureVerificationError:
            assert b"FORGED" in body
            judged.append("forged")
    assert sorted(judged) == sorted([paid["charge_id"], "forged"])


def test_the_merchants_own_endpoint_has_the_secret_of_the_values(
    desk: Desk, receiver: Receiver, hook: str
) -> None:
    made = desk.act("register_webhook", url=hook, enabled_events=["payment_intent.succeeded"])
    paid = desk.pay()
    headers, body = taken(receiver, 1)[0]
    event = stripe.Webhook.construct_event(
        body, headers["stripe-signature"], desk.values["webhook_secret"]
    )
    assert event.data.object.latest_charge == paid["charge_id"]
    assert event.data.object.client_secret.startswith(paid["payment_intent_id"])
    assert desk.act("remove_webhook", **made) == {"removed": 1}
    desk.pay()
    desk.quiet()
    assert len(receiver.taken) == 1


def test_an_event_of_a_request_names_it(desk: Desk) -> None:
    answer = desk.post("customers", {"name": "A"}, **{"Idempotency-Key": "k1"})
    (event,) = desk.stripe.v1.events.list({"type": "customer.created"}).data
    assert event.request.id == answer.headers["Request-Id"]
    assert event.request.idempotency_key == "k1"
    assert desk.stripe.v1.events.retrieve(event.id).data.object.name == "A"


def test_events_are_kept_for_thirty_days_and_filtered(desk: Desk) -> None:
    desk.pay()
    all_types = {event.type for event in desk.stripe.v1.events.list({"limit": 100})}
    assert all_types <= EVENT_TYPES
    some = desk.stripe.v1.events.list({"types": ["charge.succeeded", "payment_intent.created"]})
    assert {event.type for event in some} == {"charge.succeeded", "payment_intent.created"}
    error = desk.http.get("/v1/events", params={"type": "a", "types[]": "b"})
    assert desk.error(error, 400)["param"] == "type"
    desk.days(31)
    assert desk.stripe.v1.events.list({"type": "charge.succeeded"}).data == []
