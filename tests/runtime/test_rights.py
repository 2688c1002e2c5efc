"""A small connector that speaks XML-RPC with a real Odoo through the proxy: what it needed.

The rights that Odoo asked for are heard inside of it, what its user may do is read at the end,
and the endpoint it speaks to is on the list of what goes away.
"""

import xmlrpc.client
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from peakproof.deprecations import breaks_of
from peakproof.history import History, HistoryWriter, read_events
from peakproof.privileges import odoo_users_of
from peakproof.rights import note_grants
from peakproof.runtime import proxy, rights_listener
from peakproof.runtime.odoo import OdooProcess
from peakproof.seed import Clock
from peakproof.simkit import Hosted
from tests.simkit.worlds import make_config

pytestmark = pytest.mark.odoo


class Listened:
    """An Odoo with a listener, the proxy before it, and what was written down of both."""

    def __init__(self, folder: Path, make: Callable[..., OdooProcess], modules: list[str]) -> None:
        self.folder, self.clock = folder, Clock.start()
        self.heard = folder / "heard.jsonl"
        settings = {
            "file": str(self.heard),
            "origin_monotonic_ns": self.clock.origin_monotonic_ns,
            "modules": modules,
        }
        environment = {rights_listener.VARIABLE: msgspec.json.encode(settings).decode()}
        self.odoo = make(env=environment)
        self.config = make_config(folder, "odoo_proxy", options={"upstream_url": self.odoo.url})

    def history(self) -> History:
        """Read the grants, then everything."""
        writer = HistoryWriter(self.folder / "harness.jsonl")
        note_grants(self.odoo.dsn, self.heard, self.clock, writer)
        writer.close()
        parts = [self.heard, writer.path, Path(self.config.journal_path)]
        return History(event for part in parts if part.exists() for event in read_events(part))


@pytest.fixture
def listened(
    tmp_path: Path, new_odoo: Callable[..., OdooProcess]
) -> Iterator[Callable[..., Listened]]:
    def make(*modules: str) -> Listened:
        return Listened(tmp_path, new_odoo, list(modules))

    return make


def test_a_connector_of_the_old_rpc(listened: Callable[..., Listened]) -> None:
    world = listened()
    with (
        Hosted(proxy.create, world.config) as before,
        xmlrpc.client.ServerProxy(f"{before.url}/xmlrpc/2/object") as service,
    ):
        key = world.odoo.api_key

        def call(model: str, method: str, *arguments: Any, **named: Any) -> Any:
            return service.execute_kw(
                world.odoo.database, 2, key, model, method, list(arguments), named
            )

        partner = call("res.partner", "create", {"name": "Ada", "phone": "1"})
        order = call("sale.order", "create", {"partner_id": partner})
        assert call("sale.order", "read", [order], ["state"])[0]["state"] == "draft"
    with world.odoo.client() as client:  # the harness's own work, not through the proxy
        client.create("res.country", {"name": "Nowhere", "code": "QX"})
    history = world.history()
    (user,) = odoo_users_of(history, external=True)
    uses = {use.model: use for use in user.models}
    assert user.login == "admin"
    assert "create" in uses["res.partner"].operations
    assert uses["res.partner"].fields_written == ["name", "phone"]
    assert uses["sale.order"].fields_read == ["state"]
    assert "write" not in uses["res.partner"].operations
    assert "create" not in (uses["res.country"].operations if "res.country" in uses else [])
    assert user.models_granted is not None
    assert user.models_granted > 100
    assert "base.group_system" in user.groups
    assert "base.group_system" not in user.groups_least
    (breaks,) = breaks_of(history, "2026-11-24")
    assert (breaks.what, breaks.breaks_with, breaks.uses) == ("/xmlrpc/2 (object)", "Odoo 22", 3)


def test_modules_at_work_inside(listened: Callable[..., Listened]) -> None:
    world = listened("sale_stock")
    with world.odoo.client() as client:
        (partner,) = client.create("res.partner", {"name": "Ada"})
        goods = {"name": "Tee", "is_storable": True, "list_price": 5}
        (product,) = client.create("product.product", goods)
        line = [0, 0, {"product_id": product, "product_uom_qty": 1}]
        (order,) = client.create("sale.order", {"partner_id": partner, "order_line": [line]})
        client.call("sale.order", "action_confirm", ids=[order])
    history = world.history()
    heard = {(event.name, event.outcome) for event in history.of("access")}
    assert ("stock.rule", "read") in heard, "sale_stock launches the stock rules"
    assert ("res.partner", "create") not in heard, "sale_stock has no part in that"
    (user, *_) = odoo_users_of(history, external=False)
    assert "fields cannot be told" in user.note


def test_without_the_variable_nobody_listens(tmp_path: Path) -> None:
    rights_listener.listen({})
    writer = HistoryWriter(tmp_path / "harness.jsonl")
    note_grants("", tmp_path / "none.jsonl", Clock.start(), writer)
    writer.close()
    assert (tmp_path / "harness.jsonl").read_bytes() == b""


def frame(module: str, method: str, below: Any = None) -> Any:
    code, names = SimpleNamespace(co_name=method), {"__name__": module}
    return SimpleNamespace(f_globals=names, f_code=code, f_back=below)


def test_whose_work_it_is() -> None:
    at_work = rights_listener.inside({"bridge"})
    http = frame("odoo.http", "dispatch")
    own = frame("odoo.addons.bridge.models.order", "import_order", http)
    assert at_work(frame("odoo.addons.sale.models.sale_order", "action_confirm", own))
    passed_on = frame("odoo.addons.bridge.models.picking", "button_validate", http)
    decorated = frame("odoo.orm.decorators", "wrapper", passed_on)
    assert not at_work(frame("odoo.addons.stock.models.picking", "button_validate", decorated))
    assert not at_work(frame("odoo.addons.bridge_other.models.x", "run", http))
    assert not at_work(None)
