"""Work that must not be lost: one task per resource, done again whenever it is wanted again.

A task says "bring this order up to date", never "apply this payload". Wanting it raises
``wanted``; a run that began at version v sets ``done`` to v, so a change that comes meanwhile
leaves the task open (cleared by version, not by time). procrastinate carries the wake-ups;
the ``tasks`` table is the truth, and the sweeper wakes what nobody woke (a killed process, a
database that restarted). Its own retry counting is not used: with ``max_attempts=3`` it ran
jobs four times, and an outage should not use up attempts at all.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import Any

import procrastinate
import psycopg

from .audit import Audit, say
from .errors import Refused, Unavailable
from .flow import Handler
from .store import Connection, Store

__all__ = ["Queue", "backoff_seconds"]

OTHERS_CONCURRENCY = 2  # tasks side by side in every flow but the rush of orders


def backoff_seconds(attempt: int, first: float, limit: float) -> float:
    """Return a doubling wait with jitter: the step, up to a quarter longer."""
    step = min(limit, first * 2 ** min(attempt, 16))
    return secrets.SystemRandom().uniform(step, step * 1.25)


class Queue:
    """Tasks by resource, their handlers by flow, their retries and their dead letters."""

    def __init__(self, store: Store, audit: Audit, attempts: int, concurrency: int) -> None:
        self.store = store
        self.audit = audit
        self.attempts = attempts
        self.concurrency = concurrency
        self.handlers: dict[str, Handler] = {}
        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=store.database_url, min_size=1, max_size=concurrency + 24
            )
        )
        self._wake: Any = self.app.task(name="work", queue="orders")(self.work)

    async def open(self) -> None:
        """Connect; make procrastinate's tables in a new database."""
        await self.app.open_async()
        found = await self.store.row("select to_regclass('procrastinate_jobs') as name")
        if found is None or found["name"] is None:
            await self.app.schema_manager.apply_schema_async()

    async def close(self) -> None:
        """Give procrastinate's connections back."""
        await self.app.close_async()

    async def want(
        self,
        connection: Connection,
        flow: str,
        resource: str,
        topic: str,
    ) -> None:
        """Ask for a resource to be brought up to date, within the caller's transaction.

        A dead task comes to life again: something about it has changed.
        """
        await connection.execute(
            "insert into tasks (resource, flow, topic, wanted) "
            "values (%(resource)s, %(flow)s, %(topic)s, 1) on conflict (resource) do update "
            "set wanted = tasks.wanted + 1, topic = excluded.topic, dead = false, refusals = 0, "
            "next_at = case when tasks.waits > 0 and not tasks.dead "
            "then tasks.next_at else clock_timestamp() end, created_at = case "
            "when tasks.wanted = tasks.done then clock_timestamp() else tasks.created_at end",
            {"resource": resource, "flow": flow, "topic": topic},
        )
        await self._wake.configure(connection=connection, queue=flow).defer_async(
            resource=resource, flow=flow
        )

    async def work(self, resource: str, flow: str) -> None:
        """Run one task if it is still wanted; never raises for the task's own failure."""
        async with self.lock(resource) as held:
            if not held:
                await self._wake_in(0.3, resource, flow)
                return
            task = await self.store.row(
                "select * from tasks where resource = %(r)s and wanted > done and not dead "
                "and (waits = 0 or next_at < clock_timestamp() + interval '50 milliseconds')",
                r=resource,
            )
            if task is None:
                return  # done, dead, or told to wait: then another wake-up is on its way
            version = task["wanted"]
            try:
                verify_in = await self.handlers[task["flow"]](resource)
            except Unavailable as error:
                await self._wait(task, error)
                return
            except Refused as error:
                await self._refuse(task, str(error))
                return
            except (psycopg.Error, asyncio.CancelledError):
                raise  # our own database or our own end: the sweeper comes back to it
            except Exception as error:  # noqa: BLE001 - a bug must become visible, not stop all
                await self._refuse(task, f"unexpected {type(error).__name__}: {error}")
                return
            await self._finish(resource, version, verify_in)

    @contextlib.asynccontextmanager
    async def lock(self, resource: str) -> AsyncIterator[bool]:
        """Hold the resource's advisory lock, over processes too; False when another has it."""
        async with self.store.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "select pg_try_advisory_xact_lock(hashtextextended(%s, 0)) as held", [resource]
            )
            row = await cursor.fetchone()
            yield bool(row and row["held"])

    async def _finish(self, resource: str, version: int, verify_in: float | None) -> None:
        row = await self.store.row(
            "update tasks set done = greatest(done, %(v)s), refusals = 0, waits = 0, reason = '', "
            "done_at = clock_timestamp(), verify_at = case when %(verify)s::float8 is null "
            "then verify_at else clock_timestamp() + make_interval(secs => %(verify)s::float8) end "
            "where resource = %(r)s returning wanted > done as again, flow",
            r=resource,
            v=version,
            verify=verify_in,
        )
        if row:
            await self.resolve(row["flow"], resource)
        if row and row["again"]:
            await self._wake_in(0, resource, row["flow"])

    async def resolve(self, flow: str, resource: str) -> None:
        """Close the dead letter of a resource that has been dealt with after all."""
        await self.store.rows(
            "update dead_letters set resolved_at = clock_timestamp() "
            "where flow = %(flow)s and resource = %(r)s and resolved_at is null",
            flow=flow,
            r=resource,
        )

    async def _wait(self, task: dict[str, Any], error: Unavailable) -> None:
        longest = error.wait_seconds_max
        backoff = backoff_seconds(task["waits"], min(0.4, longest / 8), longest)
        delay = max(error.after_seconds, backoff)
        say("task waits", resource=task["resource"], reason=str(error), seconds=round(delay, 2))
        await self._postpone(task, delay, str(error), waits=1, refusals=0)

    async def _refuse(self, task: dict[str, Any], reason: str) -> None:
        if task["refusals"] + 1 < self.attempts:
            say("task refused", resource=task["resource"], reason=reason)
            delay = backoff_seconds(task["refusals"], 0.4, 10.0)
            await self._postpone(task, delay, reason, waits=0, refusals=1)
            return
        async with self.store.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "update tasks set dead = true, reason = %(reason)s where resource = %(resource)s "
                "and wanted = %(wanted)s returning resource",
                {"reason": reason, "resource": task["resource"], "wanted": task["wanted"]},
            )
            died = await cursor.fetchone()
            if died:  # dead and listed as such together, or neither
                await self.bury(task["flow"], task["resource"], task["topic"], reason, connection)
        if not died:  # it changed while it was refused: that deserves a fresh try
            await self._wake_in(0, task["resource"], task["flow"])

    async def bury(
        self,
        flow: str,
        resource: str,
        topic: str,
        reason: str,
        connection: Connection | None = None,
    ) -> None:
        """Put something aside visibly, once per resource; in the caller's transaction if any."""
        if connection is None:
            async with self.store.pool.connection() as own, own.transaction():
                await self.bury(flow, resource, topic, reason, own)
            return
        await connection.execute(
            "insert into dead_letters (flow, resource, topic, reason) "
            "values (%(flow)s, %(r)s, %(topic)s, %(reason)s) on conflict (flow, resource) "
            "where resolved_at is null do update set reason = excluded.reason, replayed_at = null",
            {"flow": flow, "r": resource, "topic": topic, "reason": reason},
        )
        await self.audit.record(
            "dead letter", resource, connection, flow=flow, topic=topic, reason=reason
        )

    async def _postpone(
        self, task: dict[str, Any], delay: float, reason: str, waits: int, refusals: int
    ) -> None:
        await self.store.rows(
            "update tasks set waits = waits + %(w)s, refusals = refusals + %(f)s, "
            "reason = %(reason)s, next_at = clock_timestamp() + make_interval(secs => %(delay)s) "
            "where resource = %(r)s",
            w=waits,
            f=refusals,
            reason=reason,
            delay=delay,
            r=task["resource"],
        )
        await self._wake_in(delay, task["resource"], task["flow"])

    async def _wake_in(self, seconds: float, resource: str, flow: str) -> None:
        schedule = {"milliseconds": int(seconds * 1000)} if seconds else None
        await self._wake.configure(schedule_in=schedule, queue=flow).defer_async(
            resource=resource, flow=flow
        )

    async def sweep(self) -> None:
        """Wake tasks whose time has come and that nobody has woken."""
        await self.store.rows(
            "update tasks set verify_at = null, wanted = wanted + 1, next_at = clock_timestamp(), "
            "woken_at = '-infinity' where verify_at <= clock_timestamp() and wanted = done"
        )
        for row in await self.store.rows(
            "update tasks set woken_at = clock_timestamp() where wanted > done and not dead "
            "and next_at <= clock_timestamp() "
            "and greatest(next_at, woken_at) < clock_timestamp() - interval '2 seconds' "
            "or (wanted > done and woken_at = '-infinity') returning resource, flow"
        ):
            await self._wake_in(0, row["resource"], row["flow"])

    async def hurry(self, reason: str) -> None:
        """Wake what waits for a reason that begins so, oldest first: it has passed."""
        rows = await self.store.rows(
            "update tasks set next_at = clock_timestamp(), woken_at = clock_timestamp(), "
            "waits = 1 where wanted > done and not dead and waits > 0 "
            "and starts_with(reason, %(reason)s) returning resource, flow, created_at",
            reason=reason,
        )
        for row in sorted(rows, key=lambda row: row["created_at"]):
            await self._wake_in(0, row["resource"], row["flow"])

    async def run(self) -> None:
        """Work until cancelled: a worker for each flow, so that none waits for another's.

        What an ended worker left in progress is woken by the sweeper.
        """
        await self.store.rows("delete from procrastinate_jobs where status = 'doing'")
        async with asyncio.TaskGroup() as group:
            for flow in self.handlers:
                group.create_task(self._run(flow))

    async def _run(self, flow: str) -> None:
        await self.app.run_worker_async(
            queues=[flow],
            concurrency=self.concurrency if flow == "orders" else OTHERS_CONCURRENCY,
            install_signal_handlers=False,
            fetch_job_polling_interval=0.25,
            delete_jobs="always",
            shutdown_graceful_timeout=5,
        )
        # It ends by itself only when one of its own tasks failed, and says so only in the log.
        raise Unavailable("the worker stopped")

    async def attempted(self, resource: str, limit_seconds: float) -> None:
        """Wait until a wanted task was tried once, whatever came of it, or the limit is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_seconds):
                while (
                    await self.store.row(
                        "select 1 from tasks where resource = %(r)s and wanted > done "
                        "and not dead and waits = 0 and refusals = 0",
                        r=resource,
                    )
                    is not None
                ):
                    await asyncio.sleep(0.05)

    async def replay(self, letter_id: int) -> bool:
        """Try a dead letter again; False when there is no such letter. Twice is once."""
        async with self.store.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "select * from dead_letters where id = %s for update", [letter_id]
            )
            letter = await cursor.fetchone()
            if letter is None:
                return False
            if letter["replayed_at"] is not None or letter["resolved_at"] is not None:
                return True
            await connection.execute(
                "update dead_letters set replayed_at = clock_timestamp() where id = %s",
                [letter_id],
            )
            await self.audit.record("replay", letter["resource"], connection, letter=letter_id)
            if letter["flow"] == "inventory":
                await connection.execute(
                    "update dirty set wanted = wanted + 1, dead = false, refusals = 0 "
                    "where sku = %s",
                    [letter["resource"]],
                )
            else:
                await self.want(connection, letter["flow"], letter["resource"], letter["topic"])
        return True
