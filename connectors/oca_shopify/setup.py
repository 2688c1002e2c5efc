"""Configures OCA's Shopify connector in a fresh world, over RPC, as its manual says.

Run by the harness: ``PEAKPROOF_WORLD=world.json python setup.py``. It walks through the
connector's own onboarding wizard and ends only when locations are mapped, every product and
customer of the shop is linked and all webhooks are subscribed. Running it again is harmless.

Orders are invoiced where the business does so (``shop.invoices``). Not here: draft orders, the
website modules.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from peakproof.runtime.json2 import Odoo

__all__ = ["main"]

World = dict[str, Any]
UNFINISHED = ["wait_dependencies", "pending", "enqueued", "started"]
JOBS_LIMIT_SECONDS = 150.0
GATEWAYS = ("shopify_payments", "manual")  # the ways of paying that this shop has


class SetupFailed(Exception):
    """The connector could not be set up; the message says what was expected and what came."""


def main() -> int:
    """Set the connector up in the world that PEAKPROOF_WORLD names; 0 when it is ready."""
    began = time.monotonic()
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    odoo = Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"])
    try:
        company = _company(odoo, world)
        _settings(odoo, world, company)
        products = _products_of_the_company(odoo, world, company)
        _sale_taxes(odoo, world, company)
        instance = _onboard(odoo, world, company)
        _say(began, "onboarded, the first import is queued")
        _wait_for_jobs(odoo)
        _check_links(odoo, world, instance, products)
    except SetupFailed as error:
        print(f"setup.py: {error}", file=sys.stderr)
        return 1
    _say(began, "ready")
    return 0


def _say(began: float, what: str) -> None:
    print(f"setup.py: {time.monotonic() - began:.1f} s: {what}", flush=True)


def _company(odoo: Odoo, world: World) -> int:
    """Return the company that owns the world's stock locations."""
    ids = [place["odoo_location_id"] for place in world["locations"].values()]
    rows = odoo.search_read("stock.location", [("id", "in", ids)], ["company_id"])
    companies = {row["company_id"][0] for row in rows if row["company_id"]}
    if len(companies) != 1:
        raise SetupFailed(
            f"expected the stock locations {ids} to belong to one company, found {companies}: "
            "the connector links a shop to one company."
        )
    return int(companies.pop())


def _settings(odoo: Odoo, world: World, company: int) -> None:
    """Set what an administrator would set before onboarding.

    The address that webhooks are sent to; the shop's currencies; tax rounded line by line as
    the channel does it (Odoo's default is once an order, and the connector refuses orders whose
    total differs by a cent).
    """
    for key, value in (
        ("web.base.url", world["odoo"]["url"]),
        ("web.base.url.freeze", "True"),
    ):
        odoo.call("ir.config_parameter", "set_param", key=key, value=value)
    odoo.write("res.company", [company], {"tax_calculation_rounding_method": "round_per_line"})
    codes = [world["shop"]["currency"], *world["shop"]["exchange_rates"]]
    rows = odoo.search_read(
        "res.currency",
        context={"active_test": False},
        domain=[("name", "in", codes)],
        fields=["active"],
    )
    idle = [row["id"] for row in rows if not row["active"]]
    if idle:
        odoo.write("res.currency", idle, {"active": True})


def _products_of_the_company(odoo: Odoo, world: World, company: int) -> dict[str, int]:
    """Give the shop's products a company and return their ids by SKU.

    The connector does not find a product that all companies share: it would make a second one.
    """
    skus = _skus(world)
    rows = odoo.search_read(
        "product.product",
        [("default_code", "in", sorted(skus))],
        ["default_code", "product_tmpl_id", "company_id"],
    )
    found = [row["default_code"] for row in rows]
    if sorted(found) != sorted(skus):
        raise SetupFailed(
            f"expected each SKU of the shop once in Odoo; missing: {sorted(skus - set(found))}, "
            f"found {len(found)} products for {len(skus)} SKUs."
        )
    templates = {row["product_tmpl_id"][0] for row in rows if not row["company_id"]}
    if templates:
        odoo.write("product.template", sorted(templates), {"company_id": company})
    return {row["default_code"]: row["id"] for row in rows}


def _skus(world: World) -> set[str]:
    """Return the SKUs that both sides were seeded with; others the connector has to import."""
    products = world["shop"]["products"]
    return {
        variant["sku"]
        for product in products
        for variant in product["variants"]
        if variant["in_odoo"]
    }


def _sale_taxes(odoo: Odoo, world: World, company: int) -> None:
    """Make sure that Odoo has the shop's tax, so that the wizard can map it."""
    tax = world["shop"].get("tax")
    if not tax:
        return
    included = bool(world["shop"]["taxes_included"])
    percent = float(Decimal(tax["rate"]) * 100)
    rows = odoo.search_read(
        "account.tax",
        [
            ("company_id", "=", company),
            ("type_tax_use", "=", "sale"),
            ("amount_type", "=", "percent"),
            ("amount", "=", percent),
        ],
        ["price_include"],
    )
    if any(row["price_include"] == included for row in rows):
        return
    values = {
        "name": f"{tax['title']} {percent:g}%" + (" included" if included else ""),
        "amount": percent,
        "amount_type": "percent",
        "type_tax_use": "sale",
        "price_include_override": "tax_included" if included else "tax_excluded",
        "company_id": company,
    }
    odoo.create("account.tax", values)


def _map_gateways(odoo: Odoo, company: int, instance: int) -> None:
    """Say which journal each way of paying goes to; without it paid orders are not imported."""
    journals = odoo.search_read(
        "account.journal", [("company_id", "=", company), ("type", "=", "bank")], ["id"]
    )
    known = odoo.search_read(
        "shopify.gateway.journal", [("instance_id", "=", instance)], ["gateway"]
    )
    for gateway in GATEWAYS:
        if gateway not in [row["gateway"] for row in known]:
            values = {
                "instance_id": instance,
                "gateway": gateway,
                "journal_id": journals[0]["id"],
            }
            odoo.create("shopify.gateway.journal", values)


def _onboard(odoo: Odoo, world: World, company: int) -> int:
    """Walk through the onboarding wizard and return the instance's id."""
    shop = world["shopify"]
    known = odoo.search_read("shopify.instance", [("shop_url", "=", shop["host"])], ["id"])
    policies = {
        "order_confirmation_policy": "auto",
        "order_invoicing_policy": "paid" if world["shop"].get("invoices") else "manual",
        "inventory_quantity_basis": "free_qty",
        "inventory_direction": "odoo_to_shopify",
    }
    row = {
        "name": world["shop"]["name"],
        "shop_url": shop["host"],
        "client_id": shop["client_id"],
        "webhook_secret": shop["client_secret"],
        "company_id": company,
        "import_orders": False,
        **policies,
    }
    context = {"active_id": known[0]["id"]} if known else {}
    wizard = odoo.create("shopify.instance.wizard", row, context=context)[0]

    def step(method: str) -> None:
        odoo.call("shopify.instance.wizard", method, ids=[wizard])

    step("action_test_connection")
    step("action_check_scopes")
    state = odoo.search_read(
        "shopify.instance.wizard",
        [("id", "=", wizard)],
        ["instance_id", "missing_scopes"],
    )[0]
    if state["missing_scopes"]:
        raise SetupFailed(
            "the shop's app lacks scopes that the connector insists on: "
            + ", ".join(state["missing_scopes"].split())
        )
    instance = int(state["instance_id"][0])
    _map_locations(odoo, world, wizard)
    step("action_apply_locations")
    _map_taxes(odoo, world, company, instance)
    step("action_continue_to_policies")
    step("action_apply_policies")
    odoo.write("shopify.instance", [instance], {"draft_order_import_enabled": False})
    if world["shop"].get("invoices"):
        _map_gateways(odoo, company, instance)
    step("action_setup_webhooks")
    step("action_finish")
    return instance


def _map_locations(odoo: Odoo, world: World, wizard: int) -> None:
    """Tell the wizard which Odoo location is which of the shop's."""
    places = world["locations"].values()
    targets = {place["shopify_location_gid"]: place["odoo_location_id"] for place in places}
    lines = odoo.search_read(
        "shopify.instance.wizard.location",
        [("wizard_id", "=", wizard)],
        ["location_binding_id"],
    )
    bindings = {
        row["id"]: row["shopify_id"]
        for row in odoo.search_read(
            "shopify.location",
            [("id", "in", [line["location_binding_id"][0] for line in lines])],
            ["shopify_id"],
        )
    }
    for line in lines:
        gid = bindings[line["location_binding_id"][0]]
        if gid in targets:
            odoo.write(
                "shopify.instance.wizard.location",
                [line["id"]],
                {"odoo_location_id": targets.pop(gid)},
            )
    if targets:
        raise SetupFailed(
            f"expected the connector to import the locations {sorted(targets)}; "
            f"it has {sorted(bindings.values())}."
        )


def _map_taxes(odoo: Odoo, world: World, company: int, instance: int) -> None:
    """Map the shop's tax for every country it sells to (the wizard maps the shop's own)."""
    tax = world["shop"].get("tax")
    if not tax:
        return
    rate = format(Decimal(tax["rate"]).normalize(), "f")
    included = bool(world["shop"]["taxes_included"])
    customers = world["shop"]["customers"]
    codes = {world["shop"]["country"], *(person["country_code"] for person in customers)}
    countries = odoo.search_read("res.country", [("code", "in", sorted(codes))], ["code"])
    mapped = odoo.search_read(
        "shopify.tax.mapping",
        [
            ("instance_id", "=", instance),
            ("rate", "=", rate),
            ("price_included", "=", included),
        ],
        ["country_id"],
    )
    done = {row["country_id"][0] for row in mapped}
    taxes = odoo.search_read(
        "account.tax",
        [
            ("company_id", "=", company),
            ("type_tax_use", "=", "sale"),
            ("amount_type", "=", "percent"),
            ("amount", "=", float(Decimal(tax["rate"]) * 100)),
            ("price_include", "=", included),
        ],
        ["name"],
    )
    if not taxes:
        raise SetupFailed(f"expected a sale tax of {rate} in Odoo (included: {included}).")
    for country in countries:
        if country["id"] not in done:
            values = {
                "instance_id": instance,
                "rate": rate,
                "country_id": country["id"],
                "price_included": included,
                "tax_id": taxes[0]["id"],
            }
            odoo.create("shopify.tax.mapping", values)


def _wait_for_jobs(odoo: Odoo) -> None:
    """Wait until the connector's job queue is empty."""

    def unfinished() -> int:
        count: int = odoo.call("queue.job", "search_count", domain=[("state", "in", UNFINISHED)])
        return count

    _wait_until(lambda: unfinished() == 0, JOBS_LIMIT_SECONDS, "the first import's jobs to end")


def _wait_until(condition: Callable[[], bool], limit_seconds: float, what: str) -> None:
    deadline = time.monotonic() + limit_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SetupFailed(f"waited {limit_seconds:g} s for {what}; it did not come about.")
        time.sleep(0.1)


def _check_links(odoo: Odoo, world: World, instance: int, products: dict[str, int]) -> None:
    """Raise SetupFailed unless everything that the shop has is linked and subscribed."""
    mine = ("instance_id", "=", instance)
    failed = odoo.search_read("queue.job", [("state", "=", "failed")], ["name", "exc_message"])
    errors = odoo.search_read("shopify.log", [mine, ("level", "=", "error")], ["message"])
    variants = odoo.search_read(
        "shopify.product.variant",
        [mine, ("state", "=", "synced"), ("inventory_item_shopify_id", "!=", False)],
        ["odoo_id"],
    )
    customers = odoo.call(
        "shopify.customer", "search_count", domain=[mine, ("state", "=", "synced")]
    )
    odoo.call("shopify.instance", "action_check_webhook_health", ids=[instance])
    state = odoo.search_read(
        "shopify.instance", [("id", "=", instance)], ["state", "webhook_missing_topics"]
    )[0]
    linked = {row["odoo_id"][0] for row in variants}
    unlinked = sorted(sku for sku, product in products.items() if product not in linked)
    expected = len(world["shop"]["customers"])
    faults = [f"job {row['name']!r} failed: {row['exc_message']}" for row in failed]
    faults += [f"logged: {row['message']}" for row in errors]
    if unlinked:
        faults.append(f"products not linked: {', '.join(unlinked)}")
    if customers < expected:
        faults.append(f"{customers} of {expected} customers linked")
    if state["webhook_missing_topics"]:
        faults.append(f"webhooks not subscribed: {state['webhook_missing_topics'].split()}")
    if state["state"] != "connected":
        faults.append(f"the instance is {state['state']!r}, not connected")
    if faults:
        raise SetupFailed("the connector is not ready:\n  " + "\n  ".join(faults[:10]))


if __name__ == "__main__":
    sys.exit(main())
