"""Configures OCA's DHL Parcel carrier in a fresh world, over RPC, as its manual says.

Run by the harness: ``PEAKPROOF_WORLD=world.json python setup.py``. It makes one delivery method
with the account of the world's carrier, gives the warehouse a Spanish address (the carrier
collects in Spain), and closes an empty day, which proves the account and the way to the
carrier. Running it again is harmless: the day is closed only when the method was made.

Not here: cash on delivery, insurance, prices of shipping (the module has none).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from peakproof.runtime.json2 import Odoo

__all__ = ["main"]

World = dict[str, Any]
PRODUCT_CODE = "DHL-PARCEL"


class SetupFailed(Exception):
    """The carrier could not be set up; the message says what was expected and what came."""


def main() -> int:
    """Set the carrier up in the world that PEAKPROOF_WORLD names; 0 when it is ready."""
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    with Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"]) as odoo:
        try:
            _address_of_the_warehouse(odoo, world)
            method = _delivery_method(odoo, world["carrier"])
        except SetupFailed as error:
            print(f"setup.py: {error}", file=sys.stderr)
            return 1
    print(f"setup.py: delivery method {method} is ready", flush=True)
    return 0


def _address_of_the_warehouse(odoo: Odoo, world: World) -> None:
    """Give the warehouse an address of its own: the module sends it as the sender.

    The company's address stays as it is, because its country decides about taxes.
    """
    warehouses = odoo.search_read("stock.warehouse", [], ["partner_id"], limit=1)
    if not warehouses:
        raise SetupFailed("expected a warehouse in Odoo, found none.")
    spain = odoo.search_read("res.country", [("code", "=", "ES")], ["id"])[0]["id"]
    address = {
        "name": f"{world['shop']['name']} almacén",
        "street": "Carrer de la Llacuna 10",
        "city": "Barcelona",
        "zip": "08005",
        "country_id": spain,
        "phone": "930000000",
        "email": "almacen@example.com",
    }
    known = odoo.search_read("res.partner", [("email", "=", address["email"])], ["id"])
    if known:
        return
    partner = odoo.create("res.partner", address)[0]
    odoo.write("stock.warehouse", [warehouses[0]["id"]], {"partner_id": partner})


def _delivery_method(odoo: Odoo, account: dict[str, str]) -> int:
    """Return the delivery method with the account's credentials, made first if absent."""
    values = {
        "dhl_parcel_uid": account["user_id"],
        "dhl_parcel_password": account["key"],
        "dhl_parcel_customer_code": account["account_id"],
        "dhl_parcel_incoterm": "CPT",
        "dhl_parcel_product": "B2B",
        "dhl_parcel_label_format": "PDF",
        "integration_level": "rate_and_ship",
        "prod_environment": True,
    }
    found = odoo.search_read("delivery.carrier", [("delivery_type", "=", "dhl_parcel")], ["id"])
    if found:
        odoo.write("delivery.carrier", [found[0]["id"]], values)
        return int(found[0]["id"])
    product = odoo.create(
        "product.product",
        {
            "name": "DHL Parcel",
            "default_code": PRODUCT_CODE,
            "type": "service",
            "list_price": 0.0,
            "sale_ok": False,
            "purchase_ok": False,
        },
    )[0]
    row = {"name": "DHL Parcel", "delivery_type": "dhl_parcel", "product_id": product}
    method = odoo.create("delivery.carrier", row | values)[0]
    _close_an_empty_day(odoo, method)
    return method


def _close_an_empty_day(odoo: Odoo, method: int) -> None:
    """Ask the carrier for the end of a day on which nothing was sent yet.

    The module has no button to test a connection; this is its one call that sends nothing.
    """
    wizard = "dhl.parcel.endday.wizard"
    made = odoo.create(wizard, {"carrier_id": method, "all_customer_accounts": True})
    odoo.call(wizard, "button_end_day", ids=made)
    report = odoo.read("delivery.carrier", [method], ["dhl_parcel_last_end_day_report"])[0]
    if not report["dhl_parcel_last_end_day_report"]:
        raise SetupFailed("expected the carrier's report of an empty day, got none.")


if __name__ == "__main__":
    sys.exit(main())
