"""A desk for the money flows' tests: a bank and a gateway simulator, and journals in memory."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from connectors.reference import metrics
from connectors.reference.audit import Audit
from connectors.reference.bank import Bank
from connectors.reference.bank_lines import BankLines
from connectors.reference.errors import Unavailable, Unsure
from connectors.reference.gateway import Gateway
from connectors.reference.gateway_lines import GatewayLines
from connectors.reference.queue import Queue
from connectors.reference.settings import Settings
from connectors.reference.statements import Account, Journal, Line, Written
from connectors.reference.store import Store
from peakproof.plan import BankAccount, Shop
from peakproof.simkit import Hosted
from tests.connectors.test_reference_rules import environment

__all__ = ["DOWN", "IBAN", "LOST", "Desk", "Journals", "shop", "to_monday"]

IBAN = "BE71096123456769"


def shop() -> Shop:
    """Return a shop whose story begins a month ago."""
    account = BankAccount(code="MAIN", iban=IBAN, currency="USD", owner="Peak Demo")
    return Shop(
        currency="USD", days_ago=40, bank_accounts=[account], exchange_rates={"EUR": "0.92"}
    )


def to_monday(hosted: Hosted) -> None:
    """Let days pass until a Monday."""
    while date.fromisoformat(hosted.client.act("pass_days", {"days": 1})["today"]).weekday():
        pass


class Journals:
    """Odoo's journals in memory. ``fails`` are errors of the next writes."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.numbers: dict[str, int] = {}
        self.expensed: list[int] = []
        self.fails: list[Exception] = []
        self.opened: list[str] = []

    async def journal(
        self, name: str, _title: str, _code: str, currency: str, iban: str = ""
    ) -> Journal:
        """Return the only journal."""
        self.opened.append(f"{name} {currency} {iban}")
        return Journal(id=1, suspense_account_id=2)

    async def write(self, _journal: Journal, lines: Sequence[Line]) -> Written:
        """Write lines that are not there, as the real one does; then fail if told to."""
        error = self.fails.pop(0) if self.fails else None
        if error is None or isinstance(error, Unsure):
            for line in lines:
                if line.identity not in self.lines:
                    self.lines[line.identity] = line
                    self.numbers[line.identity] = len(self.lines)
        if error is not None:
            raise error
        return Written(ids={line.identity: self.numbers[line.identity] for line in lines})

    async def fee_account(self) -> Account:
        """Return an expense account."""
        return Account(id=9)

    async def open_items(self, _journal: Journal, line_ids: Sequence[int]) -> dict[int, int]:
        """Return the items of lines."""
        return {number: number + 1000 for number in line_ids}

    async def assign(self, items: Sequence[int], _account: Account) -> None:
        """Note what was expensed."""
        self.expensed += items

    def total(self) -> Decimal:
        """Return what the lines add up to."""
        return sum((line.amount for line in self.lines.values()), Decimal(0))


class Desk:
    """The connector's flows over one simulator, with everything real but Odoo."""

    def __init__(self, dsn: str, folder: Path, hosted: Hosted, values: dict[str, str]) -> None:
        self.hosted = hosted
        self.client = hosted.client
        self.journals = Journals()
        self.asked: list[str] = []
        file = folder / "world.json"
        file.write_text(json.dumps({"locations": {}}))
        chosen = {"BANK_URL": hosted.url, "BANK_IBANS": IBAN, "GATEWAY_URL": hosted.url}
        if "gocardless_secret_id" in values:
            chosen |= {
                "BANK_SECRET_ID": values["gocardless_secret_id"],
                "BANK_SECRET_KEY": values["gocardless_secret_key"],
            }
        else:
            chosen |= {"GATEWAY_SECRET_KEY": values["secret_key"]}
        settings = Settings.read(environment(str(file)) | chosen)
        self.store = Store(dsn)
        self.audit = Audit(self.store)
        self.queue = Queue(self.store, self.audit, attempts=2, concurrency=2)
        parts = (self.store, self.audit, self.queue)
        watched = Watched(self.asked)
        journals: Any = self.journals
        self.flow: BankLines | GatewayLines
        if "gocardless_secret_id" in values:
            self.flow = BankLines(*parts, Bank(settings, watched), journals, settings.bank_ibans)
        else:
            self.flow = GatewayLines(*parts, Gateway(settings, watched), journals, 3600.0)
        self.queue.handlers.update(self.flow.handlers)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Work as the service would."""
        await self.store.open(self.flow.tables)
        await self.queue.open()
        work = [asyncio.create_task(self.queue.run()), asyncio.create_task(self._sweep())]
        try:
            yield
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self.flow.close()
            await self.queue.close()
            await self.store.close()

    async def _sweep(self) -> None:
        while True:
            await self.queue.sweep()
            await asyncio.sleep(0.2)

    async def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Do what a person would do there."""
        return await asyncio.to_thread(self.client.act, action, arguments, "clerk")

    async def inject(self, point: str, **options: Any) -> str:
        """Put a fault rule at a point."""
        return await asyncio.to_thread(self.client.inject, point, options)

    async def final(self, entity: str) -> dict[str, Any]:
        """Return the vendor's own records."""
        return dict((await asyncio.to_thread(self.client.snapshot))[entity])

    async def ask(self) -> None:
        """Have the flow fetch, and wait until nothing is pending."""
        await self.flow.ask()
        calm = 0
        async with asyncio.timeout(30):
            while calm < 2:
                await asyncio.sleep(0.05)
                state = await metrics.pending(self.store)
                calm = calm + 1 if not state["pending"] else 0

    async def letters(self) -> list[str]:
        """Return why something was given up."""
        rows = await self.store.rows("select reason from dead_letters where resolved_at is null")
        return [row["reason"] for row in rows]


class Watched(httpx.AsyncBaseTransport):
    """Notes every path that is asked for."""

    def __init__(self, asked: list[str]) -> None:
        self.asked = asked
        self.real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.raw_path.decode())
        return await self.real.handle_async_request(request)

    async def aclose(self) -> None:
        await self.real.aclose()


LOST = Unsure("Odoo gave no answer", 0.0, 0.2)
DOWN = Unavailable("Odoo unreachable", 0.0, 0.2)
