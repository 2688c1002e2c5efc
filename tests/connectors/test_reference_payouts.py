"""The reference connector's payouts flow against the gateway simulator; Odoo in memory."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.reference.errors import Refused
from connectors.reference.gateway import exact
from connectors.reference.statements import Journal, Line, Statements
from connectors.reference.transfers import unfit
from peakproof.runtime.postgres import Cluster
from peakproof.simkit import Hosted
from simulators.gateway import create
from tests.connectors.reference_money import DOWN, LOST, Desk, shop, to_monday
from tests.simkit.worlds import make_config

NUMBERS = itertools.count(1)
Story = Callable[[Desk], Awaitable[None]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of our own."""
    made = Cluster()
    made.start()
    yield made
    made.close()


@pytest.fixture
def play(cluster: Cluster, tmp_path: Path) -> Callable[[Story], None]:
    """Return a function that runs a story at a fresh gateway."""

    def run(story: Story) -> None:
        with Hosted(create, make_config(tmp_path, "gateway")) as hosted:
            values = hosted.client.seed(shop())["values"]
            to_monday(hosted)
            name = f"payouts{next(NUMBERS)}"
            cluster.create_database(name)
            desk = Desk(cluster.dsn(name), tmp_path, hosted, values)

            async def main() -> None:
                async with desk.open():
                    await story(desk)

            asyncio.run(main())

    return run


async def every_movement_stands_once(desk: Desk) -> None:
    """Compare the journal with the gateway's own ledger, net by net."""
    movements = await desk.final("balance_transaction")
    assert movements
    expected = {}
    for identity, row in movements.items():
        expected[identity] = Decimal(row["amount"])
        if Decimal(row["fee"]):
            expected[f"{identity}_fee"] = -Decimal(row["fee"])
    assert {name: line.amount for name, line in desk.journals.lines.items()} == expected
    assert desk.journals.total() == sum(Decimal(row["net"]) for row in movements.values())
    fees = {
        number + 1000 for name, number in desk.journals.numbers.items() if name.endswith("_fee")
    }
    assert set(desk.journals.expensed) == fees


def test_several_pages_with_a_failure_between_them(play) -> None:
    async def story(desk: Desk) -> None:
        for number in range(110):
            await desk.act("pay", amount=f"{number + 5}.99", currency=("USD", "EUR")[number % 2])
        rule = await desk.inject(
            "request", effect="error", match="balance_transactions.list", skip=1, count=1
        )
        await desk.ask()
        assert await asyncio.to_thread(desk.client.fired, rule) == 1
        await every_movement_stands_once(desk)
        assert len(desk.journals.lines) == 220

    play(story)


def test_fees_refunds_disputes_and_payouts_each_once(play) -> None:
    async def story(desk: Desk) -> None:
        paid = [await desk.act("pay", amount="100.00", currency="USD") for _ in range(3)]
        await desk.act("refund", charge_id=paid[0]["charge_id"], amount="1.25")
        dispute = await desk.act("dispute", charge_id=paid[1]["charge_id"])
        await desk.ask()
        await every_movement_stands_once(desk)
        await desk.act("close_dispute", dispute_id=dispute["dispute_id"], won=True)
        sent = []
        for _ in range(4):
            await desk.act("pass_days", days=1)
            sent += (await desk.act("close_day"))["payouts"]
            await desk.ask()
        assert sent
        await desk.act("fail_payout", payout_id=sent[0]["id"])
        await desk.ask()
        await every_movement_stands_once(desk)
        payouts = await desk.store.rows("select id, status, trace from payouts")
        final = await desk.final("payout")
        assert {row["id"]: row["status"] for row in payouts} == {
            key: row["status"] for key, row in final.items()
        }

    play(story)


def test_an_outage_at_both_sides_and_a_lost_answer(play) -> None:
    async def story(desk: Desk) -> None:
        await desk.act("pay", amount="10.00", currency="USD")
        await desk.inject("request", effect="throttle", match="*", count=1)
        await desk.inject("request", effect="error", status=503, match="*", count=1)
        desk.journals.fails = [DOWN, LOST]
        await desk.ask()
        assert not desk.journals.fails
        await every_movement_stands_once(desk)
        asked = [path for path in desk.asked if "balance_transactions" in path]
        await desk.ask()
        await every_movement_stands_once(desk)
        assert "created%5Bgte%5D" in desk.asked[-1]
        assert len(asked) == 3

    play(story)


def test_a_key_that_is_refused_becomes_a_dead_letter_and_goes_on(play) -> None:
    async def story(desk: Desk) -> None:
        await desk.act("pay", amount="10.00", currency="USD")
        rule = await desk.inject("expired_key", match="*")
        await desk.ask()
        (letter,) = await desk.letters()
        assert "401" in letter
        await asyncio.to_thread(desk.client.heal, rule)
        await desk.ask()
        assert await desk.letters() == []
        await every_movement_stands_once(desk)

    play(story)


class Choosy:
    """An Odoo that refuses one line, and with it every call that has it."""

    def __init__(self) -> None:
        self.loads: list[int] = []

    async def read(self, _model: str, _method: str, **_arguments: Any) -> list[Any]:
        return []

    async def load(self, _model: str, _fields: Any, rows: list[list[str]]) -> list[int]:
        self.loads.append(len(rows))
        if any("bad" in row[0] for row in rows):
            raise Refused("odoo_import", "the period is closed")
        return [int(row[0].rpartition("-")[2]) for row in rows]


def test_one_line_that_odoo_refuses_holds_up_no_other() -> None:
    odoo: Any = Choosy()
    names = ["good-1", "bad-2", "good-3"]
    lines = [Line(identity=name, day="2026-11-02", amount=Decimal(1), text="") for name in names]
    journal = Journal(id=1, suspense_account_id=2)
    written = asyncio.run(Statements(odoo).write(journal, lines))
    assert written.ids == {"good-1": 1, "good-3": 3}
    assert odoo.loads == [3, 1, 1, 1]
    with pytest.raises(Refused, match=r"bad-2.*closed"):
        written.complain()


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("USD", "123.45"), ("JPY", "12345"), ("KWD", "12.345"), ("XOF", "12345")],
)
def test_smallest_units_are_exact(currency: str, amount: str) -> None:
    assert exact(12345, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        (["-5.00", "5.00"], ""),
        (["-5.00", "5.00", "5.00", "-5.00"], ""),
        (["-5.00"], "nothing stands against it"),
        (["-5.00", "4.99"], "-0.01 too much or too little"),
    ],
)
def test_what_may_be_reconciled(amounts: list[str], why: str) -> None:
    lines = [
        {"odoo_id": number, "amount": Decimal(amount), "currency": "USD"}
        for number, amount in enumerate(amounts, 1)
    ]
    assert why in unfit(lines)
    assert bool(why) == bool(unfit(lines))
    lines.append({"odoo_id": None, "amount": Decimal(0), "currency": "USD"})
    assert "not all" in unfit(lines)
