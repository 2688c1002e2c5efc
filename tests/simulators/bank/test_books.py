"""The money: booking days, pending and booked, balances, batches, returns, payouts."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from peakproof.errors import UsageError
from peakproof.plan import BankAccount, Shop
from peakproof.simkit import SimulatorRefused
from simulators.bank.ibans import is_iban, split_for_ofx
from tests.simulators.bank.conftest import IBAN, plan


def balance(bank: Any, code: str = "MAIN") -> str:
    return str(bank.client.snapshot()["account"][code]["balance"])


def test_a_credit_is_booked_today_and_moves_the_balance(bank: Any) -> None:
    made = bank.act("receive", amount="12.50", counterparty="Ada", remittance="Order 7",
                    end_to_end_id="E7")  # fmt: skip
    assert made["status"] == "booked"
    assert made["amount"] == "12.50"
    assert made["currency"] == "EUR"
    assert balance(bank) == "1012.50"
    assert bank.client.snapshot()["transaction"][made["id"]] == made
    states = bank.wait_for("state", name="transaction")
    assert states[0]["value"]["status"] == "booked"


def test_a_debit_and_a_fee_take_money_away(bank: Any) -> None:
    paid = bank.act("pay_out", amount="100.10", counterparty="Supplier")
    fee = bank.act("pay_out", amount="0.90", kind="fee", remittance="Account fee")
    assert (paid["amount"], fee["amount"], fee["kind"]) == ("-100.10", "-0.90", "fee")
    assert balance(bank) == "899.00"


def test_a_later_date_is_pending_until_its_day(bank: Any) -> None:
    tomorrow = bank.today() + timedelta(days=1)
    made = bank.act("receive", amount="5.00", booking_date=tomorrow.isoformat())
    assert made["status"] == "pending"
    assert balance(bank) == "1000.00"
    while bank.today() < date.fromisoformat(made["booking_date"]):
        bank.act("pass_days", days=1)
    record = bank.client.snapshot()["transaction"][made["id"]]
    assert record["status"] == "booked"
    assert balance(bank) == "1005.00"
    states = [e["value"]["status"] for e in bank.wait_for("state", 2, key=made["id"])]
    assert states == ["pending", "booked"]


def test_banks_rest_on_weekends_and_holidays(open_bank: Callable[..., Any]) -> None:
    first = open_bank()
    friday = first.to_banking_day()
    while friday.weekday() != 4:
        friday = first.next_banking_day()
    saturday = friday + timedelta(days=1)
    made = first.act("receive", amount="1.00", booking_date=saturday.isoformat())
    assert made["booking_date"] == (friday + timedelta(days=3)).isoformat()
    rested = open_bank(plan(holidays=[(friday + timedelta(days=3)).isoformat()]))
    made = rested.act("receive", amount="1.00", booking_date=saturday.isoformat())
    assert made["booking_date"] == (friday + timedelta(days=4)).isoformat()


def test_value_date_may_lie_apart(bank: Any) -> None:
    value = (bank.today() - timedelta(days=2)).isoformat()
    made = bank.act("receive", amount="1.00", value_date=value)
    assert made["value_date"] == value
    assert made["booking_date"] == bank.today().isoformat()


def test_a_return_reverses_once(bank: Any) -> None:
    made = bank.act("receive", amount="20.00", counterparty="Ada")
    back = bank.act("return_payment", transaction=made["id"], reason="AC04")
    assert (back["amount"], back["reversal_of"]) == ("-20.00", made["id"])
    assert balance(bank) == "1000.00"
    for identity in (made["id"], back["id"]):
        with pytest.raises(SimulatorRefused, match="already_returned"):
            bank.act("return_payment", transaction=identity)
    with pytest.raises(SimulatorRefused, match="unknown_transaction"):
        bank.act("return_payment", transaction="nobody")


def test_what_is_pending_cannot_be_returned(bank: Any) -> None:
    later = (bank.today() + timedelta(days=5)).isoformat()
    made = bank.act("receive", amount="20.00", booking_date=later)
    with pytest.raises(SimulatorRefused, match="not_booked"):
        bank.act("return_payment", transaction=made["id"])


def test_a_batch_is_one_entry_and_one_of_it_may_come_back(bank: Any) -> None:
    payments = [{"amount": f"{n}.01", "counterparty": f"C{n}", "end_to_end_id": f"E{n}"}
                for n in (1, 2, 3)]  # fmt: skip
    made = bank.act("batch", payments=payments)
    assert made["amount"] == "6.03"
    assert [one["end_to_end_id"] for one in made["batch_of"]] == ["E1", "E2", "E3"]
    assert len(bank.booked()) == 1
    back = bank.act("return_payment", transaction=made["id"], end_to_end_id="E2")
    assert back["amount"] == "-2.01"
    with pytest.raises(SimulatorRefused, match="already_returned"):
        bank.act("return_payment", transaction=made["id"])
    with pytest.raises(SimulatorRefused, match="unknown_payment"):
        bank.act("return_payment", transaction=made["id"], end_to_end_id="E9")
    with pytest.raises(SimulatorRefused, match="mixed_batch"):
        bank.act("batch", payments=[{"amount": "1.00"}, {"amount": "-1.00"}])


def payout(identity: str, amount: str, day: date, status: str = "paid") -> dict[str, str]:
    return {"id": identity, "amount": amount, "currency": "EUR", "status": status,
            "arrival_date": day.isoformat(), "reference": f"STRIPE {identity}"}  # fmt: skip


def test_payouts_arrive_once_on_their_date_but_not_failed_ones(bank: Any) -> None:
    today = bank.today()
    later = today + timedelta(days=4)
    payouts = [
        payout("po_1", "100.00", today),
        payout("po_2", "50.00", later, "in_transit"),
        payout("po_3", "-7.00", today),
        payout("po_4", "9.00", today, "failed"),
    ]
    made = bank.act("receive_payouts", payouts=payouts)["transactions"]
    assert [(one["end_to_end_id"], one["amount"], one["status"]) for one in made] == [
        ("po_1", "100.00", "booked"), ("po_2", "50.00", "pending"), ("po_3", "-7.00", "booked"),
    ]  # fmt: skip
    assert made[0]["remittance"] == "STRIPE po_1"
    assert balance(bank) == "1093.00"
    assert bank.act("receive_payouts", payouts=payouts)["transactions"] == []
    bank.act("pass_days", days=7)
    assert balance(bank) == "1143.00"


def test_a_payout_in_another_currency_moves_nothing(bank: Any) -> None:
    payouts = [payout("po_1", "1.00", bank.today())]
    payouts.append(payout("po_2", "1.00", bank.today()) | {"currency": "USD"})
    with pytest.raises(SimulatorRefused, match="currency_mismatch"):
        bank.act("receive_payouts", payouts=payouts)
    assert balance(bank) == "1000.00"


def test_each_payout_comes_to_the_account_that_it_names(bank: Any) -> None:
    today = bank.today()
    payouts = [payout("po_1", "1.00", today), payout("po_2", "200", today)]
    payouts[1] |= {"currency": "JPY", "account": "YEN"}
    made = bank.act("receive_payouts", payouts=payouts)["transactions"]
    assert [(one["account"], one["amount"]) for one in made] == [("MAIN", "1.00"), ("YEN", "200")]
    with pytest.raises(SimulatorRefused, match="unknown_account"):
        bank.act("receive_payouts", payouts=[payout("po_3", "1.00", today) | {"account": "GOLD"}])


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.001", "much"])
def test_amounts_that_are_none_are_refused(bank: Any, amount: str) -> None:
    with pytest.raises(SimulatorRefused, match="invalid_amount"):
        bank.act("receive", amount=amount)


def test_texts_are_what_a_bank_takes(bank: Any) -> None:
    made = bank.act("receive", amount="1.00", remittance="\x1f a\tb\ufffe ", end_to_end_id="\x00")
    assert (made["remittance"], made["end_to_end_id"]) == ("a b", "")
    with pytest.raises(SimulatorRefused, match="text_too_long"):
        bank.act("receive", amount="1.00", end_to_end_id="9" * 36)


def test_currencies_without_decimals(bank: Any) -> None:
    assert bank.act("receive", account="YEN", amount="1500")["amount"] == "1500"
    assert balance(bank, "YEN") == "51500"
    with pytest.raises(SimulatorRefused, match="invalid_amount"):
        bank.act("receive", account="YEN", amount="1500.5")
    with pytest.raises(SimulatorRefused, match="unknown_account"):
        bank.act("receive", account="GOLD", amount="1")


def test_arguments_that_nobody_knows_are_usage_errors(bank: Any) -> None:
    for wrong in ({"amount": 5}, {"amount": "5", "colour": "red"}, {"amount": "5",
                  "booking_date": "soon"}):  # fmt: skip
        with pytest.raises(UsageError):
            bank.act("receive", **wrong)
    with pytest.raises(UsageError):
        bank.act("pay_out", amount="1.00", kind="gift")


def test_any_shop_is_accepted(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(Shop(currency="USD"))
    assert is_iban(bank.values["iban"])
    assert bank.client.snapshot()["account"]["MAIN"]["balance"] == "0.00"
    assert bank.values["currency"] == "USD"
    odd = open_bank(Shop(bank_accounts=[BankAccount(code="A", iban="123-456")]))
    assert odd.client.snapshot()["account"]["A"]["iban"] == "123-456"


def test_same_seed_same_records(open_bank: Callable[..., Any]) -> None:
    def story(bank: Any) -> Any:
        bank.act("receive", amount="12.50", counterparty="Ada")
        bank.act("pay_out", amount="1.00")
        return bank.client.snapshot(), bank.values | {"statement_folder": ""}

    assert story(open_bank()) == story(open_bank())


def test_ibans() -> None:
    assert is_iban(IBAN)
    assert not is_iban(IBAN.replace("89", "88", 1))
    assert split_for_ofx(IBAN) == ("37040044", IBAN)
    french = "FR7630006000011234567890189"
    assert split_for_ofx(french) == ("30006", "000011234567890189")
    assert Decimal(len(split_for_ofx("MT84MALT011000012345MTLCAST001S")[1])) <= 22
