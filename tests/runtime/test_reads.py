"""Final reads of a real Odoo, against what was put in over JSON-2."""

from typing import Any

import pytest

from peakproof.runtime import reads
from peakproof.runtime.odoo import OdooProcess

pytestmark = pytest.mark.odoo


def make_shop(odoo: OdooProcess) -> dict[str, Any]:
    """Create one product with stock, a customer and a confirmed order of three."""
    with odoo.client() as client:
        warehouse = client.search_read("stock.warehouse", fields=["lot_stock_id"])[0]
        place = warehouse["lot_stock_id"][0]
        (shelf,) = client.create("stock.location", {"name": "Shelf", "location_id": place})
        (product,) = client.create(
            "product.product",
            {"name": "Tee", "default_code": "TEE-M", "is_storable": True, "list_price": 12.5},
        )
        client.create(
            "product.product", {"name": "Cap", "default_code": "CAP", "is_storable": True}
        )
        quants = client.create(
            "stock.quant",
            {"product_id": product, "location_id": place, "inventory_quantity": 10},
            {"product_id": product, "location_id": shelf, "inventory_quantity": 2},
            context={"inventory_mode": True},
        )
        client.call("stock.quant", "action_apply_inventory", ids=quants)
        state = client.search_read(
            "res.country.state",
            [["code", "=", "NY"], ["country_id.code", "=", "US"]],
            ["country_id"],
        )[0]
        (partner,) = client.create(
            "res.partner",
            {"name": "Zoë Müller", "email": "zoe@example.com", "street": "Main St 1",
             "city": "Troy", "zip": "12180", "state_id": state["id"],
             "country_id": state["country_id"][0]},
        )  # fmt: skip
        line = {"product_id": product, "product_uom_qty": 3, "discount": 10}
        (order,) = client.create(
            "sale.order",
            {"partner_id": partner, "client_order_ref": "#1001", "order_line": [[0, 0, line]]},
        )
        client.call("sale.order", "action_confirm", ids=[order])
        shown = client.read("sale.order", [order], ["amount_total", "amount_tax", "name"])[0]
    return {"order": order, "partner": partner, "place": place, "shelf": shelf, "shown": shown}


def test_orders_stock_and_partners_read_as_put_in(odoo: OdooProcess) -> None:
    made = make_shop(odoo)
    order = reads.read_orders(odoo.dsn)[str(made["order"])]
    assert order["name"] == made["shown"]["name"]
    assert (order["state"], order["client_order_ref"], order["currency"]) == (
        "sale",
        "#1001",
        "USD",
    )
    assert order["amount_untaxed"] == "33.75"
    assert order["amount_tax"] == "5.06"
    assert order["amount_total"] == "38.81" == f"{made['shown']['amount_total']:.2f}"
    (line,) = order["lines"]
    assert {name: line[name] for name in ("sku", "quantity", "unit_price", "discount_percent",
                                          "subtotal", "tax", "total")} == {
        "sku": "TEE-M", "quantity": 3, "unit_price": "12.50", "discount_percent": "10",
        "subtotal": "33.75", "tax": "5.06", "total": "38.81",
    }  # fmt: skip
    address = order["shipping"]
    assert (address["name"], address["zip"], address["street2"]) == ("Zoë Müller", "12180", "")
    assert (address["state_code"], address["country_code"]) == ("NY", "US")
    assert order["partner"]["id"] == made["partner"]
    assert order["write_date"].endswith("Z")

    stock = reads.read_stock(odoo.dsn, {"MAIN": made["place"], "SHELF": made["shelf"]})
    assert stock["TEE-M@MAIN"] == {
        "sku": "TEE-M", "location_code": "MAIN", "on_hand": 12, "reserved": 3,
        "promised": 3, "free": 9,
    }  # fmt: skip
    assert stock["TEE-M@SHELF"]["on_hand"] == 2
    assert stock["CAP@MAIN"]["on_hand"] == 0, "a product without stock is shown as zero"

    partner = reads.read_partners(odoo.dsn)[str(made["partner"])]
    assert partner == {
        "id": made["partner"], "name": "Zoë Müller", "email": "zoe@example.com", "phone": "",
        "parent_id": None, "type": "contact", "active": True,
    }  # fmt: skip


def test_without_a_queue_there_are_no_jobs(odoo: OdooProcess) -> None:
    assert reads.read_jobs(odoo.dsn) == {}


def test_activity_grows_with_work_and_rests_without(odoo: OdooProcess) -> None:
    before = reads.activity(odoo.dsn)
    assert reads.activity(odoo.dsn) == before
    with odoo.client() as client:
        client.create("res.partner", {"name": "New"})
    assert reads.activity(odoo.dsn) > before
