"""Payouts from the gateway's journal to the bank's, in a real Odoo 19."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.reference import metrics
from connectors.reference.service import Service
from connectors.reference.settings import Settings
from connectors.reference.transfers import UNMATCHED
from peakproof.plan import Shop
from peakproof.runtime.odoo import OdooProcess
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.reads_books import read_bank_lines
from peakproof.simkit import Hosted
from simulators import bank, gateway
from tests.connectors.reference_money import shop, to_monday
from tests.connectors.test_reference_odoo import _Lossy
from tests.connectors.test_reference_rules import environment
from tests.simkit.worlds import make_config

pytestmark = pytest.mark.odoo

Story = Callable[["World"], Awaitable[None]]


class World:
    """A connector in this process without a shop, a bank, a gateway and a real Odoo."""

    def __init__(
        self, odoo: OdooProcess, dsn: str, folder: Path, bank: Hosted, gateway: Hosted, plan: Shop
    ) -> None:
        self.dsn = odoo.dsn
        self.bank, self.gateway = bank.client, gateway.client
        at_bank, at_gateway = self.bank.seed(plan)["values"], self.gateway.seed(plan)["values"]
        to_monday(bank)
        to_monday(gateway)
        file = folder / "world.json"
        file.write_text(json.dumps({"locations": {}}))
        self.lose: list[str] = []
        addresses = {
            "SHOPIFY_URL": "",
            "ODOO_URL": odoo.url,
            "ODOO_DATABASE": odoo.database,
            "ODOO_API_KEY": odoo.api_key,
            "DATABASE_URL": dsn,
            "BANK_URL": bank.url,
            "BANK_SECRET_ID": at_bank["gocardless_secret_id"],
            "BANK_SECRET_KEY": at_bank["gocardless_secret_key"],
            "BANK_IBANS": at_bank["ibans"],
            "TIME_ZONE": at_gateway["timezone"],
            "GATEWAY_URL": gateway.url,
            "GATEWAY_SECRET_KEY": at_gateway["secret_key"],
            "ATTEMPTS": "3",
        }
        settings = Settings.read(environment(str(file)) | addresses)
        self.service = Service(settings, books=_Lossy(self.lose))

    async def quiet(self) -> None:
        """Have both sides fetched and wait until nothing is pending."""
        for name in ("payouts", "bank"):
            await self.service.kick(name)
            calm = 0
            async with asyncio.timeout(60):
                while calm < 3:
                    await asyncio.sleep(0.1)
                    state = await metrics.pending(self.service.store)
                    calm = calm + 1 if not state["pending"] else 0

    async def at(self, client: Any, action: str, **arguments: Any) -> dict[str, Any]:
        """Do what a person would do at the bank or the gateway."""
        return dict(await asyncio.to_thread(client.act, action, arguments, "clerk"))

    async def evening(self) -> list[dict[str, Any]]:
        """Let the gateway pay out, the bank hear of it, and a day pass."""
        sent = (await self.at(self.gateway, "close_day"))["payouts"]
        await self.at(self.bank, "receive_payouts", payouts=sent)
        for client in (self.bank, self.gateway):
            await self.at(client, "pass_days", days=1)
        return list(sent)

    def lines(self, payout: str) -> list[tuple[str, str, bool]]:
        """Return journal, amount and whether it is reconciled, of a payout's lines."""
        rows = read_bank_lines(self.dsn).values()
        return [
            (row["journal"], row["amount"], row["is_reconciled"])
            for row in rows
            if row["ref"] == payout
        ]

    async def unmatched(self) -> dict[str, str]:
        """Return the payouts that are not matched, and why."""
        return {row["id"]: row["reason"] for row in await self.service.store.rows(UNMATCHED)}

    def play(self, story: Story) -> None:
        """Run a story beside the connector at work."""

        async def main() -> None:
            work = asyncio.create_task(self.service.run())
            try:
                async with asyncio.timeout(30):
                    while not self.service.ready:
                        await asyncio.wait({work}, timeout=0.05)
                        assert not work.done(), work.exception()
                await story(self)
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

        asyncio.run(main())


@contextlib.contextmanager
def opened(runtime: ProcessRuntime, odoo: OdooProcess, folder: Path, plan: Shop) -> Iterator[World]:
    """Open a fresh world of a shop."""
    dsn = runtime.create_database(f"connector_{odoo.database}")
    with (
        Hosted(bank.create, make_config(folder, "bank")) as at_bank,
        Hosted(gateway.create, make_config(folder, "gateway")) as at_gateway,
    ):
        yield World(odoo, dsn, folder, at_bank, at_gateway, plan)


@pytest.fixture
def play(runtime: ProcessRuntime, odoo: OdooProcess, tmp_path: Path) -> Iterator[Any]:
    """Return a function that runs a story in a fresh world."""
    with opened(runtime, odoo, tmp_path, shop()) as world:
        yield world.play


def test_a_payout_is_reconciled_with_its_money_at_the_bank(play) -> None:
    async def story(world: World) -> None:
        await world.at(world.gateway, "pay", amount="100.00", currency="USD")
        sent: list[dict[str, Any]] = []
        while not sent:
            sent += await world.evening()
            await world.quiet()
        (payout,) = sent
        # The answers to a load, an assignment and a reconciliation are lost; nothing is twice.
        world.lose += ["statement.line/load", "move.line/write", "move.line/reconcile"]
        assert await world.unmatched() == {payout["id"]: "nothing stands against it yet"}
        for _ in range(2):
            sent += await world.evening()
            await world.quiet()
        assert not world.lose
        assert sent == [payout]
        gateway_side, bank_side = world.lines(payout["id"])
        assert (gateway_side, bank_side) == (
            ("GWUSD", f"-{payout['amount']}", True),
            ("B6769", payout["amount"], True),
        )
        rows = read_bank_lines(world.dsn)
        pair = [key for key, row in rows.items() if row["ref"] == payout["id"]]
        assert [rows[key]["counterparts"] for key in pair] == [[int(pair[1])], [int(pair[0])]]
        assert rows[pair[0]]["unique_import_id"].startswith("txn_")
        assert await world.unmatched() == {}
        fees = [row for row in rows.values() if "Fee" in row["payment_ref"]]
        assert [(row["amount"], row["is_reconciled"]) for row in fees] == [("-3.20", True)]
        text = await metrics.text(world.service.store, world.service.figures)
        assert "connector_payouts_unmatched 0" in text

        # It comes back after all: what the bank sends back is matched with the gateway's failure.
        await world.at(world.gateway, "fail_payout", payout_id=payout["id"])
        await world.quiet()
        (reason,) = (await world.unmatched()).values()
        assert f"{payout['amount']} too much or too little" in reason
        (arrived,) = world.bank.snapshot()["transaction"]
        await world.at(world.bank, "return_payment", transaction=arrived)
        for client in (world.bank, world.gateway):
            await world.at(client, "pass_days", days=3)  # banks rest at the weekend
        await world.quiet()
        lines = world.lines(payout["id"])
        assert len(lines) == 4
        assert all(reconciled for _, _, reconciled in lines)
        assert payout["id"] not in await world.unmatched()
        assert (await metrics.pending(world.service.store))["failed"] == 0

    play(story)
