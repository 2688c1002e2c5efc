"""Shopify Payments: fees, payouts that add up, disputes, drafts that become orders."""

from decimal import Decimal
from pathlib import Path

import pytest

from peakproof.simkit import SimulatorRefused
from tests.simulators.shopify.desk import ADA, Desk

PAYOUTS = """{ shopifyPaymentsAccount { balance { amount } payouts(first: 9) { nodes { id status
  net { amount } summary { chargesGross { amount } chargesFee { amount } refundsFeeGross { amount }
  adjustmentsGross { amount } } } } balanceTransactions(first: 50) { nodes { type amount { amount }
  fee { amount } net { amount } associatedPayout { id } associatedOrder { name } } } } }"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).subscribe()


def test_a_charge_costs_a_fee_and_a_refund_gives_none_back(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))  # 26.65
    desk.act("refund_order", order_id=order.id, lines=[], amount="6.65")
    found = desk.query(PAYOUTS)["shopifyPaymentsAccount"]
    entries = [
        (node["type"], node["amount"]["amount"], node["fee"]["amount"], node["net"]["amount"])
        for node in found["balanceTransactions"]["nodes"]
    ]
    assert entries == [("CHARGE", "26.65", "1.07", "25.58"), ("REFUND", "-6.65", "0.0", "-6.65")]
    assert found["balance"] == [{"amount": "18.93"}]


def test_a_payout_holds_what_waited_and_adds_up(desk: Desk) -> None:
    for _ in range(3):
        desk.buy(("TEE-M", 2), payment="paid")
    desk.buy(("MUG", 1), payment="paid", gateway="manual")
    done = desk.act("advance_payouts")
    found = desk.query(PAYOUTS)["shopifyPaymentsAccount"]
    payout = found["payouts"]["nodes"][0]
    nodes = found["balanceTransactions"]["nodes"]
    assert done["transactions"] == len(nodes) == 3, "a manual payment never passes the account"
    assert sum(Decimal(node["net"]["amount"]) for node in nodes) == Decimal(payout["net"]["amount"])
    gross, fees = (
        Decimal(payout["summary"][name]["amount"]) for name in ("chargesGross", "chargesFee")
    )
    assert gross - fees == Decimal(payout["net"]["amount"]) == Decimal(done["net"])
    assert {node["associatedPayout"]["id"] for node in nodes} == {payout["id"]}
    assert desk.act("advance_payouts") == {"payout_id": None, "net": "0.00", "transactions": 0}
    told = desk.simulator.snapshot()
    record = told["payout"][payout["id"]]
    assert record["amount"] == done["net"]
    moved = [told["balance_transaction"][key] for key in record["transaction_ids"]]
    assert sum(Decimal(row["net"]) for row in moved) == Decimal(record["amount"])
    assert {row["payout_id"] for row in moved} == {payout["id"]}


def test_the_movements_of_one_payout_are_found_by_its_number(desk: Desk) -> None:
    """Under the name that clients of the published API use for it."""
    desk.buy(("TEE-S", 1))
    number = desk.act("advance_payouts")["payout_id"].rpartition("/")[2]
    desk.buy(("TEE-S", 1))
    query = """{ shopifyPaymentsAccount { balanceTransactions(first: 9, query: "%s") {
        nodes { associatedPayout { id } } } } }"""
    found = desk.query(query % f"payments_transfer_id:{number}")["shopifyPaymentsAccount"]
    (node,) = found["balanceTransactions"]["nodes"]
    assert node["associatedPayout"]["id"].endswith(f"/{number}")


def test_a_scheduled_payout_is_paid_by_the_next(desk: Desk) -> None:
    desk.buy(("TEE-S", 1))
    first = desk.act("advance_payouts", status="scheduled")["payout_id"]
    desk.buy(("TEE-S", 1))
    desk.act("advance_payouts")
    statuses = {key: entry["status"] for key, entry in desk.simulator.snapshot()["payout"].items()}
    assert set(statuses.values()) == {"paid"}
    assert first in statuses


def test_daily_payouts_come_in_the_vendors_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path, payout_schedule="daily")
    payouts = desk.orders.payouts
    desk.buy(("TEE-S", 1))
    assert desk.query(PAYOUTS)["shopifyPaymentsAccount"]["payouts"]["nodes"] == []
    payouts._last_seconds -= payouts.day_seconds + 1
    assert len(desk.query(PAYOUTS)["shopifyPaymentsAccount"]["payouts"]["nodes"]) == 1


def test_fees_are_configurable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, payments_fee_percent="1.5", payments_fee_fixed="0.25")
    assert desk.orders.payouts.fee_of(Decimal("100.00")) == Decimal("1.75")


def test_a_dispute_takes_the_money_and_gives_it_back_when_won(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1))
    before = desk.orders.payouts.balance
    opened = desk.act("open_dispute", order_id=order.id, reason="fraudulent")
    assert desk.orders.payouts.balance == before - Decimal("26.65") - Decimal("15.00")
    payload = desk.payload("disputes/create")
    assert (payload["order_id"], payload["status"]) == (order.number, "needs_response")
    desk.act("close_dispute", dispute_id=opened["dispute_id"], won=True)
    assert desk.orders.payouts.balance == before
    assert desk.payload("disputes/update")["status"] == "won"
    found = desk.query(
        '{ disputes(first: 5, query: "status:won") { nodes { id status order { name } } } }'
    )
    assert found["disputes"]["nodes"][0]["order"] == {"name": order.name}
    with pytest.raises(SimulatorRefused, match="already_closed"):
        desk.act("close_dispute", dispute_id=opened["dispute_id"])


def test_an_unpaid_order_cannot_be_disputed(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), payment="pending")
    with pytest.raises(SimulatorRefused, match="not_paid"):
        desk.act("open_dispute", order_id=order.id)


def test_a_draft_becomes_an_order(desk: Desk) -> None:
    made = desk.act(
        "create_draft", lines=[{"sku": "TEE-S", "quantity": 2}], customer=ADA, discount_code="TEN"
    )
    assert desk.level("TEE-S") == (50, 0, 50), "a draft reserves nothing"
    assert made["name"] == "#D1"
    found = desk.query(
        """query($id: ID!) { draftOrder(id: $id) { status totalPriceSet { shopMoney { amount } }
        order { id } lineItems(first: 5) { nodes { sku quantity } } } }""",
        {"id": made["draft_id"]},
    )["draftOrder"]
    assert found["status"] == "OPEN"
    assert Decimal(found["totalPriceSet"]["shopMoney"]["amount"]) == Decimal(made["total"])
    done = desk.act("complete_draft", draft_id=made["draft_id"])
    assert done["total"] == made["total"]
    order = desk.orders.find(done["order_id"])
    assert order.source_name == "shopify_draft_order"
    assert desk.level("TEE-S") == (48, 2, 50)
    assert desk.payload("draft_orders/update")["order_id"] == order.number
    with pytest.raises(SimulatorRefused, match="already_completed"):
        desk.act("complete_draft", draft_id=made["draft_id"])


def test_draft_mutations(desk: Desk) -> None:
    variant = desk.shop.catalog.variant_by_sku("MUG").id
    text = """mutation($input: DraftOrderInput!) { draftOrderCreate(input: $input) { draftOrder {
      id name tags lineItems(first: 5) { nodes { originalUnitPriceSet { shopMoney { amount } } } } }
      userErrors { message } } }"""
    given = {"lineItems": [{"variantId": variant, "quantity": 1, "originalUnitPrice": "6.00"}],
             "tags": ["b2b"]}  # fmt: skip
    made = desk.query(text, {"input": given})["draftOrderCreate"]["draftOrder"]
    price = made["lineItems"]["nodes"][0]["originalUnitPriceSet"]["shopMoney"]["amount"]
    assert (made["tags"], price) == (["b2b"], "6.0")
    done = desk.query(
        """mutation($id: ID!) { draftOrderComplete(id: $id, paymentPending: true) { draftOrder {
        status order { displayFinancialStatus tags } } userErrors { message } } }""",
        {"id": made["id"]},
    )["draftOrderComplete"]["draftOrder"]
    assert done == {
        "status": "COMPLETED",
        "order": {"displayFinancialStatus": "PENDING", "tags": ["b2b"]},
    }
    deleted = desk.query(
        """mutation($id: ID!) { draftOrderDelete(input: {id: $id}) { deletedId
        userErrors { message } } }""",
        {"id": made["id"]},
    )["draftOrderDelete"]
    assert deleted["deletedId"] is None
