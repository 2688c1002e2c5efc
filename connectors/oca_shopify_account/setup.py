"""Configures OCA's payouts of Shopify Payments in a fresh world, over RPC, as its manual says.

Run by the harness: ``PEAKPROOF_WORLD=world.json python setup.py``. First the set-up of the
Shopify connector runs (the neighbouring folder's script); then the way of paying gets a journal
with a clearing account, and the instance its journal of payouts and the accounts for fees,
adjustments and exchange differences. Running it again is harmless.

Not here: gift cards.
"""

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

from peakproof.runtime.json2 import Odoo

__all__ = ["main"]

CONNECTOR = Path(__file__).resolve().parent.parent / "oca_shopify" / "setup.py"
GATEWAY = "shopify_payments"
CLEARING_CODE = "PKSHP"
PAYOUT_CODE = "PKBNK"
ACCOUNTS = {  # code -> (name, type)
    "PK1010": ("Shopify Payments clearing", "asset_current"),
    "PK6010": ("Shopify Payments fees", "expense"),
    "PK6020": ("Shopify Payments adjustments", "expense"),
}


def main() -> int:
    """Set the module up in the world that PEAKPROOF_WORLD names; 0 when it is ready."""
    status: int = runpy.run_path(str(CONNECTOR))["main"]()
    if status:
        return status
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    with Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"]) as odoo:
        instance = odoo.search_read("shopify.instance", [], ["company_id"], limit=1)[0]
        company = int(instance["company_id"][0])
        accounts = {code: _account(odoo, company, code) for code in ACCOUNTS}
        clearing = _journal(odoo, company, CLEARING_CODE, "Shopify Payments")
        _clears(odoo, clearing, accounts["PK1010"])
        _gateway(odoo, int(instance["id"]), clearing)
        settings = {
            "payout_journal_id": _journal(odoo, company, PAYOUT_CODE, "Bank"),
            "payout_fee_account_id": accounts["PK6010"],
            "payout_adjustment_account_id": accounts["PK6020"],
            "payout_currency_gain_account_id": accounts["PK6020"],
            "payout_currency_loss_account_id": accounts["PK6020"],
            "payout_auto_post": True,
        }
        odoo.write("shopify.instance", [instance["id"]], settings)
    print("setup.py: journals and accounts of payouts are ready", file=sys.stdout, flush=True)
    return 0


def _account(odoo: Odoo, company: int, code: str) -> int:
    """Return the company's account of that code, made first if absent."""
    name, kind = ACCOUNTS[code]
    found = odoo.search_read(
        "account.account", [("code", "=", code), ("company_ids", "in", [company])], ["id"]
    )
    if found:
        return int(found[0]["id"])
    values = {
        "code": code,
        "name": name,
        "account_type": kind,
        "reconcile": kind == "asset_current",
    }
    return int(odoo.create("account.account", values)[0])


def _journal(odoo: Odoo, company: int, code: str, name: str) -> int:
    """Return the company's bank journal of that code, made first if absent."""
    domain = [("code", "=", code), ("company_id", "=", company)]
    found = odoo.search_read("account.journal", domain, ["id"])
    if found:
        return int(found[0]["id"])
    values = {"name": name, "type": "bank", "code": code, "company_id": company}
    return int(odoo.create("account.journal", values)[0])


def _clears(odoo: Odoo, journal: int, account: int) -> None:
    """Let payments of a journal wait on an account.

    Without one Odoo 19 makes no entry of a payment, and the module finds no account to clear.
    """
    lines = odoo.search_read("account.payment.method.line", [("journal_id", "=", journal)], ["id"])
    odoo.write(
        "account.payment.method.line",
        [line["id"] for line in lines],
        {"payment_account_id": account},
    )


def _gateway(odoo: Odoo, instance: int, journal: int) -> None:
    """Lead what is paid through Shopify Payments to its own journal."""
    mapped: list[dict[str, Any]] = odoo.search_read(
        "shopify.gateway.journal",
        [("instance_id", "=", instance), ("gateway", "=", GATEWAY)],
        ["id"],
    )
    if mapped:
        odoo.write("shopify.gateway.journal", [mapped[0]["id"]], {"journal_id": journal})
    else:
        values = {"instance_id": instance, "gateway": GATEWAY, "journal_id": journal}
        odoo.create("shopify.gateway.journal", values)


if __name__ == "__main__":
    sys.exit(main())
