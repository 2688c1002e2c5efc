"""The reference heeds fraud screening and tells of each parcel once: WireMock, Shopify's simulator.

Odoo is not needed: screening is asked before an order is confirmed, notices after a parcel left.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.reference.audit import Audit
from connectors.reference.channel_order import ChannelOrder, read_order
from connectors.reference.errors import Refused, Unavailable
from connectors.reference.minfraud import Minfraud
from connectors.reference.notices import Notices
from connectors.reference.queue import Queue
from connectors.reference.screening import Screening
from connectors.reference.sendgrid import SendGrid
from connectors.reference.settings import Settings, Vendor
from connectors.reference.shopify import Shopify
from connectors.reference.store import Store as Database
from peakproof.runtime.postgres import Cluster
from peakproof.seed import wait_until
from peakproof.simkit import Hosted
from simulators.shopify import create
from tests.connectors.test_reference_rules import settings
from tests.partners.served import Served
from tests.simulators.shopify.conftest import CLIENT_ID, SECRET, Store, config
from tests.simulators.shopify.conftest import plan as shop_plan

NUMBERS = itertools.count(1)
LOST = {"status": 200, "fault": "MALFORMED_RESPONSE_CHUNK"}


class Office:
    """The parts of the connector that deal with partners."""

    def __init__(self, dsn: str, values: Settings) -> None:
        self.store = Database(dsn)
        self.audit = Audit(self.store)
        self.queue = Queue(self.store, self.audit, attempts=2, concurrency=2)
        self.shopify = Shopify(values)
        patience = values.screening_patience_seconds
        self.screening = Screening(self.store, self.audit, self.shopify, Minfraud(values), patience)
        self.notices = Notices(self.store, self.audit, self.queue, self.shopify, SendGrid(values))
        self.queue.handlers.update(self.notices.handlers)

    async def order(self, gid: str) -> ChannelOrder:
        """Read an order as the connector does."""
        found = await read_order(self.shopify, gid)
        assert found is not None
        return found

    async def did(self, resource: str) -> list[str]:
        """Return what the audit says was done."""
        return [row["kind"] for row in await self.audit.of(resource)]

    async def close(self) -> None:
        """Give everything back."""
        await self.notices.close()
        await self.screening.close()
        await self.shopify.close()
        await self.queue.close()
        await self.store.close()


Story = Callable[[Office, Store], Awaitable[None]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of our own."""
    made = Cluster()
    made.start()
    yield made
    made.close()


@pytest.fixture
def play(cluster: Cluster, every: Served, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Return a function that runs a story with an office and a shop."""
    with Hosted(create, config(tmp_path)) as hosted:
        shop = Store(hosted, hosted.client.seed(shop_plan()), tmp_path / "journal.jsonl")
        name = f"partners{next(NUMBERS)}"
        cluster.create_database(name)

        async def main(story: Story, changes: dict[str, Any]) -> None:
            fraud, email = every.values["fraud"], every.values["email"]
            values = settings(tmp_path)
            values.shopify_url, values.ca_bundle = hosted.url, every.bundle
            values.shopify_client_id, values.shopify_client_secret = CLIENT_ID, SECRET
            values.fraud = Vendor(
                url=every.url, key=fraud["account_id"], secret=fraud["license_key"]
            )
            values.email = Vendor(url=every.url, key=email["api_key"])
            values.email_from = email["from_address"]
            for field, value in changes.items():
                setattr(values, field, value)
            office = Office(cluster.dsn(name), values)
            await office.store.open(office.screening.tables, office.notices.tables)
            await office.queue.open()
            try:
                await story(office, shop)
            finally:
                await office.close()

        yield lambda story, **changes: asyncio.run(main(story, changes))
        shop.http.close()


def buy(shop: Store, email: str = "ada@example.com") -> str:
    """Buy something; return the order's gid."""
    line = {"sku": "MUG", "quantity": 1}
    arguments = {"lines": [line], "customer": {"email": email}}
    return str(shop.client.act("checkout", arguments, "shopper")["order_id"])


def asked(every: Served, part: str, gid: str) -> list[Any]:
    """Return what a partner was asked about an order, or about a tracking number."""
    return [
        event
        for event in every.partners.events()
        if event.source == part and gid in str(event.value["arguments"])
    ]


def test_an_order_is_asked_about_once(play: Callable[..., None], every: Served) -> None:
    async def story(office: Office, shop: Store) -> None:
        gid = buy(shop)
        order = await office.order(gid)
        before = len(asked(every, "fraud", gid))
        for _ in range(3):
            assert await office.screening.allows(order)
        assert len(asked(every, "fraud", gid)) == before + 1
        assert "screening: accept" in await office.did(gid)

    play(story)


def test_a_refused_order_is_cancelled_at_the_channel(play: Callable[..., None]) -> None:
    async def story(office: Office, shop: Store) -> None:
        gid = buy(shop, "eve.reject@example.com")
        assert not await office.screening.allows(await office.order(gid))

        def cancelled() -> bool:
            return bool(shop.client.snapshot()["order"][gid]["cancelled"])

        await asyncio.to_thread(wait_until, cancelled, 10, "the cancellation")

    play(story)


def test_a_held_order_waits_for_a_person(play: Callable[..., None], every: Served) -> None:
    async def story(office: Office, shop: Store) -> None:
        order = await office.order(buy(shop, "bob.review@example.com"))
        every.partners.act("fraud", "decide", {"decision": "refuse"})
        assert not await office.screening.allows(order)
        other = await office.order(buy(shop, "bob.review@example.com"))
        every.partners.act("fraud", "decide", {"decision": "accept"})
        assert await office.screening.allows(other)
        assert (await office.did(other.gid))[-2:] == ["screening: hold", "screening: accept"]

    play(story)


@pytest.mark.parametrize("response", [{"status": 503}, LOST, {"fault": "CONNECTION_RESET_BY_PEER"}])
def test_an_outage_holds_an_order_for_its_patience_and_no_longer(
    play: Callable[..., None], every: Served, response: dict[str, Any]
) -> None:
    async def story(office: Office, shop: Store) -> None:
        order = await office.order(buy(shop))
        rule = every.partners.inject("out", "fraud", "score", response)
        try:
            with pytest.raises(Unavailable):
                await office.screening.allows(order)
            office.screening.patience_seconds = 0.0
            assert await office.screening.allows(order)
        finally:
            every.partners.heal(rule)
        assert "screening: unscreened" in await office.did(order.gid)

    play(story, screening_patience_seconds=60.0)


def test_a_word_that_nobody_knows_is_no_yes(play: Callable[..., None], every: Served) -> None:
    answer = {"status": 200, "jsonBody": {"id": "1", "disposition": {"action": "test"}}}

    async def story(office: Office, shop: Store) -> None:
        rule = every.partners.inject("odd", "fraud", "score", answer)
        with pytest.raises(Refused, match="'test'"):
            await office.screening.allows(await office.order(buy(shop)))
        every.partners.heal(rule)

    play(story)


def test_a_parcel_is_told_once_however_often_it_is_wanted(
    play: Callable[..., None], every: Served
) -> None:
    async def story(office: Office, shop: Store) -> None:
        gid = buy(shop)
        for _ in range(2):
            await office.notices.want(gid, "OUT/1", ["T-ONCE"])
            await office.queue.work("notice:OUT/1:T-ONCE", "messages")
            await office.notices.send("notice:OUT/1:T-ONCE")
        (event,) = asked(every, "email", "T-ONCE")
        assert event.value["arguments"]["to"] == "ada@example.com"

    play(story)


def test_a_gateway_that_says_no_is_asked_again(play: Callable[..., None], every: Served) -> None:
    async def story(office: Office, shop: Store) -> None:
        gid, resource = buy(shop), "notice:OUT/2:T-AGAIN"
        rule = every.partners.inject("down", "email", "*", {"status": 503}, 1)
        await office.notices.want(gid, "OUT/2", ["T-AGAIN"])
        with pytest.raises(Unavailable):
            await office.notices.send(resource)
        await office.notices.send(resource)
        every.partners.heal(rule)
        assert [event.outcome for event in asked(every, "email", "T-AGAIN")] == ["fail", "ok"]

    play(story)


def test_a_message_with_a_lost_answer_is_sent_again_only_by_a_person(
    play: Callable[..., None], every: Served
) -> None:
    async def story(office: Office, shop: Store) -> None:
        gid, resource = buy(shop), "notice:OUT/3:T-LOST"
        rule = every.partners.inject("lost", "email", "*", LOST, 1)
        await office.notices.want(gid, "OUT/3", ["T-LOST"])
        for _ in range(2):
            with pytest.raises(Refused, match="may have been sent"):
                await office.notices.send(resource)
        assert len(asked(every, "email", "T-LOST")) == 1
        await office.queue.bury("messages", resource, "OUT/3", "unsure")
        (letter,) = await office.store.rows("select id from dead_letters")
        assert await office.queue.replay(letter["id"])
        await office.notices.send(resource)
        every.partners.heal(rule)
        assert len(asked(every, "email", "T-LOST")) == 2, "somebody decided so"

    play(story)


def test_what_the_gateway_refuses_is_no_success_and_what_nobody_wanted_no_task(
    play: Callable[..., None], every: Served
) -> None:
    async def story(office: Office, shop: Store) -> None:
        await office.notices.send("notice:OUT/9:never wanted")
        gid = buy(shop)
        await office.notices.want(gid, "OUT/4", ["T-BAD"])
        rule = every.partners.inject("bad", "email", "*", {"status": 400, "body": "no"}, 1)
        with pytest.raises(Refused, match="answered 400: no reason given"):
            await office.notices.send("notice:OUT/4:T-BAD")
        every.partners.heal(rule)

    play(story)
