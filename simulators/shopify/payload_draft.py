"""REST-shaped JSON of a draft order, as ``draft_orders/*`` webhooks carry it.

Models the documented sample of 2025-01 for these topics.

Not modelled: applied discounts, payment terms, invoices.
"""

from typing import TYPE_CHECKING, Any

from .order_records import Line
from .order_totals import original_totals
from .payload_line import RestMoney, order_tax_lines, tax_payload
from .payloads import address as address_payload
from .payloads import customer as customer_payload
from .shop import Shop

if TYPE_CHECKING:
    from .drafts import Draft

__all__ = ["draft_payload"]


def _line(line: Line, money: RestMoney) -> dict[str, Any]:
    variant = line.variant
    return {
        "id": line.number,
        "admin_graphql_api_id": f"gid://shopify/DraftOrderLineItem/{line.number}",
        "applied_discount": None,
        "custom": variant is None,
        "fulfillment_service": "manual",
        "gift_card": line.gift_card,
        "grams": line.grams,
        "name": line.name,
        "price": money.text(line.sides[0].unit),
        "product_id": variant.product.number if variant else None,
        "properties": [],
        "quantity": line.quantity,
        "requires_shipping": line.requires_shipping,
        "sku": line.sku,
        "tax_lines": tax_payload(line.tax_rates, [side.taxes for side in line.sides], money),
        "taxable": line.taxable,
        "title": line.title,
        "variant_id": variant.number if variant else None,
        "variant_title": line.variant_title,
        "vendor": line.vendor,
    }


def draft_payload(shop: Shop, draft: "Draft") -> dict[str, Any]:
    """Return a draft as it stands now."""
    quote = draft.quote
    money = RestMoney(quote.currencies)
    totals = original_totals(quote)
    taxes = order_tax_lines(quote, current=False)
    way = quote.shipping_lines[0] if quote.shipping_lines else None
    sides = [[parts[side] for _, parts in taxes] for side in range(len(quote.currencies))]
    return {
        "id": draft.number,
        "admin_graphql_api_id": draft.id,
        "allow_discount_codes_in_checkout?": False,
        "api_client_id": None,
        "applied_discount": None,
        "b2b?": False,
        "billing_address": address_payload(quote.billing_address),
        "completed_at": shop.iso(draft.completed_at),
        "created_at": shop.iso(draft.created_at),
        "created_on_api_version_handle": None,
        "currency": quote.currency,
        "customer": customer_payload(shop, quote.customer, brief=True) if quote.customer else None,
        "email": quote.email or None,
        "invoice_sent_at": None,
        "invoice_url": f"https://{shop.domain}/{shop.number}/invoices/{quote.token}",
        "line_items": [_line(line, money) for line in quote.lines],
        "name": draft.name,
        "note": quote.note,
        "note_attributes": [dict(entry) for entry in quote.note_attributes],
        "order_id": draft.order.number if draft.order else None,
        "payment_terms": None,
        "shipping_address": address_payload(quote.shipping_address),
        "shipping_line": (
            {
                "title": way.title,
                "custom": True,
                "handle": None,
                "price": money.text(way.sides[0].price),
            }
            if way
            else None
        ),
        "status": draft.status.lower(),
        "subtotal_price": money.text(totals.subtotal),
        "tags": ", ".join(quote.tags),
        "tax_exempt": False,
        "tax_lines": tax_payload([rate for rate, _ in taxes], sides, money),
        "taxes_included": quote.taxes_included,
        "total_price": money.text(totals.total),
        "total_tax": money.text(totals.tax),
        "updated_at": shop.iso(draft.updated_at),
    }
