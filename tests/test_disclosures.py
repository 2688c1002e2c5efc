"""The scan: which of Odoo's log lines are the connector's, and that findings hold no secret."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from peakproof import disclosures
from peakproof.connector import ConnectorSpec
from peakproof.disclosures import Disclosures
from peakproof.history import History, HistoryWriter
from peakproof.plan import Customer, Plan, Shop
from peakproof.runtime.addons import own_modules
from peakproof.seed import Clock

TOKEN = "shpat_0123456789"
ADDONS = """
[connector]
name = "inside"
version = "1.0"
flows = []
[addons]
modules = ["shop_bridge"]
requirements = "requirements.txt"
[settled]
odoo_sql = "select 0 as pending, 0 as failed"
"""
LOG = f"""\
2026-11-24 20:00:00,100 77 INFO db odoo.addons.shop_bridge.models.order: key {TOKEN}
2026-11-24 20:00:00,200 77 INFO db odoo.addons.mail.models.mail_mail: mail to ada@example.com
2026-11-24 20:00:00,300 77 ERROR db odoo.addons.queue_helper.job: failed
Traceback (most recent call last):
ValueError: ada@example.com
2026-11-24 20:00:00,400 77 INFO db werkzeug: GET /?token={TOKEN}
"""


def scanned(tmp_path: Path, messages: list[dict[str, Any]], patch: pytest.MonkeyPatch) -> History:
    (tmp_path / "connector.toml").write_text(ADDONS)
    (tmp_path / "requirements.txt").write_text("odoo-addon-queue-helper==19.0.1 \\\n  --hash=x\n")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "odoo.log").write_text(LOG)
    ada = Customer(email="ada@example.com", first_name="Ada", last_name="Love")
    plan = Plan(scenario="story", seed=1, options={}, shop=Shop(customers=[ada]), stages=[])
    world = SimpleNamespace(
        plan=plan, folder=tmp_path, simulators={}, spec=ConnectorSpec.load(tmp_path),
        values={"shopify": {"access_token": TOKEN}}, odoo_dsn=lambda: "",
    )  # fmt: skip
    patch.setattr(disclosures, "read_chatter", lambda _dsn: messages)
    writer = HistoryWriter(tmp_path / "part.jsonl")
    Disclosures(world, Clock.start(), writer).scan()  # type: ignore[arg-type]
    writer.close()
    assert TOKEN not in (tmp_path / "part.jsonl").read_text()
    return History.load(tmp_path / "part.jsonl")


def message(model: str, body: str, *recipients: str) -> dict[str, Any]:
    return {"id": 5, "model": model, "res_id": 3, "subject": "", "body": body,
            "recipients": list(recipients)}  # fmt: skip


def test_lines_of_the_connectors_own_modules_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = scanned(tmp_path, [], monkeypatch)
    found = [(event.name, event.key, event.value["canary"])
             for event in history.of("disclosure", outcome="found")]  # fmt: skip
    assert found == [("log odoo.log", "line 1", "token"), ("log odoo.log", "line 5",
                                                           "e-mail address")]  # fmt: skip
    (scan,) = history.of("disclosure", outcome="scanned")
    assert scan.value == {
        "lines": {"log odoo.log": 4, "chatter": 0}, "canaries": {"token": 1, "e-mail address": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "disclosed"),
    [
        (message("sale.order", "imported for ada@example.com"), True),
        (message("sale.order", "Dear ada@example.com", "ada@example.com"), False),
        (message("res.partner", "E-mail: ada@example.com"), False),
        (message("res.partner", f"fetched with {TOKEN}"), True),
        (message("sale.order", f"fetched with {TOKEN}", "ada@example.com"), True),
    ],
)
def test_the_chatter_may_hold_what_is_said_to_the_person_himself(
    written: dict[str, Any], disclosed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = scanned(tmp_path, [written], monkeypatch)
    assert bool(history.of("disclosure", "chatter", outcome="found")) is disclosed


def test_a_connector_beside_odoo_has_no_modules_inside(tmp_path: Path) -> None:
    (tmp_path / "connector.toml").write_text(
        '[connector]\nname = "b"\nversion = "1"\nflows = []\n[start]\ncommand = ["true"]\n'
        '[settled]\nurl = "http://127.0.0.1/settled"\n'
    )
    assert own_modules(ConnectorSpec.load(tmp_path)) == set()
