"""Each effect at the point ``request``: what the caller sees, and what really happened."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from peakproof.seed import Seed
from peakproof.simkit import FaultPoints, Hosted, SimulatorConfig
from peakproof.simkit.faults import REQUEST_EFFECTS
from tests.simkit.example import create
from tests.simkit.worlds import events


def orders(hosted: Hosted) -> int:
    return len(hosted.client.snapshot()["order"])


def test_an_error_is_answered_instead_of_processing(example: Hosted) -> None:
    options = {"effect": "error", "status": 502, "headers": {"Retry-After": "7"}, "count": 1}
    example.client.inject("request", options)
    answer = httpx.post(example.url + "/orders", json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (502, "7")
    assert answer.json() == {"error": "injected by peakproof"}
    assert orders(example) == 0


def test_an_errors_body_may_be_given(example: Hosted) -> None:
    example.client.inject("request", {"effect": "error", "body": "<html>", "count": 1})
    assert httpx.get(example.url + "/orders").text == "<html>"
    example.client.inject("request", {"effect": "error", "body": {"a": 1}, "count": 1})
    assert httpx.get(example.url + "/orders").json() == {"a": 1}


def test_throttling_is_in_the_vendors_words(example: Hosted) -> None:
    example.client.inject("request", {"effect": "throttle"})
    answer = httpx.post(example.url + "/orders", json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert orders(example) == 0


def test_a_refused_connection_is_reset_before_processing(config: SimulatorConfig) -> None:
    with Hosted(create, config) as hosted:
        hosted.client.inject("request", {"effect": "refuse"})
        with pytest.raises(httpx.ReadError, match="reset by peer"):
            httpx.post(hosted.url + "/orders", json={})
        assert orders(hosted) == 0
    (event,) = events(config, "request")
    assert (event.outcome, event.value["status"]) == ("fail", 0)
    assert event.value["fault"] == "refuse"


@pytest.mark.parametrize(
    ("options", "error"),
    [({}, httpx.ReadTimeout), ({"hang_seconds": 0.1}, httpx.RemoteProtocolError)],
)
def test_a_call_that_hangs_is_never_processed(
    config: SimulatorConfig, options: dict[str, Any], error: type[Exception]
) -> None:
    with Hosted(create, config) as hosted:
        hosted.client.inject("request", {"effect": "hang", "count": 1, **options})
        with pytest.raises(error):
            httpx.post(hosted.url + "/orders", json={}, timeout=0.5)
        assert orders(hosted) == 0
    (event,) = events(config, "request")
    assert (event.outcome, event.value["status"], event.value["fault"]) == ("fail", 0, "hang")


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("reset", httpx.ReadError),
        ("close", httpx.RemoteProtocolError),
        ("hang", httpx.ReadTimeout),
    ],
)
def test_a_lost_acknowledgement_comes_after_the_deed(
    config: SimulatorConfig, how: str, error: type[Exception]
) -> None:
    with Hosted(create, config) as hosted:
        options = {"effect": "lost_acknowledgement", "how": how, "fault": "planned"}
        identity = hosted.client.inject("request", options)
        with pytest.raises(error):
            httpx.post(hosted.url + "/orders", json={}, timeout=0.5)
        assert orders(hosted) == 1
        assert hosted.client.fired(identity) == 1
    (event,) = events(config, "request")
    assert (event.outcome, event.value["status"], event.value["fault"]) == ("info", 0, "planned")


def test_a_refusal_whose_answer_is_lost_is_still_a_refusal(config: SimulatorConfig) -> None:
    with Hosted(create, config) as hosted:
        hosted.client.inject("request", {"effect": "lost_acknowledgement"})
        with pytest.raises(httpx.ReadError):
            httpx.get(hosted.url + "/orders/404")
    assert events(config, "request")[0].outcome == "fail"


def test_a_garbled_body_cannot_be_read(example: Hosted) -> None:
    example.client.inject("request", {"effect": "malformed"})
    answer = httpx.post(example.url + "/orders", json={"a": "long enough to be cut"})
    assert answer.status_code == 201
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert orders(example) == 1


def test_a_truncated_body_is_shorter_than_announced(config: SimulatorConfig) -> None:
    with Hosted(create, config) as hosted:
        hosted.client.inject("request", {"effect": "malformed", "how": "truncate"})
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            httpx.post(hosted.url + "/orders", json={"a": 1})
    (event,) = events(config, "request")
    assert (event.outcome, event.value["status"]) == ("info", 201)


def test_a_delay_comes_before_processing(example: Hosted) -> None:
    example.client.inject("request", {"effect": "delay", "delay_seconds": 0.4})
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(example.url + "/orders", json={}, timeout=0.1)
    assert orders(example) == 0
    begin = time.monotonic()
    assert httpx.get(example.url + "/orders/1").status_code in (200, 404)
    assert time.monotonic() - begin >= 0.4
    # The caller gave up, but its request was carried out all the same, later.
    assert orders(example) == 1


def test_a_slow_answer_comes_after_processing(config: SimulatorConfig) -> None:
    with Hosted(create, config) as hosted:
        hosted.client.inject("request", {"effect": "slow_answer", "delay_seconds": 0.5})
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(hosted.url + "/orders", json={}, timeout=0.1)
        assert orders(hosted) == 1
        assert httpx.get(hosted.url + "/orders").status_code == 200
    lost = events(config, "request")[0]
    assert (lost.outcome, lost.value["status"]) == ("info", 0)


def test_delays_add_to_another_effect(example: Hosted) -> None:
    example.client.inject("request", {"effect": "delay", "delay_seconds": 0.2})
    example.client.inject("request", {"effect": "error"})
    begin = time.monotonic()
    assert httpx.get(example.url + "/orders").status_code == 503
    assert time.monotonic() - begin >= 0.2


def test_points_of_the_simulators_own(example: Hosted) -> None:
    identity = example.client.inject("expired_token", {"match": "list*", "count": 1})
    assert httpx.get(example.url + "/orders").status_code == 401
    assert httpx.get(example.url + "/orders").status_code == 200
    assert example.client.fired(identity) == 1


def draw(options: dict[str, Any], name: str = "x", count: int = 10) -> str:
    rule = FaultPoints(Seed(3)).add("request", {"effect": "error", **options})
    return "".join("X" if rule.takes(name) else "." for _ in range(count))


def test_skip_count_and_match() -> None:
    assert draw({}) == "XXXXXXXXXX"
    assert draw({"skip": 2, "count": 3}) == "..XXX....."
    assert draw({"match": "inventory*"}) == ".........."
    assert draw({"match": ["inventory*", "x"]}, count=3) == "XXX"


def test_probability_is_drawn_from_the_seed() -> None:
    drawn = draw({"probability": 0.5}, count=200)
    assert 60 < drawn.count("X") < 140
    assert drawn == draw({"probability": 0.5}, count=200)


def test_every_effect_is_tested_here() -> None:
    text = Path(__file__).read_text()
    assert all(f'"{effect}"' in text for effect in REQUEST_EFFECTS)
