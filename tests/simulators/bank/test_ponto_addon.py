"""The requests that OCA's account_statement_import_online_ponto makes, in its order and shape.

Written after reading the addon (19.0): POST /oauth2/token with the grant in the query and Basic
credentials; GET /accounts?limit=100, looking for the journal's IBAN; GET
/accounts/ID/transactions?limit=100, then again with after=(the last id) until a page is empty
or a known id, or a date a week before the period, comes. It reads id, amount, valueDate,
executionDate (with fractions of a second and Z), counterpartName, counterpartReference,
description and remittanceInformation, and takes only 200 and 201.
"""

import base64
from datetime import datetime, timedelta
from typing import Any

import requests

from tests.simulators.bank.conftest import CLIENT_ID, CLIENT_SECRET, IBAN


class Addon:
    """Pulls as the addon does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.headers: dict[str, str] = {}
        self.account = ""
        self.last_known = ""

    def checked(self, response: requests.Response) -> Any:
        assert response.status_code in (200, 201), response.text
        return response.json()

    def log_in(self) -> None:
        word = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        data = self.checked(
            self.session.post(
                self.url + "/oauth2/token",
                params={"grant_type": "client_credentials"},
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/json",
                    "Authorization": f"Basic {word}",
                },
                timeout=60,
            )
        )
        assert datetime.min + timedelta(seconds=data["expires_in"]) > datetime.min
        self.headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {data['access_token']}",
        }

    def find_account(self, iban: str) -> None:
        data = self.get("/accounts", {"limit": 100})
        (self.account,) = (
            one["id"] for one in data["data"] if one["attributes"].get("reference") == iban
        )

    def get(self, path: str, query: dict[str, Any]) -> Any:
        return self.checked(
            self.session.get(self.url + path, params=query, headers=self.headers, timeout=60)
        )

    def page(self, after: str) -> list[dict[str, Any]]:
        query: dict[str, Any] = {"limit": 100}
        if after:
            query["after"] = after
        data = self.get(f"/accounts/{self.account}/transactions", query)
        return list(data.get("data", []))

    def pull(self, since: datetime) -> list[dict[str, Any]]:
        """Return the lines of a scheduled pull."""
        self.log_in()
        self.find_account(IBAN)
        lines: list[dict[str, Any]] = []
        known, self_stop = self.last_known, since - timedelta(days=7)
        transactions = self.page("")
        while transactions:
            for one in transactions:
                moment = one["attributes"]["executionDate"]
                executed = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%fZ")
                if one["id"] == known or (not known and executed < self_stop):
                    return self.kept(lines)
                lines.append(one)
            transactions = self.page(transactions[-1]["id"])
        return self.kept(lines)

    def kept(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if lines:
            self.last_known = lines[0]["id"]
        return lines


def amounts(lines: list[dict[str, Any]]) -> list[float]:
    return [one["attributes"]["amount"] for one in lines]


def test_scheduled_pulls_take_each_transaction_once(bank: Any) -> None:
    addon = Addon(bank.url)
    since = datetime(2000, 1, 1)
    assert addon.pull(since) == []
    first = bank.act("receive", amount="10.50", counterparty="Ada", remittance="Order 1")
    bank.act("pay_out", amount="3.25", counterparty="Supplier", remittance="Invoice 2")
    lines = addon.pull(since)
    assert amounts(lines) == [-3.25, 10.5]
    attributes = lines[1]["attributes"]
    assert lines[1]["id"] == first["id"]
    assert attributes["counterpartName"] == "Ada"
    assert attributes["remittanceInformation"] == "Order 1"
    assert attributes["description"]
    assert attributes["counterpartReference"].startswith("DE")
    datetime.strptime(attributes["valueDate"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert addon.pull(since) == [], "nothing new"
    bank.next_banking_day()
    bank.act("receive", amount="7.00")
    assert amounts(addon.pull(since)) == [7.0]


def test_more_than_one_page(bank: Any) -> None:
    payments = [{"amount": f"{number}.00"} for number in range(1, 4)]
    bank.act("batch", payments=payments)
    for number in range(1, 211):
        bank.act("receive", amount=f"{number}.00")
    addon = Addon(bank.url)
    lines = addon.pull(datetime(2000, 1, 1))
    assert amounts(lines) == [float(number) for number in range(210, 0, -1)] + [6.0]
    assert len({one["id"] for one in lines}) == 211
    bank.wait_for("request", 4, name="ponto.transactions.list")
    names = [event["name"] for event in bank.events("request")]
    assert names[-6:] == [
        "ponto.oauth2.token",
        "ponto.accounts.list",
        *["ponto.transactions.list"] * 4,
    ]


def test_a_first_pull_stops_a_week_before_its_period(bank: Any) -> None:
    bank.act("receive", amount="1.00")
    bank.act("pass_days", days=14)
    bank.to_banking_day()
    bank.act("receive", amount="2.00")
    today = datetime.combine(bank.today(), datetime.min.time())
    assert amounts(Addon(bank.url).pull(today)) == [2.0]
