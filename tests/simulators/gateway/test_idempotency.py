"""Idempotency keys, and the faults that they are for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from peakproof.seed import wait_until
from tests.simulators.gateway.desk import Desk

PAY = {"amount": "1000", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}


def charges(desk: Desk) -> int:
    return len(desk.snapshot()["charge"])


def test_a_repeated_key_replays_the_first_answer(desk: Desk) -> None:
    first = desk.post("payment_intents", PAY, **{"Idempotency-Key": "k1"})
    again = desk.post("payment_intents", PAY, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, charges(desk)) == (200, 200, 1)
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert again.headers["Request-Id"] != first.headers["Request-Id"]
    assert first.headers["Idempotency-Key"] == "k1"
    records = [event["value"] for event in desk.wait_for("request", 2)]
    assert [record["idempotency_key"] for record in records] == ["k1", "k1"]


def test_other_parameters_under_the_same_key(desk: Desk) -> None:
    made = desk.stripe.v1.customers.create({"name": "A"}, {"idempotency_key": "k2"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        desk.stripe.v1.customers.create({"name": "B"}, {"idempotency_key": "k2"})
    with pytest.raises(stripe.IdempotencyError):
        desk.stripe.v1.customers.update(made.id, {"name": "A"}, {"idempotency_key": "k2"})
    error = desk.error(desk.post("refunds", {}, **{"Idempotency-Key": "k" * 256}), 400)
    assert "up to 255" in desk.error(
        desk.post("customers", {}, **{"Idempotency-Key": "k" * 256}), 400
    )["message"]  # fmt: skip
    assert error["type"] == "invalid_request_error"


def test_a_decline_is_replayed_and_a_wrong_parameter_is_not(desk: Desk) -> None:
    declined = PAY | {"payment_method": "pm_card_chargeDeclined"}
    for replayed in (False, True):
        answer = desk.post("payment_intents", declined, **{"Idempotency-Key": "k3"})
        assert desk.error(answer, 402)["code"] == "card_declined"
        assert ("Idempotent-Replayed" in answer.headers) is replayed
    assert charges(desk) == 1
    wrong = desk.post("payment_intents", {"amount": "1000"}, **{"Idempotency-Key": "k4"})
    assert desk.error(wrong, 400)["code"] == "parameter_missing"
    mended = desk.post("payment_intents", PAY, **{"Idempotency-Key": "k4"})
    assert mended.status_code == 200, "what never began was not kept"


@pytest.mark.parametrize(("how", "made"), [("after", 1), ("before", 0)])
def test_a_500_is_kept_for_its_key(desk: Desk, how: str, made: int) -> None:
    desk.client.inject("server_error", {"match": "payment_intents.create", "count": 1, "how": how})
    first = desk.post("payment_intents", PAY, **{"Idempotency-Key": "k5"})
    assert desk.error(first, 500)["type"] == "api_error"
    again = desk.post("payment_intents", PAY, **{"Idempotency-Key": "k5"})
    assert (again.status_code, again.content) == (500, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Stripe-Should-Retry"] == "false"
    assert charges(desk) == made, "the money may have moved all the same"
    fresh = desk.post("payment_intents", PAY, **{"Idempotency-Key": "k6"})
    assert fresh.status_code == 200


def test_the_official_client_survives_a_lost_answer(desk: Desk) -> None:
    desk.client.inject("request", {"effect": "lost_acknowledgement", "count": 1,
                                   "match": "payment_intents.create"})  # fmt: skip
    made = desk.official(retries=2).v1.payment_intents.create(
        {"amount": 1000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    )
    assert made.status == "succeeded"
    assert charges(desk) == 1, "the retry had the same key"


def test_a_request_that_is_still_being_worked_on(desk: Desk) -> None:
    desk.client.inject("slow_processing", {"match": "customers.create", "count": 1,
                                           "delay_seconds": 1.0})  # fmt: skip
    header = {"Idempotency-Key": "k7"}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.post, "customers", {"name": "A"}, **header)
        rule = desk.client.faults()[0]["id"]
        wait_until(lambda: desk.client.fired(rule), 10, "the first request", 0.01)
        second = desk.post("customers", {"name": "A"}, **header)
        error = desk.error(second, 409)
        assert (error["type"], error["code"]) == ("idempotency_error", "idempotency_key_in_use")
        assert first.result().status_code == 200
    third = desk.post("customers", {"name": "A"}, **header)
    assert third.json() == first.result().json()


def test_the_official_client_waits_for_itself(desk: Desk) -> None:
    desk.client.inject("slow_processing", {"match": "customers.create", "count": 1,
                                           "delay_seconds": 0.3})  # fmt: skip
    header = {"idempotency_key": "k8"}
    patient = desk.official(retries=4)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: patient.v1.customers.create({"name": "A"}, header), "ab"))
    assert both[0].id == both[1].id


def test_a_locked_object_is_a_429_that_invites_a_retry(desk: Desk) -> None:
    desk.client.inject("lock_timeout", {"match": "refunds.*", "count": 2})
    charge = desk.pay()["charge_id"]
    with pytest.raises(stripe.RateLimitError) as locked:
        desk.stripe.v1.refunds.create({"charge": charge})
    assert locked.value.error.code == "lock_timeout"
    assert locked.value.headers["stripe-should-retry"] == "true"
    refund = desk.official(retries=2).v1.refunds.create({"charge": charge})
    assert refund.status == "succeeded"
    assert len(desk.snapshot()["refund"]) == 1


def test_a_key_is_forgotten_after_a_vendors_day(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(time_scale=86_400.0 * 4)  # a day is a quarter of a second
    header = {"Idempotency-Key": "k9"}
    first = desk.post("customers", {"name": "A"}, **header).json()["id"]
    wait_until(
        lambda: desk.post("customers", {"name": "A"}, **header).json()["id"] != first,
        10,
        "the key to be forgotten",
    )
