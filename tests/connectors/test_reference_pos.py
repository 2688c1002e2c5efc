"""The reference connector's sales of shops: a simulated point of sale, a real Odoo 19."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.reference import metrics
from connectors.reference.errors import Unavailable
from connectors.reference.service import Service
from connectors.reference.settings import Settings
from connectors.reference.till import read_refund, read_sale
from connectors.reference.till_cells import identity, order_cells
from peakproof.plan import Location, Product, Shop, TaxRule, Variant
from peakproof.runtime.odoo import OdooProcess
from peakproof.runtime.odoo_shop import seed_odoo
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.reads import read_stock
from peakproof.runtime.reads_pos import read_pos_orders, read_pos_sessions
from peakproof.seed import wait_until
from peakproof.simkit import Hosted
from simulators.pos import create
from tests.connectors.test_reference_rules import environment
from tests.simkit.worlds import make_config

MODULES = ("sale_management", "sale_stock", "stock_delivery", "account", "point_of_sale")
STOCK = 20
Story = Callable[["World"], Awaitable[None]]


class Lossy(httpx.AsyncBaseTransport):
    """Loses the answers to chosen calls after they were carried out."""

    def __init__(self, lose: list[str]) -> None:
        self.lose = lose
        self.lost: list[str] = []
        self.real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.real.handle_async_request(request)
        for part in self.lose:
            if request.url.path.endswith(part):
                self.lose.remove(part)
                self.lost.append(part)
                await answer.aread()
                raise httpx.ReadError("reset by peer", request=request)
        return answer

    async def aclose(self) -> None:
        await self.real.aclose()


class World:
    """Two shops with tills, an Odoo, and the connector in this process."""

    def __init__(self, hosted: Hosted, odoo: OdooProcess, dsn: str, folder: Path) -> None:
        self.tills, self.odoo, self.dsn = hosted.client, odoo.client(), odoo.dsn
        places = [Location(code=code, name=code) for code in ("MAIN", "STORE")]
        stock = {"MAIN": STOCK, "STORE": STOCK}
        prices = {"MUG": "9.99", "TEE": "25.00"}
        variants = [Variant(sku=s, title=s, price=p, stock=stock) for s, p in prices.items()]
        shop = Shop(
            tax=TaxRule(title="State tax", rate="0.0825"),
            locations=places,
            products=[Product(title=one.sku, variants=[one]) for one in variants],
        )
        self.seeded = seed_odoo(self.odoo, shop)
        told = self.tills.seed(shop)
        file = folder / "world.json"
        locations = {
            code: {"odoo_location_id": number, "pos_location_gid": told["locations"][code]}
            for code, number in self.seeded.location_ids.items()
        }
        file.write_text(json.dumps({"locations": locations}))
        self.transport = Lossy([])
        variables = {
            "SHOPIFY_URL": "", "POS_URL": hosted.url, "POS_SECONDS": "0.3", "ATTEMPTS": "2",
            "POS_ACCESS_TOKEN": told["values"]["access_token"], "DATABASE_URL": dsn,
            "ODOO_URL": odoo.url, "ODOO_DATABASE": odoo.database, "ODOO_API_KEY": odoo.api_key,
        }  # fmt: skip
        settings = Settings.read(environment(str(file)) | variables)
        self.service = Service(settings, books=self.transport)

    def act(self, action: str, code: str = "MAIN", **arguments: Any) -> dict[str, Any]:
        """Act as a cashier."""
        return self.tills.act(action, {"location_code": code, **arguments})

    def sell(self, code: str = "MAIN", *lines: tuple[str, int], **more: Any) -> dict[str, Any]:
        """Sell over the counter."""
        wanted = [{"sku": sku, "quantity": units} for sku, units in lines or [("MUG", 3)]]
        return self.act("sale", code, lines=wanted, **more)

    async def quiet(self, limit: float = 60.0) -> None:
        """Let the connector look at the tills and wait until nothing is pending."""
        calm = 0
        async with asyncio.timeout(limit):
            while True:
                try:
                    await self.service.kick("pos")
                    break
                except Unavailable:
                    await asyncio.sleep(0.2)
            while calm < 4:
                await asyncio.sleep(0.15)
                state = await metrics.pending(self.service.store)
                calm = calm + 1 if not state["pending"] else 0

    def orders(self) -> list[dict[str, Any]]:
        """Return the orders in Odoo."""
        return list(read_pos_orders(self.dsn).values())

    def on_hand(self, sku: str, code: str = "MAIN") -> Any:
        """Return the stock in Odoo."""
        return read_stock(self.dsn, self.seeded.location_ids)[f"{sku}@{code}"]["on_hand"]

    async def letters(self) -> list[str]:
        """Return what is a dead letter."""
        rows = await self.service.store.rows(
            "select id, resource from dead_letters where resolved_at is null order by resource"
        )
        return [row["resource"] for row in rows]


@pytest.fixture
def play(runtime: ProcessRuntime, tmp_path: Path) -> Iterator[Callable[[Story], None]]:
    """Return a function that runs a story in a fresh world."""
    database = runtime.new_database(
        runtime.prepare(MODULES), f"pos_{tmp_path.name[-20:-1]}".lower()
    )
    odoo = runtime.start_odoo(database, tmp_path / "odoo.log")

    def run(story: Story) -> None:
        dsn = runtime.create_database(f"connector_{odoo.database}")
        with Hosted(create, make_config(tmp_path, name="pos")) as hosted:
            world = World(hosted, odoo, dsn, tmp_path)

            async def main() -> None:
                work = asyncio.create_task(world.service.run())
                try:
                    async with asyncio.timeout(60):
                        while not world.service.ready:
                            await asyncio.wait({work}, timeout=0.05)
                            assert not work.done(), work.exception()
                    await story(world)
                finally:
                    work.cancel()
                    await asyncio.gather(work, return_exceptions=True)

            asyncio.run(main())

    yield run
    runtime.drop(database)


@pytest.mark.odoo
def test_a_day_with_an_offline_till_and_lost_answers(play: Callable[[Story], None]) -> None:
    async def story(world: World) -> None:
        lost = ["pos.config/open_ui", "pos.order/sync_from_ui", "pos.session/close_session_from_ui"]
        world.transport.lose += lost
        paid = world.sell("MAIN", ("MUG", 3), ("TEE", 1), tender="card", tip="2.00",
                          discount={"percentage": "7.5"})  # fmt: skip
        broken = world.sell("MAIN", ("MUG", 2))
        world.tills.inject("till_resends", {"count": 1})
        world.act("go_offline", "STORE", clock_skew_seconds=7200)
        late = [world.sell("STORE", ("TEE", 1)), world.sell("STORE", ("TEE", 2))]
        (twin,) = world.act("come_online", "STORE")["duplicates"]
        world.act("refund_sale", "MAIN", order_id=paid["order_id"], restock=True,
                  lines=[{"sku": "MUG", "quantity": 1}])  # fmt: skip
        world.act("refund_sale", "MAIN", order_id=broken["order_id"], restock=False)
        wait_until(lambda: not world.tills.pending()["refunds"], 10, "the card's refund")
        world.act("close_day", "MAIN", difference="-0.35")
        world.act("close_day", "STORE")
        await world.quiet()
        assert sorted(world.transport.lost) == sorted(lost)
        assert await world.letters() == []
        totals = {order["pos_reference"]: order["amount_total"] for order in world.orders()}
        refunds = world.tills.snapshot()["sale_refund"].values()
        assert len(totals) == 6
        for sold in (paid, broken, *late):
            assert totals.pop(sold["reference"]) == sold["total"]
        assert sorted(totals.values()) == sorted(f"-{refund['amount']}" for refund in refunds)
        assert [world.on_hand(sku) for sku in ("MUG", "TEE")] == [STOCK - 4, STOCK - 1]
        assert [world.on_hand(sku, "STORE") for sku in ("MUG", "TEE")] == [STOCK, STOCK - 3]
        closes = world.tills.snapshot()["day_close"].values()
        sessions = read_pos_sessions(world.dsn).values()
        assert {session["state"] for session in sessions} == {"closed"}
        assert sorted((session["config"], session["counted_cash"]) for session in sessions) == (
            sorted((close["location_code"], close["counted_cash"]) for close in closes)
        )
        assert world.odoo.call("pos.order", "search_count", domain=[["state", "!=", "done"]]) == 0
        kinds = [row["kind"] for row in await world.service.audit.of(f"sale:{twin}")]
        assert kinds == ["sale is a duplicate"]

    play(story)


@pytest.mark.odoo
def test_outages_limits_and_what_is_refused(play: Callable[[Story], None]) -> None:
    async def story(world: World) -> None:
        throttled = world.tills.inject("request", {"effect": "throttle", "count": 4})
        failing = world.tills.inject(
            "request", {"effect": "error", "status": 503, "match": "payments.get", "count": 2}
        )
        first = world.sell()
        product = world.seeded.product_ids["TEE"]
        world.odoo.call("product.product", "write", ids=[product], vals={"default_code": "OTHER"})
        unknown = world.sell("MAIN", ("TEE", 1))
        world.act("close_day")
        await world.quiet()
        assert world.tills.fired(throttled) == 4
        assert world.tills.fired(failing) == 2
        (shift,) = await world.service.store.rows("select id from pos_shifts")
        dead = [f"close:{shift['id']}", f"sale:{unknown['order_id']}"]
        assert await world.letters() == dead
        assert [order["amount_total"] for order in world.orders()] == [first["total"]]
        # Somebody mends the product and replays the sale; the day closes by itself.
        world.odoo.call("product.product", "write", ids=[product], vals={"default_code": "TEE"})
        (letter,) = await world.service.store.rows(
            "select id from dead_letters where resource = %(r)s", r=dead[1]
        )
        for _ in range(2):
            assert await world.service.queue.replay(letter["id"])
        await world.quiet()
        assert await world.letters() == []
        assert sorted(order["amount_total"] for order in world.orders()) == sorted(
            [first["total"], unknown["total"]]
        )
        (session,) = read_pos_sessions(world.dsn).values()
        assert session["state"] == "closed"

    play(story)


@pytest.mark.odoo
def test_a_dead_sale_holds_up_no_other_day_than_its_own(play: Callable[[Story], None]) -> None:
    async def story(world: World) -> None:
        def states() -> dict[str, str]:
            sessions = read_pos_sessions(world.dsn).values()
            return {session["counted_cash"]: session["state"] for session in sessions}

        product = world.seeded.product_ids["TEE"]
        world.odoo.call("product.product", "write", ids=[product], vals={"default_code": "OTHER"})
        world.sell()
        poisoned = world.sell("MAIN", ("TEE", 1), tender="cash")
        first = world.act("close_day", "MAIN", difference="-0.35")["counted_cash"]
        world.sell("MAIN", ("MUG", 1), tender="cash")
        second = world.act("close_day", "MAIN")["counted_cash"]
        await world.quiet()
        letters = await world.letters()
        assert letters[1:] == [f"sale:{poisoned['order_id']}"]
        assert states() == {"0.00": "opened", second: "closed"}
        # On the third day it is even refunded: that day waits for it as well, the fourth does not.
        world.act("refund_sale", "MAIN", order_id=poisoned["order_id"], restock=True)
        third = world.act("close_day", "MAIN")["counted_cash"]
        world.sell("MAIN", ("MUG", 2), tender="cash")
        fourth = world.act("close_day", "MAIN")["counted_cash"]
        await world.quiet()
        assert len(await world.letters()) == 4
        assert [order["state"] for order in world.orders()].count("done") == 2
        world.odoo.call("product.product", "write", ids=[product], vals={"default_code": "TEE"})
        for letter in await world.service.store.rows("select id from dead_letters order by id"):
            assert await world.service.queue.replay(letter["id"])
        await world.quiet()
        assert await world.letters() == []
        assert len({first, second, third, fourth}) == 4, "days are told apart by their cash"
        assert states() == dict.fromkeys((first, second, third, fourth), "closed")
        assert world.odoo.call("pos.order", "search_count", domain=[["state", "!=", "done"]]) == 0
        rows = world.odoo.search_read("pos.session", [], ["cash_register_difference"], "id")
        differences = [round(row["cash_register_difference"], 2) for row in rows]
        assert differences == [-0.35, 0, 0, 0], "what lacked in the drawer on the first day"

    play(story)


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


LINE = {
    "uid": "l1", "name": "Mug", "quantity": "3", "catalog_object_id": "V1",
    "base_price_money": usd(999), "total_money": usd(3002), "total_tax_money": usd(229),
    "total_discount_money": usd(224), "applied_taxes": [
        {"tax_uid": "t1", "applied_money": usd(150)}, {"tax_uid": "t2", "applied_money": usd(79)},
    ],
}  # fmt: skip
ORDER = {
    "id": "O1", "reference_id": "MAIN-000001", "created_at": "2026-11-20T15:00:00.000Z",
    "line_items": [LINE], "total_money": usd(3152), "total_tip_money": usd(150), "taxes": [
        {"uid": "t1", "name": "State", "percentage": "5.4", "type": "ADDITIVE"},
        {"uid": "t2", "name": "City", "percentage": "2.85", "type": "ADDITIVE"},
    ],
}  # fmt: skip
PAYMENT = {
    "id": "P1", "source_type": "CARD", "total_money": usd(3152), "order_id": "O1",
    "created_at": "2026-11-20T15:00:00.000Z",
    "offline_payment_details": {"client_created_at": "2026-11-20T09:30:00.000Z"},
}  # fmt: skip


def test_a_sale_is_read_with_the_tills_own_time_and_adds_up() -> None:
    sale = read_sale(ORDER, [PAYMENT], {"V1": "MUG"})
    assert (sale.at, sale.total, sale.tip) == (
        "2026-11-20T09:30:00.000Z", Decimal("31.52"), Decimal("1.50"),
    )  # fmt: skip
    assert sale.adds_up()
    assert [tax.amount for tax in sale.lines[0].taxes] == [Decimal("1.50"), Decimal("0.79")]
    assert not read_sale(ORDER, [PAYMENT | {"total_money": usd(3151)}], {}).adds_up()


def test_a_refund_shares_its_tax_out_and_knows_what_came_back() -> None:
    back = {**LINE, "uid": "r1", "source_line_item_uid": "l1", "quantity": "1",
            "total_money": usd(1001), "total_tax_money": usd(76)}  # fmt: skip
    refund = {"id": "R1", "amount_money": usd(1001), "destination_type": "CARD",
              "created_at": "2026-11-20T16:00:00.000Z", "order_id": "O2"}  # fmt: skip
    returned = {"returns": [{"return_line_items": [back], "return_amounts": {}}]}
    for restocked, goods in (({"V1": 1}, True), ({}, False)):
        receipt = read_refund(refund, returned, ORDER, {"V1": "MUG"}, restocked)
        assert receipt.adds_up()
        (line,) = receipt.lines
        assert line.tax == Decimal("0.76")
        assert line.goods is goods


def test_the_same_receipt_has_the_same_ids_and_negative_amounts_when_it_gives_back() -> None:
    sale = read_sale(ORDER, [PAYMENT], {"V1": "MUG"})

    def cells() -> dict[str, Any]:
        return order_cells(
            sale, session=1, currency=1, products={"l1": 5}, taxes={"l1": [8, 9]},
            methods={"CARD": 2, "OTHER": 3}, sold={}, tip_product=6,
        )  # fmt: skip

    assert cells() == cells()
    assert cells()["uuid"] == identity("receipt", "O1")
    assert [line[2]["qty"] for line in cells()["lines"]] == [3, 1]
    sale.sale_key = "O0"
    assert [line[2]["qty"] for line in cells()["lines"]] == [-3, -1]
    assert (cells()["amount_total"], cells()["payment_ids"][0][2]["amount"]) == (-31.52, -31.52)
