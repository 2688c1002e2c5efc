"""Bad days of carriers: down, slow, dearer, and answers that get lost."""

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from easypost.errors import HttpError

from peakproof.seed import wait_until
from peakproof.simkit import Shop, SimulatorRefused
from tests.simulators.carrier.conftest import Desk, refusal, two_carriers


def test_one_carrier_down_leaves_the_others_rates(desk: Desk) -> None:
    before = desk.shipment()
    desk.control.act("carrier_down", {"carrier": "FedEx"})
    made = desk.shipment()
    assert [rate.carrier for rate in made.rates] == ["USPS", "USPS"]
    [message] = made.messages
    assert (message.carrier, message.type) == ("FedEx", "rate_error")
    assert message.carrier_account_id == desk.seeded["carrier_accounts"]["FedEx"]
    fedex = before.lowest_rate(["FedEx"])
    error = refusal(lambda: desk.api.shipment.buy(before.id, rate=fedex))
    assert (error.http_status, error.code) == (422, "SHIPMENT.POSTAGE.FAILURE")
    assert desk.snapshot("label") == []
    desk.control.act("carrier_up", {"carrier": "FedEx"})
    assert desk.api.shipment.buy(before.id, rate=fedex).selected_rate.carrier == "FedEx"
    assert len(desk.api.shipment.regenerate_rates(made.id).rates) == 3
    assert desk.api.shipment.retrieve(made.id).messages == []


def test_the_fault_carrier_down_takes_its_carrier_and_counts(desk: Desk) -> None:
    rule = desk.control.inject("carrier_down", {"carrier": "USPS", "count": 1})
    assert [rate.carrier for rate in desk.shipment().rates] == ["FedEx"]
    assert desk.control.fired(rule) == 1
    made = desk.shipment()
    assert len(made.rates) == 3
    rule = desk.control.inject("carrier_down", {"match": "shipments.buy"})
    error = refusal(lambda: desk.api.shipment.buy(made.id, rate=made.rates[0]))
    assert error.code == "SHIPMENT.POSTAGE.FAILURE"
    desk.control.heal(rule)
    assert desk.api.shipment.buy(made.id, rate=made.rates[0]).tracking_code


def test_a_label_is_bought_though_the_answer_was_lost(desk: Desk) -> None:
    made = desk.shipment(reference="S00009")
    rule = desk.control.inject(
        "request", {"effect": "lost_acknowledgement", "match": "shipments.buy", "count": 1}
    )
    with pytest.raises(HttpError):
        desk.api.shipment.buy(made.id, rate=made.rates[0])
    assert desk.control.fired(rule) == 1
    error = refusal(lambda: desk.api.shipment.buy(made.id, rate=made.rates[0]))
    assert error.code == "SHIPMENT.POSTAGE.EXISTS"
    [label] = desk.snapshot("label")
    assert desk.api.shipment.retrieve("S00009").tracking_code == label["tracking_code"]


def test_a_lost_create_leaves_a_shipment_behind(desk: Desk) -> None:
    desk.control.inject(
        "request", {"effect": "lost_acknowledgement", "match": "shipments.create", "count": 1}
    )
    with pytest.raises(HttpError):
        desk.shipment(reference="S00010")
    assert [entry["status"] for entry in desk.snapshot("shipment")] == ["created"]


def test_a_purchase_takes_its_time_and_a_second_one_is_refused(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(buy_seconds=1.5)
    made = desk.shipment()
    bought: list[str] = []
    thread = threading.Thread(
        target=lambda: bought.append(
            desk.api.shipment.buy(made.id, rate=made.rates[0]).tracking_code
        )
    )
    thread.start()
    wait_until(lambda: desk.control.pending().get("purchases"), 5, "the purchase to begin", 0.01)
    answer = desk.http.post(f"/v2/shipments/{made.id}/buy", json={"rate": {"id": made.rates[0].id}})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "SHIPMENT.PURCHASE.IN_PROGRESS"
    thread.join()
    assert [label["tracking_code"] for label in desk.snapshot("label")] == bought


def test_a_slow_carrier_sells_though_the_caller_gave_up(desk: Desk) -> None:
    made = desk.shipment()
    desk.control.inject("slow_carrier", {"carrier": "FedEx", "delay_seconds": 1.5, "count": 1})
    assert desk.api.shipment.retrieve(made.id).rates[0].rate == "5.93"
    with pytest.raises(Exception, match="timed out"):
        desk.http.post(
            f"/v2/shipments/{made.id}/buy",
            json={"rate": {"id": made.rates[2].id}},
            timeout=0.3,
        )
    assert desk.snapshot("label") == []
    wait_until(lambda: desk.snapshot("label"), 5, "the label to be bought")
    assert desk.api.shipment.retrieve(made.id).selected_rate.carrier == "FedEx"


def test_slow_rating_asks_only_the_carriers_wanted(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rate_seconds=0.01)
    rule = desk.control.inject("slow_carrier", {"carrier": "FedEx", "delay_seconds": 0.05})
    usps = desk.seeded["carrier_accounts"]["USPS"]
    made = desk.shipment(carrier_accounts=[usps])
    assert desk.control.fired(rule) == 0
    assert len(desk.api.shipment.regenerate_rates(made.id).rates) == 2
    desk.shipment()
    assert desk.control.fired(rule) == 1


def test_what_is_charged_is_the_price_at_the_purchase(desk: Desk) -> None:
    made = desk.shipment()
    cheap = made.lowest_rate()
    desk.control.act(
        "change_price", {"carrier": "USPS", "service": "GroundAdvantage", "price": "7.01"}
    )
    bought = desk.api.shipment.buy(made.id, rate=cheap)
    assert (cheap.rate, bought.selected_rate.rate) == ("5.93", "7.01")
    assert bought.selected_rate.id == cheap.id
    assert bought.rates[0].rate == "5.93"
    [charge] = desk.snapshot("carrier_charge")
    assert charge["amount"] == "7.01"
    with pytest.raises(SimulatorRefused, match="unknown_service"):
        desk.control.act("change_price", {"carrier": "USPS", "service": "Air", "price": "1"})
    with pytest.raises(SimulatorRefused, match="unknown_carrier"):
        desk.control.act("carrier_down", {"carrier": "Nobody"})


def test_rates_expire_with_the_days(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(
        Shop(days_ago=2, carrier_accounts=two_carriers()), rate_lifetime_seconds=86400.0
    )
    made = desk.shipment()
    desk.control.act("pass_days", {"days": 1})
    error = refusal(lambda: desk.api.shipment.buy(made.id, rate=made.rates[0]))
    assert (error.http_status, error.code) == (422, "SHIPMENT.RATES.UNAVAILABLE")
    assert "expired" in error.message
    again = desk.api.shipment.regenerate_rates(made.id)
    assert desk.api.shipment.buy(made.id, rate=again.rates[0]).tracking_code


def test_more_than_sixty_accounts_are_not_asked(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(Shop(carrier_accounts=[two_carriers()[1] for _ in range(61)]))
    assert len(desk.shipment().rates) == 60


def test_other_currencies_keep_their_own_decimals(open_desk: Callable[..., Desk]) -> None:
    account = two_carriers()[1]
    account.currency, account.services[0].price = "JPY", "910"
    desk = open_desk(Shop(carrier_accounts=[account]))
    bought = desk.bought()
    assert (bought.selected_rate.rate, bought.options.currency) == ("910", "JPY")
    [label] = desk.snapshot("label")
    assert (Decimal(label["price"]), label["currency"]) == (910, "JPY")
