"""Waits until a world is quiet, triggers schedules, and reads the records at a checkpoint.

Quiet means: no webhook delivery open (waiting retries count), nothing pending at the connector
(jobs with a later start count), and no change in Odoo, over several looks in a row.

Checkpoints: ``settled`` is after the schedules that run at least hourly, ``reconciled`` after
all of them (a daily reconciliation, say). What only the latter finds was late, not lost.
"""

import contextlib
import itertools
import os
import threading
from pathlib import Path
from typing import Any

import httpx
import psycopg

from peakproof.errors import OdooRefused, WorldFailed
from peakproof.history import Event, HistoryWriter
from peakproof.runtime import reads, reads_books, reads_deliveries, reads_pos
from peakproof.seed import Clock
from peakproof.world import Quiet, World

__all__ = ["ORDINARY_PERIOD_SECONDS", "Settler", "Watcher"]

ORDINARY_PERIOD_SECONDS = 3600.0
_LOOKS = 3
_LOOK_GAP_SECONDS = 0.3
_RESTLESS_LIMIT_SECONDS = 5.0  # what never came to rest gets no second long wait
_PATIENCE = 3  # so many times the limit at most, while Odoo is still being written to


class Settler:
    """Brings a world to rest and reads it."""

    def __init__(self, world: World, clock: Clock, writer: HistoryWriter) -> None:
        self.world = world
        self._clock = clock
        self._writer = writer
        self._ids = itertools.count(1)
        self._restless = False

    def look(self) -> Quiet:
        """Return what is under way right now."""
        quiet = Quiet()
        for client in self.world.simulators.values():
            quiet.deliveries += sum(client.pending().values())
        if self.world.spec.settled is not None:
            try:
                row = self.world.ask(self.world.spec.settled, "settled")[0]
                quiet.pending, quiet.failed = int(row["pending"]), int(row["failed"])
            except (httpx.HTTPError, psycopg.Error, IndexError):
                quiet.reachable = False
        try:
            quiet.odoo_activity = reads.activity(self.world.odoo_dsn())
        except psycopg.Error:
            quiet.reachable = False
        return quiet

    def settle(self, limit_seconds: float) -> bool:
        """Wait for rest; return False when the limit came first (recorded, not raised).

        While Odoo's records change, work is done and the limit begins anew, up to three times
        as long in all: a slow machine is not a connector that never comes to rest. After such a
        failure the next waits are short, until the world has come to rest again.
        """
        self._phase("settle", "begin")
        begin = self._clock.now()
        if self._restless:
            limit_seconds = min(limit_seconds, _RESTLESS_LIMIT_SECONDS)
        calm, before, deadline = 0, -1, begin + limit_seconds
        while self._clock.now() < deadline:
            quiet = self.look()
            if quiet.odoo_activity != before:
                latest = begin + _PATIENCE * limit_seconds
                deadline = min(self._clock.now() + limit_seconds, latest)
            calm = calm + 1 if quiet.is_quiet() and quiet.odoo_activity == before else 0
            before = quiet.odoo_activity
            if calm >= _LOOKS:
                self._restless = False
                self._phase("settle", "end")
                return True
            threading.Event().wait(_LOOK_GAP_SECONDS)
        self._restless = True
        self._phase("settle", "expired")
        return False

    def kick(self, daily: bool, limit_seconds: float) -> tuple[list[str], bool]:
        """Trigger the ordinary schedules, or with ``daily`` the long ones, one after the other.

        Each begins when the one before has done all its work: they would run hours apart, and
        a stock reconciliation must not race against a reconciliation of orders. Return the
        failures by name, and whether the world came to rest after every one of them.
        """
        failures, rested = [], True
        for kick in self.world.spec.kick:
            if (kick.period_seconds > ORDINARY_PERIOD_SECONDS) != daily:
                continue
            self._phase(f"kick {kick.name}", "begin")
            try:
                self.world.kick(kick)
                outcome = "end"
            except (httpx.HTTPError, OdooRefused, WorldFailed) as error:
                outcome = "failed"
                failures.append(f"kick {kick.name}: {error}")
            self._phase(f"kick {kick.name}", outcome)
            rested = self.settle(limit_seconds) and rested
        return failures, rested

    def read(self, checkpoint: str) -> None:
        """Read the final records of every system into the history."""
        self._phase(f"reads {checkpoint}", "begin")
        for source, entities in self.records().items():
            for entity, records in entities.items():
                for key, record in records.items():
                    self._final(source, entity, key, checkpoint, record)
        self._phase(f"reads {checkpoint}", "end")

    def records(self) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
        """Return the records of every system as they are now: system -> entity -> key -> record."""
        found = {name: client.snapshot() for name, client in self.world.simulators.items()}
        dsn = self.world.odoo_dsn()
        shop = self.world.odoo_shop
        locations = shop.location_ids if shop else {}
        odoo: dict[str, dict[str, dict[str, Any]]] = {
            "order": reads.read_orders(dsn),
            "stock": reads.read_stock(dsn, locations),
            "partner": reads.read_partners(dsn),
            "job": reads.read_jobs(dsn),
            "picking": reads_deliveries.read_pickings(dsn),
            "bank_line": reads_books.read_bank_lines(dsn),
            "entry": reads_books.read_entries(dsn),
            "invoice": reads_books.read_invoices(dsn),
            "payment": reads_books.read_payments(dsn),
            "pos_order": reads_pos.read_pos_orders(dsn),
            "pos_session": reads_pos.read_pos_sessions(dsn),
        }
        if shop is not None:
            odoo["product"] = {
                str(number): {"id": number, "sku": sku} for sku, number in shop.product_ids.items()
            }
            odoo["location"] = {
                str(number): {"id": number, "code": code} for code, number in locations.items()
            }
        correlation = self.world.correlation()
        letters = enumerate(self.world.read_dead_letters())
        connector: dict[str, dict[str, dict[str, Any]]] = {
            "correlation": {order: {"odoo_order_ids": ids} for order, ids in correlation.items()},
            "dead_letter": {str(letter.get("id", place)): letter for place, letter in letters},
            "approval": {str(one["id"]): one for one in self.world.read_approvals()},
        }
        return {**found, "odoo": odoo, "connector": connector}

    def _final(
        self, source: str, entity: str, key: str, checkpoint: str, record: dict[str, Any]
    ) -> None:
        self._writer.append(
            Event(
                time=self._clock.now(),
                source=source,
                kind="final",
                name=entity,
                key=key,
                outcome=checkpoint,
                value=record,
            )
        )

    def _phase(self, name: str, outcome: str) -> None:
        self._writer.append(
            Event(
                time=self._clock.now(),
                source="harness",
                kind="phase",
                name=name,
                outcome=outcome,
            )
        )


class Watcher:
    """Samples the connector's queue and the machine while the story runs."""

    def __init__(self, settler: Settler, clock: Clock, writer: HistoryWriter) -> None:
        self._settler, self._clock, self._writer = settler, clock, writer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        probe = self._settler.world.spec.settled
        while not self._stop.wait(0.5):
            with contextlib.suppress(OSError):  # not every system tells
                runnable = Path("/proc/loadavg").read_text().split()[3].partition("/")[0]
                value = {"runnable": int(runnable), "processors": os.cpu_count() or 1}
                self._sample("harness", "machine", value)
            if probe is None:
                continue
            try:
                row = self._settler.world.ask(probe, "settled")[0]
            except (httpx.HTTPError, psycopg.Error, IndexError):
                continue  # it is down: the timeline shows the gap
            value = {"pending": int(row["pending"]), "failed": int(row["failed"])}
            self._sample("connector", "queue_depth", value)

    def _sample(self, source: str, name: str, value: dict[str, int]) -> None:
        self._writer.append(
            Event(time=self._clock.now(), source=source, kind="sample", name=name, value=value)
        )
