"""Deliveries: attempts, the retry calendar, and each effect at the point ``webhook``."""

import base64
import hashlib
import hmac
from pathlib import Path

import msgspec
import pytest

from peakproof.seed import wait_until
from peakproof.simkit import Hosted, SimulatorConfig, altered_payload
from peakproof.simkit.faults import WEBHOOK_EFFECTS
from tests.simkit.example import SECRET, create
from tests.simkit.worlds import Receiver, events


def settle(example: Hosted) -> None:
    wait_until(lambda: not example.client.pending()["deliveries"], 20, "the deliveries")


def buy(example: Hosted, hook: str = "", resource: str = "") -> None:
    if hook:
        example.client.act("subscribe", {"uri": hook})
    example.client.act("checkout", {"resource": resource} if resource else {})


def genuine(headers: dict[str, str], body: bytes) -> bool:
    digest = base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(headers["x-signature"], digest)


def test_a_webhook_is_delivered_once_and_signed(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    with Hosted(create, config) as example:
        buy(example, hook)
        settle(example)
    ((headers, body),) = receiver.taken
    assert genuine(headers, body)
    assert msgspec.json.decode(body) == {"id": 1}
    (event,) = events(config, "delivery")
    assert (event.name, event.key, event.outcome) == ("orders/create", "w-1-0", "ok")
    assert event.value["payload_sha256"] == hashlib.sha256(body).hexdigest()
    assert (event.value["attempt"], event.value["status"], event.value["uri"]) == (1, 200, hook)
    assert event.value["triggered_at_seconds"] <= event.time
    assert not event.value["gave_up"]


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [(500, "fail", 500), (302, "fail", 302), (404, "fail", 404), ("reset", "info", 0)],
)
def test_what_is_not_a_2xx_is_tried_again(
    config: SimulatorConfig,
    receiver: Receiver,
    hook: str,
    answer: int | str,
    outcome: str,
    status: int,
) -> None:
    receiver.answers = [answer]
    with Hosted(create, config) as example:
        buy(example, hook)
        settle(example)
    first, second = events(config, "delivery")
    assert (first.outcome, first.value["status"], first.value["gave_up"]) == (
        outcome,
        status,
        False,
    )
    assert (second.outcome, second.value["attempt"], second.key) == ("ok", 2, first.key)
    # A vendor minute between attempts is a tenth of a second at this time scale.
    assert 0.1 <= second.time - first.time < 1.5
    assert receiver.taken[0][1] == receiver.taken[1][1]


def test_an_answer_after_the_limit_may_have_been_taken(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    receiver.answers = [1.0]
    config.options["total_seconds"] = 0.3
    with Hosted(create, config) as example:
        buy(example, hook)
        settle(example)
    first, second = events(config, "delivery")
    assert (first.outcome, first.value["status"]) == ("info", 0)
    assert 0.3 <= first.value["duration_seconds"] < 0.9
    assert second.outcome == "ok"


def test_nobody_there_is_a_definite_failure_and_given_up_at_last(config: SimulatorConfig) -> None:
    with Hosted(create, config) as example:
        buy(example, "http://127.0.0.1:9/hook")
        assert example.client.pending()["deliveries"] == 1
        settle(example)
    attempts = events(config, "delivery")
    assert [event.outcome for event in attempts] == ["fail"] * 4
    assert [event.value["gave_up"] for event in attempts] == [False, False, False, True]


def test_a_subscription_that_keeps_failing_is_removed(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    receiver.answers = [500] * 100
    with Hosted(create, config) as example:
        example.client.act("subscribe", {"uri": hook})
        for _ in range(10):
            example.client.act("checkout", {})
        settle(example)
        before = len(receiver.taken)
        example.client.act("checkout", {})
        settle(example)
        assert len(receiver.taken) == before
    given_up = [event for event in events(config, "delivery") if event.value["gave_up"]]
    assert len(given_up) >= 8
    assert any(event.value["error"] == "subscription removed" for event in given_up)


def test_a_duplicate_has_the_same_id_and_body(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    with Hosted(create, config) as example:
        identity = example.client.inject("webhook", {"effect": "duplicate", "copies": 2})
        buy(example, hook)
        settle(example)
        assert example.client.fired(identity) == 1
    assert receiver.ids() == ["w-1-0"] * 3
    assert len({body for _, body in receiver.taken}) == 1
    assert [e.value["tag"] for e in events(config, "delivery")] == ["", "duplicate", "duplicate"]


def test_a_late_one_arrives_later(config: SimulatorConfig, receiver: Receiver, hook: str) -> None:
    with Hosted(create, config) as example:
        options = {"effect": "late", "delay_seconds": 0.5, "count": 1, "match": "orders/*"}
        example.client.inject("webhook", options)
        buy(example, hook)
        assert example.client.pending()["deliveries"] == 1
        buy(example)
        settle(example)
    assert receiver.ids() == ["w-2-0", "w-1-0"]
    late = events(config, "delivery")[1]
    assert late.value["tag"] == "late"
    assert late.time - late.value["triggered_at_seconds"] >= 0.5


def test_a_reordered_one_is_overtaken_by_its_successor(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    with Hosted(create, config) as example:
        options = {"effect": "reorder", "count": 1, "delay_seconds": 5}
        identity = example.client.inject("webhook", options)
        buy(example, hook, resource="A")
        buy(example, resource="B")
        wait_until(lambda: receiver.ids() == ["w-2-0"], 5, "the other record's webhook")
        buy(example, resource="A")
        settle(example)
        assert example.client.fired(identity) == 1
    assert receiver.ids() == ["w-2-0", "w-3-0", "w-1-0"]
    assert events(config, "delivery")[-1].value["tag"] == "reordered"


def test_a_reordering_that_nobody_overtook_did_not_fire(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    with Hosted(create, config) as example:
        options = {"effect": "reorder", "delay_seconds": 0.2}
        identity = example.client.inject("webhook", options)
        buy(example, hook)
        settle(example)
        assert example.client.fired(identity) == 0
    (event,) = events(config, "delivery")
    assert (event.outcome, event.value["tag"]) == ("ok", "")


def test_a_dropped_one_is_recorded_only(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    with Hosted(create, config) as example:
        example.client.inject("webhook", {"effect": "drop", "count": 1, "fault": "webhook_drop"})
        buy(example, hook)
        buy(example)
        settle(example)
    assert receiver.ids() == ["w-2-0"]
    dropped = events(config, "delivery")[0]
    assert (dropped.key, dropped.outcome, dropped.value["attempt"]) == ("w-1-0", "fail", 0)
    assert (dropped.value["tag"], dropped.value["fault"]) == ("dropped", "webhook_drop")


def test_a_forged_one_does_not_verify_and_says_something_else(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    receiver.answers = [200, 401]
    with Hosted(create, config) as example:
        example.client.inject("webhook", {"effect": "forge", "count": 1})
        buy(example, hook)
        settle(example)
    good = [(headers, body) for headers, body in receiver.taken if genuine(headers, body)]
    bad = [(headers, body) for headers, body in receiver.taken if not genuine(headers, body)]
    assert len(good) == len(bad) == 1
    assert msgspec.json.decode(bad[0][1])["id"] != 1
    assert bad[0][0]["x-webhook-id"] != good[0][0]["x-webhook-id"]
    forged = [event for event in events(config, "delivery") if event.value["tag"] == "forged"]
    assert len(forged) == 1, "a forger does not try again"


def test_a_forged_one_may_lack_the_signature(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    receiver.answers = [200, 401, 401]
    with Hosted(create, config) as example:
        example.client.inject("webhook", {"effect": "forge", "signature": "missing"})
        example.client.inject("webhook", {"effect": "forge"})
        buy(example, hook)
        settle(example)
    unsigned = [headers for headers, _ in receiver.taken if "x-signature" not in headers]
    signed = [one for one in receiver.taken if "x-signature" in one[0]]
    assert [len(unsigned), len(signed)] == [1, 2]
    assert [genuine(headers, body) for headers, body in signed].count(False) == 1
    assert len({headers["x-webhook-id"] for headers, _ in receiver.taken}) == 3


def test_a_lost_acknowledgement_brings_the_webhook_again(
    config: SimulatorConfig, receiver: Receiver, hook: str
) -> None:
    with Hosted(create, config) as example:
        identity = example.client.inject("webhook", {"effect": "acknowledgement_lost"})
        buy(example, hook)
        settle(example)
        assert example.client.fired(identity) == 1
    assert receiver.ids() == ["w-1-0"] * 2
    first, second = events(config, "delivery")
    assert (first.outcome, first.value["status"]) == ("info", 200)
    assert first.value["fault"] == "acknowledgement_lost"
    assert (second.outcome, second.value["attempt"]) == ("ok", 2)


def test_several_hundred_a_second(config: SimulatorConfig, receiver: Receiver, hook: str) -> None:
    with Hosted(create, config) as example:
        example.client.act("subscribe", {"uri": hook})
        example.client.act("burst", {"orders": 1000})
        settle(example)
    delivered = events(config, "delivery")
    assert len(delivered) == len(set(receiver.ids())) == 1000
    assert {event.outcome for event in delivered} == {"ok"}


@pytest.mark.parametrize("payload", [b"not json", b"[1]"])
def test_what_cannot_be_altered_is_changed_all_the_same(payload: bytes) -> None:
    assert altered_payload(payload) != payload


def test_an_altered_payload_names_another_record() -> None:
    order = {"id": 5, "admin_graphql_api_id": "gid://shopify/Order/5", "name": "#1001"}
    altered = msgspec.json.decode(altered_payload(msgspec.json.encode(order)))
    assert altered["id"] != 5
    assert altered["admin_graphql_api_id"] == f"gid://shopify/Order/{altered['id']}"
    assert altered["name"] != "#1001"


def test_every_effect_is_tested_here() -> None:
    text = Path(__file__).read_text()
    assert all(f'"{effect}"' in text for effect in WEBHOOK_EFFECTS)
