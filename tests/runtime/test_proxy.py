"""The proxy before Odoo: what it writes down, what it hides, what it loses.

Odoo is played by a few lines that answer in its three dialects; the run against the real one
is tests/selftest's work.
"""

import socket
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from peakproof.history import Event
from peakproof.runtime import proxy
from peakproof.simkit import (
    Hosted,
    Kit,
    Later,
    Request,
    Response,
    Route,
    Shop,
    Simulator,
    SimulatorConfig,
)
from tests.simkit.worlds import events, make_config

SECRET = "key-0123456789"


class FakeOdoo(Simulator):
    """Counts what it committed."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    def routes(self) -> Sequence[Route]:
        return [
            Route("POST", "/json/2/{model}/{method}", self.json2),
            Route("POST", "/jsonrpc", self.jsonrpc),
            Route("POST", "/xmlrpc/2/{service}", self.xmlrpc),
            Route("*", "/web/{rest:path}", self.web),
            Route("GET", "/slow", lambda request: Later(0.4, lambda: Response.text("late"))),
        ]

    def json2(self, request: Request) -> Response:
        self.seen.append(request)
        if request.params["method"] == "action_fail":
            name = "odoo.exceptions.UserError"
            return Response.json({"name": name, "message": "no", "arguments": ["no"]}, 422)
        return Response.json([len(self.seen)])

    def jsonrpc(self, request: Request) -> Response:
        self.seen.append(request)
        if "unlink" in request.body.decode():
            error = {"code": 200, "message": "Odoo Server Error", "data": {"name": "AccessError"}}
            return Response.json({"jsonrpc": "2.0", "id": 1, "error": error})
        return Response.json({"jsonrpc": "2.0", "id": 1, "result": 7})

    def xmlrpc(self, request: Request) -> Response:
        self.seen.append(request)
        if b"unlink" in request.body:
            answer = xmlrpc.client.dumps(xmlrpc.client.Fault(1, "no"))
        else:
            answer = xmlrpc.client.dumps(([1],), methodresponse=True)
        return Response(200, answer, content_type="text/xml")

    def web(self, request: Request) -> Response:
        self.seen.append(request)
        cookies = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Connection", "keep-alive")]
        return Response(200, request.query_string, cookies)

    def actions(self) -> Mapping[str, Any]:
        return {}

    def seed(self, shop: Shop) -> None:
        return None

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        return {}

    def pending(self) -> Mapping[str, int]:
        return {}

    def create(self, config: SimulatorConfig, kit: Kit) -> Simulator:
        return self


class Ring:
    """A fake Odoo, the proxy before it, and a way to read the proxy's journal."""

    def __init__(self, odoo: FakeOdoo, behind: Hosted, before: Hosted, config: SimulatorConfig):
        self.odoo, self.behind, self.before, self.config = odoo, behind, before, config

    def post(self, path: str, **options: Any) -> httpx.Response:
        return httpx.post(self.before.url + path, timeout=5, trust_env=False, **options)

    def calls(self) -> list[Event]:
        self.before.__exit__(None, None, None)
        return events(self.config, "request")


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Ring]:
    odoo = FakeOdoo()
    with Hosted(odoo.create, make_config(tmp_path, "behind")) as behind:
        options = {"upstream_url": behind.url}
        config = make_config(tmp_path, "odoo_proxy", options=options)
        before = Hosted(proxy.create, config)
        before.__enter__()
        yield Ring(odoo, behind, before, config)
        if before.running:
            before.__exit__(None, None, None)


def test_json2_is_named_after_model_and_method(ring: Ring) -> None:
    answer = ring.post(
        "/json/2/sale.order/create",
        json={"vals_list": [{"client_order_ref": "#1", "api_key": SECRET}]},
        headers={"Authorization": f"bearer {SECRET}", "X-Odoo-Database": "db"},
    )
    assert answer.json() == [1]
    assert ring.odoo.seen[0].header("x-odoo-database") == "db"
    assert ring.odoo.seen[0].header("authorization") == f"bearer {SECRET}"
    refused = ring.post("/json/2/sale.order/action_fail", json={"ids": [1]})
    assert refused.status_code == 422
    created, failed = ring.calls()
    assert (created.source, created.name, created.outcome) == ("odoo", "sale.order.create", "ok")
    assert created.value["arguments"]["vals_list"][0]["client_order_ref"] == "#1"
    assert created.value["api_version"] == "json/2"
    assert created.value["client"]
    assert (failed.name, failed.outcome) == ("sale.order.action_fail", "fail")
    assert failed.value["error_codes"] == ["odoo.exceptions.UserError"]
    assert SECRET not in Path(ring.config.journal_path).read_text()


@pytest.mark.parametrize(("method", "outcome"), [("create", "ok"), ("unlink", "fail")])
def test_jsonrpc_is_read_and_its_password_never_written(
    ring: Ring, method: str, outcome: str
) -> None:
    arguments = ["db", 2, SECRET, "res.partner", method, [{"name": "A"}], {}]
    params = {"service": "object", "method": "execute_kw", "args": arguments}
    ring.post("/jsonrpc", json={"jsonrpc": "2.0", "id": 1, "method": "call", "params": params})
    (call,) = ring.calls()
    assert (call.name, call.outcome, call.value["status"]) == (
        f"res.partner.{method}",
        outcome,
        200,
    )
    assert call.value["arguments"] == [[{"name": "A"}], {}]
    assert call.value["error_codes"] == ([] if outcome == "ok" else ["AccessError"])
    assert SECRET not in Path(ring.config.journal_path).read_text()


@pytest.mark.parametrize(("method", "outcome"), [("create", "ok"), ("unlink", "fail")])
def test_xmlrpc_is_read_and_its_password_never_written(
    ring: Ring, method: str, outcome: str
) -> None:
    login = xmlrpc.client.dumps(("db", "admin", SECRET, {}), "authenticate")
    ring.post("/xmlrpc/2/common", content=login)
    body = xmlrpc.client.dumps(("db", 2, SECRET, "res.partner", method, [[5]]), "execute_kw")
    ring.post("/xmlrpc/2/object", content=body)
    authenticate, call = ring.calls()
    assert (authenticate.name, authenticate.value["arguments"]) == ("common.authenticate", None)
    assert (call.name, call.outcome) == (f"res.partner.{method}", outcome)
    assert call.value["arguments"] == [[[5]]]
    assert SECRET not in Path(ring.config.journal_path).read_text()


def test_the_web_client_goes_through_unchanged(ring: Ring) -> None:
    answer = httpx.get(ring.before.url + "/web/a%2Fb?x=1&y=%20", trust_env=False)
    assert answer.text == "x=1&y=%20"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "connection" not in answer.headers
    assert ring.odoo.seen[0].raw_path == "/web/a%2Fb"
    params = {"model": "res.partner", "method": "search", "args": [[]], "kwargs": {}}
    ring.post("/web/dataset/call_kw/res.partner/search", json={"params": params})
    assert [call.name for call in ring.calls()] == ["GET /web/a/b", "res.partner.search"]


def test_an_unreadable_body_is_passed_on_all_the_same(ring: Ring) -> None:
    ring.post("/jsonrpc", content=b"{")
    ring.post("/xmlrpc/2/object", content=b"<nonsense")
    ring.post("/jsonrpc", json={"params": {}})
    assert len(ring.odoo.seen) == 3
    assert [call.name for call in ring.calls()] == [
        "POST /jsonrpc",
        "POST /xmlrpc/2/object",
        "POST /jsonrpc",
    ]


def test_a_lost_acknowledgement_is_lost_after_the_commit(ring: Ring) -> None:
    options = {"effect": "lost_acknowledgement", "match": "sale.order.*", "count": 1}
    ring.before.client.inject("request", options)
    with pytest.raises(httpx.ReadError):
        ring.post("/json/2/sale.order/create", json={})
    assert len(ring.odoo.seen) == 1
    assert ring.post("/json/2/sale.order/create", json={}).json() == [2]
    lost, seen = ring.calls()
    assert (lost.outcome, lost.value["fault"]) == ("info", "lost_acknowledgement")
    assert (seen.outcome, seen.value["fault"]) == ("ok", "")


def test_a_refused_call_never_reaches_odoo(ring: Ring) -> None:
    ring.before.client.inject("request", {"effect": "refuse", "count": 1})
    with pytest.raises(httpx.ReadError):
        ring.post("/json/2/sale.order/create", json={})
    ring.before.client.inject("request", {"effect": "error", "status": 503, "count": 1})
    answer = ring.post("/json/2/sale.order/create", json={})
    assert (answer.status_code, answer.json()["message"]) == (503, "injected by peakproof")
    assert not ring.odoo.seen
    assert [call.outcome for call in ring.calls()] == ["fail", "fail"]


def test_while_odoo_is_down_calls_are_reset_and_definite(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    config = make_config(tmp_path, options={"upstream_url": f"http://127.0.0.1:{port}"})
    with Hosted(proxy.create, config) as before, pytest.raises(httpx.ReadError):
        httpx.post(before.url + "/json/2/sale.order/create", json={})
    (call,) = events(config, "request")
    assert (call.outcome, call.value["error_codes"]) == ("fail", ["odoo_unreachable"])


def test_when_odoo_dies_in_a_call_it_may_have_happened(ring: Ring) -> None:
    ring.behind.client.inject("request", {"effect": "lost_acknowledgement"})
    with pytest.raises(httpx.ReadError):
        ring.post("/json/2/sale.order/create", json={})
    (call,) = ring.calls()
    assert (call.outcome, call.value["error_codes"]) == ("info", ["odoo_answer_lost"])


def test_calls_under_way_are_pending(ring: Ring) -> None:
    assert ring.before.client.pending() == {"calls": 0}
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(ring.before.url + "/slow", timeout=0.1)
    assert ring.before.client.pending() == {"calls": 1}
    assert httpx.get(ring.before.url + "/slow").text == "late"
    first, second = ring.calls()
    assert (first.outcome, second.outcome) == ("info", "ok")


def test_what_is_written_down_is_short_and_without_secrets() -> None:
    value = {
        "password": "p", "ids": list(range(60)), "image": b"12345", "note": "n" * 400,
        "deep": [{"access_token": "t", "name": "ok", "key": "k", "keyword": "w"}],
    }  # fmt: skip
    seen = proxy.redacted(value)
    assert seen["password"] == "[removed]"
    assert seen["ids"][-1] == "[10 more]"
    assert seen["image"] == "[5 bytes]"
    assert len(seen["note"]) < 330
    assert seen["deep"] == [
        {"access_token": "[removed]", "name": "ok", "key": "[removed]", "keyword": "w"}
    ]


def test_a_proxy_needs_an_upstream(tmp_path: Path) -> None:
    with (
        pytest.raises(Exception, match="upstream_url"),
        Hosted(proxy.create, make_config(tmp_path)),
    ):
        pass
