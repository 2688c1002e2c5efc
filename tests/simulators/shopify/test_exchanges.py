"""Exchange lines: what comes back pays for what goes out, on the same order, once processed."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from peakproof.simkit import SimulatorRefused
from simulators.shopify.schema import check
from simulators.shopify.versions import VERSIONS
from tests.simulators.shopify.desk import Desk

SHOWN = """query($id: ID!) { order(id: $id) { displayFinancialStatus returnStatus
  totalOutstandingSet { shopMoney { amount } }
  lineItems(first: 9) { nodes { sku quantity currentQuantity unfulfilledQuantity } }
  fulfillmentOrders(first: 9) { nodes { status fulfillmentHolds { reason }
    lineItems(first: 9) { nodes { sku remainingQuantity } } } }
  returns(first: 9) { nodes { status exchangeLineItems(first: 9) { nodes {
    quantity processedQuantity unprocessedQuantity processableQuantity variantId
    lineItem { sku } lineItems { sku } } }
    refunds(first: 9) { nodes { totalRefundedSet { shopMoney { amount } }
      refundLineItems(first: 9) { nodes { quantity subtotalSet { shopMoney { amount } } } }
      orderAdjustments(first: 9) { nodes { id } } } } } } } }"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).subscribe()


def sent(desk: Desk, *lines: tuple[str, int], **more: Any) -> Any:
    order = desk.buy(*lines, **more)
    desk.act("fulfil_order", order_id=order.id)
    desk.sent.clear()
    return order


def swap(desk: Desk, order: Any, back: str, out: str, units: int = 1) -> dict[str, Any]:
    return desk.act(
        "request_return", order_id=order.id, approved=True, lines=[{"sku": back, "quantity": 1}],
        exchange=[{"sku": out, "quantity": units}],
    )  # fmt: skip


def shown(desk: Desk, order: Any, version: str = "2026-10") -> dict[str, Any]:
    return dict(desk.query(SHOWN, {"id": order.id}, version)["order"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_return_only_announces_them(desk: Desk, version: str) -> None:
    order = sent(desk, ("MUG", 2))
    swap(desk, order, "MUG", "TEE-S")
    found = shown(desk, order, version)
    assert [line["sku"] for line in found["lineItems"]["nodes"]] == ["MUG"]
    assert desk.level("TEE-S") == (50, 0, 50)
    variant = desk.shop.catalog.variant_by_sku("TEE-S")
    assert found["returns"]["nodes"][0]["exchangeLineItems"]["nodes"] == [
        {
            "quantity": 1, "processedQuantity": 0, "unprocessedQuantity": 1,
            "processableQuantity": 1, "variantId": variant.id, "lineItem": None, "lineItems": [],
        }
    ]  # fmt: skip
    told = desk.payload("returns/approve")
    assert told["total_exchange_line_items"] == 1
    assert told["exchange_line_items"][0]["line_item"] is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dearer_piece_waits_until_the_difference_is_paid(desk: Desk, version: str) -> None:
    order = sent(desk, ("MUG", 2))  # 7.35 each, with tax 7.96 (of 15.91 for both)
    back = swap(desk, order, "MUG", "TEE-S")
    desk.act("handle_return", return_id=back["return_id"], step="process")
    found = shown(desk, order, version)
    assert found["lineItems"]["nodes"] == [
        {"sku": "MUG", "quantity": 2, "currentQuantity": 1, "unfulfilledQuantity": 0},
        {"sku": "TEE-S", "quantity": 1, "currentQuantity": 1, "unfulfilledQuantity": 1},
    ]
    assert found["fulfillmentOrders"]["nodes"][1] == {
        "status": "ON_HOLD",
        "fulfillmentHolds": [{"reason": "AWAITING_PAYMENT"}],
        "lineItems": {"nodes": [{"sku": "TEE-S", "remainingQuantity": 1}]},
    }
    assert found["displayFinancialStatus"] == "PARTIALLY_PAID"
    assert desk.level("TEE-S") == (49, 1, 50)
    (refund,) = found["returns"]["nodes"][0]["refunds"]["nodes"]
    assert refund["totalRefundedSet"]["shopMoney"]["amount"] == "0.0", "nothing goes back"
    assert refund["refundLineItems"]["nodes"][0]["subtotalSet"]["shopMoney"]["amount"] == "7.35"
    assert refund["orderAdjustments"]["nodes"] == []
    owed = Decimal(found["totalOutstandingSet"]["shopMoney"]["amount"])
    assert owed == Decimal("21.65") - Decimal("7.95")
    desk.act("mark_paid", order_id=order.id)
    found = shown(desk, order, version)
    assert found["displayFinancialStatus"] == "PAID"
    assert found["fulfillmentOrders"]["nodes"][1]["status"] == "OPEN"
    desk.act("fulfil_order", order_id=order.id)
    assert desk.level("TEE-S") == (49, 0, 49)
    assert shown(desk, order)["returns"]["nodes"][0]["status"] == "CLOSED"


def test_a_cheaper_piece_gives_the_difference_back_and_may_go(desk: Desk) -> None:
    order = sent(desk, ("TEE-S", 2))
    back = swap(desk, order, "TEE-S", "MUG")
    desk.act("handle_return", return_id=back["return_id"], step="process")
    record = desk.record(order)
    assert record["refunds"][0]["amount"] == str(Decimal("21.65") - Decimal("7.96"))
    found = shown(desk, order)
    assert found["totalOutstandingSet"]["shopMoney"]["amount"] == "0.0"
    assert found["fulfillmentOrders"]["nodes"][1]["status"] == "OPEN"
    assert found["returns"]["nodes"][0]["refunds"]["nodes"][0]["orderAdjustments"]["nodes"] == []
    assert record["returns"][0]["exchange"] == [
        {"sku": "MUG", "quantity": 1, "line_ids": [order.lines[1].id]}
    ]


def test_an_even_exchange_moves_no_money(desk: Desk) -> None:
    order = sent(desk, ("TEE-S", 1))
    back = swap(desk, order, "TEE-S", "TEE-S")
    desk.act("handle_return", return_id=back["return_id"], step="process")
    record = desk.record(order)
    assert record["refunds"][0]["amount"] == "0.00"
    assert record["financial_status"] == "PAID"
    assert desk.level("TEE-S") == (49, 1, 50)


def test_what_goes_out_first_is_owed_until_the_other_came(desk: Desk) -> None:
    order = sent(desk, ("TEE-S", 1))
    back = swap(desk, order, "TEE-S", "TEE-M")
    entry = desk.orders.returns[order.returns[0].number]
    process = """mutation($input: ReturnProcessInput!) { returnProcess(input: $input) {
      return { status } userErrors { code message } } }"""
    given = {"returnId": back["return_id"],
             "exchangeLineItems": [{"id": entry.exchange_lines[0].id, "quantity": 1}]}  # fmt: skip
    done = desk.query(process, {"input": given})["returnProcess"]
    assert done == {"return": {"status": "OPEN"}, "userErrors": []}
    assert desk.record(order)["financial_status"] == "PARTIALLY_PAID"
    assert desk.record(order)["refunds"] == []
    twice = desk.query(process, {"input": given})["returnProcess"]
    assert twice["userErrors"][0]["code"] == "INVALID"
    desk.act("handle_return", return_id=back["return_id"], step="process")
    assert desk.record(order)["financial_status"] == "PARTIALLY_REFUNDED"
    assert desk.record(order)["refunds"][0]["amount"] == "0.01", "19.99 with tax for 20.00"
    assert entry.status == "CLOSED"


def test_what_is_sold_out_is_refused_and_nothing_happens(desk: Desk) -> None:
    order = sent(desk, ("MUG", 1))
    back = swap(desk, order, "MUG", "TEE-S", 99)
    before = desk.record(order)
    with pytest.raises(SimulatorRefused) as caught:
        desk.act("handle_return", return_id=back["return_id"], step="process")
    assert caught.value.code == "sold_out"
    assert desk.record(order) == before


def test_a_request_has_none_and_a_return_with_some_begun_is_not_cancelled(desk: Desk) -> None:
    order = sent(desk, ("MUG", 2))
    with pytest.raises(SimulatorRefused) as caught:
        desk.act("request_return", order_id=order.id, lines=[{"sku": "MUG", "quantity": 1}],
                 exchange=[{"sku": "TEE-S", "quantity": 1}])  # fmt: skip
    assert caught.value.code == "not_approved"
    back = swap(desk, order, "MUG", "TEE-S")
    desk.act("handle_return", return_id=back["return_id"], step="cancel")
    assert order.returns[0].status == "CANCELED"


def test_bad_exchange_lines_are_user_errors(desk: Desk) -> None:
    order = sent(desk, ("MUG", 1))
    create = """mutation($input: ReturnInput!) { returnCreate(returnInput: $input) {
      return { id } userErrors { field message } } }"""
    line = order.fulfillments[0].lines[0]
    for wrong in ({"quantity": 1}, {"quantity": 1, "variantId": "gid://shopify/ProductVariant/1"},
                  {"quantity": 0, "variantId": order.lines[0].variant.id}):  # fmt: skip
        given = {
            "orderId": order.id,
            "returnLineItems": [{"fulfillmentLineItemId": line.id, "quantity": 1}],
            "exchangeLineItems": [wrong],
        }
        made = desk.query(create, {"input": given})["returnCreate"]
        assert made["return"] is None
        assert made["userErrors"]
    assert order.returns == []
    assert line.returned == 0


def test_what_is_not_modelled_is_named() -> None:
    document = parse(
        "mutation($input: ReturnInput!) { returnCreate(returnInput: $input) { return { id "
        "suggestedFinancialOutcome(exchangeLineItems: [], returnLineItems: []) {"
        " totalTax { shopMoney { amount } } } } } }"
    )
    assert "Return.suggestedFinancialOutcome" in check(document, "2026-10")[0]["message"]
