"""What must hold for every connector inside Odoo: locked, unmodified, what it says it is."""

import base64
import csv
import hashlib
import re
from pathlib import Path

import pytest

from peakproof.connector import ConnectorSpec
from peakproof.runtime.addons import fetch_addons
from tests.connectors.worlds import CONNECTORS

# The Odoo modules that each lock must hold: these and no others.
MODULES = {
    "oca_camt": {
        "account_statement_base",
        "account_statement_import_base",
        "account_statement_import_camt",
        "account_statement_import_file",
    },
    "oca_dhl_parcel": {"delivery_dhl_parcel", "delivery_package_number", "delivery_state"},
    "oca_ponto": {
        "account_statement_base",
        "account_statement_import_base",
        "account_statement_import_online",
        "account_statement_import_online_ponto",
    },
    "oca_shopify": {"queue_job", "shopify_connector"},
    "oca_shopify_account": {"queue_job", "shopify_connector", "shopify_connector_account"},
    "oca_stripe": {
        "account_statement_base",
        "account_statement_import_base",
        "account_statement_import_online",
        "account_statement_import_online_stripe",
    },
}
LOCKED = re.compile(r"^([\w.-]+)==([\w.]+) \\\n    --hash=sha256:[0-9a-f]{64}$", re.M)
PREFIX = "odoo-addon-"


def test_every_connector_inside_odoo_is_listed_here() -> None:
    inside = {
        file.parent.name
        for file in CONNECTORS.glob("*/connector.toml")
        if not ConnectorSpec.variants_in(file.parent)
        and ConnectorSpec.load(file).addons is not None
    }
    assert inside == set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_every_distribution_is_locked_by_hash_without_an_index(name: str) -> None:
    """The lock names the version that connector.toml claims, and no place to get it from."""
    text = (CONNECTORS / name / "requirements.txt").read_text()
    locked = dict(LOCKED.findall(text))
    spec = ConnectorSpec.load(CONNECTORS / name)
    assert spec.addons is not None
    assert locked[PREFIX + spec.addons.modules[-1]] == spec.connector.version
    modules = {package.removeprefix(PREFIX) for package in locked if package.startswith(PREFIX)}
    assert modules == MODULES[name]
    assert "://" not in text
    assert not re.search(r"^--?(i|extra|find)", text, re.M)


@pytest.mark.odoo
@pytest.mark.parametrize("name", MODULES)
def test_installed_modules_are_exactly_the_published_ones(name: str) -> None:
    """Every module file has the digest that its wheel's record states, and none is added."""
    addons = fetch_addons(CONNECTORS / name / "requirements.txt")
    recorded: dict[str, str] = {}
    for record in addons.python_paths[0].glob("odoo_addon_*.dist-info/RECORD"):
        for file, digest, _ in csv.reader(record.read_text().splitlines()):
            if file.startswith("odoo/addons/"):
                recorded[file.removeprefix("odoo/addons/")] = digest.removeprefix("sha256=")
    installed = {
        str(file.relative_to(addons.paths[0])): _digest(file)
        for file in addons.paths[0].rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    assert {f"{module}/__manifest__.py" for module in MODULES[name]} <= set(recorded)
    assert installed == recorded


def _digest(file: Path) -> str:
    digest = hashlib.sha256(file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
