"""Configures OCA's import of CAMT.053 files in a fresh world, over RPC, as its manual says.

Run by the harness: ``PEAKPROOF_WORLD=world.json python setup.py``. It gives the administrator
the right to keep books and makes a bank journal with the IBAN and currency of each account, by
which the module finds the journal of a file. Running it again is harmless.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from peakproof.runtime.json2 import Odoo

__all__ = ["main"]

CODE = "PKBNK"


class SetupFailed(Exception):
    """The import could not be set up; the message says what was expected and what came."""


def main() -> int:
    """Set the import up in the world that PEAKPROOF_WORLD names; 0 when it is ready."""
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    with Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"]) as odoo:
        try:
            _bookkeeper(odoo, world["odoo"]["login"])
            for place, (iban, currency) in enumerate(_accounts(world)):
                journal = _journal(odoo, iban, currency, f"PK{currency}" if place else CODE)
                print(f"setup.py: journal {journal} is ready", flush=True)
        except SetupFailed as error:
            print(f"setup.py: {error}", file=sys.stderr)
            return 1
    return 0


def _accounts(world: dict[str, Any]) -> list[tuple[str, str]]:
    """Return IBAN and currency of each account at the bank."""
    currencies = [account["currency"] for account in world["shop"]["bank_accounts"]]
    ibans = world["bank"]["ibans"].split(",")
    return list(zip(ibans, currencies or [world["bank"]["currency"]], strict=True))


def _bookkeeper(odoo: Odoo, login: str) -> None:
    """Let the administrator keep books: the module's wizard is for bookkeepers."""
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
    row: dict[str, Any] = {
        "name": f"Bank {currency}",
        "type": "bank",
        "code": code,
        "bank_acc_number": iban,
    }
    if company["currency_id"][1] != currency:
        currencies = odoo.search_read(
            "res.currency", [("name", "=", currency), ("active", "=", True)], ["id"]
        )
        if not currencies:
            raise SetupFailed(f"expected the currency {currency} to be active in Odoo.")
        row["currency_id"] = currencies[0]["id"]
    return int(odoo.create("account.journal", row)[0])


if __name__ == "__main__":
    sys.exit(main())
