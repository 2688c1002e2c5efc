"""What the sandbox's first container makes, and what its connector is told."""

import json
import os
import ssl
from pathlib import Path

import pytest
from typer.testing import CliRunner

from peakproof import sandbox_commands
from peakproof.errors import BadFile, UnknownName, UsageError
from peakproof.sandbox import Sandbox, prepare, shop_of
from peakproof.simkit.config import SimulatorConfig
from simulators import REGISTRY

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(tmp_path / "sandbox", tmp_path / "handout", tmp_path / "partners")
    return tmp_path / "sandbox"


def test_every_simulator_has_a_configuration_and_a_certificate_for_its_names(folder: Path) -> None:
    sandbox = Sandbox.open(folder)
    assert set(sandbox.parts) == set(REGISTRY)
    tokens = set()
    for name, part in sandbox.parts.items():
        config = SimulatorConfig.load(folder / f"{name}.json")
        tokens.add(config.control_token)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(config.tls_certificate_path or "", config.tls_key_path)
        decoded = ssl._ssl._test_decode_cert(config.tls_certificate_path)  # type: ignore[attr-defined]
        assert {name for _, name in decoded["subjectAltName"]} >= {*part.names, "localhost"}
        assert (folder / f"{name}.json").stat().st_mode & 0o077 == 0
    assert len(tokens) == len(REGISTRY)


def test_a_second_start_keeps_everything_but_the_clock(folder: Path) -> None:
    before = SimulatorConfig.load(folder / "pos.json")
    kept = (folder / "sandbox.json").read_bytes()
    prepare(folder, folder.parent / "handout", folder.parent / "partners")
    after = SimulatorConfig.load(folder / "pos.json")
    assert (folder / "sandbox.json").read_bytes() == kept
    assert after.control_token == before.control_token
    assert after.seed == before.seed
    assert after.clock_origin_monotonic_ns > before.clock_origin_monotonic_ns


def test_two_sandboxes_share_no_secret(folder: Path, tmp_path: Path) -> None:
    other = prepare(tmp_path / "other", tmp_path / "handout", tmp_path / "more")
    mine = Sandbox.open(folder)
    assert mine.seed != other.seed
    assert mine.parts["pos"].control_token != other.parts["pos"].control_token
    assert "control_token" not in repr(mine)


def test_the_shop_has_stock_in_both_stores_places(folder: Path) -> None:
    shop = shop_of(Sandbox.open(folder))
    assert {place.code for place in shop.locations} == {"MAIN", "EAST"}
    assert all(variant.stock["MAIN"] > 0 for variant in shop.variants())


def test_the_partners_answers_are_filled_in(folder: Path) -> None:
    told = Sandbox.open(folder).partners
    text = "".join(
        path.read_text() for path in (folder.parent / "partners" / "mappings").glob("*.json")
    )
    assert told
    assert all(values["license_key"] in text for values in told.values() if "license_key" in values)
    assert (folder.parent / "partners" / "keystore.p12").stat().st_size > 0


def test_errors_name_what_is_missing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="sandbox prepare"):
        Sandbox.open(tmp_path)
    with pytest.raises(UnknownName, match="Did you mean"):
        Sandbox.open(folder).client("shopfy")


def test_a_connector_is_told_the_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "connector.toml").write_text(
        '[connector]\nname = "mine"\nversion = "1"\nflows = ["bank"]\n'
        '[start]\ncommand = ["python", "{connector.folder}/app.py"]\n'
        '[settled]\nurl = "{connector.url}"\n'
        '[environment]\nSHOP = "{shopify.url}"\n'
    )
    values = {"connector": {"port": 8080}, "shopify": {"url": "https://shopify"}}
    (tmp_path / "world.json").write_text(json.dumps(values))
    calls = []
    monkeypatch.setattr(os, "execvpe", lambda *call: calls.append(call))
    sandbox_commands.run_connector(tmp_path, tmp_path)
    ((program, words, environment),) = calls
    assert program == words[0]
    assert words[1] == f"{tmp_path}/app.py"
    assert environment["SHOP"] == "https://shopify"


def test_people_act_from_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acts = []

    class Client:
        def act(self, action: str, arguments: dict[str, object], actor: str) -> dict[str, object]:
            acts.append((action, arguments))
            return {"total": "7.00"}

        def close(self) -> None: ...

    monkeypatch.setattr(Sandbox, "client", lambda _self, part: Client())
    place = ["--folder", str(folder)]
    words = ["act", "pos", "close_day", '{"location": "MAIN"}', *place]
    assert CliRunner().invoke(sandbox_commands.app, words).stdout == '{"total":"7.00"}\n'
    assert CliRunner().invoke(sandbox_commands.app, ["order", *place]).exit_code == 0
    (close_day, checkout) = acts
    assert close_day == ("close_day", {"location": "MAIN"})
    assert checkout[0] == "checkout"
    assert checkout[1]["lines"]


def test_a_connector_inside_odoo_is_refused() -> None:
    with pytest.raises(UsageError, match="beside Odoo"):
        sandbox_commands.run_connector(Path(), ROOT / "connectors" / "oca_shopify")
