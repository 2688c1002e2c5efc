"""The reference connector's inbox, queue, dead letters and audit on a real PostgreSQL."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator

import httpx
import psycopg
import pytest

from connectors.reference import metrics
from connectors.reference.audit import Audit
from connectors.reference.errors import Refused, Unavailable
from connectors.reference.inbox import Delivery, Inbox
from connectors.reference.queue import Queue
from connectors.reference.service import Service
from connectors.reference.store import Store
from connectors.reference.web import create_app
from peakproof.runtime.postgres import Cluster
from tests.connectors.reference_channel import FakeShopify
from tests.connectors.test_reference_rules import settings, sign

GID = "gid://shopify/Order/5"
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of our own."""
    made = Cluster()
    made.start()
    yield made
    made.close()


@pytest.fixture
def dsn(cluster: Cluster) -> str:
    """A fresh empty database."""
    name = f"reference{next(NUMBERS)}"
    cluster.create_database(name)
    return cluster.dsn(name)


class Bench:
    """Store, audit, queue and inbox, with a handler that does as told and notes its calls."""

    def __init__(self, dsn: str, attempts: int = 3) -> None:
        self.store = Store(dsn)
        self.audit = Audit(self.store)
        self.queue = Queue(self.store, self.audit, attempts=attempts, concurrency=2)
        self.inbox = Inbox(self.store, self.queue, self.audit)
        self.calls: list[str] = []
        self.does: list[Callable[[], Awaitable[None]] | Exception] = []
        self.queue.handlers["orders"] = self.handle

    async def handle(self, resource: str) -> None:
        """Note the call, then raise or run what is next in ``does``."""
        self.calls.append(resource)
        step = self.does.pop(0) if self.does else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            await step()

    async def want(self, resource: str = GID) -> None:
        """Want a resource."""
        async with self.store.pool.connection() as connection, connection.transaction():
            await self.queue.want(connection, "orders", resource, "orders/create")

    async def take(self, webhook: str, event: str = "", resource: str = GID) -> bool:
        """Take a webhook."""
        return await self.inbox.take(
            Delivery(
                webhook_id=webhook,
                event_id=event or None,
                topic="orders/create",
                resource=resource,
                updated_at="",
                triggered_at="",
            ),
            b"{}",
        )

    async def until(self, condition: Callable[[], Awaitable[bool]], limit: float = 15.0) -> None:
        """Wait for a condition."""
        async with asyncio.timeout(limit):
            while not await condition():
                await asyncio.sleep(0.02)

    async def called(self, times: int) -> bool:
        """Say whether the handler was called that often."""
        return len(self.calls) >= times

    async def quiet(self) -> bool:
        """Say whether nothing is pending."""
        return (await metrics.pending(self.store))["pending"] == 0

    async def failed(self) -> bool:
        """Say whether there is a dead letter."""
        return (await metrics.pending(self.store))["failed"] > 0


def play(dsn: str, story: Callable[[Bench], Awaitable[None]], *, work: bool = True) -> Bench:
    """Run a story on a bench, with the worker and the sweeper unless ``work`` is False."""

    async def run() -> Bench:
        bench = Bench(dsn)
        await bench.store.open()
        await bench.queue.open()

        async def sweep() -> None:
            while True:
                await bench.queue.sweep()
                await asyncio.sleep(0.2)

        tasks = [asyncio.create_task(bench.queue.run()), asyncio.create_task(sweep())]
        if not work:
            for task in tasks:
                task.cancel()
        try:
            await story(bench)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await bench.queue.close()
            await bench.store.close()
        return bench

    return asyncio.run(run())


def test_duplicates_by_webhook_and_by_event_are_kept_once(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        assert await bench.take("w1", "e1")
        assert not await bench.take("w1", "e1")
        assert not await bench.take("w2", "e1"), "the same event over another subscription"
        assert await bench.take("w3", "e1", "gid://shopify/Order/6")
        assert await bench.take("w4"), "without an event id only the webhook id counts"
        assert await bench.take("w5")
        row = await bench.store.row("select wanted from tasks where resource = %(r)s", r=GID)
        assert row is not None
        assert row["wanted"] == 3

    play(dsn, story, work=False)


def test_a_change_during_the_run_is_not_lost(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        bench.does = [bench.want]
        await bench.want()
        await bench.until(bench.quiet)

    assert play(dsn, story).calls == [GID, GID]


def test_many_wishes_for_one_order_are_worked_one_at_a_time(dsn: str) -> None:
    running: list[str] = []

    async def slow() -> None:
        assert not running, "two runs of one order at once"
        running.append(GID)
        await asyncio.sleep(0.05)
        running.clear()

    async def story(bench: Bench) -> None:
        bench.does = [slow] * 20
        for _ in range(10):
            await bench.want()
        await bench.until(bench.quiet)
        assert not await bench.failed()

    assert 1 <= len(play(dsn, story).calls) <= 10


def test_refusals_end_as_a_dead_letter_after_exactly_the_attempts(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        bench.does = [Refused("sku", "no product")] * 9
        await bench.want()
        await bench.until(bench.failed)
        assert len(bench.calls) == 3
        letter = await bench.store.row("select * from dead_letters")
        assert letter is not None
        assert (letter["resource"], letter["reason"]) == (GID, "sku: no product")
        assert await bench.quiet(), "a dead letter is not pending"

    play(dsn, story)


def test_what_cannot_be_listed_is_not_dead_either(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        bench.does = [Refused("sku", "no product")] * 30
        await bench.store.rows("alter table dead_letters rename to full_disk")
        await bench.want()

        async def tried() -> bool:
            return len(bench.calls) >= 3

        await bench.until(tried)
        await bench.store.rows("alter table full_disk rename to dead_letters")
        task = await bench.store.row("select dead from tasks")
        letters = await bench.store.rows("select * from dead_letters")
        assert task is not None
        assert task["dead"] == bool(letters), "both or neither"
        await bench.want()
        await bench.until(bench.failed)
        assert len(await bench.store.rows("select * from dead_letters")) == 1

    play(dsn, story)


def test_a_bug_becomes_a_dead_letter_too(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        bench.does = [KeyError("lineItems")] * 3
        await bench.want()
        await bench.until(bench.failed)
        letter = await bench.store.row("select reason from dead_letters")
        assert letter is not None
        assert "KeyError" in letter["reason"]

    play(dsn, story)


def test_an_outage_uses_up_no_attempts(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        bench.does = [Unavailable("down", 0.0, 0.1)] * 6
        await bench.want()
        await bench.until(bench.quiet)
        assert not await bench.failed()

    assert len(play(dsn, story).calls) == 7


def test_replay_is_idempotent_and_success_closes_the_letter(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        bench.does = [Refused("sku", "no product")] * 3
        await bench.want()
        await bench.until(bench.failed)
        letter = await bench.store.row("select id from dead_letters")
        assert letter is not None
        assert await bench.queue.replay(letter["id"])
        assert await bench.queue.replay(letter["id"])
        assert not await bench.queue.replay(letter["id"] + 1)
        await bench.until(bench.quiet)
        assert not await bench.failed()
        assert len(bench.calls) == 4
        assert await bench.queue.replay(letter["id"])
        assert await bench.quiet(), "replaying what has been dealt with does nothing"

    play(dsn, story)


def test_a_new_event_brings_a_dead_order_to_life(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        bench.does = [Refused("sku", "no product")] * 3
        await bench.want()
        await bench.until(bench.failed)
        await bench.take("w9")
        await bench.until(bench.quiet)
        assert not await bench.failed()

    play(dsn, story)


def test_what_a_killed_process_left_is_taken_up_again(dsn: str) -> None:
    async def kept(bench: Bench) -> None:
        await bench.want()
        # A worker took it and died: the job says doing, nobody is.
        await bench.store.rows("update procrastinate_jobs set status = 'doing'")

    play(dsn, kept, work=False)

    async def story(bench: Bench) -> None:
        await bench.until(bench.quiet)

    assert play(dsn, story).calls == [GID]


def test_a_wait_whose_wake_up_is_lost_ends_all_the_same(dsn: str) -> None:
    async def kept(bench: Bench) -> None:
        await bench.want()
        await bench.store.rows("delete from procrastinate_jobs")
        await bench.store.rows(
            "update tasks set waits = 2, next_at = next_at - interval '5 seconds', "
            "woken_at = woken_at - interval '5 seconds'"
        )

    play(dsn, kept, work=False)

    async def story(bench: Bench) -> None:
        await bench.until(bench.quiet)

    assert play(dsn, story).calls == [GID]


def test_what_waits_for_odoo_goes_on_when_odoo_is_back(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        loop = asyncio.get_running_loop()
        bench.does = [Unavailable("Odoo unreachable", 8.0)]
        await bench.want()
        await bench.until(lambda: bench.called(1))
        await bench.until(lambda: waiting(bench))
        begin = loop.time()
        await bench.queue.hurry("channel")
        await bench.queue.hurry("Odoo")
        await bench.until(bench.quiet)
        assert loop.time() - begin < 5

    async def waiting(bench: Bench) -> bool:
        return await bench.store.row("select 1 from tasks where waits > 0") is not None

    play(dsn, story)


def test_a_new_event_does_not_cut_a_wait_short(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        loop = asyncio.get_running_loop()
        bench.does = [Unavailable("told to wait", 1.0)]
        await bench.want()
        await bench.until(lambda: bench.called(1))
        begin = loop.time()
        await bench.take("w1")
        await bench.until(lambda: bench.called(2))
        assert loop.time() - begin > 0.8
        await bench.until(bench.quiet)

    play(dsn, story)


def test_an_order_is_looked_at_again_after_a_lost_answer(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        async def unsure(resource: str) -> float | None:
            bench.calls.append(resource)
            return 0.3 if len(bench.calls) == 1 else None

        bench.queue.handlers["orders"] = unsure
        await bench.want()
        await bench.until(bench.quiet)

    assert play(dsn, story).calls == [GID, GID]


def test_the_audit_log_cannot_be_changed(dsn: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.audit.record("order confirmed", GID, odoo_id=7)
        assert (await bench.audit.of(GID))[0]["detail"] == {"odoo_id": 7}
        for query in ("update audit set kind = ''", "delete from audit", "truncate audit"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                await bench.store.rows(query)  # type: ignore[arg-type]

    play(dsn, story, work=False)


def ask(dsn: str, tmp_path, story: Callable[[httpx.AsyncClient, Service], Awaitable[None]]) -> None:
    """Run a story against the connector's HTTP side, without its loops."""

    async def run() -> None:
        changes = {"DATABASE_URL": dsn, "SHOPIFY_PREVIOUS_SECRET": "shpss_old"}
        service = Service(settings(tmp_path, **changes), FakeShopify().transport)
        await service.store.open()
        await service.queue.open()
        transport = httpx.ASGITransport(create_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://connector") as client:
            await story(client, service)
        await service.queue.close()
        await service.store.close()

    asyncio.run(run())


def headers(body: bytes, secret: str, webhook: str, topic: str = "orders/create") -> dict[str, str]:
    """Return a webhook's headers."""
    return {
        "X-Shopify-Hmac-Sha256": sign(secret, body),
        "X-Shopify-Topic": topic,
        "X-Shopify-Webhook-Id": webhook,
    }


def test_webhooks_over_http(dsn: str, tmp_path) -> None:
    body = json.dumps({"id": 5}).encode()
    path = "/webhooks/shopify"

    async def story(client: httpx.AsyncClient, service: Service) -> None:
        first = await client.post(path, content=body, headers=headers(body, "shpss_top", "w1"))
        again = await client.post(path, content=body, headers=headers(body, "shpss_top", "w1"))
        old = await client.post(path, content=body, headers=headers(body, "shpss_old", "w2"))
        forged = await client.post(path, content=body, headers=headers(body, "wrong", "w3"))
        unsigned = await client.post(path, content=body)
        strange = await client.post(
            path, content=body, headers=headers(body, "shpss_top", "w4", "app/uninstalled")
        )
        huge = await client.post(path, content=b"x" * (4 * 1024 * 1024 + 1))
        answers = [first, again, old, forged, unsigned, strange, huge]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 401, 401, 200, 413]
        assert [first.json(), again.json()] == [{"kept": True}, {"kept": False}]
        kept = await service.store.rows("select webhook_id from inbox order by 1")
        assert [row["webhook_id"] for row in kept] == ["w1", "w2"]
        assert (await service.audit.of("w3"))[0]["kind"] == "webhook rejected"

    ask(dsn, tmp_path, story)


def test_operation_needs_the_control_token(dsn: str, tmp_path) -> None:
    async def story(client: httpx.AsyncClient, service: Service) -> None:
        token = {"Authorization": "Bearer control_top"}
        for path in ("/settled", "/metrics", "/correlation", "/dead-letters", "/audit"):
            assert (await client.get(path)).status_code == 401
            assert (await client.get(path, headers=token)).status_code == 200
        assert (await client.post("/kick/orders")).status_code == 401
        assert (await client.post("/kick/nothing", headers=token)).status_code == 404
        idle = await client.post("/kick/bank", headers=token)
        assert idle.json() == {"done": "bank", "idle": True}, "no bank is configured"
        assert (await client.get("/unmatched", headers=token)).json() == []
        assert (await client.post("/dead-letters/7/replay", headers=token)).status_code == 404
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/ready")).status_code == 503

    ask(dsn, tmp_path, story)


def test_metrics_are_what_the_database_says(dsn: str, tmp_path) -> None:
    body = json.dumps({"id": 5}).encode()

    async def story(client: httpx.AsyncClient, service: Service) -> None:
        token = {"Authorization": "Bearer control_top"}
        await client.post(
            "/webhooks/shopify", content=body, headers=headers(body, "shpss_top", "w1")
        )
        await service.queue.bury("orders", GID, "orders/create", "sku: none")
        text = (await client.get("/metrics", headers=token)).text
        assert "connector_tasks_open 1\n" in text
        assert 'connector_webhooks_total{topic="orders/create"} 1\n' in text
        assert "connector_dead_letters 1\n" in text
        settled = (await client.get("/settled", headers=token)).json()
        assert settled == {"pending": 1, "failed": 1}

    ask(dsn, tmp_path, story)
