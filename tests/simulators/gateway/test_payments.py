"""Payment intents and charges: capture, decline, release, currencies, fees."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from peakproof.seed import wait_until
from peakproof.simkit import SimulatorRefused
from tests.simulators.gateway.desk import Desk


def intent(desk: Desk, **given: Any) -> Any:
    base = {"amount": 10_000, "currency": "usd", "payment_method": "pm_card_visa"}
    return desk.stripe.v1.payment_intents.create(base | given)


def test_an_intent_is_confirmed_and_its_money_is_in_the_balance(desk: Desk) -> None:
    made = intent(desk, confirm=True, capture_method="automatic", metadata={"order_id": "5"},
                  expand=["latest_charge.balance_transaction"])  # fmt: skip
    assert (made.status, made.amount_received) == ("succeeded", 10_000)
    charge = made.latest_charge
    assert (charge.status, charge.captured, charge.paid, charge.refunded) == (
        "succeeded", True, True, False,
    )  # fmt: skip
    assert charge.metadata["order_id"] == "5", "an intent's metadata are its charge's"
    entry = charge.balance_transaction
    assert (entry.amount, entry.fee, entry.net) == (10_000, 320, 9_680), "2.9 % and 0.30"
    assert (entry.type, entry.reporting_category, entry.status) == ("charge", "charge", "pending")
    assert [detail.type for detail in entry.fee_details] == ["stripe_fee"]
    assert entry.source == charge.id


def test_the_default_capture_is_asynchronous(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(async_capture_seconds=0.4)
    made = intent(desk, confirm=True, expand=["latest_charge"])
    assert (made.capture_method, made.status) == ("automatic_async", "succeeded")
    charge = made.latest_charge
    assert charge.captured
    assert charge.balance_transaction is None, "not yet"
    assert desk.client.pending()["captures"] == 1
    read = desk.stripe.v1.charges.retrieve
    wait_until(lambda: read(charge.id).balance_transaction, 10, "the capture")
    topics = [event.type for event in desk.stripe.v1.events.list()]
    assert topics == ["charge.updated", "payment_intent.succeeded", "charge.succeeded",
                      "payment_intent.created"]  # fmt: skip
    updated = desk.stripe.v1.events.list({"type": "charge.updated"}).data[0]
    assert updated.data.previous_attributes["balance_transaction"] is None


def test_money_counted_before_the_background_capture_is_complete(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(async_capture_seconds=3600)
    made = intent(desk, confirm=True)
    refund = desk.stripe.v1.refunds.create({"payment_intent": made.id, "amount": 2_500})
    assert refund.balance_transaction
    another = intent(desk, confirm=True)
    desk.days(4)
    listed = desk.stripe.v1.balance_transactions.list({"source": another.latest_charge})
    assert [entry.amount for entry in listed] == [10_000]
    assert listed.data[0].created == desk.get(f"charges/{another.latest_charge}")["created"]


def test_manual_capture_of_less_than_was_authorised(desk: Desk) -> None:
    made = intent(desk, confirm=True, capture_method="manual")
    assert (made.status, made.amount_capturable) == ("requires_capture", 10_000)
    with pytest.raises(stripe.InvalidRequestError) as over:
        desk.stripe.v1.payment_intents.capture(made.id, {"amount_to_capture": 10_001})
    assert (over.value.code, over.value.param) == ("amount_too_large", "amount_to_capture")
    taken = desk.stripe.v1.payment_intents.capture(made.id, {"amount_to_capture": 4_000})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 4_000, 0)
    charge = desk.stripe.v1.charges.retrieve(
        made.latest_charge, {"expand": ["balance_transaction"]}
    )
    assert (charge.amount, charge.amount_captured) == (10_000, 4_000)
    assert charge.balance_transaction.amount == 4_000
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded") as twice:
        desk.stripe.v1.payment_intents.capture(made.id)
    assert twice.value.code == "payment_intent_unexpected_state"
    assert twice.value.error.payment_intent.id == made.id


def test_a_cancelled_authorisation_is_released(desk: Desk) -> None:
    made = intent(desk, confirm=True, capture_method="manual")
    gone = desk.stripe.v1.payment_intents.cancel(made.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    charge = desk.stripe.v1.charges.retrieve(made.latest_charge)
    assert (charge.refunded, charge.captured, charge.balance_transaction) == (True, False, None)
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.v1.payment_intents.cancel(made.id)


def test_an_authorisation_expires_after_seven_days(desk: Desk) -> None:
    charge = desk.act("authorize", amount="10.00")["charge_id"]
    desk.days(6)
    assert desk.snapshot()["charge"][charge]["status"] == "authorized"
    desk.days(1)
    assert desk.snapshot()["charge"][charge]["status"] == "released"
    assert desk.stripe.v1.events.list({"type": "charge.expired"}).data
    with pytest.raises(SimulatorRefused, match="canceled"):
        desk.act("capture", charge_id=charge)


def test_capture_by_the_shop(desk: Desk) -> None:
    made = desk.act("authorize", amount="80.00", order_name="#1")
    assert (made["status"], "net" in made) == ("authorized", False)
    taken = desk.act("capture", charge_id=made["charge_id"], amount="50.00")
    assert (taken["amount"], taken["fee"], taken["net"]) == ("50.00", "1.75", "48.25")
    record = desk.snapshot()["charge"][made["charge_id"]]
    assert (record["amount"], record["order_reference"]) == ("50.00", "#1")


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_decline_is_a_402_and_another_card_may_follow(
    desk: Desk, method: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        intent(desk, payment_method=method, confirm=True)
    error = declined.value
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, decline_code)
    assert error.error.type == "card_error"
    failed = error.error.payment_intent
    assert (failed.status, failed.last_payment_error.code) == ("requires_payment_method", code)
    charge = desk.stripe.v1.charges.retrieve(error.error.charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    again = desk.stripe.v1.payment_intents.confirm(failed.id, {"payment_method": "pm_card_visa"})
    assert (again.status, again.last_payment_error) == ("succeeded", None)
    assert len(desk.stripe.v1.charges.list({"payment_intent": failed.id}).data) == 2


def test_a_shopper_whose_card_is_declined(desk: Desk) -> None:
    with pytest.raises(SimulatorRefused, match="declined") as refused:
        desk.pay(payment_method="pm_card_chargeDeclined", order_name="#2")
    assert refused.value.code == "card_declined"
    (charge,) = desk.snapshot()["charge"].values()
    assert (charge["status"], charge["order_reference"]) == ("failed", "#2")
    assert desk.snapshot()["balance_transaction"] == {}


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 0}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": "12.50"}, "parameter_invalid_integer", "amount"),
        ({"currency": "chf"}, None, "currency"),
        ({"payment_method": "pm_nothing"}, "resource_missing", "payment_method"),
        ({"customer": "cus_nothing"}, "resource_missing", "customer"),
        ({"capture_method": "sometimes"}, "parameter_unknown", "capture_method"),
        ({"payment_method_types": ["ideal"]}, "payment_intent_invalid_parameter",
         "payment_method_types"),
        ({"automatic_payment_methods": {"enabled": "maybe"}}, "parameter_unknown",
         "automatic_payment_methods"),
        ({"nonsense": "1"}, "parameter_unknown", "nonsense"),
        ({"transfer_data": {"destination": "acct_1"}}, "peakproof_not_modelled", "transfer_data"),
    ],
)  # fmt: skip
def test_what_cannot_be_charged_is_refused(
    desk: Desk, given: dict[str, Any], code: str, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        intent(desk, **given)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (
        400, code, param,
    )  # fmt: skip
    assert desk.get("payment_intents")["data"] == []


def test_an_intent_changes_until_it_is_confirmed(desk: Desk) -> None:
    made = desk.stripe.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    assert made.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        desk.stripe.v1.payment_intents.confirm(made.id)
    changed = desk.stripe.v1.payment_intents.update(
        made.id, {"amount": 700, "payment_method": "pm_card_visa", "metadata": {"a": "1"}}
    )
    assert (changed.amount, changed.status) == (700, "requires_confirmation")
    assert desk.stripe.v1.payment_intents.confirm(made.id).status == "succeeded"
    late = desk.stripe.v1.payment_intents.update(made.id, {"metadata": {"a": "", "b": "2"}})
    assert late.metadata.to_dict() == {"b": "2"}
    with pytest.raises(stripe.InvalidRequestError, match="cannot update"):
        desk.stripe.v1.payment_intents.update(made.id, {"amount": 1})
    with pytest.raises(stripe.InvalidRequestError, match="cannot confirm"):
        desk.stripe.v1.payment_intents.confirm(made.id)


def test_automatic_payment_methods(desk: Desk) -> None:
    assert intent(desk).automatic_payment_methods.allow_redirects == "always"
    never = {"enabled": True, "allow_redirects": "never"}
    made = intent(desk, automatic_payment_methods=never)
    assert made.automatic_payment_methods.allow_redirects == "never"
    assert intent(desk, payment_method_types=["card"]).automatic_payment_methods is None


def test_a_refused_confirmation_changes_nothing(desk: Desk) -> None:
    made = intent(desk, confirm=True, capture_method="automatic")
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.v1.payment_intents.confirm(made.id, {"capture_method": "manual"})
    assert desk.stripe.v1.payment_intents.retrieve(made.id).capture_method == "automatic"


def test_another_currency_settles_in_the_shops(desk: Desk) -> None:
    paid = desk.pay("90.00", currency="EUR")
    assert (paid["settled_amount"], paid["settled_currency"]) == ("100.00", "USD")
    assert (paid["fee"], paid["net"]) == ("4.20", "95.80"), "2.9 % + 0.30, 1 % to convert"
    entry = desk.stripe.v1.balance_transactions.retrieve(paid["balance_transaction_id"])
    assert (entry.currency, entry.amount) == ("usd", 10_000)
    assert entry.exchange_rate == pytest.approx(1 / 0.9)
    assert round(9_000 * entry.exchange_rate) == entry.amount
    assert [detail.amount for detail in entry.fee_details] == [320, 100]


def test_a_currency_without_decimals(desk: Desk) -> None:
    paid = desk.pay("15000", currency="JPY")
    assert (paid["amount"], paid["settled_amount"]) == ("15000", "100.00")
    assert desk.get(f"charges/{paid['charge_id']}")["amount"] == 15_000


def test_fees_are_options(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(fees={"percent": "1.5", "fixed": "0.25"})
    assert desk.pay("100.00")["fee"] == "1.75"


def test_customers_pay_again(desk: Desk) -> None:
    ada = desk.stripe.v1.customers.list({"email": "ada@example.com"}).data[0]
    first = desk.pay(email="ada@example.com")
    made = intent(desk, confirm=True, customer=ada.id)
    listed = desk.stripe.v1.charges.list({"customer": ada.id})
    assert [charge.id for charge in listed] == [made.latest_charge, first["charge_id"]]
    assert len(desk.stripe.v1.payment_intents.list({"customer": ada.id}).data) == 2
