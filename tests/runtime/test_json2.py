"""The JSON-2 client: what is definite, what is not, and what is tried again."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from peakproof.errors import OdooRefused, WaitExpired
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.odoo import OdooProcess
from peakproof.runtime.ports import reserve_port
from peakproof.seed import wait_until

Answer = Callable[[http.server.BaseHTTPRequestHandler, dict[str, Any]], tuple[int, Any]]


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Return a function that serves an answer on 127.0.0.1 and returns the address."""
    servers = []

    def start(answer: Answer, port: int = 0) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, value = answer(self, body)
                if status:
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(json.dumps(value).encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_renamed_parameter_is_tried_once_under_its_other_name(
    serve: Callable[..., str],
) -> None:
    bodies = []

    def answer(_: object, body: dict[str, Any]) -> tuple[int, Any]:
        bodies.append(body)
        if "values" not in body:
            message = "missing a required argument: 'values'"
            return 422, {"name": "builtins.TypeError", "message": message}
        return 200, True

    with Odoo(serve(answer), "db", "key") as odoo:
        odoo.write("res.partner", [1], {"name": "Ada"})
    assert [set(body) for body in bodies] == [{"ids", "vals"}, {"ids", "values"}]


def test_an_answer_that_is_not_odoos_is_not_definite(serve: Callable[..., str]) -> None:
    url = serve(lambda handler, body: (502, "bad gateway"))
    with Odoo(url, "db", "key") as odoo, pytest.raises(httpx.HTTPStatusError, match="may have"):
        odoo.call("res.partner", "search", domain=[])


@pytest.mark.parametrize(
    ("method", "error"), [("create", httpx.ReadError), ("search", OdooRefused)]
)
def test_a_database_lost_in_the_middle_may_have_been_at_the_commit(
    serve: Callable[..., str], method: str, error: type[Exception]
) -> None:
    lost = {"name": "psycopg2.OperationalError", "message": "server closed the connection"}
    with Odoo(serve(lambda handler, body: (500, lost)), "db", "key") as odoo:
        with pytest.raises(error, match="server closed the connection"):
            odoo.call("res.partner", method)
        assert odoo.writes == 0


def test_a_lost_answer_is_not_tried_again(serve: Callable[..., str]) -> None:
    calls = []

    def answer(handler: Any, body: dict[str, Any]) -> tuple[int, Any]:
        calls.append(body)
        handler.connection.close()
        return 0, None

    with Odoo(serve(answer), "db", "key") as odoo, pytest.raises(httpx.RemoteProtocolError):
        odoo.create("sale.order", {"partner_id": 1})
    assert len(calls) == 1


def test_a_refused_connection_is_tried_until_patience_ends(serve: Callable[..., str]) -> None:
    port = reserve_port()
    with Odoo(f"http://127.0.0.1:{port.number}", "db", "key", patience_seconds=0.1) as odoo:
        with pytest.raises(httpx.ConnectError):
            odoo.call("res.users", "context_get")
        with pytest.raises(WaitExpired, match="ended before it answered"):
            odoo.wait_ready(5, alive=lambda: False)
    answers: list[Any] = []
    with Odoo(f"http://127.0.0.1:{port.number}", "db", "key", patience_seconds=10) as odoo:
        caller = threading.Thread(
            target=lambda: answers.append(odoo.call("res.users", "context_get"))
        )
        caller.start()
        serve(lambda handler, body: (200, {"uid": 2}), port.number)
        wait_until(lambda: answers, 10, "the call to get through")
        caller.join()
    assert answers == [{"uid": 2}]
    port.close()


def test_the_key_is_in_no_representation() -> None:
    with Odoo("http://127.0.0.1:1", "db", "a-very-secret-key") as odoo:
        assert "secret" not in repr(odoo)


@pytest.mark.odoo
def test_real_refusals_carry_status_and_name(odoo: OdooProcess) -> None:
    with odoo.client() as client:
        for model, method, arguments, status, name in [
            ("no.such.model", "read", {"ids": [1], "fields": []}, 404, "NotFound"),
            ("res.partner", "no_such_method", {}, 404, "NotFound"),
            ("res.partner", "_write", {"ids": [1], "vals": {}}, 403, "AccessError"),
            (
                "res.partner",
                "write",
                {"ids": [1], "vals": {"parent_id": 1}},
                422,
                "ValidationError",
            ),
            ("res.partner", "write", {"ids": [10**6], "vals": {"name": "x"}}, 404, "MissingError"),
        ]:
            with pytest.raises(OdooRefused) as refused:
                client.call(model, method, **arguments)
            assert refused.value.status == status, refused.value
            assert name in refused.value.name, refused.value
    with Odoo(odoo.url, odoo.database, "0" * 40) as stranger, pytest.raises(OdooRefused) as refused:
        stranger.call("res.users", "context_get")
    assert refused.value.status == 401


@pytest.mark.odoo
def test_a_wrong_key_ends_the_wait_for_readiness_at_once(odoo: OdooProcess) -> None:
    with Odoo(odoo.url, odoo.database, "0" * 40) as stranger, pytest.raises(OdooRefused):
        stranger.wait_ready(30)
