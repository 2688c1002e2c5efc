"""Refunds and disputes: what may go back, what it does to the balance, how it may fail."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from peakproof.simkit import SimulatorRefused
from tests.simulators.gateway.desk import Desk


def balance(desk: Desk) -> tuple[int, int]:
    found = desk.stripe.v1.balance.retrieve()
    return found.available[0].amount, found.pending[0].amount


def test_a_full_refund_keeps_the_fee(desk: Desk) -> None:
    paid = desk.pay("100.00")
    refund = desk.stripe.v1.refunds.create(
        {"charge": paid["charge_id"], "reason": "requested_by_customer", "metadata": {"rma": "1"},
         "expand": ["balance_transaction", "charge"]})  # fmt: skip
    assert (refund.amount, refund.status, refund.metadata["rma"]) == (10_000, "succeeded", "1")
    entry = refund.balance_transaction
    assert (entry.type, entry.amount, entry.fee, entry.net) == ("refund", -10_000, 0, -10_000)
    assert (refund.charge.refunded, refund.charge.amount_refunded) == (True, 10_000)
    assert balance(desk) == (-10_000, 9_680), "the charge is not available yet, the refund is"


def test_partial_refunds_up_to_the_whole(desk: Desk) -> None:
    charge = desk.pay("100.00")["charge_id"]
    assert desk.act("refund", charge_id=charge, amount="30.00")["status"] == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match=r"\$70.01.*\$70.00") as over:
        desk.stripe.v1.refunds.create({"charge": charge, "amount": 7_001})
    assert (over.value.param, over.value.http_status) == ("amount", 400)
    rest = desk.act("refund", charge_id=charge)
    assert rest["amount"] == "70.00"
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded") as again:
        desk.stripe.v1.refunds.create({"charge": charge, "amount": 1})
    assert again.value.code == "charge_already_refunded"
    with pytest.raises(SimulatorRefused) as act:
        desk.act("refund", charge_id=charge)
    assert act.value.code == "charge_already_refunded"
    listed = desk.stripe.v1.refunds.list({"charge": charge})
    assert [entry.amount for entry in listed] == [7_000, 3_000]
    found = desk.stripe.v1.charges.retrieve(charge, {"expand": ["refunds.data.charge"]})
    assert [entry.charge.id for entry in found.refunds.data] == [charge, charge]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "parameter_missing"),
        ({"charge": "ch_nothing"}, "resource_missing"),
        ({"payment_intent": "pi_nothing"}, "resource_missing"),
        ({"charge": "CHARGE", "amount": 0}, "parameter_invalid_integer"),
        ({"charge": "CHARGE", "reason": "whim"}, "parameter_unknown"),
        ({"charge": "CHARGE", "reverse_transfer": "true"}, "peakproof_not_modelled"),
    ],
)
def test_what_is_no_refund(desk: Desk, given: dict[str, Any], code: str) -> None:
    charge = desk.pay()["charge_id"]
    given = {name: charge if value == "CHARGE" else value for name, value in given.items()}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.v1.refunds.create(given)
    assert (refused.value.http_status, refused.value.code) == (400, code)
    assert desk.snapshot()["refund"] == {}


def test_what_was_only_authorised_cannot_be_refunded(desk: Desk) -> None:
    made = desk.act("authorize", amount="10.00")
    with pytest.raises(SimulatorRefused, match="nothing to refund"):
        desk.act("refund", charge_id=made["charge_id"])
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        desk.stripe.v1.refunds.create({"payment_intent": made["payment_intent_id"]})


def test_a_pending_refund_succeeds_on_a_later_day(desk: Desk) -> None:
    paid = desk.pay("20.00", payment_method="pm_card_pendingRefund")
    made = desk.act("refund", charge_id=paid["charge_id"], amount="5.00")
    assert made["status"] == "pending"
    desk.days(1)
    found = desk.stripe.v1.refunds.retrieve(made["refund_id"])
    assert found.status == "succeeded"
    assert desk.stripe.v1.events.list({"type": "refund.updated"}).data[0].data.object.id == found.id
    with pytest.raises(SimulatorRefused, match="not pending"):
        desk.act("settle_refund", refund_id=found.id)


def test_a_pending_refund_may_be_settled_or_fail_by_hand(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(refunds_pending=True)
    charge = desk.pay("20.00")["charge_id"]
    first = desk.act("refund", charge_id=charge, amount="5.00")["refund_id"]
    second = desk.act("refund", charge_id=charge, amount="5.00")["refund_id"]
    assert desk.act("settle_refund", refund_id=first)["status"] == "succeeded"
    assert desk.act("fail_refund", refund_id=second)["status"] == "failed"
    record = desk.snapshot()["charge"][charge]
    assert record["amount_refunded"] == "5.00"
    with pytest.raises(SimulatorRefused, match="failed already"):
        desk.act("fail_refund", refund_id=second)


def test_a_refund_that_fails_brings_the_money_back(desk: Desk) -> None:
    paid = desk.pay("90.00", currency="EUR", payment_method="pm_card_refundFail")
    made = desk.act("refund", charge_id=paid["charge_id"])
    assert made["status"] == "succeeded"
    desk.days(1)
    found = desk.stripe.v1.refunds.retrieve(
        made["refund_id"], {"expand": ["failure_balance_transaction"]}
    )
    assert (found.status, found.failure_reason) == ("failed", "expired_or_canceled_card")
    entry = found.failure_balance_transaction
    assert (entry.type, entry.amount, entry.source) == ("refund_failure", 10_000, found.id)
    assert desk.stripe.v1.charges.retrieve(paid["charge_id"]).amount_refunded == 0
    assert desk.stripe.v1.events.list({"type": "refund.failed"}).data


def test_what_came_back_can_be_refunded_again(desk: Desk) -> None:
    paid = desk.pay("10.00", currency="EUR")
    first = desk.act("refund", charge_id=paid["charge_id"], amount="3.33")
    desk.act("fail_refund", refund_id=first["refund_id"])
    desk.act("refund", charge_id=paid["charge_id"])
    moved = [entry.amount for entry in desk.stripe.v1.balance_transactions.list()]
    assert moved == [-1_111, 370, -370, 1_111]


def test_parts_of_a_converted_charge_come_out_to_the_cent(desk: Desk) -> None:
    paid = desk.pay("10.00", currency="EUR")
    assert paid["settled_amount"] == "11.11"
    for amount in ("3.33", "3.33", "3.34"):
        desk.act("refund", charge_id=paid["charge_id"], amount=amount)
    moved = [entry.amount for entry in desk.stripe.v1.balance_transactions.list()]
    assert sum(moved) == 0, moved


def test_a_dispute_takes_its_amount_and_a_fee(desk: Desk) -> None:
    charge = desk.pay("100.00")["charge_id"]
    made = desk.act("dispute", charge_id=charge, amount="60.00", reason="product_not_received")
    assert (made["amount"], made["fee"], made["status"]) == ("60.00", "15.00", "needs_response")
    found = desk.stripe.v1.disputes.retrieve(made["dispute_id"], {"expand": ["charge"]})
    (entry,) = found.balance_transactions
    assert (entry.type, entry.reporting_category) == ("adjustment", "dispute")
    assert (entry.amount, entry.fee, entry.net) == (-6_000, 1_500, -7_500)
    assert found.charge.disputed
    with pytest.raises(stripe.InvalidRequestError, match="charged back") as refused:
        desk.stripe.v1.refunds.create({"charge": charge})
    assert refused.value.code == "charge_disputed"
    with pytest.raises(SimulatorRefused, match="disputed already"):
        desk.act("dispute", charge_id=charge)
    topics = {event.type for event in desk.stripe.v1.events.list({"type": "charge.dispute.*"})}
    assert topics == {"charge.dispute.created", "charge.dispute.funds_withdrawn"}


@pytest.mark.parametrize(("returned", "fee", "net"), [(False, 0, 10_000), (True, -1_500, 11_500)])
def test_a_dispute_that_is_won(
    open_desk: Callable[..., Desk], returned: bool, fee: int, net: int
) -> None:
    desk = open_desk(fees={"dispute_returned": returned})
    charge = desk.pay("100.00")["charge_id"]
    dispute = desk.act("dispute", charge_id=charge)["dispute_id"]
    answered = desk.stripe.v1.disputes.update(
        dispute, {"evidence": {"uncategorized_text": "It was delivered."}, "submit": True}
    )
    assert (answered.status, answered.evidence_details.has_evidence) == ("under_review", True)
    assert desk.act("close_dispute", dispute_id=dispute, won=True)["status"] == "won"
    back = desk.stripe.v1.disputes.retrieve(dispute).balance_transactions[1]
    assert (back.amount, back.fee, back.net) == (10_000, fee, net)
    assert back.reporting_category == "dispute_reversal"
    assert desk.act("refund", charge_id=charge)["amount"] == "100.00", "refundable again"
    with pytest.raises(SimulatorRefused, match="already closed"):
        desk.act("close_dispute", dispute_id=dispute, won=False)


def test_a_dispute_that_is_accepted_is_lost(desk: Desk) -> None:
    paid = desk.pay("100.00", payment_method="pm_card_createDispute")
    (dispute,) = desk.stripe.v1.disputes.list({"charge": paid["charge_id"]}).data
    assert dispute.reason == "fraudulent"
    assert desk.stripe.v1.disputes.close(dispute.id).status == "lost"
    record = desk.snapshot()["dispute"][dispute.id]
    assert (record["status"], record["fee"], record["charge_id"]) == (
        "lost", "15.00", paid["charge_id"],
    )  # fmt: skip
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        desk.stripe.v1.disputes.close(dispute.id)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        desk.stripe.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Ada"}})
    assert desk.stripe.v1.disputes.retrieve(dispute.id).evidence.to_dict() == {}


def test_a_dispute_cannot_take_more_than_is_left(desk: Desk) -> None:
    charge = desk.pay("100.00")["charge_id"]
    desk.act("refund", charge_id=charge, amount="99.00")
    with pytest.raises(SimulatorRefused, match="left to dispute"):
        desk.act("dispute", charge_id=charge, amount="1.01")
    assert desk.act("dispute", charge_id=charge)["amount"] == "1.00"
