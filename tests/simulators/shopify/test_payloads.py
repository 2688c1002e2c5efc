"""Webhook payloads of orders: every field of the published REST shapes, and no others.

The names are those of the typed REST resources of 2026-07 (npm @shopify/shopify-api 15.0.0),
without those that only requests have or that webhooks never carry, and, for topics with a
shape of their own, of the published webhook samples.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from peakproof.plan import TaxRule
from tests.simulators.shopify.desk import Desk, shop_plan

TYPED = {
    "order": """line_items app_id billing_address browser_ip buyer_accepts_marketing cancel_reason
        cancelled_at cart_token checkout_token client_details closed_at company confirmation_number
        confirmed created_at currency current_subtotal_price current_subtotal_price_set
        current_total_additional_fees_set current_total_discounts current_total_discounts_set
        current_total_duties_set current_total_price current_total_price_set current_total_tax
        current_total_tax_set customer customer_locale discount_applications discount_codes
        duties_included email estimated_taxes financial_status fulfillment_status fulfillments id
        landing_site location_id merchant_business_entity_id merchant_of_record_app_id name note
        note_attributes number order_number order_status_url original_total_additional_fees_set
        original_total_duties_set payment_gateway_names payment_terms phone po_number
        presentment_currency processed_at referring_site refunds shipping_address shipping_lines
        source_identifier source_name source_url subtotal_price subtotal_price_set tags tax_lines
        taxes_included test token total_cash_rounding_payment_adjustment_set
        total_cash_rounding_refund_adjustment_set total_discounts total_discounts_set
        total_line_items_price total_line_items_price_set total_outstanding total_price
        total_price_set total_shipping_price_set total_tax total_tax_set total_tip_received
        total_weight updated_at user_id""",
    "refund": """created_at duties id note order_adjustments order_id processed_at
        refund_line_items refund_shipping_lines restock transactions user_id""",
    "fulfillment": """created_at id line_items location_id name order_id origin_address receipt
        service shipment_status status tracking_company tracking_number tracking_numbers
        tracking_url tracking_urls updated_at""",
    "transaction": """kind amount amount_rounding authorization created_at currency device_id
        error_code gateway id location_id manual_payment_gateway message order_id parent_id
        processed_at receipt source_name status test total_unsettled_set user_id""",
    "dispute": """amount currency evidence_due_by evidence_sent_on finalized_on id
        network_reason_code order_id reason status type""",
}
MORE = {  # in webhooks, beyond the typed resource
    "order": """admin_graphql_api_id checkout_id contact_email current_shipping_price_set device_id
        landing_site_ref reference returns tax_exempt""",
    "refund": "admin_graphql_api_id return total_duties_set",
    "fulfillment": "admin_graphql_api_id destination email",
    "transaction": "admin_graphql_api_id payment_id payment_details",
    "dispute": "initiated_at",
}
LINE = """id admin_graphql_api_id attributed_staffs current_quantity fulfillable_quantity
    fulfillment_service fulfillment_status gift_card grams name price price_set product_exists
    product_id properties quantity requires_shipping sku taxable title total_discount
    total_discount_set variant_id variant_inventory_management variant_title vendor tax_lines duties
    discount_allocations sales_line_item_group_id"""
SHIPPING = """id carrier_identifier code discounted_price discounted_price_set is_removed phone
    price price_set requested_fulfillment_service_id source title tax_lines discount_allocations
    current_discounted_price_set"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).subscribe()


def names_in(text: str) -> set[str]:
    return set(text.split())


def names(kind: str) -> set[str]:
    return {*TYPED[kind].split(), *MORE[kind].split()}


def story(desk: Desk) -> Any:
    """Make an order to which most things happen."""
    order = desk.buy(("TEE-S", 3), ("MUG", 1), discount_code="TEN", presentment_currency="EUR")
    desk.act("fulfil_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 2}],
             tracking_number="1Z", tracking_company="UPS")  # fmt: skip
    desk.act("refund_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 2}])
    desk.act("open_dispute", order_id=order.id, amount="1.00")
    return order


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        ("order", "orders/create"),
        ("order", "orders/updated"),
        ("order", "orders/paid"),
        ("order", "orders/partially_fulfilled"),
        ("refund", "refunds/create"),
        ("fulfillment", "fulfillments/create"),
        ("transaction", "order_transactions/create"),
        ("dispute", "disputes/create"),
    ],
)
def test_a_payload_has_the_published_fields_and_no_others(
    desk: Desk, kind: str, topic: str
) -> None:
    story(desk)
    assert set(desk.payload(topic)) == names(kind)


def test_lines_and_shipping_lines_have_the_published_fields(desk: Desk) -> None:
    story(desk)
    payload = desk.payload("orders/updated")
    assert set(payload["line_items"][0]) == set(LINE.split())
    assert set(payload["shipping_lines"][0]) == set(SHIPPING.split())
    assert set(desk.payload("fulfillments/create")["line_items"][0]) == set(LINE.split())
    assert set(desk.payload("refunds/create")["refund_line_items"][0]) == names_in(
        """id line_item line_item_id location_id quantity restock_type subtotal
        subtotal_set total_tax total_tax_set"""
    )


def test_the_payload_and_the_final_record_agree(desk: Desk) -> None:
    order = story(desk)
    payload, record = desk.payload("orders/updated"), desk.record(order)
    assert payload["current_subtotal_price"] == record["totals"]["subtotal"]
    assert payload["current_total_price"] == record["totals"]["total"]
    assert payload["current_total_tax"] == record["totals"]["tax"]
    assert payload["current_total_discounts"] == record["totals"]["discount"]
    assert payload["financial_status"] == record["financial_status"].lower()
    assert payload["fulfillment_status"] == "partial"
    assert [line["current_quantity"] for line in payload["line_items"]] == [
        line["current_quantity"] for line in record["lines"]
    ]
    assert payload["discount_codes"] == [{"code": "TEN", "amount": "6.74", "type": "percentage"}]
    assert payload["presentment_currency"] == "EUR"
    assert payload["total_price_set"]["presentment_money"]["currency_code"] == "EUR"


def test_the_payload_is_of_the_moment_of_its_event(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))
    desk.act("cancel_order", order_id=order.id)
    created = next(payload for topic, payload in desk.sent if topic == "orders/create")
    assert created["cancelled_at"] is None
    assert created["current_total_price"] == "26.65"
    assert desk.payload("orders/cancelled")["cancel_reason"] == "customer"
    assert desk.payload("orders/cancelled")["current_total_price"] == "0.00"


def test_times_are_in_the_shops_zone_to_the_second(desk: Desk) -> None:
    desk.buy(("TEE-S", 1))
    moment = desk.payload("orders/create")["created_at"]
    assert len(moment) == len("2026-11-23T09:00:00-05:00")
    assert moment.endswith(("-05:00", "-04:00"))


def test_shares_of_an_order_in_a_payload_add_up(tmp_path: Path) -> None:
    plan = shop_plan(taxes_included=True, tax=TaxRule(title="VAT", rate="0.19"))
    desk = Desk(tmp_path, plan).subscribe()
    desk.buy(("TEE-M", 3), ("MUG", 2), discount_code="TEN")
    payload = desk.payload("orders/create")
    lines = payload["line_items"]
    gross = sum(Decimal(line["price"]) * line["quantity"] for line in lines)
    allocated = sum(
        Decimal(part["amount"]) for line in lines for part in line["discount_allocations"]
    )
    taxes = sum(Decimal(part["price"]) for line in lines for part in line["tax_lines"])
    assert payload["total_line_items_price"] == str(gross)
    assert payload["total_discounts"] == str(allocated)
    assert payload["total_tax"] == str(taxes) == payload["tax_lines"][0]["price"]
    assert Decimal(payload["total_price"]) == gross - allocated + Decimal("5.00")


def test_topics_with_shapes_of_their_own(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.act("edit_order", order_id=order.id, changes=[{"sku": "TEE-S", "quantity": 3}])
    edit = desk.payload("orders/edited")["order_edit"]
    assert set(edit) == names_in(
        """id app_id committed_at created_at discounts line_items notify_customer order_id
        shipping_lines staff_note user_id"""
    )
    routed = desk.payload("fulfillment_orders/order_routing_complete")["fulfillment_order"]
    assert set(routed) == names_in(
        """id status request_status preparable assigned_location_id delivery_method"""
    )
    assert routed["id"].startswith("gid://shopify/FulfillmentOrder/")
    desk.act("fulfil_order", order_id=order.id)
    desk.act("request_return", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 1}])
    back = desk.payload("returns/request")
    assert set(back) == names_in(
        """id admin_graphql_api_id exchange_line_items name order return_line_items
        return_shipping_fees status total_exchange_line_items total_return_line_items"""
    )
    assert back["order"]["id"] == order.number


def test_one_event_reaches_every_subscription_under_one_event_id(desk: Desk) -> None:
    caught: list[Any] = []
    subscriptions = desk.shop.subscriptions
    subscriptions.add("ORDERS_CREATE", "https://example.com/other", desk.shop.now())
    subscriptions.engine.enqueue = caught.append
    desk.buy(("TEE-S", 1))
    created = [delivery for delivery in caught if delivery.topic == "orders/create"]
    assert len({delivery.event_id for delivery in created}) == 1
    assert len({delivery.webhook_id for delivery in created}) == 2
    assert {delivery.resource for delivery in created} == {desk.orders.all[0].id}
    record = desk.record(desk.orders.all[0])
    moments = [delivery.updated_at for delivery in caught if delivery.topic.startswith("orders/")]
    assert moments == sorted(moments), "exact, though the payload has whole seconds"
    assert moments[-1] == record["updated_at"]
