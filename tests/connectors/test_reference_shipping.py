"""The reference connector buys labels: the carriers' simulator, Odoo in memory."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.reference.errors import Refused
from connectors.reference.settings import Vendor
from peakproof.runtime.postgres import Cluster
from tests.connectors.reference_warehouse import METHOD, Warehouse
from tests.connectors.test_reference_rules import settings
from tests.simulators.carrier.conftest import KEY, Desk, open_desk

__all__ = ["open_desk"]  # a fixture

NUMBERS = itertools.count(1)
Story = Callable[[Warehouse], Awaitable[None]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of our own."""
    made = Cluster()
    made.start()
    yield made
    made.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """Carriers where USPS is cheaper than FedEx."""
    return open_desk()


@pytest.fixture
def play(cluster: Cluster, tmp_path: Path, desk: Desk) -> Callable[[Story], None]:
    """Return a function that runs a story with a warehouse, carriers and no channel."""
    name = f"shipping{next(NUMBERS)}"
    cluster.create_database(name)

    async def main(story: Story) -> None:
        values = settings(tmp_path)
        values.shopify_url, values.carrier = "", Vendor(url=desk.url, key=KEY)
        warehouse = Warehouse(cluster.dsn(name), values)
        await warehouse.open()
        try:
            await story(warehouse)
        finally:
            await warehouse.close()

    return lambda story: asyncio.run(main(story))


async def sent(warehouse: Warehouse, tracking: str = "", method: int = 0) -> str:
    """Finish a delivery by parcel and have it found; return its label's resource."""
    (parcel,) = warehouse.odoo.tables["delivery.carrier"]
    order, line = "gid://shopify/Order/5001", "gid://shopify/LineItem/1"
    number = warehouse.pack(order, {line: 2}, tracking, method or parcel)
    await warehouse.flow.find()
    return f"label:{number}"


def labels(desk: Desk) -> list[dict[str, Any]]:
    """Return the labels that were bought, oldest first."""
    return sorted(desk.snapshot("label"), key=lambda label: label["bought_seconds"])


def test_a_delivery_gets_the_cheapest_label_and_bears_its_number(play, desk: Desk) -> None:
    async def story(warehouse: Warehouse) -> None:
        resource = await sent(warehouse)
        assert await warehouse.wanted() == [resource]
        await warehouse.bring(resource)
        await warehouse.bring(resource)
        (label,) = labels(desk)
        assert (label["carrier"], label["price"], label["reference"]) == (
            "USPS", "5.93", "WH/OUT/00001",
        )  # fmt: skip
        assert warehouse.picking(1)["carrier_tracking_ref"] == label["tracking_code"]
        shipment = desk.api.shipment.retrieve(label["shipment_id"])
        assert shipment.to_address.street1 == "179 N Harbor Dr"
        assert shipment.from_address.city == "San Francisco"
        assert shipment.parcel.weight == 35.3  # two of half a kilogram, in ounces

    play(story)


@pytest.mark.parametrize("call", ["shipments.create", "shipments.buy"])
@pytest.mark.parametrize("how", ["reset", "error"])
def test_a_lost_answer_buys_no_second_label(play, desk: Desk, call: str, how: str) -> None:
    async def story(warehouse: Warehouse) -> None:
        effect = {"effect": "lost_acknowledgement", "how": how}
        if how == "error":
            effect = {"effect": "error", "status": 500}  # not carried out, which nobody can know
        fault = desk.control.inject("request", {**effect, "match": call, "count": 1})
        resource = await sent(warehouse)
        assert await warehouse.bring(resource) == 1
        assert desk.control.fired(fault) == 1
        (label,) = labels(desk)
        assert warehouse.picking(1)["carrier_tracking_ref"] == label["tracking_code"]
        assert len(desk.snapshot("shipment")) == 1

    play(story)


def test_an_answer_of_odoo_that_was_lost_writes_the_same_number_again(play, desk: Desk) -> None:
    async def story(warehouse: Warehouse) -> None:
        resource = await sent(warehouse)
        warehouse.odoo.lose.append("stock.picking.load")
        assert await warehouse.bring(resource) == 1
        (label,) = labels(desk)
        assert warehouse.picking(1)["carrier_tracking_ref"] == label["tracking_code"]

    play(story)


def test_the_next_carrier_is_taken_when_one_gives_no_rate(play, desk: Desk) -> None:
    async def story(warehouse: Warehouse) -> None:
        desk.control.act("carrier_down", {"carrier": "USPS"}, "driver")
        await warehouse.bring(await sent(warehouse))
        assert [label["carrier"] for label in labels(desk)] == ["FedEx"]

    play(story)


def test_the_next_carrier_is_taken_when_one_fails_at_the_purchase(play, desk: Desk) -> None:
    async def story(warehouse: Warehouse) -> None:
        rule = {"carrier": "USPS", "match": "shipments.buy"}
        desk.control.inject("carrier_down", rule)
        assert await warehouse.bring(await sent(warehouse)) == 0
        assert [label["carrier"] for label in labels(desk)] == ["FedEx"]

    play(story)


def test_when_all_carriers_fail_it_is_tried_again_and_then_given_to_people(
    play, desk: Desk
) -> None:
    async def story(warehouse: Warehouse) -> None:
        for carrier in ("USPS", "FedEx"):
            desk.control.act("carrier_down", {"carrier": carrier}, "driver")
        resource = await sent(warehouse)
        with pytest.raises(Refused, match="release it by hand"):
            await warehouse.bring(resource)
        assert labels(desk) == []
        warehouse.picking(1)["carrier_tracking_ref"] = "BY-HAND"
        await warehouse.flow.find()
        await warehouse.bring(resource)
        assert labels(desk) == []
        assert warehouse.picking(1)["carrier_tracking_ref"] == "BY-HAND"

    play(story)


def test_after_an_outage_of_all_carriers_it_is_bought(play, desk: Desk) -> None:
    async def story(warehouse: Warehouse) -> None:
        for carrier in ("USPS", "FedEx"):
            desk.control.act("carrier_down", {"carrier": carrier}, "driver")
        resource = await sent(warehouse)
        with pytest.raises(Refused, match="no carrier gave a rate"):
            await warehouse.bring(resource)
        desk.control.act("carrier_up", {"carrier": "FedEx"}, "driver")
        assert await warehouse.bring(resource) == 0
        assert [label["carrier"] for label in labels(desk)] == ["FedEx"]

    play(story)


def test_a_label_is_given_back_when_somebody_sent_the_parcel_otherwise(play, desk: Desk) -> None:
    async def story(warehouse: Warehouse) -> None:
        rule = {"effect": "lost_acknowledgement", "match": "shipments.buy", "count": 1}
        desk.control.inject("request", rule)
        resource = await sent(warehouse)
        with pytest.raises(Exception, match="no answer to POST buy"):
            await warehouse.flow.handlers["shipping"](resource)
        warehouse.picking(1)["carrier_tracking_ref"] = "BY-HAND"
        await warehouse.bring(resource)
        await warehouse.bring(resource)
        desk.quiet()
        (label,) = labels(desk)
        assert label["status"] == "refunded"
        assert warehouse.picking(1)["carrier_tracking_ref"] == "BY-HAND"

    play(story)


def test_of_two_bought_shipments_of_one_delivery_one_is_given_back(play, desk: Desk) -> None:
    async def story(warehouse: Warehouse) -> None:
        resource = await sent(warehouse)
        for _ in range(2):
            desk.bought(reference="WH/OUT/00001")
        desk.bought(reference="WH/OUT/00009")
        await warehouse.store.rows(
            "insert into labels (picking_id, intended_at) values (1, clock_timestamp())"
        )
        await warehouse.bring(resource)
        desk.quiet()
        live = [label for label in labels(desk) if label["status"] == "bought"]
        assert [label["reference"] for label in live] in (
            ["WH/OUT/00001", "WH/OUT/00009"], ["WH/OUT/00009", "WH/OUT/00001"],
        )  # fmt: skip
        borne = warehouse.picking(1)["carrier_tracking_ref"]
        assert borne in {label["tracking_code"] for label in live}

    play(story)


def test_only_what_goes_by_our_parcels_and_has_no_number_gets_a_label(play) -> None:
    async def story(warehouse: Warehouse) -> None:
        await sent(warehouse, tracking="TYPED")
        await sent(warehouse, method=METHOD)
        assert await warehouse.wanted() == []

    play(story)


def test_a_dead_letter_comes_of_a_delivery_without_an_address(play) -> None:
    async def story(warehouse: Warehouse) -> None:
        resource = await sent(warehouse)
        warehouse.picking(1)["partner_id"] = False
        for _ in range(3):
            await warehouse.store.rows("update tasks set next_at = clock_timestamp()")
            await warehouse.store.rows("update tasks set waits = 0")
            await warehouse.queue.work(resource, "shipping")
        (letter,) = await warehouse.store.rows("select flow, resource, reason from dead_letters")
        assert (letter["flow"], letter["resource"]) == ("shipping", resource)
        assert "nobody to go to" in letter["reason"]

    play(story)
