"""OCA's DHL Parcel carrier: unmodified, and able to do its work in a world without faults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peakproof import catalog
from peakproof.assortment import draw_shop
from peakproof.connector import ConnectorSpec
from peakproof.errors import SimulatorRefused
from peakproof.plan import Customer, Shop
from peakproof.seed import Seed, wait_until
from peakproof.world import World
from tests.connectors.worlds import open_world, set_up_again

FOLDER = Path(__file__).parents[2] / "connectors" / "oca_dhl_parcel"
CUSTOMER = Customer(
    email="ada@example.com", first_name="Ada", last_name="Núñez", phone="954000000",
    address1="Calle Sierpes 1", city="Sevilla", zip="41004", country_code="ES",
)  # fmt: skip


def test_the_carrier_is_played_by_its_simulator() -> None:
    spec = ConnectorSpec.load(FOLDER)
    assert spec.played_by("carrier") == "dhl_parcel"
    assert spec.connector.flows == ["shipping"]
    module = catalog.module("simulators", spec.played_by("carrier"))
    assert module == "simulators.dhl_parcel"


class Stage:
    """A world with the carrier set up; ``enter`` and ``ship`` are what clerks do in it."""

    def __init__(self, world: World, shop: Shop, folder: Path) -> None:
        self.world, self.shop, self.folder = world, shop, folder
        self.carrier = world.simulator("carrier")

    def rows(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        assert self.world.odoo is not None
        return self.world.odoo.search_read(model, domain, fields)

    def press(self, button: str, picking: int) -> None:
        """Press a button of a delivery."""
        assert self.world.odoo is not None
        self.world.odoo.call("stock.picking", button, ids=[picking])

    def enter(self, reference: str, **address: str) -> int:
        """Enter an order by telephone, to be sent by parcel; return its id."""
        names = CUSTOMER.__struct_fields__
        customer = {name: getattr(CUSTOMER, name) for name in names} | address
        sku = self.shop.variants()[0].sku
        arguments = {
            "customer": customer, "lines": [{"sku": sku, "quantity": 2}], "reference": reference,
            "carrier": True,
        }  # fmt: skip
        return int(self.world.act("odoo", "enter_order", "clerk", arguments)["odoo_order_id"])

    def ship(self, order: int, **arguments: Any) -> dict[str, Any]:
        """Validate the order's delivery."""
        return self.world.act("odoo", "ship", "packer", {"order": order, **arguments})

    def labels(self, reference: str) -> list[dict[str, Any]]:
        """Return the carrier's labels for a delivery's name."""
        labels = self.carrier.snapshot()["label"].values()
        return [label for label in labels if label["reference"] == reference]

    def picking(self, number: int, *fields: str) -> dict[str, Any]:
        """Return a delivery."""
        return self.rows("stock.picking", [["id", "=", number]], list(fields))[0]

    def track(self, picking: int, state: str) -> None:
        """Run the daily tracking until the delivery has a state.

        The carrier refuses to tell the same parcel's way twice within minutes of its time.
        """

        def told() -> bool:
            self.world.kick(self.world.spec.kick[0])
            return bool(self.picking(picking, "delivery_state")["delivery_state"] == state)

        wait_until(told, 30, f"the delivery to be {state}", 0.5)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a world without faults in which setup.py has run."""
    shop = draw_shop(Seed(11), products=2, stock=50, customers=1)
    runs = tmp_path_factory.mktemp("runs")
    with open_world("oca_dhl_parcel", shop, ("carrier",), runs) as (world, folder):
        yield Stage(world, shop, folder)


@pytest.mark.odoo
def test_setup_again_changes_nothing(stage: Stage) -> None:
    """The set-up may be repeated: one delivery method, one address of the warehouse."""
    order = stage.enter("TEL-0")
    name = stage.ship(order)["name"]
    done = set_up_again("oca_dhl_parcel", stage.world, stage.folder)
    assert done.returncode == 0, done.stderr
    assert len(stage.rows("delivery.carrier", [["delivery_type", "=", "dhl_parcel"]], [])) == 1
    assert len(stage.rows("res.partner", [["email", "=", "almacen@example.com"]], [])) == 1
    shipments = stage.carrier.snapshot()["shipment"].values()
    assert [row["status"] for row in shipments if row["reference"] == name] == ["open"]


@pytest.mark.odoo
def test_a_validated_delivery_has_its_number_and_its_label(stage: Stage) -> None:
    done = stage.ship(stage.enter("TEL-1"), packages=3)
    (label,) = stage.labels(done["name"])
    assert done["tracking"] == label["tracking_code"]
    assert label["status"] == "bought"
    fields = ("state", "carrier_tracking_ref", "delivery_state", "carrier_id")
    shown = stage.picking(done["picking_id"], *fields)
    assert shown["state"] == "done"
    assert shown["carrier_tracking_ref"] == label["tracking_code"]
    assert shown["delivery_state"] == "shipping_recorded_in_carrier"
    shipment = stage.carrier.snapshot()["shipment"][label["shipment_id"]]
    assert (shipment["to_zip"], shipment["to_country"], shipment["parcels"]) == ("41004", "ES", 3)
    files = stage.rows(
        "ir.attachment",
        [["res_model", "=", "stock.picking"], ["res_id", "=", done["picking_id"]]],
        ["name", "mimetype"],
    )
    assert [(file["name"], file["mimetype"]) for file in files] == [
        (f"dhl_parcel_{label['tracking_code']}.pdf", "application/pdf")
    ]


@pytest.mark.odoo
def test_the_daily_tracking_tells_of_the_delivery(stage: Stage) -> None:
    done = stage.ship(stage.enter("TEL-2"))
    stage.world.act("carrier", "travel", "driver", {"tracking_code": done["tracking"]})
    stage.track(done["picking_id"], "in_transit")
    stage.world.act("carrier", "deliver", "driver", {"tracking_code": done["tracking"]})
    stage.track(done["picking_id"], "customer_delivered")


@pytest.mark.odoo
def test_hold_release_and_cancel_reach_the_carrier(stage: Stage) -> None:
    done = stage.ship(stage.enter("TEL-3"))
    (label,) = stage.labels(done["name"])

    def status() -> str:
        return str(stage.carrier.snapshot()["shipment"][label["shipment_id"]]["status"])

    for expected in ("held", "open"):
        stage.press("dhl_parcel_toggle_hold_shipment", done["picking_id"])
        assert status() == expected
    stage.press("cancel_shipment", done["picking_id"])
    assert status() == "cancelled"
    assert [row["status"] for row in stage.labels(done["name"])] == ["cancelled"]
    assert not stage.picking(done["picking_id"], "carrier_tracking_ref")["carrier_tracking_ref"]


@pytest.mark.odoo
def test_an_address_that_the_carrier_refuses_is_an_error_to_the_packer(stage: Stage) -> None:
    order = stage.enter("TEL-4", zip="78701")
    with pytest.raises(SimulatorRefused, match="PostalCode"):
        stage.ship(order)
    (shown,) = stage.rows("stock.picking", [["sale_id", "=", order]], ["name", "state"])
    assert shown["state"] == "assigned"
    assert stage.labels(shown["name"]) == []


@pytest.mark.odoo
def test_a_lost_answer_costs_a_second_label(stage: Stage) -> None:
    """What peakproof is for: the module orders again, and the carrier sells again."""
    order = stage.enter("TEL-5")
    stage.carrier.inject(
        "request", {"effect": "lost_acknowledgement", "match": "shipments.create.buy", "count": 1}
    )
    with pytest.raises(SimulatorRefused, match="odoo_refused"):
        stage.ship(order)
    done = stage.ship(order)
    assert [label["status"] for label in stage.labels(done["name"])] == ["bought", "bought"]


@pytest.mark.odoo
def test_the_probes_of_connector_toml_answer(stage: Stage) -> None:
    """Settled always; a parcel's code beyond the module's three makes a dead letter."""
    settled, letters = stage.world.spec.settled, stage.world.spec.dead_letters
    assert settled is not None
    assert letters is not None
    assert stage.world.ask(settled, "settled") == [{"pending": 0, "failed": 0}]
    done = stage.ship(stage.enter("TEL-6"))
    scan = {"tracking_code": done["tracking"], "status": "failure"}
    stage.world.act("carrier", "scan", "driver", scan)

    def lettered() -> bool:
        stage.world.kick(stage.world.spec.kick[0])
        rows = stage.world.read_dead_letters()
        return any(
            row["resource"] == done["tracking"] and "incidence" in row["reason"] for row in rows
        )

    wait_until(lettered, 30, "the dead letter", 0.5)
