"""Configures OCA's bank feed from Ponto in a fresh world, over RPC, as its manual says.

Run by the harness: ``PEAKPROOF_WORLD=world.json python setup.py``. It gives the administrator
the right to keep books, makes a bank journal with the IBAN and currency of each account, and for
each a provider with the login of the world's Ponto. Running it again is harmless.

The providers' interval is longer than the story, see NOTES.md; ``pull.py`` says when they pull.
"""

import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from peakproof.runtime.json2 import Odoo

__all__ = ["main"]

World = dict[str, Any]
CODE = "PKBNK"
PROVIDER = "online.bank.statement.provider"
SPARE_DAYS = 450  # a story may begin up to fourteen months earlier than days_ago says
BANKS_ZONE = "Europe/Brussels"  # Ponto's banks are Belgian, and so is the account's number


class SetupFailed(Exception):
    """The feed could not be set up; the message says what was expected and what came."""


def main() -> int:
    """Set the feed up in the world that PEAKPROOF_WORLD names; 0 when it is ready."""
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    now = datetime.fromisoformat(os.environ["PEAKPROOF_NOW"])
    with Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"]) as odoo:
        try:
            _bookkeeper(odoo, world["odoo"]["login"])
            for place, (iban, currency) in enumerate(_accounts(world)):
                code = f"PK{currency}" if place else CODE
                journal = _journal(odoo, iban, currency, code)
                provider = _provider(odoo, world, journal, iban, now)
                print(f"setup.py: provider {provider} of journal {journal} is ready", flush=True)
        except SetupFailed as error:
            print(f"setup.py: {error}", file=sys.stderr)
            return 1
    return 0


def _accounts(world: World) -> list[tuple[str, str]]:
    """Return IBAN and currency of each account at the bank."""
    currencies = [account["currency"] for account in world["shop"]["bank_accounts"]]
    ibans = world["bank"]["ibans"].split(",")
    return list(zip(ibans, currencies or [world["bank"]["currency"]], strict=True))


def _bookkeeper(odoo: Odoo, login: str) -> None:
    """Let the administrator keep books: the module's menus and records are for bookkeepers."""
    group = odoo.search_read(
        "ir.model.data",
        [("module", "=", "account"), ("name", "=", "group_account_user")],
        ["res_id"],
    )[0]["res_id"]
    user = odoo.search_read("res.users", [("login", "=", login)], ["id"])[0]["id"]
    odoo.write("res.users", [user], {"group_ids": [[4, group]]})


def _journal(odoo: Odoo, iban: str, currency: str, code: str) -> int:
    """Return the journal of an account, made first if absent."""
    found = odoo.search_read("account.journal", [("code", "=", code)], ["id"])
    if found:
        return int(found[0]["id"])
    company = odoo.search_read("res.company", [], ["currency_id"], limit=1)[0]
    row = {"name": f"Bank {currency}", "type": "bank", "code": code, "bank_acc_number": iban}
    if company["currency_id"][1] != currency:
        currencies = odoo.search_read(
            "res.currency", [("name", "=", currency), ("active", "=", True)], ["id"]
        )
        if not currencies:
            raise SetupFailed(f"expected the currency {currency} to be active in Odoo.")
        row["currency_id"] = currencies[0]["id"]
    return int(odoo.create("account.journal", row)[0])


def _provider(odoo: Odoo, world: World, journal: int, iban: str, now: datetime) -> int:
    """Return the provider with Ponto's credentials, made first if absent."""
    days = int(world["shop"]["days_ago"]) + SPARE_DAYS
    values = {
        "service": "ponto",
        "username": world["bank"]["ponto_client_id"],
        "password": world["bank"]["ponto_client_secret"],
        "tz": BANKS_ZONE,
        "statement_creation_mode": "daily",
        "interval_type": "days",
        "interval_number": days,
        "next_run": f"{now + timedelta(days=days):%Y-%m-%d %H:%M:%S}",
    }
    found = odoo.search_read(PROVIDER, [("journal_id", "=", journal)], ["id"])
    if found:
        odoo.write(PROVIDER, [found[0]["id"]], values)
        provider = int(found[0]["id"])
    else:
        provider = int(odoo.create(PROVIDER, values | {"journal_id": journal})[0])
    number = odoo.read(PROVIDER, [provider], ["account_number"])[0]["account_number"]
    if number != iban:
        raise SetupFailed(f"expected the account {iban}, found {number!r}.")
    return provider


if __name__ == "__main__":
    sys.exit(main())
