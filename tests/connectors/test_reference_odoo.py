"""The reference connector against a real Odoo 19, with a channel in memory."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.reference import metrics
from connectors.reference.service import Service
from connectors.reference.settings import Settings
from peakproof.plan import Location, Product, Shop, TaxRule, Variant
from peakproof.runtime.odoo import OdooProcess
from peakproof.runtime.odoo_shop import seed_odoo
from peakproof.runtime.process import ProcessRuntime
from tests.connectors.reference_channel import LOCATION, FakeShopify
from tests.connectors.test_reference_rules import environment

pytestmark = pytest.mark.odoo

STOCK = 50
Story = Callable[["World"], Awaitable[None]]


class World:
    """A connector in this process, a channel in memory and a real Odoo."""

    def __init__(
        self, odoo: OdooProcess, dsn: str, folder: Path, included: bool, rounding: str
    ) -> None:
        self.odoo = odoo.client()
        places = [Location(code="MAIN", name="Main")]
        skus = [f"SKU{number}" for number in range(3)]
        variants = [Variant(sku=s, title=s, price="10.00", stock={"MAIN": STOCK}) for s in skus]
        shop = Shop(
            tax=TaxRule(title="State tax", rate="0.0825"),
            taxes_included=included,
            tax_rounding=rounding,
            locations=places,
            products=[Product(title=one.sku, variants=[one]) for one in variants],
        )
        self.seeded = seed_odoo(self.odoo, shop)
        file = folder / "world.json"
        place = {"odoo_location_id": self.seeded.location_ids["MAIN"]}
        place["shopify_location_gid"] = LOCATION
        file.write_text(json.dumps({"locations": {"MAIN": place}}))
        self.shop = FakeShopify()
        self.shop.levels = {sku: {"available": STOCK, "committed": 0} for sku in skus}
        self.lose: list[str] = []  # parts of Odoo addresses whose next answer is lost
        self.service = Service(
            Settings.read(
                environment(str(file))
                | {
                    "ODOO_URL": odoo.url,
                    "ODOO_DATABASE": odoo.database,
                    "ODOO_API_KEY": odoo.api_key,
                    "DATABASE_URL": dsn,
                    "ORDERS_SECONDS": "1",
                    "ATTEMPTS": "3",
                }
            ),
            channel=self.shop.transport,
            books=_Lossy(self.lose),
        )

    async def quiet(self, limit: float = 60.0) -> None:
        """Tell the connector of everything and wait until nothing is pending."""
        await self.service.reconciler.find_orders()
        calm = 0
        async with asyncio.timeout(limit):
            while calm < 3:
                await asyncio.sleep(0.1)
                state = await metrics.pending(self.service.store)
                calm = calm + 1 if not state["pending"] else 0

    def sale_orders(self) -> list[dict]:
        """Return every sale order."""
        fields = ["origin", "client_order_ref", "state", "amount_untaxed", "amount_tax"]
        fields += ["amount_total", "partner_id"]
        return self.odoo.call("sale.order", "search_read", domain=[], fields=fields, order="id")

    def free(self, sku: str) -> float:
        """Return what is free in Odoo."""
        quants = self.odoo.call(
            "stock.quant",
            "search_read",
            domain=[
                ["product_id", "=", self.seeded.product_ids[sku]],
                ["location_id", "=", self.seeded.location_ids["MAIN"]],
            ],
            fields=["quantity", "reserved_quantity"],
        )
        return sum(quant["quantity"] - quant["reserved_quantity"] for quant in quants)


class _Lossy(httpx.AsyncBaseTransport):
    """Loses the answers to chosen calls after they were carried out."""

    def __init__(self, lose: list[str]) -> None:
        self.lose = lose
        self.real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.real.handle_async_request(request)
        for part in self.lose:
            if part in request.url.path:
                self.lose.remove(part)
                await answer.aread()
                raise httpx.ReadError("reset by peer", request=request)
        return answer

    async def aclose(self) -> None:
        await self.real.aclose()


@pytest.fixture
def play(runtime: ProcessRuntime, odoo: OdooProcess, tmp_path: Path) -> Callable[..., None]:
    """Return a function that runs a story in a fresh world."""

    def run(story: Story, included: bool = False, rounding: str = "") -> None:
        dsn = runtime.create_database(f"connector_{odoo.database}")
        world = World(odoo, dsn, tmp_path, included, rounding)

        async def main() -> None:
            work = asyncio.create_task(world.service.run())
            try:
                async with asyncio.timeout(30):
                    while not world.service.ready:
                        await asyncio.wait({work}, timeout=0.05)
                        assert not work.done(), work.exception()
                await world.quiet()
                await story(world)
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

        asyncio.run(main())

    return run


def test_an_order_its_edit_and_its_cancellation(play) -> None:
    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 3, "9.99"), ("SKU1", 2, "20.00")], discount="3.33")
        await world.quiet()
        (sale,) = world.sale_orders()
        order = world.shop.orders[gid]
        assert sale["state"] == "sale"
        assert sale["origin"] == gid
        assert sale["client_order_ref"] == order["name"]
        assert f"{sale['amount_total']:.2f}" == order["currentTotalPriceSet"]["shopMoney"]["amount"]
        assert f"{sale['amount_tax']:.2f}" == order["currentTotalTaxSet"]["shopMoney"]["amount"]
        assert (world.free("SKU0"), world.free("SKU1")) == (47, 48)
        assert world.shop.levels["SKU0"] == {"available": 47, "committed": 3}

        line = order["lines"][1]
        line["currentQuantity"] = line["unfulfilledQuantity"] = 1
        tax = Decimal(line["taxLines"][0]["priceSet"]["shopMoney"]["amount"])
        off = Decimal(line["discountAllocations"][0]["allocatedAmountSet"]["shopMoney"]["amount"])
        half = (off / 2).quantize(Decimal("0.01"))
        world.shop.amend(gid, 20 - (off - half), tax - Decimal("1.50"), False)
        world.shop.levels["SKU1"] = {"available": 49, "committed": 1}
        await world.quiet()
        (sale,) = world.sale_orders()
        assert f"{sale['amount_total']:.2f}" == order["currentTotalPriceSet"]["shopMoney"]["amount"]
        assert world.free("SKU1") == 49

        world.shop.cancel(gid)
        await world.quiet()
        (sale,) = world.sale_orders()
        assert sale["state"] == "cancel"
        assert (world.free("SKU0"), world.free("SKU1")) == (STOCK, STOCK)
        assert world.shop.levels["SKU1"] == {"available": STOCK, "committed": 0}
        assert (await metrics.pending(world.service.store))["failed"] == 0

    play(story)


def test_an_order_cancelled_before_it_was_read_is_not_made(play) -> None:
    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 1, "9.99")])
        world.shop.cancel(gid)
        await world.quiet()
        assert world.sale_orders() == []
        row = await world.service.store.row("select status from orders where gid = %(g)s", g=gid)
        assert row == {"status": "not imported"}

    play(story)


@pytest.mark.parametrize(
    "call", ["res.partner/load", "sale.order/load", "sale.order/action_confirm"]
)
def test_a_lost_answer_of_odoo_makes_no_second_order(play, call: str) -> None:
    async def story(world: World) -> None:
        world.lose.append(call)
        world.shop.checkout([("SKU0", 2, "9.99")])
        await world.quiet()
        assert not world.lose, "the answer was lost"
        (sale,) = world.sale_orders()
        assert sale["state"] == "sale"
        assert world.free("SKU0") == STOCK - 2
        customers = world.odoo.call(
            "res.partner", "search_count", domain=[["email", "=", "ada@example.com"]]
        )
        assert customers == 1

    play(story)


def test_a_lost_memory_makes_no_second_order(play) -> None:
    """The connector's own records are gone; what Odoo knows is enough."""

    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 2, "9.99")])
        await world.quiet()
        for query in ("delete from orders", "delete from links", "delete from order_lines"):
            await world.service.store.rows(query)  # type: ignore[arg-type]
        await world.service.store.rows("update tasks set seen = ''")
        async with (
            world.service.store.pool.connection() as connection,
            connection.transaction(),
        ):
            await world.service.queue.want(connection, "orders", gid, "orders/updated")
        await world.quiet()
        assert len(world.sale_orders()) == 1
        assert world.free("SKU0") == STOCK - 2

    play(story)


def test_a_customer_is_one_partner_whatever_the_capitals(play) -> None:
    async def story(world: World) -> None:
        for email in ("ada@example.com", "Ada@Example.com", "ada_x@example.com"):
            world.shop.checkout([("SKU0", 1, "9.99")], email=email)
        await world.quiet()
        partners = [sale["partner_id"][0] for sale in world.sale_orders()]
        assert len(partners) == 3
        assert len(set(partners)) == 2

    play(story)


def test_an_unknown_sku_ends_as_a_dead_letter_and_replays(play) -> None:
    async def story(world: World) -> None:
        world.shop.levels["NEW"] = {"available": 5, "committed": 0}
        world.shop.checkout([("NEW", 1, "9.99")])
        await world.quiet()
        letter = await world.service.store.row("select * from dead_letters")
        assert letter is not None
        assert "NEW" in letter["reason"]
        assert world.sale_orders() == []
        world.odoo.call(
            "product.product",
            "create",
            vals_list=[{"name": "New", "default_code": "NEW", "is_storable": True}],
        )
        assert await world.service.queue.replay(letter["id"])
        await world.quiet()
        assert len(world.sale_orders()) == 1
        assert (await metrics.pending(world.service.store))["failed"] == 0

    play(story)


def test_stock_sold_meanwhile_is_not_overwritten(play) -> None:
    async def story(world: World) -> None:
        # While the connector writes, a customer buys: the write must not undo that.
        def buy() -> None:
            world.shop.checkout([("SKU2", 4, "9.99")])

        world.shop.before_set.append(buy)
        quants = world.odoo.call(
            "stock.quant",
            "search",
            domain=[["product_id", "=", world.seeded.product_ids["SKU2"]]],
        )
        counted = {"inventory_quantity": 10}
        context = {"inventory_mode": True}
        world.odoo.call("stock.quant", "write", ids=quants[:1], vals=counted, context=context)
        world.odoo.call("stock.quant", "action_apply_inventory", ids=quants[:1])
        async with asyncio.timeout(20):
            while world.shop.before_set:
                await asyncio.sleep(0.05)
        await world.quiet()
        assert world.free("SKU2") == 6
        assert world.shop.levels["SKU2"] == {"available": 6, "committed": 4}
        conflicts = await world.service.store.row(
            "select value from counters where name = 'stock_conflicts'"
        )
        assert conflicts == {"value": 1}

    play(story)


def test_nothing_is_asked_of_the_channel_while_nothing_happens(play) -> None:
    async def story(world: World) -> None:
        asked = len([name for name, _ in world.shop.asked if name == "Levels"])
        polls = world.service.odoo.calls["product.product.read"]
        async with asyncio.timeout(20):
            while world.service.odoo.calls["product.product.read"] < polls + 4:
                await asyncio.sleep(0.05)
        assert len([name for name, _ in world.shop.asked if name == "Levels"]) == asked

    play(story)


PRICES = st.decimals("0.05", "199.99", places=2)
LINES = st.lists(st.tuples(st.sampled_from(["SKU0", "SKU1", "SKU2"]), st.integers(1, 3), PRICES),
                 min_size=1, max_size=4)  # fmt: skip
ORDERS = st.lists(
    st.tuples(LINES, st.decimals("0", "0.90", places=2), st.sampled_from(["0.0825", "0.19", "0"])),
    min_size=4,
    max_size=4,
)


@pytest.mark.parametrize("rounding", ["round_per_line", "round_globally"])
@pytest.mark.parametrize("included", [False, True])
def test_any_order_comes_to_the_same_cent_in_odoo(play, included: bool, rounding: str) -> None:
    """However Odoo rounds, per line or per order: what it says must be the channel's."""

    async def story(world: World) -> None:
        field = "tax_calculation_rounding_method"
        companies = world.odoo.call("res.company", "search_read", domain=[], fields=[field])
        assert [company[field] for company in companies] == [rounding]
        drawn: list[list] = []

        @settings(
            max_examples=5,
            database=None,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(ORDERS)
        def draw(orders: list) -> None:
            drawn.append(orders)

        draw()
        for lines, share, rate in (order for batch in drawn for order in batch):
            gross = sum(price * quantity for _, quantity, price in lines)
            off = (gross * share).quantize(Decimal("0.01"))
            world.shop.checkout(
                [(sku, quantity, str(price)) for sku, quantity, price in lines],
                discount=str(off),
                rate=rate,
                included=included,
            )
        await world.quiet(150)
        letters = await world.service.store.rows("select reason from dead_letters")
        assert letters == []
        sales = {sale["origin"]: sale for sale in world.sale_orders()}
        assert len(sales) == len(world.shop.orders) >= 20
        for gid, order in world.shop.orders.items():
            total, tax = order["currentTotalPriceSet"], order["currentTotalTaxSet"]
            said = (f"{sales[gid]['amount_total']:.2f}", f"{sales[gid]['amount_tax']:.2f}")
            wanted = (
                f"{Decimal(total['shopMoney']['amount']):.2f}",
                f"{Decimal(tax['shopMoney']['amount']):.2f}",
            )
            assert said == wanted, gid

    play(story, included, rounding)
