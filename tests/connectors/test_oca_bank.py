"""OCA's bank feeds (Ponto, Stripe, CAMT files): unmodified, and at work in quiet worlds."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peakproof.assortment import draw_shop
from peakproof.plan import BankAccount
from peakproof.runtime.reads_books import read_bank_lines
from peakproof.seed import Seed
from peakproof.world import World
from tests.connectors.worlds import open_world, set_up_again

PARTS = {"oca_ponto": ("bank",), "oca_stripe": ("gateway",), "oca_camt": ("bank",)}
PROVIDER = "online.bank.statement.provider"


class Office:
    """A world with the feed set up, and what its accountant sees."""

    def __init__(self, name: str, world: World, folder: Path) -> None:
        self.name, self.world, self.folder = name, world, folder

    def pay(self, amount: str, remittance: str) -> str:
        """Let a customer pay by bank; return the transaction's id."""
        arguments = {"account": "MAIN", "amount": amount, "counterparty": "Ada",
                     "remittance": remittance}  # fmt: skip
        return str(self.world.act("bank", "receive", "payer", arguments)["id"])

    def statement(self, **arguments: Any) -> None:
        """Have the bank deliver the latest statement."""
        self.world.act("bank", "issue_statement", "bank", {"account": "MAIN", **arguments})

    def next_day(self) -> None:
        self.world.pass_days(1)
        self.world.poll()

    def lines(self) -> list[dict[str, Any]]:
        """Return the bank lines in Odoo, oldest first."""
        return list(read_bank_lines(self.world.dsn).values())

    def providers(self) -> list[dict[str, Any]]:
        assert self.world.odoo is not None
        return self.world.odoo.search_read(PROVIDER, [], ["next_run", "last_successful_run"])

    def log(self) -> str:
        return (self.folder / "logs" / "pull.log").read_text()

    def set_up_again(self) -> None:
        done = set_up_again(self.name, self.world, self.folder)
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def _open(name: str, folder_path: Path) -> Iterator[Office]:
    shop = draw_shop(Seed(11), products=1, stock=1, customers=1)
    shop.bank_accounts = [
        BankAccount(code="MAIN", iban="BE71096123456769", currency=shop.currency, owner=shop.name)
    ]
    shop.days_ago, shop.first_weekday = 6, 0
    with open_world(name, shop, PARTS[name], folder_path) as (world, folder):
        yield Office(name, world, folder)


@pytest.mark.odoo
def test_ponto_makes_up_for_a_failure_but_one_broken_feed_stops_the_others(tmp_path: Path) -> None:
    with _open("oca_ponto", tmp_path) as office:
        booked = [office.pay("120.00", "Invoice 1")]
        before = office.providers()
        office.set_up_again()
        assert [row["id"] for row in office.providers()] == [row["id"] for row in before]
        office.next_day()
        (line,) = office.lines()
        assert (line["amount"], line["currency"], line["journal"]) == ("120.00", "USD", "PKBNK")
        assert booked[0] in line["unique_import_id"]
        (provider,) = office.providers()
        # Ponto's pull leaves the schedule alone: what was due stays due.
        assert provider["next_run"] == office.log().splitlines()[-1][9:28]
        assert provider["last_successful_run"] is False
        office.world.simulator("bank").inject("request", {"effect": "error", "count": 1})
        booked.append(office.pay("80.00", "Invoice 2"))
        office.next_day()
        assert "failed: odoo.exceptions.UserError: Server returned status code 503" in office.log()
        assert len(office.lines()) == 1
        office.next_day()
        told = [line["unique_import_id"] for line in office.lines()]
        assert len(told) == 2
        assert all(identity in text for identity, text in zip(booked, told, strict=True))
        _add_feed_with_wrong_password(office)
        office.pay("60.00", "Invoice 3")
        office.next_day()
        assert "failed: odoo.exceptions.UserError: Server returned status code 401" in office.log()
        assert len(office.lines()) == 2, "the feed that works is undone with the one that does not"


def _add_feed_with_wrong_password(office: Office) -> None:
    odoo = office.world.odoo
    assert odoo is not None
    row = {"name": "Savings", "type": "bank", "code": "SAV", "bank_acc_number": "BE68539007547034"}
    provider = {"journal_id": odoo.create("account.journal", row)[0], "service": "ponto",
                "username": "nobody", "password": "wrong", "interval_type": "weeks"}  # fmt: skip
    assert odoo.create(PROVIDER, provider)[0] > office.providers()[0]["id"]


@pytest.mark.odoo
def test_stripe_pulls_charge_and_fee_but_forgets_the_day_of_a_failure(tmp_path: Path) -> None:
    """What peakproof is for: the day before a failed pull is never asked for again."""
    with _open("oca_stripe", tmp_path) as office:
        pay = {"amount": "100.00", "currency": "USD", "order_name": "#1"}
        first = office.world.act("gateway", "pay", "shopper", pay)
        office.set_up_again()
        assert len(office.providers()) == 1
        office.next_day()

        def of(charge: dict[str, Any]) -> list[str]:
            identity = charge["balance_transaction_id"]
            found = [row for row in office.lines() if identity in row["unique_import_id"]]
            return sorted(row["amount"] for row in found)

        assert of(first) == sorted([first["settled_amount"], f"-{first['fee']}"])
        office.world.simulator("gateway").inject("request", {"effect": "error", "count": 1})
        second = office.world.act("gateway", "pay", "shopper", pay)
        office.next_day()
        assert of(second) == []
        office.world.poll()
        assert of(second) == [], "nor by a pull of the same day, an hour later say"
        third = office.world.act("gateway", "pay", "shopper", pay)
        office.next_day()
        office.next_day()
        assert of(second) == []
        assert of(third) == of(first)


@pytest.mark.odoo
def test_camt_takes_what_is_delivered_twice_twice(tmp_path: Path) -> None:
    """What peakproof is for: the same bytes a second time are the same lines a second time."""
    with _open("oca_camt", tmp_path) as office:
        office.pay("120.00", "Invoice 1")
        office.statement()
        office.set_up_again()
        office.next_day()
        (line,) = office.lines()
        assert (line["amount"], line["currency"], line["journal"]) == ("120.00", "USD", "PKBNK")
        assert (line["payment_ref"], line["unique_import_id"]) == ("Invoice 1", "")
        office.world.poll()
        assert len(office.lines()) == 1, "a file is uploaded once"
        office.pay("80.00", "Invoice 2")
        office.statement()
        office.statement(duplicate=True)
        office.next_day()
        assert [row["amount"] for row in office.lines()] == ["120.00", "80.00", "80.00"]
        uploaded = json.loads((office.folder / "oca_camt_uploaded.json").read_text())
        assert list(uploaded.values()) == ["imported"] * 3
