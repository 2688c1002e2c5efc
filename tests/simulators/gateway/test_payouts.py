"""Payouts: when money is available, what a payout carries, how it arrives and fails."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import stripe

from peakproof.simkit import BankAccount, SimulatorRefused
from tests.simulators.gateway.desk import Desk, plan


def until_weekday(desk: Desk, weekday: int) -> date:
    """Let days pass until the gateway's day is a Monday (0) ...; return it."""
    while True:
        today = date.fromisoformat(desk.act("pass_days", days=1)["today"])
        if today.weekday() == weekday:
            return today


def transactions(desk: Desk, payout: str) -> list[Any]:
    listed = desk.stripe.v1.balance_transactions.list(
        {"payout": payout, "limit": 100, "expand": ["data.source"]}
    )
    return list(listed.auto_paging_iter())


def test_money_is_available_after_two_banking_days_and_is_paid_out(desk: Desk) -> None:
    until_weekday(desk, 3)  # Thursday
    desk.pay("100.00")
    today = date.fromisoformat(desk.act("pass_days", days=1)["today"])
    desk.days(2)  # Sunday
    assert desk.stripe.v1.payouts.list().data == []
    assert desk.stripe.v1.balance.retrieve().pending[0].amount == 9_680
    desk.days(1)  # Monday
    (payout,) = desk.stripe.v1.payouts.list().data
    assert (payout.amount, payout.status, payout.automatic) == (9_680, "pending", True)
    assert desk.snapshot()["payout"][payout.id]["arrival_date"] == (
        today + timedelta(days=5)
    ).isoformat()  # fmt: skip
    assert desk.stripe.v1.balance.retrieve().available[0].amount == 0
    own = desk.stripe.v1.balance_transactions.retrieve(payout.balance_transaction)
    assert (own.available_on, own.status) == (payout.arrival_date, "pending")
    desk.days(1)
    assert desk.stripe.v1.payouts.retrieve(payout.id).status == "in_transit"
    desk.days(1)
    found = desk.stripe.v1.payouts.retrieve(payout.id, {"expand": ["destination"]})
    assert (found.status, found.trace_id.status) == ("paid", "supported")
    assert found.destination.last4 == "6789"
    assert found.trace_id.value == desk.snapshot()["payout"][payout.id]["reference"]
    topics = [event.type for event in desk.stripe.v1.events.list({"type": "payout.*"})]
    assert topics == ["payout.paid", "payout.updated", "payout.reconciliation_completed",
                      "payout.created"]  # fmt: skip
    assert desk.stripe.v1.events.list({"type": "balance.available"}).data


def test_banks_rest_on_holidays(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    monday = until_weekday(desk, 0)
    other = open_desk(plan(holidays=[(monday + timedelta(days=1)).isoformat()]))
    until_weekday(other, 0)
    for place, days in ((desk, 2), (other, 3)):
        paid = place.pay()
        entry = place.snapshot()["balance_transaction"][paid["balance_transaction_id"]]
        assert entry["available_on"][:10] == (monday + timedelta(days=days)).isoformat()


def test_the_day_is_closed_by_hand_and_the_bank_hears_of_each_payout_once(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(available_after_banking_days=0)
    assert desk.act("close_day") == {"payouts": []}
    desk.pay("100.00")
    desk.pay("50.00", payment_method="pm_card_mastercard")
    (told,) = desk.act("close_day")["payouts"]
    assert (told["amount"], told["currency"], told["status"]) == ("145.05", "USD", "pending")
    assert told["reference"].startswith("ST-")
    assert date.fromisoformat(told["arrival_date"])
    assert desk.act("close_day") == {"payouts": []}
    desk.pay("10.00")
    desk.days(4)
    (second,) = desk.act("close_day")["payouts"]
    assert second["amount"] == "9.41", "made by the day itself, told by the next close_day"


def test_a_payout_of_charges_refunds_disputes_and_fees(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(available_after_banking_days=0)
    first, second = desk.pay("100.00"), desk.pay("90.00", currency="EUR")
    third = desk.pay("200.00")
    desk.act("refund", charge_id=first["charge_id"], amount="25.00")
    dispute = desk.act("dispute", charge_id=second["charge_id"])["dispute_id"]
    desk.act("close_dispute", dispute_id=dispute, won=True)
    (told,) = desk.act("close_day")["payouts"]
    entries = transactions(desk, told["id"])
    assert [entry.type for entry in entries] == [
        "payout", "adjustment", "adjustment", "refund", "charge", "charge", "charge",
    ]  # fmt: skip
    own, *carried = entries
    assert own.net == -sum(entry.net for entry in carried)
    payout = desk.stripe.v1.payouts.retrieve(told["id"])
    assert (payout.amount, payout.balance_transaction) == (-own.net, own.id)
    assert [entry.source.object for entry in entries] == [
        "payout", "dispute", "dispute", "refund", "charge", "charge", "charge",
    ]  # fmt: skip
    record = desk.snapshot()["payout"][told["id"]]
    assert set(record["transaction_ids"]) == {entry.id for entry in carried}
    assert third["balance_transaction_id"] in record["transaction_ids"]


def test_a_payout_of_more_than_250_transactions_pages(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(available_after_banking_days=0)
    for number in range(260):
        desk.pay(f"{10 + number}.{number % 100:02}")
    (told,) = desk.act("close_day")["payouts"]
    entries = transactions(desk, told["id"])
    assert len(entries) == len({entry.id for entry in entries}) == 261
    assert sum(entry.net for entry in entries) == 0
    reverse = desk.stripe.v1.balance_transactions.list(
        {"payout": told["id"], "type": "charge", "limit": 100, "ending_before": entries[-1].id}
    )
    assert [entry.id for entry in reverse] == [entry.id for entry in entries[-101:-1]]


def test_a_failed_payout_returns_to_the_balance_and_the_next_one_carries_it(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(available_after_banking_days=0)
    with pytest.raises(SimulatorRefused, match="No payout"):
        desk.act("fail_payout")
    desk.pay("100.00")
    (told,) = desk.act("close_day")["payouts"]
    until_weekday(desk, 4)
    desk.days(7)
    assert desk.stripe.v1.payouts.retrieve(told["id"]).status == "paid"
    assert desk.act("fail_payout", payout_id=told["id"], code="no_account")["status"] == "failed"
    payout = desk.stripe.v1.payouts.retrieve(
        told["id"], {"expand": ["failure_balance_transaction"]}
    )
    assert (payout.failure_code, bool(payout.failure_message)) == ("no_account", True)
    entry = payout.failure_balance_transaction
    assert (entry.type, entry.amount, entry.source) == ("payout_failure", 9_680, payout.id)
    assert desk.stripe.v1.balance.retrieve().available[0].amount == 9_680
    (again,) = desk.act("close_day")["payouts"]
    assert again["amount"] == "96.80"
    assert desk.snapshot()["balance_transaction"][entry.id]["payout_id"] == again["id"]
    with pytest.raises(SimulatorRefused, match="failed already"):
        desk.act("fail_payout", payout_id=told["id"])
    with pytest.raises(SimulatorRefused, match="failure code"):
        desk.act("fail_payout", payout_id=again["id"], code="whim")
    assert desk.act("fail_payout")["id"] == again["id"], "the latest, where none is named"


def test_nothing_is_paid_out_of_a_negative_balance(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(available_after_banking_days=0)
    charge = desk.pay("10.00")["charge_id"]
    assert len(desk.act("close_day")["payouts"]) == 1
    desk.act("refund", charge_id=charge)
    assert desk.snapshot()["balance"]["USD"]["available"] == "-10.00"
    assert desk.act("close_day") == {"payouts": []}
    desk.pay("100.00")
    (told,) = desk.act("close_day")["payouts"]
    assert told["amount"] == "86.80", "96.80 less the refund that waited"


def test_manual_payouts(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(available_after_banking_days=0, payout_schedule="manual")
    desk.pay("100.00")
    desk.days(5)
    assert desk.stripe.v1.payouts.list().data == [], "no schedule"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.v1.payouts.create({"amount": 9_681, "currency": "usd"})
    assert refused.value.code == "balance_insufficient"
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.v1.payouts.create({"amount": 100, "currency": "eur"})
    made = desk.stripe.v1.payouts.create(
        {"amount": 5_000, "currency": "usd", "metadata": {"why": "rent"}}
    )
    assert (made.automatic, made.reconciliation_status) == (False, "not_applicable")
    assert desk.stripe.v1.balance.retrieve().available[0].amount == 4_680
    with pytest.raises(stripe.InvalidRequestError, match="only be filtered on automatic"):
        desk.stripe.v1.balance_transactions.list({"payout": made.id})
    cancelled = desk.stripe.v1.payouts.cancel(made.id)
    assert cancelled.status == "canceled"
    assert desk.stripe.v1.balance.retrieve().available[0].amount == 9_680
    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        desk.stripe.v1.payouts.cancel(made.id)
    assert desk.act("create_payout", amount="10.00")["amount"] == "10.00"
    assert [told["amount"] for told in desk.act("close_day")["payouts"]] == ["10.00", "86.80"]


def test_each_currency_with_a_bank_account_is_settled_and_paid_out_by_itself(
    open_desk: Callable[..., Desk],
) -> None:
    accounts = [
        BankAccount(code="main", iban="US00BANK000012346789"),
        BankAccount(code="euro", iban="BE68539007547034", currency="EUR"),
        BankAccount(code="pound", iban="GB33BUKB20201555555555", currency="GBP"),  # no rate
    ]
    desk = open_desk(plan(bank_accounts=accounts), available_after_banking_days=0)
    euros = desk.pay("100.00", currency="EUR")
    assert (euros["settled_amount"], euros["settled_currency"]) == ("100.00", "EUR")
    assert euros["fee"] == "3.17", "2.9 % and 0.30 USD at 0.9; nothing for converting"
    yen = desk.pay("1500", currency="JPY")
    assert (yen["settled_amount"], yen["settled_currency"]) == ("10.00", "USD")
    refund = desk.act("refund", charge_id=euros["charge_id"], amount="10.00")
    entry = desk.snapshot()["balance_transaction"][refund["balance_transaction_id"]]
    assert (entry["amount"], entry["currency"]) == ("-10.00", "EUR")
    balance = desk.stripe.v1.balance.retrieve()
    told = [(part.currency, part.amount) for part in balance.available]
    assert told == [("usd", 1000 - 29 - 30 - 10), ("eur", 8683)]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.v1.payouts.create({"amount": 932, "currency": "usd"})
    assert refused.value.code == "balance_insufficient"

    sent = desk.act("close_day")["payouts"]
    assert [(one["account"], one["amount"], one["currency"]) for one in sent] == [
        ("main", "9.31", "USD"),
        ("euro", "86.83", "EUR"),
    ]
    found = desk.stripe.v1.payouts.retrieve(sent[1]["id"], {"expand": ["destination"]})
    assert (found.destination.currency, found.destination.last4) == ("eur", "7034")
    dispute = desk.act("dispute", charge_id=euros["charge_id"])
    assert (dispute["amount"], dispute["fee"]) == ("90.00", "13.50")
    left = desk.stripe.v1.balance.retrieve().available
    assert [(part.currency, part.amount) for part in left] == [("usd", 0), ("eur", -10350)]
    failed = desk.act("fail_payout", payout_id=sent[1]["id"])
    assert failed["currency"] == "EUR"
    assert desk.snapshot()["balance"]["EUR"]["available"] == "-16.67"


def test_payouts_are_filtered(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(available_after_banking_days=0)
    for _ in range(3):
        desk.pay("10.00")
        desk.act("close_day")
        desk.days(1)
    listed = list(desk.stripe.v1.payouts.list({"limit": 1}).auto_paging_iter())
    assert len(listed) == 3
    newest = listed[0]
    same = desk.stripe.v1.payouts.list({"arrival_date": {"gte": newest.arrival_date}}).data
    assert {payout.arrival_date for payout in same} == {newest.arrival_date}
    assert desk.stripe.v1.payouts.list({"created": {"lt": newest.created}}).data[0].id != newest.id
    assert desk.stripe.v1.payouts.list({"status": "failed"}).data == []
    renamed = desk.stripe.v1.payouts.update(newest.id, {"metadata": {"booked": "yes"}})
    assert renamed.metadata["booked"] == "yes"
