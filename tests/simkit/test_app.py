"""What happens to every request: routing, defects of handlers, the journal."""

import httpx
import pytest

from peakproof.simkit import Hosted, Request, Response, SimulatorConfig
from peakproof.simkit.app import App, Route
from tests.simkit.example import create
from tests.simkit.worlds import events


def test_each_request_is_written_down(config: SimulatorConfig) -> None:
    with Hosted(create, config) as hosted, httpx.Client(base_url=hosted.url) as http:
        http.post("/orders", json={})
        http.get("/orders/99")
    created, missing = events(config, "request")
    assert (created.name, created.outcome, created.value["status"]) == ("createOrder", "ok", 201)
    assert (missing.name, missing.outcome, missing.value["status"]) == ("readOrder", "fail", 404)
    assert created.key != missing.key
    assert 0 < created.time <= missing.time
    assert created.value["duration_seconds"] >= 0
    state = events(config, "state")[0]
    assert created.time <= state.time <= missing.time


def test_an_unknown_route_is_refused_in_peakproofs_name(config: SimulatorConfig) -> None:
    with Hosted(create, config) as hosted:
        answer = httpx.put(hosted.url + "/orders")
    assert answer.status_code == 404
    assert "does not model PUT /orders" in answer.json()["peakproof"]["message"]
    (event,) = events(config, "request")
    assert event.outcome == "fail"
    assert event.value["error_codes"] == ["not_modelled"]


def test_a_defect_of_a_handler_is_recorded_and_the_server_goes_on(
    config: SimulatorConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    with Hosted(create, config) as hosted, httpx.Client(base_url=hosted.url) as http:
        answer = http.get("/crash")
        assert answer.status_code == 500
        message = answer.json()["peakproof"]["message"]
        assert "peakproof's example simulator failed" in message
        assert "RuntimeError: a defect on purpose" in message
        assert http.get("/orders").status_code == 200
    (crash,) = events(config, "process")
    assert (crash.outcome, crash.value["operation"]) == ("crashed", "GET /crash")
    assert events(config, "request")[0].outcome == "info"
    assert "a defect on purpose" in capsys.readouterr().err


def test_a_body_that_is_not_json_is_the_callers_fault(http: httpx.Client) -> None:
    answer = http.post("/orders", content=b"{")
    assert answer.status_code == 400
    assert "not JSON" in answer.text


def test_paths_are_decoded_and_patterns_take_one_segment(http: httpx.Client) -> None:
    http.post("/orders", json={})
    assert http.get("/orders/%31").json() == {"id": 1}
    assert http.get("/orders/1/lines").status_code == 404


def test_a_handler_may_refuse_inside_a_200(config: SimulatorConfig) -> None:
    from peakproof.simkit import Kit

    def handler(request: Request) -> Response:
        request.outcome = "fail"
        return Response.json({"errors": ["Throttled"]})

    kit = Kit(config)
    simulator = create(config, kit)
    app = App("x", [Route("POST", "/graphql", handler)], kit.journal, kit.faults, simulator)
    request = Request("POST", "/graphql")
    response = app.handle(request)
    assert isinstance(response, Response)
    app.finish(request, response, answered=True)
    kit.journal.close()
    assert events(config, "request")[0].outcome == "fail"


def test_headers_are_found_in_any_case_and_queries_decoded() -> None:
    request = Request("GET", "/x", "a=1&b=%20&a=2", [(b"X-Thing", b"v")])
    assert request.header("x-thing") == request.headers["X-THING"] == "v"
    assert "x-other" not in request.headers
    assert request.query == {"a": "2", "b": " "}
    with pytest.raises(KeyError):
        request.headers["x-other"]


def test_a_defect_after_the_answer_is_recorded_too(
    config: SimulatorConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    with Hosted(create, config) as hosted, httpx.Client(base_url=hosted.url) as http:
        assert http.get("/crash/after").status_code == 200
        assert http.get("/orders").status_code == 200
    (crash,) = events(config, "process")
    assert "after the answer" in crash.value["last_lines"][-1]
    assert "after the answer" in capsys.readouterr().err
