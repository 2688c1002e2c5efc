"""Puts the story's shop into a fresh Odoo: products, taxes, locations, opening stock.

Products are storable and carry the SKU (``default_code``) and bar code of the channel's
variants; the first location is the warehouse's own stock location, further ones are made
beside it. Everything goes over JSON-2, as an administrator would do it.
"""

from decimal import Decimal

import msgspec

from peakproof.plan import Shop
from peakproof.runtime.json2 import Odoo

__all__ = ["OdooShop", "seed_odoo"]

RATES_SINCE = "2000-01-01"  # before any story


class OdooShop(msgspec.Struct, kw_only=True):
    """Where the shop's things are in Odoo: ids by SKU and by location code."""

    product_ids: dict[str, int]
    location_ids: dict[str, int]
    tax_id: int = 0
    out_type_id: int = 0
    in_type_id: int = 0
    customer_location_id: int = 0
    supplier_location_id: int = 0
    loss_location_id: int = 0


def seed_odoo(odoo: Odoo, shop: Shop) -> OdooShop:
    """Create the shop in Odoo and return where everything is."""
    warehouse = odoo.call(
        "stock.warehouse",
        "search_read",
        domain=[],
        fields=["lot_stock_id", "view_location_id", "out_type_id", "in_type_id"],
        limit=1,
    )[0]
    locations = _locations(odoo, shop, warehouse)
    _currencies(odoo, shop)
    tax = _tax(odoo, shop)
    if shop.tax_rounding:
        _round_taxes(odoo, shop.tax_rounding)
    products = _products(odoo, shop, tax)
    _opening_stock(odoo, shop, products, locations)
    outside = odoo.call(
        "stock.location",
        "search_read",
        domain=[["usage", "in", ["customer", "supplier", "inventory"]]],
        fields=["usage"],
        order="id desc",
    )
    partner_locations = {row["usage"]: row["id"] for row in outside}
    return OdooShop(
        product_ids=products,
        location_ids=locations,
        tax_id=tax,
        out_type_id=warehouse["out_type_id"][0],
        in_type_id=warehouse["in_type_id"][0],
        customer_location_id=partner_locations["customer"],
        supplier_location_id=partner_locations["supplier"],
        loss_location_id=partner_locations["inventory"],
    )


def _products(odoo: Odoo, shop: Shop, tax: int) -> dict[str, int]:
    """Create every variant as a storable product; return their ids by SKU."""
    variants = [variant for variant in shop.variants() if variant.in_odoo]
    created: list[int] = odoo.call(
        "product.product",
        "create",
        vals_list=[
            {
                "name": variant.title,
                "default_code": variant.sku,
                "barcode": variant.barcode or False,
                "is_storable": True,
                "list_price": float(variant.price),
                "weight": variant.weight_grams / 1000,
                "invoice_policy": "order",
                "taxes_id": [[6, 0, [tax] if tax and variant.taxable else []]],
            }
            for variant in variants
        ],
        context={"tracking_disable": True},  # nobody follows them yet, and no note says who made it
    )
    return {variant.sku: product for variant, product in zip(variants, created, strict=True)}


def _opening_stock(
    odoo: Odoo, shop: Shop, products: dict[str, int], locations: dict[str, int]
) -> None:
    quants = [
        {
            "product_id": products[variant.sku],
            "location_id": locations[code],
            "inventory_quantity": quantity,
        }
        for variant in shop.variants()
        for code, quantity in variant.stock.items()
        if quantity and variant.in_odoo
    ]
    if quants:
        mode = {"inventory_mode": True}
        created = odoo.call("stock.quant", "create", vals_list=quants, context=mode)
        odoo.call("stock.quant", "action_apply_inventory", ids=created)


def _locations(odoo: Odoo, shop: Shop, warehouse: dict[str, list[int]]) -> dict[str, int]:
    codes = [place.code for place in shop.locations]
    ids = [warehouse["lot_stock_id"][0]]
    beside = warehouse["view_location_id"][0]
    rows = [{"name": code, "usage": "internal", "location_id": beside} for code in codes[1:]]
    if rows:
        ids += odoo.create("stock.location", *rows)
    return dict(zip(codes, ids, strict=False))


def _round_taxes(odoo: Odoo, method: str) -> None:
    """Set how every company's taxes are rounded: per line, or once per order."""
    companies = odoo.call("res.company", "search", domain=[])
    odoo.write("res.company", companies, {"tax_calculation_rounding_method": method})


def _currencies(odoo: Odoo, shop: Shop) -> None:
    """Let Odoo keep books in every currency that the shop has a rate for, at that rate."""
    known = odoo.search_read(
        "res.currency",
        [["name", "in", [*shop.exchange_rates]], ["active", "in", [True, False]]],
        ["name"],
    )
    if known:
        odoo.write("res.currency", [row["id"] for row in known], {"active": True})
        rates = [
            {
                "currency_id": row["id"],
                "name": RATES_SINCE,
                "company_rate": float(shop.exchange_rates[row["name"]]),
            }
            for row in known
        ]
        odoo.create("res.currency.rate", *rates)


def _tax(odoo: Odoo, shop: Shop) -> int:
    """Make the shop's sales tax: percent, included in prices or not, as the shop says."""
    if shop.tax is None:
        return 0
    created: list[int] = odoo.call(
        "account.tax",
        "create",
        vals_list=[
            {
                "name": shop.tax.title,
                "amount": float(Decimal(shop.tax.rate) * 100),
                "amount_type": "percent",
                "type_tax_use": "sale",
                "price_include_override": (
                    "tax_included" if shop.taxes_included else "tax_excluded"
                ),
            }
        ],
    )
    return created[0]
