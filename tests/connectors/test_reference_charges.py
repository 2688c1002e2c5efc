"""Charges settle invoices: which one, in several currencies, in a real Odoo 19."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.reference.charges import Document, choose
from peakproof.plan import BankAccount, Shop
from peakproof.runtime.odoo import OdooProcess
from peakproof.runtime.odoo_office import Office
from peakproof.runtime.odoo_shop import seed_odoo
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.reads_books import read_bank_lines, read_invoices
from tests.connectors.reference_money import IBAN
from tests.connectors.test_reference_transfers import World, opened

EURO_IBAN = "BE68539007547034"


def document(number: int, left: str, name: str = "#1", **changes: Any) -> Document:
    values: dict[str, Any] = {"kind": "out_invoice", "currency": "USD", "account_id": 1} | changes
    return Document(id=number, order_name=name, left=Decimal(left), **values)


def movement(identity: str, paid: str, name: str = "#1", **changes: Any) -> dict[str, Any]:
    return {
        "id": identity, "kind": "charge", "paid": Decimal(paid), "paid_currency": "USD",
        "order_name": name, "invoice_id": None,
    } | changes  # fmt: skip


def chosen(rows: list[dict[str, Any]], documents: list[Document]) -> dict[str, int]:
    return {name: found.id for name, found in choose(rows, documents).items()}


@pytest.mark.parametrize(
    ("row", "documents", "expected"),
    [
        (movement("a", "5"), [document(1, "5")], {"a": 1}),
        (movement("a", "5"), [document(1, "5", "#2")], {}),
        (movement("a", "5", name=""), [document(1, "5", "")], {}),
        (movement("a", "5"), [document(1, "5", currency="EUR")], {}),
        (movement("a", "5", kind="refund"), [document(1, "5")], {}),
        (movement("a", "5", kind="refund"), [document(1, "5", kind="out_refund")], {"a": 1}),
        (movement("a", "5"), [document(1, "7")], {"a": 1}),  # the rest stays open
        (movement("a", "5"), [document(1, "4")], {}),
        (movement("a", "5"), [document(1, "7"), document(2, "5")], {"a": 2}),
        (movement("a", "5"), [document(1, "7"), document(2, "8")], {}),  # which one?
        (movement("a", "5", invoice_id=2), [document(1, "5"), document(2, "0")], {"a": 2}),
    ],
)
def test_the_document_of_a_charge(
    row: dict[str, Any], documents: list[Document], expected: dict[str, int]
) -> None:
    assert chosen([row], documents) == expected


def test_what_is_open_is_taken_once() -> None:
    two = [movement("a", "5"), movement("b", "5")]
    assert chosen(two, [document(1, "5")]) == {"a": 1}
    assert chosen(two, [document(1, "5"), document(2, "5")]) == {"a": 1, "b": 2}
    assert chosen(two, [document(1, "10")]) == {"a": 1, "b": 1}
    meant = [movement("a", "5"), movement("b", "5", invoice_id=1)]
    assert chosen(meant, [document(1, "5")]) == {"b": 1}


@pytest.fixture
def world(runtime: ProcessRuntime, odoo: OdooProcess, tmp_path: Path) -> Iterator[World]:
    """A business in New York with two bank accounts, on a month's last day but one."""
    accounts = [
        BankAccount(code="MAIN", iban=IBAN),
        BankAccount(code="EURO", iban=EURO_IBAN, currency="EUR"),
    ]
    plan = Shop(
        bank_accounts=accounts,
        exchange_rates={"EUR": "0.92", "GBP": "0.8"},
        days_ago=30,
        first_weekday=6,
        month_end_day=3,  # the second day of the story is a Monday, the third a Tuesday
        day_begins="00:20",
    )
    with odoo.client() as client:
        # Odoo's rate of the pound is another than the gateway's: the books bear the difference.
        seed_odoo(
            client, msgspec.structs.replace(plan, exchange_rates={"EUR": "0.92", "GBP": "0.75"})
        )
    with opened(runtime, odoo, tmp_path, plan) as made:
        yield made


@pytest.mark.odoo
def test_charges_in_three_currencies_settle_their_invoices(world: World, odoo: OdooProcess) -> None:
    office = Office(odoo.client(), lambda: date(2020, 1, 1))

    def invoice(name: str, amount: str, currency: str = "USD", **more: Any) -> dict[str, Any]:
        one = {"reference": name, "amount": amount, "currency": currency, "customer": "Ada"}
        return one | more

    async def story(world: World) -> None:
        async def pay(name: str, amount: str, currency: str = "USD") -> dict[str, Any]:
            given = {"amount": amount, "currency": currency, "order_name": name}
            return await world.at(world.gateway, "pay", **given)

        for client in (world.bank, world.gateway):
            await world.at(client, "pass_days", days=1)  # Tuesday, the month's last day
            await world.at(client, "wait_until", time="23:30")
        first = await pay("#1", "100.00")
        await pay("#2", "50.00", "EUR")
        await pay("#3", "40.00", "GBP")
        await pay("#5", "10.00")
        office.post_invoices([invoice("#1", "100.00"), invoice("#2", "50.00", "EUR"),
                              invoice("#3", "40.00", "GBP"), invoice("#5", "12.00")])  # fmt: skip
        for client in (world.bank, world.gateway):
            await world.at(client, "pass_days", days=1)  # Wednesday there, Tuesday in New York
        late = await pay("#4", "110.00")
        await world.at(world.gateway, "refund", charge_id=first["charge_id"], amount="1.25")
        await world.at(world.gateway, "dispute", charge_id=late["charge_id"])
        # The answers to the assignment and to two reconciliations are lost; nothing is twice.
        world.lose += ["move.line/write", "move.line/reconcile", "move.line/reconcile"]
        await world.quiet()
        assert not world.lose
        documents = {row["ref"]: row for row in read_invoices(world.dsn).values()}
        assert [documents[name]["amount_residual"] for name in ("#1", "#2", "#3", "#5")] == [
            "0.00", "0.00", "0.00", "2.00"
        ]  # fmt: skip
        # What comes later is found later.
        office.post_invoices([invoice("#4", "110.00"), invoice("#1", "1.25", credit=True)])
        await world.quiet()
        check(world)
        for _ in range(6):
            await world.evening()
        await world.quiet()
        assert await world.unmatched() == {}
        arrived = {row["currency"] for row in read_bank_lines(world.dsn).values()
                   if row["journal"] in ("B6769", "B7034")}  # fmt: skip
        assert arrived == {"USD", "EUR"}
        assert not await world.service.store.rows("select 1 from dead_letters")

    world.play(story)


def check(world: World) -> None:
    """Each charge is reconciled with its own invoice and with nothing else; all are on one day."""
    rows = [row for row in read_bank_lines(world.dsn).values() if "Fee" not in row["payment_ref"]]
    documents = read_invoices(world.dsn)
    settled = {}
    for row in rows:
        told = [(documents[str(number)]["ref"], documents[str(number)]["move_type"])
                for number in row["invoices"]]  # fmt: skip
        settled[row["amount"], row["currency"], row["ref"][:2]] = (told, row["is_reconciled"])
    assert settled == {
        ("100.00", "USD", "ch"): ([("#1", "out_invoice")], True),
        ("50.00", "EUR", "ch"): ([("#2", "out_invoice")], True),
        ("50.00", "USD", "ch"): ([("#3", "out_invoice")], True),  # 40.00 GBP
        ("110.00", "USD", "ch"): ([("#4", "out_invoice")], True),
        ("10.00", "USD", "ch"): ([("#5", "out_invoice")], True),
        ("-1.25", "USD", "re"): ([("#1", "out_refund")], True),
        ("-110.00", "USD", "du"): ([], False),
    }
    paid = [row for row in documents.values() if row["ref"] == "#3"]
    assert [(row["currency"], row["payment_state"]) for row in paid] == [("GBP", "paid")]
    assert len({row["date"] for row in rows}) == 1, "half past seven, and twenty past eight"
