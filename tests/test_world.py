"""What the harness itself does in a story: a person's approval at the connector's own address."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from peakproof.connector import Approvals, ConnectorSpec, Identity
from peakproof.errors import SimulatorRefused, UnknownName
from peakproof.plan import Plan, Shop
from peakproof.seed import Clock
from peakproof.simkit.calendar import BusinessCalendar
from peakproof.world import World
from tests.partners.served import Served

ORDER = "gid://shopify/Order/1"


class Desk(BaseHTTPRequestHandler):
    """A connector that wants two orders' refunds approved."""

    rows: list[dict[str, Any]] = []

    def do_GET(self) -> None:
        """List the approvals."""
        self._answer(self.rows)

    def do_POST(self) -> None:
        """Approve one."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        row = next(row for row in self.rows if self.path == f"/approvals/{row['id']}")
        row |= {"pending": False, "who": body["who"], "token": self.headers["Authorization"]}
        self._answer({})

    def _answer(self, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def desk() -> Iterator[str]:
    """Serve the connector's address; yield it."""
    Desk.rows = [
        {"id": number, "order": f"gid://shopify/Order/{number}", "pending": True}
        for number in (1, 2)
    ]
    server = HTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def world(folder: Path, address: str, approvals: Approvals | None) -> World:
    """Return a world without any part but the connector's address."""
    spec = ConnectorSpec(
        connector=Identity(name="one", version="1", flows=["returns"]), approvals=approvals
    )
    plan = Plan(scenario="none", seed=1, options={}, shop=Shop(), stages=[])
    made = World(plan, spec, folder, BusinessCalendar(Clock.start()), lambda *_: None)
    made.values = {"connector": {"url": address, "token": "secret"}}
    return made


def test_a_person_approves_what_waits_about_an_order(desk: str, tmp_path: Path) -> None:
    approvals = Approvals(
        url="{connector.url}/approvals", authorization="Bearer {connector.token}", above="200"
    )
    made = world(tmp_path, desk, approvals)
    try:
        answer = made.act("connector", "approve", "Ada", {"order": ORDER, "who": "Ada"})
        assert answer == {"approvals": [1], "who": "Ada"}
        first, second = made.read_approvals()
        assert (first["pending"], first["who"]) == (False, "Ada")
        assert first["token"] == "Bearer secret"
        assert second["pending"]
    finally:
        made.close()


def test_a_connector_without_approvals_refuses(tmp_path: Path) -> None:
    made = world(tmp_path, "http://127.0.0.1:1", None)
    try:
        assert made.read_approvals() == []
        with pytest.raises(SimulatorRefused, match="not_offered"):
            made.act("connector", "approve", "Ada", {"order": ORDER, "who": "Ada"})
    finally:
        made.close()


def test_what_people_do_at_a_partner_reaches_it(every: Served, tmp_path: Path) -> None:
    made = world(tmp_path, "http://127.0.0.1:1", None)
    made.partners = every.partners
    try:
        assert made.act("fraud", "decide", "Ada", {"decision": "refuse"}) == {"decision": "refuse"}
        with pytest.raises(UnknownName, match="no simulator called 'frauds'"):
            made.act("frauds", "decide", "Ada", {})
    finally:
        made.close()
