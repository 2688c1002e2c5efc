"""The gateway as the harness sees it: values, snapshot, history, secrets, any shop."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from peakproof.plan import Shop
from peakproof.simkit import SimulatorRefused, UsageError
from simulators import REGISTRY
from simulators.gateway.acts import ACTS
from tests.simulators.gateway.desk import Desk, plan

FIELDS = {
    "charge": {"id", "order_reference", "amount", "currency", "amount_refunded", "captured",
               "status", "disputed", "created"},
    "refund": {"id", "charge_id", "amount", "currency", "status", "created"},
    "dispute": {"id", "charge_id", "amount", "currency", "status", "fee", "fee_currency",
                "created"},
    "balance_transaction": {"id", "type", "amount", "fee", "net", "currency", "source",
                            "payout_id", "created", "available_on"},
    "payout": {"id", "amount", "currency", "status", "arrival_date", "reference", "created",
               "automatic", "transaction_ids"},
}  # fmt: skip


def story(desk: Desk) -> None:
    paid = desk.pay("100.00", order_name="#1001", order_id=1)
    desk.act("refund", charge_id=paid["charge_id"], amount="10.00")
    desk.act("dispute", charge_id=desk.pay("50.00")["charge_id"])
    desk.days(5)


def test_it_is_registered() -> None:
    assert REGISTRY["gateway"].NAME == "gateway"


def test_the_snapshot_is_in_no_vendors_words(desk: Desk) -> None:
    story(desk)
    found = desk.snapshot()
    assert set(found) == {*FIELDS, "balance"}
    for entity, fields in FIELDS.items():
        assert found[entity]
        for key, record in found[entity].items():
            assert set(record) == fields
            assert record["id"] == key
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["created"])
            assert re.fullmatch(r"-?\d+\.\d\d", record["amount"])
            assert record["currency"] == "USD"


def test_the_history_ends_where_the_snapshot_is(desk: Desk) -> None:
    story(desk)
    found = desk.snapshot()
    last: dict[tuple[str, str], Any] = {}
    payouts = len(found["payout"])
    desk.wait_for("state", payouts, name="payout")
    for event in desk.events("state"):
        last[event["name"], event["key"]] = event["value"]
    for entity in FIELDS:
        for key, record in found[entity].items():
            assert last[entity, key] == record
    statuses = [event["value"]["status"] for event in desk.events("state")
                if event["name"] == "payout"]  # fmt: skip
    assert "pending" in statuses, "transient states are written down"


def test_values_for_connectors(open_desk: Callable[..., Desk]) -> None:
    drawn = open_desk(secret_key="").values
    assert drawn["secret_key"].startswith("sk_test_")
    assert drawn["publishable_key"].startswith("pk_test_")
    assert drawn["webhook_secret"].startswith("whsec_")
    assert all(isinstance(value, str) for value in drawn.values())
    assert open_desk(secret_key="").values == drawn, "the same seed, the same keys"
    assert open_desk(webhook_secret="whsec_x").values["webhook_secret"] == "whsec_x"


def test_no_secret_in_history_or_snapshot(desk: Desk) -> None:
    intent = desk.stripe.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    desk.post(
        "payment_intents",
        {
            "amount": "500",
            "currency": "usd",
            "payment_method_data[card][number]": "4242424242424242",
        },
    )
    desk.http.get(f"/v1/payment_intents/{intent.id}", params={"client_secret": "pi_hush"})
    story(desk)
    desk.wait_for("request", 3)
    written = desk.journal.read_text() + str(desk.snapshot())
    for secret in ("sk_test_desk", "whsec_", "_secret_", "4242424242424242", "pi_hush"):
        assert secret not in written


@pytest.mark.parametrize(
    "shop",
    [
        Shop(),
        Shop(currency="JPY", country="JP", days_ago=3),
        Shop(currency="EUR", country="DE", exchange_rates={"USD": "1.1"}, holidays=["2026-01-01"]),
        plan(bank_accounts=[]),
    ],
)
def test_any_shop_is_accepted(open_desk: Callable[..., Desk], shop: Shop) -> None:
    desk = open_desk(shop)
    paid = desk.pay("1000")
    assert paid["settled_currency"] == shop.currency
    entry = desk.snapshot()["balance_transaction"][paid["balance_transaction_id"]]
    assert entry["currency"] == shop.currency
    if shop.currency == "JPY":
        assert (paid["fee"], paid["net"]) == ("29", "971")


@pytest.mark.parametrize(
    ("action", "arguments", "code"),
    [
        ("refund", {"charge_id": "ch_none"}, "resource_missing"),
        ("capture", {"payment_intent_id": "pi_none"}, "resource_missing"),
        ("close_dispute", {"dispute_id": "du_none", "won": True}, "resource_missing"),
        ("fail_payout", {"payout_id": "po_none"}, "resource_missing"),
        ("fail_refund", {"refund_id": "re_none"}, "resource_missing"),
        ("create_payout", {}, "balance_insufficient"),
        ("pay", {"amount": "0.10"}, "amount_too_small"),
        ("pay", {"amount": "10.00", "payment_method": "pm_none"}, "resource_missing"),
        ("register_webhook", {"url": "ftp://x"}, "url_invalid"),
    ],
)
def test_acts_that_cannot_be(desk: Desk, action: str, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(SimulatorRefused) as refused:
        desk.act(action, **arguments)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("pay", {}),
        ("pay", {"amount": "1.234"}),
        ("pay", {"amount": "much"}),
        ("close_dispute", {"won": "yes"}),
        ("refund", {"reason": "whim"}),
        ("dispute", {"reason": "whim"}),
    ],
)
def test_acts_that_are_called_wrongly(desk: Desk, action: str, arguments: dict[str, Any]) -> None:
    charge = desk.pay()["charge_id"]
    if action in ("refund", "dispute"):
        arguments = arguments | {"charge_id": charge}
    if action == "close_dispute":
        arguments = arguments | {"dispute_id": desk.act("dispute", charge_id=charge)["dispute_id"]}
    with pytest.raises(UsageError):
        desk.act(action, **arguments)


def test_every_act_says_what_it_takes() -> None:
    for name, act in ACTS.items():
        assert act.__doc__, name


def test_an_authorisation_is_released_by_the_shop(desk: Desk) -> None:
    made = desk.act("authorize", amount="10.00")
    assert desk.act("cancel", charge_id=made["charge_id"])["status"] == "released"
