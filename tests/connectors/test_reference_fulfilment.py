"""The reference connector tells the channel of deliveries: Shopify's simulator, Odoo in memory."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.reference.errors import Refused
from connectors.reference.parcels import OpenLine, plan
from peakproof.plan import Customer
from peakproof.runtime.postgres import Cluster
from peakproof.simkit import Hosted
from simulators.shopify import create
from tests.connectors.reference_warehouse import Warehouse
from tests.connectors.test_reference_rules import settings
from tests.simulators.shopify.conftest import CLIENT_ID, SECRET, Store, config
from tests.simulators.shopify.conftest import plan as shop_plan

NUMBERS = itertools.count(1)
Story = Callable[[Warehouse, Store], Awaitable[None]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of our own."""
    made = Cluster()
    made.start()
    yield made
    made.close()


@pytest.fixture
def play(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[[Story], None]]:
    """Return a function that runs a story with a warehouse and a shop."""
    with Hosted(create, config(tmp_path)) as hosted:
        shop = Store(hosted, hosted.client.seed(shop_plan()), tmp_path / "journal.jsonl")
        name = f"fulfilment{next(NUMBERS)}"
        cluster.create_database(name)

        async def main(story: Story) -> None:
            values = settings(tmp_path)
            values.shopify_url = hosted.url
            values.shopify_client_id, values.shopify_client_secret = CLIENT_ID, SECRET
            warehouse = Warehouse(cluster.dsn(name), values)
            await warehouse.open()
            try:
                await story(warehouse, shop)
            finally:
                await warehouse.close()

        yield lambda story: asyncio.run(main(story))
        shop.http.close()


def buy(shop: Store, *lines: dict[str, Any]) -> tuple[str, list[str]]:
    """Buy; return the order and its lines in order."""
    ada = Customer(email="ada@example.com", first_name="Ada", last_name="Lovelace")
    arguments = {"lines": list(lines), "customer": {"email": ada.email}}
    order = shop.client.act("checkout", arguments, "shopper")["order_id"]
    return order, [line["id"] for line in shop.client.snapshot()["order"][order]["lines"]]


def shown(shop: Store, order: str) -> list[tuple[dict[str, int], list[str], str]]:
    """Return what the channel shows: units by line, tracking numbers and status of each parcel."""
    parcels = []
    for parcel in shop.client.snapshot()["order"][order]["fulfillments"]:
        units: dict[str, int] = {}
        for line in parcel["lines"]:
            units[line["line_id"]] = units.get(line["line_id"], 0) + line["quantity"]
        numbers = [entry["number"] for entry in parcel["tracking"]]
        parcels.append((units, numbers, parcel["status"]))
    return parcels


TWICE = (
    {"sku": "MUG", "quantity": 2, "properties": {"Engraving": "Ada"}},
    {"sku": "MUG", "quantity": 3, "properties": {"Engraving": "Grace"}},
)


def test_each_parcel_is_told_by_line_with_its_tracking_number(play) -> None:
    async def story(warehouse: Warehouse, shop: Store) -> None:
        order, (first, second) = buy(shop, *TWICE)
        warehouse.pack(order, {first: 1, second: 3}, "TRK1")
        await warehouse.flow.find()
        assert await warehouse.wanted() == ["delivery:1"]
        await warehouse.bring("delivery:1")
        await warehouse.bring("delivery:1")
        warehouse.pack(order, {first: 1}, "TRK2, TRK3")
        await warehouse.flow.find()
        await warehouse.bring("delivery:2")
        assert shown(shop, order) == [
            ({first: 1, second: 3}, ["TRK1"], "SUCCESS"),
            ({first: 1}, ["TRK2", "TRK3"], "SUCCESS"),
        ]
        shop.wait_for("request", name="fulfillmentCreate", count=2)

    play(story)


@pytest.mark.parametrize("tracking", ["TRK1", ""])
def test_a_lost_answer_makes_no_second_parcel(play, tracking: str) -> None:
    async def story(warehouse: Warehouse, shop: Store) -> None:
        order, (first, _) = buy(shop, *TWICE)
        rule = {"effect": "lost_acknowledgement", "match": "*fulfillmentCreate*", "count": 1}
        for number in (1, 2):  # the same units twice: the second is a parcel of its own
            fault = shop.client.inject("request", rule)
            warehouse.pack(order, {first: 1}, tracking and f"{tracking}{number}")
            await warehouse.flow.find()
            assert await warehouse.bring(f"delivery:{number}") == 1
            assert shop.client.fired(fault) == 1
        numbers = [[f"{tracking}{number}"] if tracking else [] for number in (1, 2)]
        assert shown(shop, order) == [({first: 1}, number, "SUCCESS") for number in numbers]

    play(story)


def test_an_outage_is_waited_out_and_a_call_not_carried_out_is_made(play) -> None:
    async def story(warehouse: Warehouse, shop: Store) -> None:
        order, (first, _) = buy(shop, *TWICE)
        rule = {"effect": "error", "status": 503, "match": "*fulfillmentCreate*", "count": 2}
        shop.client.inject("request", rule)
        warehouse.pack(order, {first: 2}, "TRK1")
        await warehouse.flow.find()
        assert await warehouse.bring("delivery:1") == 2
        assert shown(shop, order) == [({first: 2}, ["TRK1"], "SUCCESS")]

    play(story)


def test_fulfilment_orders_that_were_split_are_found(play) -> None:
    async def story(warehouse: Warehouse, shop: Store) -> None:
        order, (tee, mug) = buy(
            shop, {"sku": "TEE-S", "quantity": 3}, {"sku": "MUG", "quantity": 4}
        )
        held = shop.data(
            "query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 5) { nodes { id "
            "lineItems(first: 5) { nodes { id lineItem { id } } } } } } }",
            {"id": order},
        )["order"]["fulfillmentOrders"]["nodes"]
        parts = {row["lineItem"]["id"]: (entry["id"], row["id"])
                 for entry in held for row in entry["lineItems"]["nodes"]}  # fmt: skip
        entry, part = parts[mug]
        shop.data(
            "mutation($s: [FulfillmentOrderSplitInput!]!) { fulfillmentOrderSplit("
            "fulfillmentOrderSplits: $s) { userErrors { message } } }",
            {"s": [{"fulfillmentOrderId": entry,
                    "fulfillmentOrderLineItems": [{"id": part, "quantity": 1}]}]},
        )  # fmt: skip
        warehouse.pack(order, {tee: 2, mug: 4}, "TRK1")
        await warehouse.flow.find()
        await warehouse.bring("delivery:1")
        assert shown(shop, order) == [({tee: 2, mug: 4}, ["TRK1"], "SUCCESS")]

    play(story)


def test_more_than_the_channel_waits_for_is_refused_and_the_rest_is_told(play) -> None:
    async def story(warehouse: Warehouse, shop: Store) -> None:
        order, (first, second) = buy(shop, *TWICE)
        warehouse.pack(order, {first: 3, second: 1}, "TRK1")
        await warehouse.flow.find()
        for _ in range(2):  # a replay changes nothing
            with pytest.raises(Refused, match=r"1 units .* waits for 0"):
                await warehouse.bring("delivery:1")
            assert shown(shop, order) == [({first: 2, second: 1}, ["TRK1"], "SUCCESS")]
        warehouse.pack(order, {first: 1}, "TRK2")
        await warehouse.flow.find()
        with pytest.raises(Refused, match=r"1 units .* waits for 0"):
            await warehouse.bring("delivery:2")
        assert len(shown(shop, order)) == 1, "a parcel of nothing else is not told at all"

    play(story)


def test_a_parcel_that_a_person_told_is_not_told_again_and_a_late_number_is_added(play) -> None:
    async def story(warehouse: Warehouse, shop: Store) -> None:
        order, (first, second) = buy(shop, *TWICE)
        shop.client.act(
            "fulfil_order",
            {
                "order_id": order,
                "lines": [{"sku": "MUG", "quantity": 2}],
                "tracking_number": "TRK1",
            },
            "merchant",
        )
        told = [({first: 2}, ["TRK1"], "SUCCESS")]
        assert shown(shop, order) == told
        warehouse.pack(order, {first: 2}, "TRK1")
        number = warehouse.pack(order, {second: 3})
        await warehouse.flow.find()
        await warehouse.bring("delivery:1")
        assert shown(shop, order) == told
        await warehouse.bring("delivery:2")
        warehouse.picking(number)["carrier_tracking_ref"] = "TRK2"
        await warehouse.flow.find_all()
        await warehouse.bring("delivery:2")
        assert shown(shop, order) == [*told, ({second: 3}, ["TRK2"], "SUCCESS")]

    play(story)


def test_deliveries_are_found_once_whatever_the_order_in_which_they_are_committed(play) -> None:
    async def story(warehouse: Warehouse, shop: Store) -> None:
        order, (first, second) = buy(shop, *TWICE)
        warehouse.pack(order, {first: 1}, written="2026-11-24 10:05:00")
        await warehouse.flow.find()
        # Begun before the last one was written, committed after we looked.
        warehouse.pack(order, {first: 1}, written="2026-11-24 10:01:00")
        await warehouse.flow.find()
        assert await warehouse.wanted() == ["delivery:1", "delivery:2"]
        warehouse.pack(order, {second: 1}, written="2026-11-23 09:00:00")
        await warehouse.flow.find()
        assert await warehouse.wanted() == ["delivery:1", "delivery:2"]
        await warehouse.flow.find_all()
        await warehouse.flow.find_all()
        assert await warehouse.wanted() == ["delivery:1", "delivery:2", "delivery:3"]
        rows = await warehouse.store.rows("select wanted from tasks")
        assert [row["wanted"] for row in rows] == [1, 1, 1]

    play(story)


def test_what_was_done_before_the_first_start_or_is_no_order_of_the_channel_is_left(play) -> None:
    async def story(warehouse: Warehouse, shop: Store) -> None:
        order, (first, _) = buy(shop, *TWICE)
        await warehouse.store.rows("delete from cursors")
        warehouse.pack(order, {first: 2}, "OLD")
        await warehouse.flow.prepare()
        other = warehouse.pack(order, {first: 2}, "TELEPHONE")
        warehouse.odoo.names["sale.order", warehouse.picking(other)["sale_id"][0]] = ""
        await warehouse.flow.find_all()
        assert await warehouse.wanted() == [f"delivery:{other}"]
        await warehouse.bring(f"delivery:{other}")
        assert shown(shop, order) == []

    play(story)


def line(location: str, remaining: int, gid: str = "L1", held: bool = False) -> OpenLine:
    return OpenLine(
        id=f"{location}-{gid}", fulfillment_order=location, location=location, line=gid,
        remaining=remaining, held=held,
    )  # fmt: skip


def test_a_parcel_takes_units_of_one_location_and_never_held_ones() -> None:
    lines = [line("LA", 1), line("NY", 2), line("NY", 1, "L2")]
    assert plan({"L1": 2, "L2": 1}, lines, "LA") == [(lines[1], 2), (lines[2], 1)]
    assert plan({"L1": 1}, lines, "LA") == [(lines[0], 1)], "where the parcel left, if it may"
    assert plan({"L1": 3}, lines, "LA") == [(lines[1], 2)], "the rest is for the next call"
    with pytest.raises(Refused, match="held there"):
        plan({"L1": 4}, [*lines, line("NY", 5, held=True)], "NY")
