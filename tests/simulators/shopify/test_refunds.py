"""Refunds and returns: money to the cent, restock types, over-refunds, webhooks."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from peakproof.simkit import SimulatorRefused
from tests.simulators.shopify.desk import Desk

REFUND = """mutation($input: RefundInput!) { refundCreate(input: $input) @idempotent(key: "k") {
  refund { id totalRefundedSet { shopMoney { amount } presentmentMoney { amount } }
    refundLineItems(first: 9) { nodes { quantity restockType restocked location { name }
      subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } } }
    orderAdjustments(first: 9) { nodes { reason amountSet { shopMoney { amount } } } } }
  order { displayFinancialStatus currentTotalPriceSet { shopMoney { amount } }
    totalOutstandingSet { shopMoney { amount } } refundDiscrepancySet { shopMoney { amount } } }
  userErrors { field message } } }"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).subscribe()


def refund(desk: Desk, order: Any, key: str = "k", **given: Any) -> dict[str, Any]:
    text = REFUND.replace('"k"', f'"{key}"')
    return dict(desk.query(text, {"input": {"orderId": order.id, **given}})["refundCreate"])


def line(order: Any, quantity: int, kind: str = "RETURN", index: int = 0) -> dict[str, Any]:
    return {"lineItemId": order.lines[index].id, "quantity": quantity, "restockType": kind}


def money(order: Any, amount: str) -> dict[str, Any]:
    parent = order.transactions[0].id
    return {"orderId": order.id, "gateway": "shopify_payments", "kind": "REFUND",
            "amount": amount, "parentId": parent}  # fmt: skip


def test_unit_by_unit_refunds_leave_nothing_over(desk: Desk) -> None:
    order = desk.buy(("TEE-M", 3), discount_code="TEN")
    desk.act("fulfil_order", order_id=order.id)
    amounts = [
        Decimal(desk.act("refund_order", order_id=order.id,
                         lines=[{"sku": "TEE-M", "quantity": 1}])["amount"])
        for _ in range(3)
    ]  # fmt: skip
    record = desk.record(order)
    line_record = record["lines"][0]
    assert sum(amounts) == Decimal("59.97") - Decimal("6.00") + Decimal("4.45")
    assert (line_record["discount"], line_record["tax"], line_record["total"]) == ("0.00",) * 3
    assert record["totals"]["total"] == "5.00"
    assert record["financial_status"] == "PARTIALLY_REFUNDED"
    desk.act("refund_order", order_id=order.id, lines=[], shipping=True)
    assert desk.record(order)["financial_status"] == "REFUNDED"


def test_restock_types_say_what_becomes_of_the_stock(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 4))
    desk.act("fulfil_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 2}])
    assert desk.level("TEE-S") == (46, 2, 48)
    refund(desk, order, "a", refundLineItems=[line(order, 1, "RETURN")])
    assert desk.level("TEE-S") == (47, 2, 49)
    refund(desk, order, "b", refundLineItems=[line(order, 1, "CANCEL")])
    assert desk.level("TEE-S") == (48, 1, 49)
    refund(desk, order, "c", refundLineItems=[line(order, 1, "NO_RESTOCK")])
    assert desk.level("TEE-S") == (48, 1, 49), "the shipped unit is gone"
    refund(desk, order, "d", refundLineItems=[line(order, 1, "NO_RESTOCK")])
    assert desk.level("TEE-S") == (48, 0, 48), "the unshipped unit is written off"
    assert order.lines[0].current_quantity == 0


@pytest.mark.parametrize(
    ("quantity", "kind"), [(3, "NO_RESTOCK"), (2, "CANCEL"), (2, "RETURN"), (0, "RETURN")]
)
def test_what_cannot_be_refunded_changes_nothing(desk: Desk, quantity: int, kind: str) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.act("fulfil_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 1}])
    before = desk.record(order)
    payload = refund(desk, order, refundLineItems=[line(order, quantity, kind)])
    assert payload["refund"] is None
    assert payload["userErrors"]
    assert desk.record(order) == before


def test_more_than_was_paid_is_refused_unless_allowed(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))  # 26.65
    over = refund(desk, order, "a", transactions=[money(order, "26.66")])
    assert "greater than" in over["userErrors"][0]["message"]
    allowed = refund(
        desk, order, "b", transactions=[money(order, "26.66")], allowOverRefunding=True
    )
    assert allowed["userErrors"] == []
    assert desk.record(order)["financial_status"] == "REFUNDED"
    with pytest.raises(SimulatorRefused) as caught:
        desk.act("refund_order", order_id=order.id, amount="1.00", lines=[])
    assert caught.value.code == "over_refund"


def test_who_refunds_only_what_was_sent_is_told_what_was_not(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.act("fulfil_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 1}])
    two, one = ([{"sku": "TEE-S", "quantity": pieces}] for pieces in (2, 1))
    with pytest.raises(SimulatorRefused, match="1 of 2 were shipped") as caught:
        desk.act("refund_order", order_id=order.id, lines=two, only_shipped=True)
    assert caught.value.code == "not_shipped"
    assert desk.act("refund_order", order_id=order.id, lines=one, only_shipped=True)["refund_id"]


def test_money_without_goods_becomes_an_adjustment(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))
    payload = refund(desk, order, transactions=[money(order, "5.00")], discrepancyReason="DAMAGE")
    adjustments = payload["refund"]["orderAdjustments"]["nodes"]
    assert adjustments == [{"reason": "DAMAGE", "amountSet": {"shopMoney": {"amount": "-5.0"}}}]
    found = payload["order"]
    assert found["currentTotalPriceSet"]["shopMoney"]["amount"] == "26.65"
    assert found["totalOutstandingSet"]["shopMoney"]["amount"] == "0.0"
    assert found["refundDiscrepancySet"]["shopMoney"]["amount"] == "5.0"


def test_goods_without_money_are_owed_to_the_customer(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))
    payload = refund(desk, order, refundLineItems=[line(order, 1, "CANCEL")])
    assert payload["order"]["totalOutstandingSet"]["shopMoney"]["amount"] == "-21.65"
    assert payload["order"]["displayFinancialStatus"] == "PAID"


def test_a_refund_in_another_currency_needs_it_named(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), presentment_currency="EUR")
    payload = refund(desk, order, "a", transactions=[money(order, "1.00")])
    assert payload["userErrors"][0]["field"] == ["currency"]
    whole = str(order.transactions[0].amounts[1])
    payload = refund(desk, order, "b", transactions=[money(order, whole)], currency="EUR")
    assert payload["refund"]["totalRefundedSet"] == {
        "shopMoney": {"amount": "26.65"}, "presentmentMoney": {"amount": whole},
    }  # fmt: skip


def test_the_suggested_refund_is_what_the_refund_comes_to(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3), discount_code="FIVE")
    suggested = desk.query(
        """query($id: ID!, $lines: [RefundLineItemInput!]) { order(id: $id) {
        suggestedRefund(refundLineItems: $lines, refundShipping: true) {
        amountSet { shopMoney { amount } } suggestedTransactions { gateway parentTransaction { id }
        amountSet { shopMoney { amount } } } } } }""",
        {"id": order.id, "lines": [line(order, 2, "CANCEL")]},
    )["order"]["suggestedRefund"]
    done = desk.act(
        "refund_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 2}], shipping=True
    )
    assert Decimal(suggested["amountSet"]["shopMoney"]["amount"]) == Decimal(done["amount"])
    assert suggested["suggestedTransactions"][0]["parentTransaction"]["id"] == (
        order.transactions[0].id
    )


def test_webhooks_of_a_refund(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.topics()
    desk.act("refund_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 1}])
    assert [topic for topic, _ in desk.sent] == [
        "inventory_levels/update", "refunds/create", "order_transactions/create", "orders/updated",
    ]  # fmt: skip
    payload = desk.payload("refunds/create")
    assert payload["order_id"] == order.number
    assert payload["refund_line_items"][0]["subtotal_set"]["shop_money"]["amount"] == "20.00"
    assert payload["transactions"][0]["parent_id"] == order.transactions[0].number


def test_a_return_goes_from_request_to_refund(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.act("fulfil_order", order_id=order.id)
    desk.topics()
    lines = [{"sku": "TEE-S", "quantity": 1, "reason": "defective", "note": "hole"}]
    back = desk.act("request_return", order_id=order.id, lines=lines)
    assert back["status"] == "REQUESTED"
    assert desk.query("query($id: ID!) { order(id: $id) { returnStatus } }", {"id": order.id}) == {
        "order": {"returnStatus": "RETURN_REQUESTED"}
    }
    done = desk.act("handle_return", return_id=back["return_id"], step="process")
    assert done["status"] == "CLOSED"
    assert desk.record(order)["refunds"][0]["return_id"] == back["return_id"]
    assert desk.record(order)["financial_status"] == "PARTIALLY_REFUNDED"
    assert desk.level("TEE-S") == (49, 0, 49)
    topics = [topic for topic in desk.topics() if topic.startswith("returns/")]
    assert topics == ["returns/request", "returns/approve", "returns/process", "returns/close"]


def test_a_unit_is_in_one_return_only(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.act("fulfil_order", order_id=order.id)
    lines = [{"sku": "TEE-S", "quantity": 2}]
    first = desk.act("request_return", order_id=order.id, lines=lines)
    with pytest.raises(SimulatorRefused) as caught:
        desk.act("request_return", order_id=order.id, lines=lines)
    assert caught.value.code == "not_returnable"
    desk.act("handle_return", return_id=first["return_id"], step="decline", note="too late")
    again = desk.act("request_return", order_id=order.id, lines=lines)
    desk.act("handle_return", return_id=again["return_id"], step="approve")
    desk.act("handle_return", return_id=again["return_id"], step="cancel")
    assert [back.status for back in order.returns] == ["DECLINED", "CANCELED"]


def test_return_mutations(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 2))
    desk.act("fulfil_order", order_id=order.id)
    found = desk.query(
        """query($id: ID!) { returnableFulfillments(orderId: $id, first: 5) { nodes {
        returnableFulfillmentLineItems(first: 5) { nodes { quantity
        fulfillmentLineItem { id } } } } } }""",
        {"id": order.id},
    )["returnableFulfillments"]["nodes"][0]["returnableFulfillmentLineItems"]["nodes"][0]
    assert found["quantity"] == 2
    made = desk.query(
        """mutation($input: ReturnInput!) { returnCreate(returnInput: $input) {
        return { id status returnLineItems(first: 5) { nodes { ... on ReturnLineItem { id } } } }
        userErrors { code message } } }""",
        {
            "input": {
                "orderId": order.id,
                "returnLineItems": [
                    {"fulfillmentLineItemId": found["fulfillmentLineItem"]["id"], "quantity": 2,
                     "returnReason": "UNWANTED"}
                ],
            }
        },
    )["returnCreate"]  # fmt: skip
    assert made["userErrors"] == []
    back = made["return"]
    assert back["status"] == "OPEN"
    payload = desk.query(
        """mutation($input: ReturnProcessInput!) { returnProcess(input: $input) {
        return { status returnLineItems(first: 5) { nodes { ... on ReturnLineItem {
        processedQuantity unprocessedQuantity } } } refunds(first: 5) { nodes {
        totalRefundedSet { shopMoney { amount } } } } } userErrors { message } } }""",
        {
            "input": {
                "returnId": back["id"],
                "returnLineItems": [
                    {"id": back["returnLineItems"]["nodes"][0]["id"], "quantity": 1}
                ],
                "financialTransfer": {
                    "issueRefund": {
                        "orderTransactions": [
                            {
                                "parentId": order.transactions[0].id,
                                "transactionAmount": {"amount": "21.65", "currencyCode": "USD"},
                            }
                        ]
                    }
                },
            }
        },
    )["returnProcess"]
    assert payload["userErrors"] == []
    assert payload["return"]["status"] == "OPEN"
    assert payload["return"]["returnLineItems"]["nodes"] == [
        {"processedQuantity": 1, "unprocessedQuantity": 1}
    ]
    assert payload["return"]["refunds"]["nodes"] == [
        {"totalRefundedSet": {"shopMoney": {"amount": "21.65"}}}
    ]
    closed = desk.query(
        """mutation($id: ID!) { returnClose(id: $id) { return { status closedAt }
        userErrors { code } } }""",
        {"id": back["id"]},
    )["returnClose"]
    assert closed["return"]["status"] == "CLOSED"
    twice = desk.query(
        "mutation($id: ID!) { returnClose(id: $id) { return { status } userErrors { code } } }",
        {"id": back["id"]},
    )["returnClose"]
    assert twice["userErrors"] == [{"code": "INVALID_STATE"}]
