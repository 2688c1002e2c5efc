"""The reference connector's bank flow against the bank simulator; Odoo's journals in memory."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.reference import metrics
from connectors.reference.bank import Told, read_booked
from connectors.reference.errors import Refused
from peakproof.runtime.postgres import Cluster
from peakproof.simkit import Hosted
from simulators.bank import create
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
def play(cluster: Cluster, tmp_path: Path) -> Callable[..., None]:
    """Return a function that runs a story at a fresh bank."""

    def run(story: Story, **options: object) -> None:
        config = make_config(tmp_path, "bank", options=dict(options))
        with Hosted(create, config) as hosted:
            values = hosted.client.seed(shop())["values"]
            to_monday(hosted)
            name = f"money{next(NUMBERS)}"
            cluster.create_database(name)
            desk = Desk(cluster.dsn(name), tmp_path, hosted, values)

            async def main() -> None:
                async with desk.open():
                    await story(desk)

            asyncio.run(main())

    return run


async def every_booking_is_one_line(desk: Desk) -> None:
    """Compare the journal with the bank's own books."""
    booked = [
        row for row in (await desk.final("transaction")).values() if row["status"] == "booked"
    ]
    expected = sorted(
        (
            row["booking_date"],
            Decimal(row["amount"]),
            row["remittance"] or "Credit transfer",  # what the bank says where the payer did not
            row["counterparty"],
        )
        for row in booked
    )
    lines = desk.journals.lines.values()
    assert sorted((one.day, one.amount, one.text, one.partner) for one in lines) == expected
    assert expected


def test_what_is_booked_becomes_one_line_and_what_is_pending_none(play) -> None:
    async def story(desk: Desk) -> None:
        await desk.act("receive", amount="120.00", counterparty="Ada", remittance="Invoice 1")
        await desk.act(
            "pay_out", amount="3.50", counterparty="The Bank", remittance="Fee", kind="fee"
        )
        for _ in range(2):  # equal payments of one customer on one day
            await desk.act("receive", amount="42.00", counterparty="Ben", remittance="Invoice 2")
        today = date.fromisoformat(
            (await desk.act("receive", amount="1.25", counterparty="Cyd"))["booking_date"]
        )
        tomorrow = str(today + timedelta(days=1))
        await desk.act("receive", amount="7.00", counterparty="Dee", booking_date=tomorrow)
        await desk.ask()
        assert len(desk.journals.lines) == 5
        await every_booking_is_one_line(desk)
        await desk.ask()
        assert len(desk.journals.lines) == 5
        await desk.act("pass_days", days=1)
        await desk.ask()
        assert len(desk.journals.lines) == 6
        await every_booking_is_one_line(desk)
        assert {name.split()[0] for name in desk.journals.opened} == {"journal_be71096123456769"}

    play(story)


def test_a_booking_that_comes_late_and_a_list_that_is_stale(play) -> None:
    async def story(desk: Desk) -> None:
        first = await desk.act("receive", amount="1.00", counterparty="Ada")
        await desk.act("pass_days", days=1)
        await desk.act("receive", amount="2.00", counterparty="Ben")
        await desk.inject("stale_list", match="MAIN", count=1)
        await desk.ask()
        assert len(desk.journals.lines) == 1, "the newest is missing from that answer"
        await desk.act("receive", amount="3.00", booking_date=first["booking_date"])
        await desk.ask()
        assert len(desk.journals.lines) == 3
        await every_booking_is_one_line(desk)
        assert "date_from=" in desk.asked[-1]

    play(story)


def test_a_transaction_told_under_another_id_is_the_same(play) -> None:
    async def story(desk: Desk) -> None:
        await desk.act("receive", amount="12.00", counterparty="Ada", end_to_end_id="E1")
        await desk.act("receive", amount="12.00", counterparty="Ada", end_to_end_id="E1")
        rule = await desk.inject("duplicate_transaction", match="MAIN", count=1)
        await desk.ask()
        assert await asyncio.to_thread(desk.client.fired, rule) == 1
        await desk.ask()
        assert len(desk.journals.lines) == 2
        await every_booking_is_one_line(desk)

    play(story)


def test_the_days_pulls_are_not_wasted_and_a_limit_is_no_failure(play) -> None:
    async def story(desk: Desk) -> None:
        await desk.act("receive", amount="1.00", counterparty="Ada")
        for _ in range(2):
            await desk.ask()
        await desk.act("receive", amount="2.00", counterparty="Ben")
        await desk.ask()
        waits = await desk.store.row("select not_before > now() as waits from bank_pulls")
        assert waits == {"waits": True}
        assert len(desk.journals.lines) == 1
        assert await desk.letters() == []
        before = len(desk.asked)
        await desk.flow.schedules["bank when due"][0]()
        assert len(desk.asked) == before, "told to wait, it waits"
        await desk.act("pass_days", days=1)
        await desk.ask()
        assert len(desk.journals.lines) == 2
        figures = await metrics.text(desk.store, [desk.flow.figures])
        assert 'event="bank_pulls_over_limit"} 1' in figures
        assert 'connector_bank_transactions{written="true"} 2' in figures

    play(story, pulls_per_day=2)


def test_a_consent_that_ended_asks_for_a_person_and_goes_on_after(play) -> None:
    async def story(desk: Desk) -> None:
        await desk.act("receive", amount="1.00", counterparty="Ada")
        await desk.ask()
        await desk.act("expire_consent")
        await desk.act("receive", amount="2.00", counterparty="Ben")
        pulls = len([path for path in desk.asked if "/transactions/" in path])
        await desk.ask()
        (letter,) = await desk.letters()
        assert "must connect the bank again" in letter
        assert len([path for path in desk.asked if "/transactions/" in path]) == pulls
        await desk.act("renew_consent")
        await desk.ask()
        assert await desk.letters() == []
        assert len(desk.journals.lines) == 2
        await every_booking_is_one_line(desk)

    play(story)


def test_an_ended_consent_is_looked_at_again_by_itself(play) -> None:
    async def story(desk: Desk) -> None:
        await desk.act("expire_consent")
        await desk.ask()
        assert len(await desk.letters()) == 1
        await desk.act("renew_consent")
        await desk.act("receive", amount="2.00", counterparty="Ben")
        look = desk.flow.schedules["bank when due"][0]
        await look()
        assert len(desk.journals.lines) == 0, "not at once"
        await desk.store.rows("update tasks set next_at = now() - interval '1 hour'")
        await look()
        async with asyncio.timeout(20):
            while not desk.journals.lines:
                await asyncio.sleep(0.05)
        assert await desk.letters() == []

    play(story)


def test_an_outage_a_lost_token_and_a_lost_answer(play) -> None:
    async def story(desk: Desk) -> None:
        await desk.act("receive", amount="1.00", counterparty="Ada")
        await desk.inject("request", effect="error", status=503, match="*", count=2)
        await desk.inject("expired_token", match="accounts.transactions", count=1)
        desk.journals.fails = [DOWN, LOST, DOWN]
        await desk.ask()
        assert not desk.journals.fails
        pulls = len([path for path in desk.asked if "/transactions/" in path])
        assert pulls == 2, "the one with the lost token, and one that is not made again for Odoo"
        await every_booking_is_one_line(desk)
        assert await desk.letters() == []

    play(story)


def test_a_transaction_that_makes_no_sense_holds_up_no_other(play) -> None:
    async def story(desk: Desk) -> None:
        real = desk.flow.bank.booked

        async def odd(account_id: str, since: str = "") -> Told:
            told = await real(account_id, since)
            return Told(booked=told.booked, unreadable=["a booked transaction without a day"])

        await desk.act("receive", amount="2.00", counterparty="Ben")
        desk.flow.bank.booked = odd
        await desk.ask()
        await every_booking_is_one_line(desk)
        assert await desk.letters() == ["a booked transaction without a day"]
        desk.flow.bank.booked = real
        await desk.ask()
        assert await desk.letters() == []

    play(story)


def test_without_a_reference_the_id_is_the_identity() -> None:
    row = {
        "transactionId": "T1",
        "transactionAmount": {"amount": "-3.50", "currency": "EUR"},
        "bookingDate": "2026-11-02",
        "creditorName": "The Bank",
        "debtorName": "Ourselves",
    }
    entry = read_booked(row)
    assert entry.identity == "id|T1"
    assert entry.counterparty == "The Bank"
    assert entry.identity != read_booked(row | {"transactionId": "T2"}).identity
    known = row | {"entryReference": "R1"}
    assert read_booked(known).identity == read_booked(known | {"transactionId": "T2"}).identity
    with pytest.raises(Refused, match="bookingDate"):
        read_booked({"transactionId": "T", "transactionAmount": row["transactionAmount"]})
