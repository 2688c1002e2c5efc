"""Configures OCA's feed from Stripe in a fresh world, over RPC, as its manual says.

Run by the harness: ``PEAKPROOF_WORLD=world.json python setup.py``. It gives the administrator
the right to keep books, makes a journal for the gateway's balance in each currency, and for each a
provider with the secret key of the world's gateway. Running it again is harmless.

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
CODE = "STRP"
PROVIDER = "online.bank.statement.provider"
SPARE_DAYS = 450  # a story may begin up to fourteen months earlier than days_ago says


class SetupFailed(Exception):
    """The feed could not be set up; the message says what was expected and what came."""


def main() -> int:
    """Set the feed up in the world that PEAKPROOF_WORLD names; 0 when it is ready."""
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    now = datetime.fromisoformat(os.environ["PEAKPROOF_NOW"])
    with Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"]) as odoo:
        try:
            _bookkeeper(odoo, world["odoo"]["login"])
            for place, currency in enumerate(world["gateway"]["currencies"].split(",")):
                journal = _journal(odoo, currency, f"ST{currency}" if place else CODE)
                provider = _provider(odoo, world, journal, now)
                print(f"setup.py: provider {provider} of journal {journal} is ready", flush=True)
        except SetupFailed as error:
            print(f"setup.py: {error}", file=sys.stderr)
            return 1
    return 0


def _bookkeeper(odoo: Odoo, login: str) -> None:
    """Let the administrator keep books: the module's menus and records are for bookkeepers."""
    group = odoo.search_read(
        "ir.model.data",
        [("module", "=", "account"), ("name", "=", "group_account_user")],
        ["res_id"],
    )[0]["res_id"]
    user = odoo.search_read("res.users", [("login", "=", login)], ["id"])[0]["id"]
    odoo.write("res.users", [user], {"group_ids": [[4, group]]})


def _journal(odoo: Odoo, currency: str, code: str) -> int:
    """Return the journal of the gateway's balance in a currency, made first if absent."""
    found = odoo.search_read("account.journal", [("code", "=", code)], ["id"])
    if found:
        return int(found[0]["id"])
    company = odoo.search_read("res.company", [], ["currency_id"], limit=1)[0]
    row: dict[str, Any] = {"name": f"Stripe {currency}", "type": "bank", "code": code}
    if company["currency_id"][1] != currency:
        currencies = odoo.search_read(
            "res.currency", [("name", "=", currency), ("active", "=", True)], ["id"]
        )
        if not currencies:
            raise SetupFailed(f"expected the currency {currency} to be active in Odoo.")
        row["currency_id"] = currencies[0]["id"]
    return int(odoo.create("account.journal", row)[0])


def _provider(odoo: Odoo, world: World, journal: int, now: datetime) -> int:
    """Return the provider with the gateway's secret key, made first if absent."""
    days = int(world["shop"]["days_ago"]) + SPARE_DAYS
    values = {
        "service": "stripe",
        "password": world["gateway"]["secret_key"],
        "tz": world["shop"]["timezone"],
        "statement_creation_mode": "daily",
        "interval_type": "days",
        "interval_number": days,
        "next_run": f"{now + timedelta(days=days):%Y-%m-%d %H:%M:%S}",
    }
    found = odoo.search_read(PROVIDER, [("journal_id", "=", journal)], ["id"])
    if found:
        odoo.write(PROVIDER, [found[0]["id"]], values)
        return int(found[0]["id"])
    begun = {"last_successful_run": f"{now:%Y-%m-%d %H:%M:%S}"}  # nothing to fetch before the story
    return int(odoo.create(PROVIDER, {**values, **begun, "journal_id": journal})[0])


if __name__ == "__main__":
    sys.exit(main())
