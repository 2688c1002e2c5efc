"""REST-shaped JSON of an order, as every ``orders/*`` webhook carries it.

Models the REST shape of 2026-07 (numeric ids, decimal strings, money sets, times in the shop's
zone). ``orders/edited`` has a shape of its own (``edited_payload``).

Not modelled: client details, landing pages, payment terms, companies, tips, duties.
"""

from decimal import Decimal
from typing import Any

from .order_money import ZERO
from .order_records import DiscountApplication, Order
from .order_totals import (
    Totals,
    current_totals,
    financial_status,
    fulfillment_status,
    original_totals,
    outstanding,
)
from .payload_fulfilment import fulfillment_payload
from .payload_line import RestMoney, line_payload, order_tax_lines, shipping_payload, tax_payload
from .payload_refund import refund_payload, return_closed_payload
from .payloads import address as address_payload
from .payloads import customer as customer_payload
from .shop import Shop

__all__ = ["edited_payload", "order_payload", "rest_fulfillment_status"]

REST_FULFILLMENT = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}


def rest_fulfillment_status(order: Order) -> str | None:
    """Return the REST fulfillment_status: fulfilled, partial or None."""
    return REST_FULFILLMENT.get(fulfillment_status(order))


def _application(application: DiscountApplication) -> dict[str, Any]:
    percentage = application.kind == "percentage"
    value = application.value
    return {
        "target_type": application.target_type.lower(),
        "type": "discount_code" if application.code else "manual",
        "value": str(value.normalize() if value == value.to_integral() else value),
        "value_type": "percentage" if percentage else "fixed_amount",
        "allocation_method": application.allocation_method.lower(),
        "target_selection": application.target_selection.lower(),
        **({"code": application.code} if application.code else {"title": application.title}),
    }


def _codes(order: Order, money: RestMoney) -> list[dict[str, Any]]:
    codes = []
    for application in order.applications:
        amount = sum(
            (
                allocation.amounts[0]
                for line in order.lines
                for allocation in line.allocations
                if allocation.application is application
            ),
            ZERO,
        )
        kind = "percentage" if application.kind == "percentage" else "fixed_amount"
        codes.append({"code": application.code, "amount": money.text(amount), "type": kind})
    return codes


def _sums(name: str, amounts: list[Decimal], money: RestMoney) -> dict[str, Any]:
    return {name: money.text(amounts[0]), f"{name}_set": money.set(amounts)}


def _money(order: Order, money: RestMoney) -> dict[str, Any]:
    sides = range(len(order.currencies))
    now: list[Totals] = [current_totals(order, side) for side in sides]
    then: list[Totals] = [original_totals(order, side) for side in sides]
    zero = money.zero()
    return {
        **_sums("current_subtotal_price", [entry.subtotal for entry in now], money),
        **_sums("current_total_discounts", [entry.discount for entry in now], money),
        **_sums("current_total_price", [entry.total for entry in now], money),
        **_sums("current_total_tax", [entry.tax for entry in now], money),
        "current_shipping_price_set": money.set([entry.shipping for entry in now]),
        "current_total_additional_fees_set": None,
        "current_total_duties_set": None,
        "original_total_additional_fees_set": None,
        "original_total_duties_set": None,
        **_sums("subtotal_price", [entry.subtotal for entry in then], money),
        **_sums("total_discounts", [entry.discount for entry in then], money),
        **_sums("total_line_items_price", [entry.gross for entry in then], money),
        **_sums("total_price", [entry.total for entry in then], money),
        **_sums("total_tax", [entry.tax for entry in then], money),
        "total_outstanding": money.text(outstanding(order)),
        "total_shipping_price_set": money.set([entry.shipping for entry in then]),
        "total_cash_rounding_payment_adjustment_set": zero,
        "total_cash_rounding_refund_adjustment_set": zero,
        "total_tip_received": zero["shop_money"]["amount"],
    }


def _tax_lines(order: Order, money: RestMoney) -> list[dict[str, Any]]:
    entries = order_tax_lines(order, current=False)
    rates = [rate for rate, _ in entries]
    sides = [[parts[side] for _, parts in entries] for side in range(len(order.currencies))]
    return tax_payload(rates, sides, money)


def _constants(shop: Shop, order: Order) -> dict[str, Any]:
    return {
        "app_id": 580111,
        "browser_ip": None,
        "buyer_accepts_marketing": False,
        "cart_token": None,
        "checkout_id": order.number + 1,
        "checkout_token": order.token,
        "client_details": None,
        "company": None,
        "customer_locale": "en",
        "device_id": None,
        "duties_included": False,
        "estimated_taxes": False,
        "landing_site": "/",
        "landing_site_ref": None,
        "merchant_business_entity_id": None,
        "merchant_of_record_app_id": None,
        "order_status_url": f"https://{shop.domain}/{shop.number}/orders/{order.token}/authenticate",
        "payment_terms": None,
        "reference": None,
        "referring_site": "",
        "source_url": None,
        "tax_exempt": False,
        "user_id": None,
    }


def order_payload(shop: Shop, order: Order) -> dict[str, Any]:
    """Return an order as it stands now."""
    money = RestMoney(order.currencies)
    billing, shipping = order.billing_address, order.shipping_address
    gateways = list(dict.fromkeys(entry.gateway for entry in order.transactions))
    return {
        "id": order.number,
        "admin_graphql_api_id": order.id,
        **_constants(shop, order),
        "cancel_reason": order.cancel_reason.lower() if order.cancel_reason else None,
        "cancelled_at": shop.iso(order.cancelled_at),
        "closed_at": shop.iso(order.closed_at),
        "confirmation_number": order.confirmation_number,
        "confirmed": True,
        "contact_email": order.email or None,
        "created_at": shop.iso(order.created_at),
        "currency": order.currency,
        **_money(order, money),
        "discount_codes": _codes(order, money),
        "email": order.email,
        "financial_status": financial_status(order).lower(),
        "fulfillment_status": rest_fulfillment_status(order),
        "location_id": order.retail_location.number if order.retail_location else None,
        "name": order.name,
        "note": order.note,
        "note_attributes": [dict(entry) for entry in order.note_attributes],
        "number": order.sequence - 1000,
        "order_number": order.sequence,
        "payment_gateway_names": gateways,
        "phone": order.phone,
        "po_number": order.po_number,
        "presentment_currency": order.presentment_currency,
        "processed_at": shop.iso(order.processed_at),
        "source_identifier": order.source_identifier,
        "source_name": order.source_name,
        "tags": ", ".join(order.tags),
        "tax_lines": _tax_lines(order, money),
        "taxes_included": order.taxes_included,
        "test": order.test,
        "token": order.token,
        "total_weight": sum(line.grams * line.quantity for line in order.lines),
        "updated_at": shop.iso(order.updated_at),
        "billing_address": address_payload(billing),
        "customer": customer_payload(shop, order.customer, brief=True) if order.customer else None,
        "discount_applications": [_application(entry) for entry in order.applications],
        "fulfillments": [fulfillment_payload(shop, entry) for entry in order.fulfillments],
        "line_items": [line_payload(line, money) for line in order.lines],
        "refunds": [refund_payload(shop, entry) for entry in order.refunds],
        "returns": [return_closed_payload(entry) for entry in order.returns],
        "shipping_address": address_payload(shipping),
        "shipping_lines": [shipping_payload(way, money) for way in order.shipping_lines],
    }


def edited_payload(
    shop: Shop,
    order: Order,
    number: int,
    additions: list[tuple[int, int]],
    removals: list[tuple[int, int]],
    *,
    notify_customer: bool,
    staff_note: str | None,
) -> dict[str, Any]:
    """Return the change of an order edit; additions and removals are (line number, delta)."""
    moment = shop.iso(order.updated_at)
    nothing: dict[str, list[Any]] = {"additions": [], "removals": []}
    return {
        "order_edit": {
            "id": number,
            "app_id": None,
            "committed_at": moment,
            "created_at": moment,
            "discounts": {"line_item": dict(nothing)},
            "line_items": {
                "additions": [{"id": line, "delta": delta} for line, delta in additions],
                "removals": [{"id": line, "delta": delta} for line, delta in removals],
            },
            "notify_customer": notify_customer,
            "order_id": order.number,
            "shipping_lines": dict(nothing),
            "staff_note": staff_note,
            "user_id": None,
        }
    }
