"""The requests of the OCA addon account_statement_import_online_stripe, played exactly.

The addon asks with urllib, a Bearer key and no Stripe-Version; it lists balance transactions
between two moments with ``expand[]=data.source``, follows ``starting_after`` while there is
more, and turns each into a statement line and a line for its fee.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.simulators.gateway.desk import KEY, Desk

open_url = build_opener(ProxyHandler({})).open


def read(desk: Desk, path: str, parameters: list[tuple[str, Any]], key: str = KEY) -> Any:
    request = Request(f"{desk.url}/v1{path}?{urlencode(parameters)}", data=None)
    request.add_header("Authorization", f"Bearer {key}")
    with open_url(request) as response:
        return json.loads(response.read().decode("utf-8"))


def read_all(desk: Desk, path: str, parameters: list[tuple[str, Any]]) -> Iterator[Any]:
    cursor: list[tuple[str, Any]] = []
    while True:
        page = read(desk, path, [*parameters, *cursor])
        yield from page["data"]
        if not page["has_more"]:
            return
        cursor = [("starting_after", page["data"][-1]["id"])]


def window(days: int) -> list[tuple[str, Any]]:
    now = datetime.now(UTC)
    since = int((now - timedelta(days=days)).timestamp())
    until = int((now + timedelta(days=1)).timestamp())
    return [("created[gte]", since), ("created[lt]", until), ("expand[]", "data.source")]


def test_a_story_becomes_statement_lines(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(available_after_banking_days=0)
    paid = [
        desk.pay(f"{20 + number}.00", order_name=f"#{number}",
                 metadata={"invoice_number": f"INV/{number}"})
        for number in range(23)
    ]  # fmt: skip
    desk.act("refund", charge_id=paid[0]["charge_id"], amount="5.00")
    (payout,) = desk.act("close_day")["payouts"]
    entries = list(read_all(desk, "/balance_transactions", window(60)))
    assert len(entries) == len({entry["id"] for entry in entries}) == 25, "three pages"
    assert {entry["currency"] for entry in entries} == {"usd"}
    charge = next(entry for entry in entries if entry["id"] == paid[3]["balance_transaction_id"])
    assert charge["source"]["metadata"]["invoice_number"] == "INV/3"
    assert charge["source"]["payment_method_details"]["type"] == "card"
    assert charge["source"]["object"] == "charge"
    assert charge["amount"] == 2_300
    refund = next(entry for entry in entries if entry["type"] == "refund")
    assert (refund["source"]["object"], refund["amount"], refund["fee"]) == ("refund", -500, 0)
    assert isinstance(refund["source"]["metadata"], dict)
    own = next(entry for entry in entries if entry["type"] == "payout")
    assert (own["source"]["id"], Decimal(-own["amount"]) / 100) == (
        payout["id"], Decimal(payout["amount"]),
    )  # fmt: skip
    lines = sum(entry["amount"] for entry in entries) - sum(entry["fee"] for entry in entries)
    assert lines == 0, "after the payout the statement's balance is nothing"


def test_the_window_is_heeded(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.pay("10.00")
    assert len(list(read_all(desk, "/balance_transactions", window(41)))) == 1
    assert list(read_all(desk, "/balance_transactions", window(39))) == []


def test_a_wrong_key_is_an_http_error_with_a_json_body(desk: Desk) -> None:
    with pytest.raises(HTTPError) as refused:
        read(desk, "/balance_transactions", window(1), key="sk_test_wrong")
    with refused.value as answer:
        assert answer.code == 401
        assert json.loads(answer.read())["error"]["type"] == "invalid_request_error"


def test_other_expansions_of_its_settings(desk: Desk) -> None:
    desk.pay("10.00", email="ada@example.com")
    parameters = [*window(60), ("expand[]", "data.source.customer")]
    (entry,) = read_all(desk, "/balance_transactions", parameters)
    assert entry["source"]["customer"]["email"] == "ada@example.com"
    empty = [entry for entry in window(60) if entry[0] != "expand[]"]
    (plain,) = read_all(desk, "/balance_transactions", empty)
    assert plain["source"] == entry["source"]["id"]
