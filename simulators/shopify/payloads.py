"""The REST shapes of this half's nouns, which webhooks and REST answers carry.

Numeric ids, money as text, times in the shop's zone. Keys follow the published REST resources.

Not modelled: fields that only old API versions had (``presentment_prices`` ...).
"""

from typing import TYPE_CHECKING, Any

from .money import rest_amount

if TYPE_CHECKING:
    from .catalog import Media, Product, Variant
    from .customers import Address, Customer
    from .inventory import InventoryItem
    from .locations import Location
    from .shop import Shop

__all__ = ["address", "customer", "inventory_item", "location", "product", "shop_record", "variant"]


def address(given: "Address | None") -> dict[str, Any] | None:
    """Return an order's address."""
    if given is None:
        return None
    return {
        "first_name": given.first_name,
        "last_name": given.last_name,
        "name": given.name,
        "company": given.company,
        "address1": given.address1,
        "address2": given.address2,
        "city": given.city,
        "province": given.province,
        "province_code": given.province_code,
        "country": given.country,
        "country_code": given.country_code,
        "zip": given.zip,
        "phone": given.phone,
        "latitude": None,
        "longitude": None,
    }


def customer_address(owner: "Customer", given: "Address") -> dict[str, Any]:
    """Return one of a customer's addresses."""
    record = address(given) or {}
    del record["latitude"], record["longitude"]
    return {
        "id": given.number,
        "customer_id": owner.number,
        **record,
        "country_name": given.country,
        "default": given is owner.default_address,
    }


def customer(shop: "Shop", given: "Customer", brief: bool = False) -> dict[str, Any]:
    """Return a customer; ``brief`` as orders contain them."""
    record: dict[str, Any] = {
        "id": given.number,
        "email": given.email,
        "created_at": shop.iso(given.created_at),
        "updated_at": shop.iso(given.updated_at),
        "first_name": given.first_name,
        "last_name": given.last_name,
        "state": given.state.lower(),
        "note": given.note,
        "verified_email": given.verified_email,
        "multipass_identifier": None,
        "tax_exempt": given.tax_exempt,
        "phone": given.phone,
        "currency": shop.currency,
        "tax_exemptions": given.tax_exemptions,
        "admin_graphql_api_id": given.id,
    }
    if given.default_address is not None:
        record["default_address"] = customer_address(given, given.default_address)
    if brief:
        return record
    record |= {
        "orders_count": given.number_of_orders,
        "total_spent": rest_amount(given.spent, shop.currency),
        "last_order_id": None,
        "last_order_name": None,
        "tags": ", ".join(given.tags),
        "addresses": [customer_address(given, entry) for entry in given.addresses],
        "email_marketing_consent": {
            "state": given.marketing_state.lower(),
            "opt_in_level": (given.marketing_level or "").lower() or None,
            "consent_updated_at": shop.iso(given.marketing_at),
        },
        "sms_marketing_consent": None,
    }
    return record


def variant(shop: "Shop", given: "Variant") -> dict[str, Any]:
    """Return a variant."""
    options = [value.name for value in given.values] + [None] * 3
    compare = given.compare_at_price
    return {
        "id": given.number,
        "product_id": given.product.number,
        "title": given.title,
        "price": rest_amount(given.price, shop.currency),
        "position": given.position,
        "inventory_policy": given.inventory_policy.lower(),
        "compare_at_price": None if compare is None else rest_amount(compare, shop.currency),
        "option1": options[0],
        "option2": options[1],
        "option3": options[2],
        "created_at": shop.iso(given.created_at),
        "updated_at": shop.iso(given.updated_at),
        "taxable": given.taxable,
        "barcode": given.barcode,
        "sku": given.sku,
        "fulfillment_service": "manual",
        "grams": int(given.item.weight_grams),
        "inventory_management": "shopify" if given.item.tracked else None,
        "requires_shipping": given.item.requires_shipping,
        "weight": float(given.item.weight_grams) / 1000,
        "weight_unit": "kg",
        "inventory_item_id": given.item.number,
        "inventory_quantity": given.inventory_quantity,
        "old_inventory_quantity": given.inventory_quantity,
        "admin_graphql_api_id": given.id,
        "image_id": given.media[0].image_number if given.media else None,
    }


def _image(shop: "Shop", owner: "Product", position: int, given: "Media") -> dict[str, Any]:
    return {
        "id": given.image_number,
        "product_id": owner.number,
        "position": position,
        "created_at": shop.iso(given.created_at),
        "updated_at": shop.iso(given.updated_at),
        "alt": given.alt,
        "width": 1000,
        "height": 1000,
        "src": given.url,
        "variant_ids": [entry.number for entry in owner.variants if given in entry.media],
        "admin_graphql_api_id": f"gid://shopify/ProductImage/{given.image_number}",
    }


def product(shop: "Shop", given: "Product") -> dict[str, Any]:
    """Return a product with its variants."""
    images = [_image(shop, given, place, entry) for place, entry in enumerate(given.media, 1)]
    return {
        "id": given.number,
        "title": given.title,
        "body_html": given.description_html,
        "vendor": given.vendor,
        "product_type": given.product_type,
        "created_at": shop.iso(given.created_at),
        "handle": given.handle,
        "updated_at": shop.iso(given.updated_at),
        "published_at": shop.iso(given.published_at),
        "template_suffix": given.template_suffix,
        "published_scope": "global",
        "tags": ", ".join(given.tags),
        "status": given.status.lower(),
        "admin_graphql_api_id": given.id,
        "variants": [variant(shop, entry) for entry in given.variants],
        "options": [
            {
                "id": option.number,
                "product_id": given.number,
                "name": option.name,
                "position": place,
                "values": option.values,
            }
            for place, option in enumerate(given.options, 1)
        ],
        "images": images,
        "image": images[0] if images else None,
        "media": [
            {
                "id": entry.number,
                "position": place,
                "alt": entry.alt,
                "media_content_type": "IMAGE",
                "status": "READY",
                "admin_graphql_api_id": entry.id,
            }
            for place, entry in enumerate(given.media, 1)
        ],
        "variant_gids": [
            {"admin_graphql_api_id": entry.id, "updated_at": shop.iso(entry.updated_at)}
            for entry in given.variants
        ],
        "has_variants_that_requires_components": False,
        "category": None,
    }


def inventory_item(shop: "Shop", given: "InventoryItem") -> dict[str, Any]:
    """Return an inventory item."""
    return {
        "id": given.number,
        "sku": given.sku,
        "created_at": shop.iso(given.created_at),
        "updated_at": shop.iso(given.updated_at),
        "requires_shipping": given.requires_shipping,
        "cost": None if given.cost is None else rest_amount(given.cost, shop.currency),
        "country_code_of_origin": given.country_code_of_origin,
        "province_code_of_origin": given.province_code_of_origin,
        "harmonized_system_code": given.harmonized_system_code,
        "tracked": given.tracked,
        "country_harmonized_system_codes": [],
        "weight_value": float(given.weight_grams),
        "weight_unit": "g",
        "admin_graphql_api_id": given.id,
    }


def location(shop: "Shop", given: "Location") -> dict[str, Any]:
    """Return a location."""
    place = given.address
    return {
        "id": given.number,
        "name": given.name,
        "address1": place.get("address1"),
        "address2": place.get("address2"),
        "city": place.get("city"),
        "zip": place.get("zip"),
        "province": place.get("province"),
        "country": given.country,
        "phone": place.get("phone"),
        "created_at": shop.iso(given.created_at),
        "updated_at": shop.iso(given.updated_at),
        "country_code": given.country,
        "country_name": place.get("country"),
        "province_code": place.get("provinceCode"),
        "legacy": False,
        "active": given.active,
        "admin_graphql_api_id": given.id,
    }


def shop_record(shop: "Shop") -> dict[str, Any]:
    """Return the shop itself."""
    plan = shop.plan
    return {
        "id": shop.number,
        "name": plan.name,
        "email": f"owner@{shop.domain}",
        "domain": shop.domain,
        "province": None,
        "country": plan.country,
        "address1": None,
        "zip": None,
        "city": None,
        "source": None,
        "phone": None,
        "latitude": None,
        "longitude": None,
        "primary_locale": "en",
        "created_at": shop.iso(shop.created_at),
        "updated_at": shop.iso(shop.updated_at),
        "country_code": plan.country,
        "country_name": plan.country,
        "currency": plan.currency,
        "customer_email": f"owner@{shop.domain}",
        "timezone": f"({plan.timezone})",
        "iana_timezone": plan.timezone,
        "shop_owner": f"{plan.name} Admin",
        "money_format": "{{amount}}",
        "weight_unit": "kg",
        "taxes_included": plan.taxes_included,
        "tax_shipping": None,
        "county_taxes": True,
        "plan_display_name": plan.plan.title(),
        "plan_name": plan.plan,
        "has_discounts": bool(plan.discount_codes),
        "has_gift_cards": False,
        "myshopify_domain": shop.domain,
        "enabled_presentment_currencies": [plan.currency, *plan.exchange_rates],
        "primary_location_id": (first.number if (first := shop.locations.primary()) else None),
    }
