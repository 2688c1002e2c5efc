"""Checkout, cancellation, edits and payment of orders: money, stock, webhooks, refusals."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from peakproof.plan import Location, Product, Shop, TaxRule, Variant
from peakproof.simkit import SimulatorRefused
from tests.simulators.shopify.desk import ADA, Desk, shop_plan


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).subscribe()


def refusal(desk: Desk, name: str, **arguments: Any) -> SimulatorRefused:
    with pytest.raises(SimulatorRefused) as caught:
        desk.act(name, **arguments)
    return caught.value


def test_a_checkout_prices_taxes_and_commits(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2), ("TEE-M", 1))
    record = desk.record(order)
    assert record["totals"] == {
        "subtotal": "59.99", "discount": "0.00", "shipping": "5.00", "tax": "4.95",
        "total": "69.94",
    }  # fmt: skip
    assert [line["tax"] for line in record["lines"]] == ["3.30", "1.65"]
    assert record["financial_status"] == "PAID"
    assert record["fulfillment_status"] == "UNFULFILLED"
    assert record["customer"]["email"] == "ada@example.com"
    assert desk.level("TEE-S") == (48, 2, 50)
    causes = [value["cause"] for name, _, value in desk.states if name == "inventory_level"]
    assert [(cause["kind"], cause["id"]) for cause in causes] == [("order", order.id)] * 2


def test_a_percentage_is_shared_out_over_the_lines_and_taxed_after(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), ("TEE-M", 1), ("CARD", 1), discount_code="ten")
    record = desk.record(order)
    discounts = [Decimal(line["discount"]) for line in record["lines"]]
    assert discounts == [Decimal("2.00"), Decimal("2.00"), Decimal("1.00")]
    assert sum(discounts) == Decimal("5.00")  # 10 % of 49.99
    assert [line["tax"] for line in record["lines"]] == ["1.49", "1.48", "0.00"]
    assert record["totals"]["total"] == str(
        Decimal("49.99") - Decimal("5.00") + Decimal("2.97") + Decimal("5.00")
    )


def test_a_fixed_code_never_exceeds_the_cart(desk: Desk) -> None:
    record = desk.record(desk.buy(("TEE-S", 1), discount_code="ALL", shipping=""))
    assert record["totals"]["total"] == "0.00"
    assert record["financial_status"] == "PAID"
    assert record["transactions"] == []


def test_taxes_that_prices_include_are_the_part_inside(tmp_path: Path) -> None:
    plan = shop_plan(taxes_included=True, tax=TaxRule(title="VAT", rate="0.21"))
    record = Desk(tmp_path, plan)
    order = record.buy(("TEE-M", 3), shipping="")
    totals = record.record(order)["totals"]
    assert totals["subtotal"] == totals["total"] == "59.97"
    assert totals["tax"] == "10.41"  # 59.97 * 0.21 / 1.21 = 10.4080


def test_the_record_has_the_money_as_the_shopper_saw_it_too(desk: Desk) -> None:
    order = desk.buy(("TEE-M", 3), discount_code="TEN", presentment_currency="JPY")
    desk.act("refund_order", order_id=order.id, lines=[{"sku": "TEE-M", "quantity": 1}])
    record = desk.record(order)
    seen = record["presentment"]
    assert (record["currency"], seen["currency"]) == ("USD", "JPY")
    totals = {name: Decimal(amount) for name, amount in seen["totals"].items()}
    assert totals["total"] == int(totals["total"]) > 100 * Decimal(record["totals"]["total"]) / 2
    lines = sum(Decimal(line["total"]) for line in seen["lines"])
    shipping = sum(
        Decimal(way["discounted_price"]) + Decimal(way["tax"]) for way in seen["shipping"]
    )
    assert lines + shipping == totals["total"]
    (refund,) = seen["refunds"]
    paid = sum(Decimal(one["amount"]) for one in seen["transactions"] if one["kind"] == "SALE")
    assert paid - Decimal(refund["amount"]) == totals["total"]
    assert desk.record(desk.buy(("TEE-M", 1)))["presentment"] is None


def test_presentment_amounts_add_up_on_their_own(desk: Desk) -> None:
    order = desk.buy(("TEE-M", 3), discount_code="TEN", presentment_currency="JPY")
    data = desk.query(
        """query($id: ID!) { order(id: $id) { presentmentCurrencyCode
        currentSubtotalPriceSet { presentmentMoney { amount currencyCode } }
        currentShippingPriceSet { presentmentMoney { amount } }
        currentTotalTaxSet { presentmentMoney { amount } }
        currentTotalPriceSet { shopMoney { amount } presentmentMoney { amount } } } }""",
        {"id": order.id},
    )["order"]
    parts = [
        Decimal(data[name]["presentmentMoney"]["amount"])
        for name in ("currentSubtotalPriceSet", "currentShippingPriceSet", "currentTotalTaxSet")
    ]
    assert parts == [Decimal(8170), Decimal(757), Decimal(674)]  # 3026 * 3 less 10 %, yen
    assert sum(parts) == Decimal(data["currentTotalPriceSet"]["presentmentMoney"]["amount"])
    assert data["currentTotalPriceSet"]["shopMoney"]["amount"] == "63.42"


def test_stock_is_refused_when_it_is_not_there(desk: Desk) -> None:
    error = refusal(desk, "checkout", lines=[{"sku": "TEE-S", "quantity": 56}], customer=ADA)
    assert error.code == "sold_out"
    assert desk.level("TEE-S") == (50, 0, 50)
    assert desk.shop.customers.by_email("ada@example.com") is None
    assert desk.sent == []


def test_a_line_may_come_from_two_locations(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 53))
    assert [(entry.location.code, entry.remaining) for entry in order.fulfillment_orders] == [
        ("NYC", 50), ("LA", 3),
    ]  # fmt: skip
    assert desk.level("TEE-S", "LA") == (2, 3, 5)


def test_one_location_that_has_everything_is_preferred(tmp_path: Path) -> None:
    plan = Shop(
        locations=[Location(code="A", name="A"), Location(code="B", name="B")],
        products=[
            Product(
                title=sku,
                variants=[Variant(sku=sku, title=sku, price="1", stock=dict.fromkeys(places, 9))],
            )
            for sku, places in (("X", "AB"), ("Y", "B"))
        ],
    )  # fmt: skip
    order = Desk(tmp_path, plan).buy(("X", 1), ("Y", 1), shipping="")
    assert [entry.location.code for entry in order.fulfillment_orders] == ["B"]


def test_a_variant_that_may_be_oversold_goes_below_zero(desk: Desk) -> None:
    desk.buy(("MUG", 5))
    assert desk.level("MUG") == (-3, 5, 2)


def test_unknown_names_are_refused_with_the_nearest(desk: Desk) -> None:
    error = refusal(desk, "checkout", lines=[{"sku": "TEE-L", "quantity": 1}])
    assert error.code == "unknown_sku"
    assert "Did you mean 'TEE-" in str(error)
    assert refusal(desk, "checkout", lines=[{"sku": "MUG"}], discount_code="TENN").code == (
        "unknown_discount"
    )
    assert refusal(desk, "cancel_order", order_id="#9999").code == "unknown_order"


def test_webhooks_of_a_checkout_come_in_order(desk: Desk) -> None:
    desk.buy(("TEE-S", 1))
    assert desk.topics() == [
        "inventory_levels/update", "orders/create", "fulfillment_orders/order_routing_complete",
        "order_transactions/create", "orders/paid", "orders/updated",
    ]  # fmt: skip


def test_cancelling_restocks_refunds_and_zeroes(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2), ("MUG", 1), discount_code="FIVE")
    desk.topics()
    desk.act("cancel_order", order_id=order.name, reason="customer")
    record = desk.record(order)
    assert record["cancelled"] is True
    assert record["financial_status"] == "REFUNDED"
    assert set(record["totals"].values()) == {"0.00"}
    assert [line["current_quantity"] for line in record["lines"]] == [0, 0]
    assert desk.level("TEE-S") == (50, 0, 50)
    assert desk.topics()[-2:] == ["orders/cancelled", "orders/updated"]
    assert refusal(desk, "cancel_order", order_id=order.id).code == "already_cancelled"


def test_cancelling_without_restock_writes_the_stock_off(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.act("cancel_order", order_id=order.id, restock=False, refund=False)
    assert desk.level("TEE-S") == (48, 0, 48)
    assert desk.record(order)["financial_status"] == "PAID"


def test_cancelling_an_authorized_order_voids_it(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), payment="authorized")
    assert desk.record(order)["financial_status"] == "AUTHORIZED"
    desk.act("cancel_order", order_id=order.id)
    record = desk.record(order)
    assert record["financial_status"] == "VOIDED"
    assert [entry["kind"] for entry in record["transactions"]] == ["AUTHORIZATION", "VOID"]


def test_an_order_with_shipped_units_is_not_cancelled(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.act("fulfil_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 1}])
    assert refusal(desk, "cancel_order", order_id=order.id).code == "already_fulfilled"


def test_an_edit_changes_lines_stock_and_balance(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3))
    desk.topics()
    desk.act(
        "edit_order",
        order_id=order.id,
        changes=[{"sku": "TEE-S", "quantity": 1}, {"sku": "MUG", "quantity": 2}],
    )
    record = desk.record(order)
    lines = [(line["sku"], line["quantity"], line["current_quantity"]) for line in record["lines"]]
    assert lines == [("TEE-S", 3, 1), ("MUG", 2, 2)]
    assert record["edited"] is True
    assert record["totals"]["total"] == str(Decimal("34.70") + Decimal("2.86") + 5)
    assert desk.level("TEE-S") == (49, 1, 50)
    assert desk.level("MUG") == (0, 2, 2)
    edited = next(payload for topic, payload in desk.sent if topic == "orders/edited")["order_edit"]
    assert edited["line_items"]["removals"] == [{"id": order.lines[0].number, "delta": 2}]
    assert edited["line_items"]["additions"] == [{"id": order.lines[1].number, "delta": 2}]


def test_an_edit_refuses_what_was_shipped_and_what_is_sold_out(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3))
    desk.act("fulfil_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 2}])
    gone = [{"sku": "TEE-S", "quantity": 1}]
    assert refusal(desk, "edit_order", order_id=order.id, changes=gone).code == "already_fulfilled"
    many = [{"sku": "TEE-M", "quantity": 56}]
    before = desk.record(order)
    assert refusal(desk, "edit_order", order_id=order.id, changes=many).code == "sold_out"
    assert desk.record(order) == before


def test_an_edit_that_costs_more_leaves_the_order_partially_paid(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))
    desk.act("edit_order", order_id=order.id, changes=[{"sku": "TEE-S", "quantity": 2}])
    assert desk.record(order)["financial_status"] == "PARTIALLY_PAID"
    desk.act("mark_paid", order_id=order.id)
    record = desk.record(order)
    assert record["financial_status"] == "PAID"
    assert [entry["amount"] for entry in record["transactions"]] == ["26.65", "21.65"]
    assert refusal(desk, "mark_paid", order_id=order.id).code == "already_paid"


def test_updated_at_strictly_increases_in_the_history(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    for note in range(50):
        desk.act("add_note", order_id=order.id, note=str(note), tags=["b", "a", "b"])
    stamps = [value["updated_at"] for name, key, value in desk.states
              if name == "order" and key == order.id]  # fmt: skip
    assert len(stamps) == 51
    assert stamps == sorted(set(stamps))
    assert desk.record(order)["updated_at"] == stamps[-1]
    assert order.tags == ["a", "b"]


def test_order_cancel_over_graphql_is_a_job(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))
    text = """mutation($id: ID!) { orderCancel(orderId: $id, reason: CUSTOMER, restock: true,
      refundMethod: {originalPaymentMethodsRefund: true}) {
      job { id done } orderCancelUserErrors { code message } userErrors { message } } }"""
    payload = desk.query(text, {"id": order.id})["orderCancel"]
    assert payload["job"]["done"] is False
    assert order.cancelled_at is None
    desk.run_jobs()
    assert order.cancelled_at is not None
    payload = desk.query(text, {"id": order.id})["orderCancel"]
    assert payload["job"] is None
    assert payload["orderCancelUserErrors"][0]["code"] == "INVALID"


def test_order_update_over_graphql(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))
    payload = desk.query(
        """mutation($input: OrderInput!) { orderUpdate(input: $input) {
        order { note tags email customAttributes { key value } shippingAddress { city } }
        userErrors { field message } } }""",
        {
            "input": {
                "id": order.id,
                "note": "ring twice",
                "tags": ["vip", "odoo:S00012"],
                "customAttributes": [{"key": "odoo", "value": "S00012"}],
                "shippingAddress": {"city": "Dallas", "address1": "2 Main", "countryCode": "US"},
            }
        },
    )["orderUpdate"]
    assert payload["userErrors"] == []
    assert payload["order"] == {
        "note": "ring twice", "tags": ["odoo:S00012", "vip"], "email": "ada@example.com",
        "customAttributes": [{"key": "odoo", "value": "S00012"}],
        "shippingAddress": {"city": "Dallas"},
    }  # fmt: skip
    assert desk.topics()[-1] == "orders/updated"


def test_order_edit_over_graphql_stages_and_commits(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    begun = desk.query(
        """mutation($id: ID!) { orderEditBegin(id: $id) { calculatedOrder { id
        lineItems(first: 9) { nodes { id sku quantity editableQuantity } } }
        userErrors { message } } }""",
        {"id": order.id},
    )["orderEditBegin"]["calculatedOrder"]
    line = begun["lineItems"]["nodes"][0]
    variant = desk.shop.catalog.variant_by_sku("MUG").id
    desk.query(
        """mutation($id: ID!, $line: ID!) { orderEditSetQuantity(id: $id, lineItemId: $line,
        quantity: 1, restock: true) { calculatedLineItem { quantity } userErrors { message } } }""",
        {"id": begun["id"], "line": line["id"]},
    )
    staged = desk.query(
        """mutation($id: ID!, $variant: ID!) { orderEditAddVariant(id: $id, variantId: $variant,
        quantity: 2) { calculatedLineItem { sku quantity } calculatedOrder {
        totalPriceSet { shopMoney { amount } } totalOutstandingSet { shopMoney { amount } } }
        userErrors { message } } }""",
        {"id": begun["id"], "variant": variant},
    )["orderEditAddVariant"]
    assert staged["calculatedLineItem"] == {"sku": "MUG", "quantity": 2}
    assert order.lines[0].current_quantity == 2, "staging changes nothing"
    done = desk.query(
        """mutation($id: ID!) { orderEditCommit(id: $id) { order { edited
        currentTotalPriceSet { shopMoney { amount } } totalOutstandingSet { shopMoney { amount } }
        lineItems(first: 9) { nodes { sku quantity currentQuantity } } }
        userErrors { message } } }""",
        {"id": begun["id"]},
    )["orderEditCommit"]
    assert done["userErrors"] == []
    assert done["order"]["lineItems"]["nodes"] == [
        {"sku": "TEE-S", "quantity": 2, "currentQuantity": 1},
        {"sku": "MUG", "quantity": 2, "currentQuantity": 2},
    ]
    for name in ("totalPriceSet", "totalOutstandingSet"):
        ours = "currentTotalPriceSet" if name == "totalPriceSet" else name
        assert staged["calculatedOrder"][name] == done["order"][ours]
    assert done["order"]["totalOutstandingSet"]["shopMoney"]["amount"] == "-5.74"


def test_order_create_over_graphql_may_bypass_the_stock(desk: Desk) -> None:
    variant = desk.shop.catalog.variant_by_sku("TEE-S").id
    text = """mutation($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {
      orderCreate(order: $order, options: $options) { order { id name sourceName
      displayFinancialStatus customer { email } currentTotalPriceSet { shopMoney { amount } }
      lineItems(first: 5) { nodes { title sku variant { id } } } }
      userErrors { code message } } }"""
    given = {
        "lineItems": [
            {"variantId": variant, "quantity": 1},
            {"title": "Engraving", "quantity": 1,
             "priceSet": {"shopMoney": {"amount": "3.00", "currencyCode": "USD"}}},
        ],
        "customer": {"toUpsert": {"email": "bob@example.com", "firstName": "Bob"}},
        "financialStatus": "PAID",
        "sourceName": "marketplace",
    }  # fmt: skip
    payload = desk.query(text, {"order": given})["orderCreate"]
    assert payload["userErrors"] == []
    found = payload["order"]
    assert found["displayFinancialStatus"] == "PAID"
    assert found["sourceName"] == "marketplace"
    assert found["currentTotalPriceSet"]["shopMoney"]["amount"] == "24.9"  # 23 + 1.65 + 0.25
    assert found["customer"] == {"email": "bob@example.com"}
    assert desk.level("TEE-S") == (50, 0, 50)
    given["lineItems"] = [{"variantId": variant, "quantity": 99}]
    options = {"inventoryBehaviour": "DECREMENT_OBEYING_POLICY"}
    payload = desk.query(text, {"order": given, "options": options})["orderCreate"]
    assert payload["userErrors"][0]["code"] == "INVENTORY_CLAIM_FAILED"


def test_capture_in_parts_and_void(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), payment="authorized")
    parent = order.transactions[0].id
    text = """mutation($input: OrderCaptureInput!) { orderCapture(input: $input) {
      transaction { kind amountSet { shopMoney { amount } } } userErrors { message } } }"""
    first = {"id": order.id, "parentTransactionId": parent, "amount": "10.00"}
    assert desk.query(text, {"input": first})["orderCapture"]["userErrors"] == []
    assert desk.record(order)["financial_status"] == "PARTIALLY_PAID"
    over = {**first, "amount": "99.00"}
    assert desk.query(text, {"input": over})["orderCapture"]["transaction"] is None
    desk.act("mark_paid", order_id=order.id)
    assert desk.record(order)["financial_status"] == "PAID"
    voided = desk.query(
        """mutation($id: ID!) { transactionVoid(parentTransactionId: $id) {
        transaction { id } userErrors { code } } }""",
        {"id": parent},
    )["transactionVoid"]
    assert voided == {"transaction": None, "userErrors": [{"code": "AUTH_NOT_VOIDABLE"}]}


def test_orders_are_found_by_search(desk: Desk) -> None:
    first = desk.buy(("TEE-S", 1))
    second = desk.buy(("MUG", 1), payment="pending")
    third = desk.buy(("TEE-M", 1))
    desk.act("cancel_order", order_id=third.id)
    text = "query($q: String) { orders(first: 9, query: $q) { nodes { name } } }"

    def found(query: str) -> list[str]:
        return [node["name"] for node in desk.query(text, {"q": query})["orders"]["nodes"]]

    assert found("financial_status:paid") == [first.name]
    assert found("sku:MUG") == [second.name]
    assert found("status:cancelled") == [third.name]
    assert found("name:#1002") == [second.name]
    assert found("created_at:>=2020-01-01 status:open") == [first.name, second.name]
    assert found("updated_at:<2020-01-01") == []
    count = desk.query('{ ordersCount(query: "status:open") { count precision } }')["ordersCount"]
    assert count == {"count": 2, "precision": "EXACT"}
