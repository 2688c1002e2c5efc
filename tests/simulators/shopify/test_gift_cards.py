"""Gift cards pay: the order stays what it costs, the card's balance moves, every API tells it."""

import json
from pathlib import Path
from typing import Any

import pytest

from peakproof.plan import GiftCard
from peakproof.simkit import SimulatorRefused
from simulators.shopify.versions import VERSIONS
from tests.simulators.shopify.desk import Desk, shop_plan

CARDS = [
    GiftCard(code="GIFT-0001-ABCD", balance="100.00"),
    GiftCard(code="GIFT-0002-WXYZ", balance="10.00"),
    GiftCard(code="GIFT-0003-NONE", balance="0.00"),
]
PAID = """query($id: ID!) { order(id: $id) { paymentGatewayNames displayFinancialStatus
  totalDiscountsSet { shopMoney { amount } } currentTotalPriceSet { shopMoney { amount } }
  totalReceivedSet { shopMoney { amount } } totalOutstandingSet { shopMoney { amount } }
  transactions { kind status gateway receiptJson fees { id } parentTransaction { id }
    amountSet { shopMoney { amount } presentmentMoney { amount currencyCode } } } } }"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, shop_plan(gift_cards=CARDS)).subscribe()


def balance(desk: Desk, place: int) -> str:
    cards = list(desk.simulator.snapshot()["gift_card"].values())
    return str(cards[place]["balance"])


def moves(desk: Desk, order: Any) -> list[tuple[str, str, str]]:
    entries = desk.record(order)["transactions"]
    return [(entry["kind"], entry["gateway"], entry["amount"]) for entry in entries]


def test_a_gift_card_pays_the_whole_order(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), gift_card="gift-0001-abcd")
    assert moves(desk, order) == [("SALE", "gift_card", "26.65")]
    assert desk.record(order)["totals"]["total"] == "26.65"
    assert desk.record(order)["totals"]["discount"] == "0.00"
    assert balance(desk, 0) == "73.35"
    assert desk.orders.payouts.balance == 0, "nothing comes from the gateway"
    assert "orders/paid" in desk.topics()


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_missing_is_paid_by_card(desk: Desk, version: str) -> None:
    order = desk.buy(("TEE-S", 1), gift_card="GIFT-0002-WXYZ")
    assert balance(desk, 1) == "0.00"
    found = desk.query(PAID, {"id": order.id}, version)["order"]
    assert found["paymentGatewayNames"] == ["gift_card", "shopify_payments"]
    assert found["displayFinancialStatus"] == "PAID"
    amounts = [found[name]["shopMoney"]["amount"] for name in (
        "totalDiscountsSet", "currentTotalPriceSet", "totalReceivedSet", "totalOutstandingSet",
    )]  # fmt: skip
    assert amounts == ["0.0", "26.65", "26.65", "0.0"]
    card, rest = found["transactions"]
    assert [card["amountSet"]["shopMoney"], rest["amountSet"]["shopMoney"]] == [
        {"amount": "10.0"},
        {"amount": "16.65"},
    ]
    assert json.loads(card["receiptJson"])["gift_card_last_characters"] == "wxyz"
    assert json.loads(rest["receiptJson"]) == {}
    assert (len(card["fees"]), len(rest["fees"])) == (0, 1)


def test_webhooks_tell_the_card_by_its_last_characters_only(desk: Desk) -> None:
    desk.buy(("TEE-S", 1), gift_card="GIFT-0002-WXYZ")
    told = [payload for topic, payload in desk.sent if topic == "order_transactions/create"]
    assert [entry["gateway"] for entry in told] == ["gift_card", "shopify_payments"]
    assert told[0]["payment_details"] is None
    assert told[0]["receipt"]["gift_card_last_characters"] == "wxyz"
    names = desk.payload("orders/create")["payment_gateway_names"]
    assert names == ["gift_card", "shopify_payments"]
    assert "GIFT-0002" not in json.dumps([desk.sent, desk.simulator.snapshot()])


@pytest.mark.parametrize(
    ("code", "expected"),
    [("GIFT-0001-ABCE", "unknown_gift_card"), ("GIFT-0003-NONE", "empty_gift_card")],
)
def test_what_pays_nothing_is_refused_and_nothing_happens(
    desk: Desk, code: str, expected: str
) -> None:
    with pytest.raises(SimulatorRefused) as caught:
        desk.buy(("TEE-S", 1), gift_card=code)
    assert caught.value.code == expected
    assert desk.level("TEE-S") == (50, 0, 50)
    assert desk.sent == []


def test_a_gift_card_that_would_pay_later_is_refused(desk: Desk) -> None:
    with pytest.raises(SimulatorRefused) as caught:
        desk.buy(("TEE-S", 1), gift_card="GIFT-0001-ABCD", payment="pending")
    assert caught.value.code == "bad_payment"


def test_a_free_order_leaves_the_card_alone(desk: Desk) -> None:
    order = desk.buy(("CARD", 1), discount_code="ALL", gift_card="GIFT-0001-ABCD")
    assert moves(desk, order) == []
    assert balance(desk, 0) == "100.00"


def test_a_refund_goes_back_on_the_card_that_paid(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), gift_card="GIFT-0002-WXYZ")
    desk.act("cancel_order", order_id=order.id)
    assert moves(desk, order)[2:] == [
        ("REFUND", "gift_card", "10.00"),
        ("REFUND", "shopify_payments", "16.65"),
    ]
    assert balance(desk, 1) == "10.00"
    assert desk.record(order)["financial_status"] == "REFUNDED"


def test_it_pays_abroad_in_both_currencies(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), gift_card="GIFT-0002-WXYZ", presentment_currency="EUR")
    found = desk.query(PAID, {"id": order.id})["order"]
    sums = [entry["amountSet"]["presentmentMoney"]["amount"] for entry in found["transactions"]]
    assert sums[0] == "9.27"
    assert moves(desk, order) == [
        ("SALE", "gift_card", "10.00"),
        ("SALE", "shopify_payments", "16.65"),
    ]
    assert found["totalOutstandingSet"]["shopMoney"]["amount"] == "0.0"


def test_no_money_moves_so_it_is_no_tender_and_no_dispute(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), gift_card="GIFT-0001-ABCD")
    found = desk.query("{ tenderTransactions(first: 5) { nodes { paymentMethod } } }")
    assert found["tenderTransactions"]["nodes"] == []
    with pytest.raises(SimulatorRefused) as caught:
        desk.act("open_dispute", order_id=order.id)
    assert caught.value.code == "not_paid"
