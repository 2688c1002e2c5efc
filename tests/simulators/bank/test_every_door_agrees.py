"""For any story of bookings all doors tell the same money, to the cent.

Opening balance plus what was booked is the closing balance: in the books, at GoCardless, at
Ponto, and in each format of file, day after day.
"""

import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peakproof.plan import BankAccount, Shop
from peakproof.simkit import App, Kit, Request, Response, SimulatorConfig
from simulators.bank.simulator import Bank
from tests.simulators.bank.conftest import IBAN, config
from tests.simulators.bank.readers import read_camt, read_mt940, read_ofx

OPENING = Decimal("250.00")
cents = st.integers(min_value=1, max_value=10_000_000)
text = st.text(max_size=300)
deed = st.one_of(
    st.tuples(st.just("receive"), cents, text),
    st.tuples(st.just("pay_out"), cents, text),
    st.tuples(st.just("later"), cents, text),
    st.tuples(st.just("batch"), st.lists(cents, min_size=1, max_size=4), text),
    st.tuples(st.just("return"), st.integers(0, 20), st.just("")),
    st.tuples(st.just("payout"), cents, text),
    st.tuples(st.just("next_day"), st.just(0), st.just("")),
)


def money(number: int) -> str:
    return str(Decimal(number) / 100)


class Story:
    """A bank without its server: acts are called, and the doors' answers made, directly."""

    def __init__(self, configuration: SimulatorConfig) -> None:
        self.kit = Kit(configuration)
        self.bank = Bank(self.kit)
        account = BankAccount(code="MAIN", iban=IBAN, currency="EUR", opening_balance=str(OPENING))
        self.kit.calendar.begin(60, [])
        self.values = dict(self.bank.seed(Shop(bank_accounts=[account]))["values"])
        routes = self.bank.routes()
        self.app = App("bank", routes, self.kit.journal, self.kit.faults, self.bank)
        while not self.kit.calendar.is_banking_day(self.kit.calendar.today()):
            self.next_day()

    def act(self, name: str, **arguments: Any) -> Any:
        return self.bank.actions()[name](arguments, "clerk")

    def next_day(self) -> None:
        self.kit.calendar.next_day()
        self.bank.day_began()

    def play(self, name: str, number: Any, words: str) -> None:
        if name == "next_day":
            self.next_day()
        elif name == "batch":
            payments = [{"amount": money(one), "remittance": words} for one in number]
            self.act("batch", payments=payments)
        elif name == "return":
            booked = [e for e in self.records() if not e["reversal_of"] and not self.gone(e["id"])]
            if booked:
                self.act("return_payment", transaction=booked[number % len(booked)]["id"])
        elif name == "payout":
            day = self.kit.calendar.today() + timedelta(days=2)
            payout = {"id": f"po_{len(self.bank.snapshot()['transaction'])}",
                      "amount": money(number), "arrival_date": day.isoformat()}  # fmt: skip
            self.act("receive_payouts", payouts=[payout])
        else:
            arguments: dict[str, Any] = {"amount": money(number), "remittance": words}
            if name == "later":
                day = self.kit.calendar.today() + timedelta(days=1)
                arguments["booking_date"] = day.isoformat()
            act = "pay_out" if name == "pay_out" else "receive"
            self.act(act, counterparty=words[:40], end_to_end_id=words[:35], **arguments)

    def records(self) -> list[dict[str, Any]]:
        """Return the records of what is booked."""
        found = self.bank.snapshot()["transaction"].values()
        return [record for record in found if record["status"] == "booked"]

    def gone(self, identity: str) -> bool:
        found = self.bank.snapshot()["transaction"].values()
        return any(record["reversal_of"] == identity for record in found)

    def get(self, path: str, token: str) -> Any:
        """Return the decoded answer of a door; numbers are read exactly."""
        headers = [(b"Authorization", f"Bearer {token}".encode())]
        answer = self.app.handle(Request("GET", *path.partition("?")[::2], headers=headers))
        assert isinstance(answer, Response)
        assert answer.status == 200, answer.body
        return json.loads(answer.body, parse_float=Decimal)

    def gocardless(self) -> list[Decimal]:
        """Return the booked amounts that GoCardless tells."""
        token = self.bank.gocardless.access.issue()
        body = self.get(
            f"/api/v2/accounts/{self.values['gocardless_account_id']}/transactions/", token
        )
        booked = body["transactions"]["booked"]
        return [Decimal(one["transactionAmount"]["amount"]) for one in booked]

    def ponto(self) -> list[Decimal]:
        """Return the booked amounts that Ponto tells."""
        path = f"/accounts/{self.values['ponto_account_id']}/transactions?limit=100"
        body = self.get(path, self.bank.ponto.tokens.issue())
        return [Decimal(one["attributes"]["amount"]) for one in body["data"]]

    def told_balances(self) -> tuple[Decimal, Decimal]:
        """Return the balance that GoCardless tells and the one that Ponto tells."""
        path = f"/api/v2/accounts/{self.values['gocardless_account_id']}/balances/"
        listed = self.get(path, self.bank.gocardless.access.issue())["balances"]
        (first,) = (one for one in listed if one["balanceType"] == "interimBooked")
        account = self.get(
            f"/accounts/{self.values['ponto_account_id']}", self.bank.ponto.tokens.issue()
        )
        second = account["data"]["attributes"]["currentBalance"]
        return Decimal(first["balanceAmount"]["amount"]), Decimal(second)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(deeds=st.lists(deed, max_size=15))
def test_opening_plus_bookings_is_closing_at_every_door(folder: Path, deeds: list[Any]) -> None:
    story = Story(config(folder))
    try:
        for name, number, words in deeds:
            story.play(name, number, words)
        while not story.kit.calendar.is_banking_day(story.kit.calendar.today()):
            story.next_day()
        amounts = sorted(Decimal(record["amount"]) for record in story.records())
        closing = OPENING + sum(amounts)
        assert Decimal(story.bank.snapshot()["account"]["MAIN"]["balance"]) == closing
        assert sorted(story.gocardless()) == sorted(story.ponto()) == amounts
        assert story.told_balances() == (closing, closing)
        days = []
        for number, form in enumerate(("camt053", "camt053_v2", "ofx", "mt940")):
            reader = {"ofx": read_ofx, "mt940": read_mt940}.get(form, read_camt)
            if number == 0:
                issued = story.act("issue_due_statements", format=form)["statements"]
                days = [one["date"] for one in issued]
            else:
                issued = [story.act("issue_statement", date=day, format=form) for day in days]
            balance, told = OPENING, []
            for one in issued:
                read = reader(Path(one["path"]).read_bytes())
                assert read.opening in (None, balance)
                balance += sum(line.amount for line in read.lines)
                assert read.closing == balance == Decimal(one["closing_balance"])
                told += [line.amount for line in read.lines]
            assert sorted(told) == amounts
            assert balance == closing
    finally:
        story.kit.journal.close()
