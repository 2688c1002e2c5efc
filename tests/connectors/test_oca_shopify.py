"""OCA's Shopify connector: unmodified, and able to do its work in a world without faults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peakproof.assortment import draw_shop
from peakproof.connector import ConnectorSpec
from peakproof.plan import Shop
from peakproof.seed import Seed, wait_until
from peakproof.world import World
from tests.connectors.worlds import open_world, set_up_again

FOLDER = Path(__file__).parents[2] / "connectors" / "oca_shopify"
DAY_SECONDS = 86400.0


def test_schedules_beyond_an_hour_are_kicked_last() -> None:
    """Its drift repairs are daily and weekly: none belongs to the normal course."""
    kicks = ConnectorSpec.load(FOLDER).kick
    assert {kick.cron.rpartition("_")[2] for kick in kicks} == {
        "customers",
        "inventory",
        "orders",
        "products",
    }
    assert all(kick.period_seconds >= DAY_SECONDS for kick in kicks)


class Stage:
    """A world with the connector set up, and what it takes to set it up again."""

    def __init__(self, world: World, shop: Shop, folder: Path) -> None:
        self.world, self.shop, self.folder = world, shop, folder

    def rows(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        assert self.world.odoo is not None
        return self.world.odoo.search_read(model, domain, fields)

    def settle(self, limit_seconds: float = 60.0) -> None:
        """Wait until the channel and the connector are both quiet."""
        shopify, settled = self.world.simulator("shopify"), self.world.spec.settled
        assert settled is not None

        def quiet() -> bool:
            before = sum(shopify.pending().values())
            jobs = self.world.ask(settled, "settled")[0]["pending"]
            return not before and not jobs and not sum(shopify.pending().values())

        wait_until(quiet, limit_seconds, "the connector to be quiet")

    def level(self, sku: str) -> int:
        """Return what the channel offers of an item."""
        levels = self.world.simulator("shopify").snapshot()["level"]
        return int(levels[f"{sku}@MAIN"]["available"])

    def checkout(self, **arguments: Any) -> dict[str, Any]:
        shopper = self.shop.customers[0]
        customer = {name: getattr(shopper, name) for name in shopper.__struct_fields__}
        values = {"customer": customer, "shipping": "Standard", **arguments}
        return self.world.act("shopify", "checkout", "shopper-1", values)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a world without faults in which setup.py has run."""
    shop = draw_shop(Seed(11), products=4, stock=20, customers=3)
    runs = tmp_path_factory.mktemp("runs")
    with open_world("oca_shopify", shop, ("shopify",), runs) as (world, folder):
        yield Stage(world, shop, folder)


@pytest.mark.odoo
def test_setup_links_products_locations_customers_and_webhooks(stage: Stage) -> None:
    """After the set-up nothing is left to do by hand, and Odoo has no second products."""
    linked = stage.rows(
        "shopify.product.variant", [["state", "=", "synced"]], ["sku_snapshot", "inventory_tracked"]
    )
    skus = {variant.sku for variant in stage.shop.variants()}
    assert {row["sku_snapshot"] for row in linked} == skus
    assert all(row["inventory_tracked"] for row in linked)
    assert len(stage.rows("product.product", [["default_code", "in", sorted(skus)]], [])) == 4
    assert all(row["is_mapped"] for row in stage.rows("shopify.location", [], ["is_mapped"]))
    assert len(stage.rows("shopify.customer", [["state", "=", "synced"]], [])) == 3
    topics = {
        row["topic"] for row in stage.world.simulator("shopify").snapshot()["subscription"].values()
    }
    assert {"orders/create", "orders/updated", "inventory_levels/update"} <= {
        topic.lower().replace("_", "/", 1) if topic.isupper() else topic for topic in topics
    }
    assert stage.rows("shopify.instance", [], ["state"])[0]["state"] == "connected"


@pytest.mark.odoo
def test_setup_again_changes_nothing(stage: Stage) -> None:
    """The set-up may be repeated: still one instance, one link a product."""
    done = set_up_again("oca_shopify", stage.world, stage.folder)
    assert done.returncode == 0, done.stderr
    assert len(stage.rows("shopify.instance", [], [])) == 1
    assert len(stage.rows("shopify.product.template", [], [])) == 4


@pytest.mark.odoo
def test_paid_order_becomes_a_confirmed_sale_order(stage: Stage) -> None:
    """Checkout, webhook, import: one confirmed sale order with the channel's amounts."""
    first, second = (variant.sku for variant in stage.shop.variants()[:2])
    lines = [{"sku": first, "quantity": 2}, {"sku": second, "quantity": 1}]
    order = stage.checkout(lines=lines)
    stage.settle()
    assert stage.world.read_dead_letters() == []
    ids = stage.world.read_correlation()[order["order_id"]]
    assert len(ids) == 1
    fields = ["state", "client_order_ref", "amount_total", "amount_tax", "partner_id"]
    sale = stage.rows("sale.order", [["id", "=", ids[0]]], fields)[0]
    totals = stage.world.simulator("shopify").snapshot()["order"][order["order_id"]]["totals"]
    assert sale["state"] == "sale"
    assert sale["client_order_ref"] == order["name"]
    assert f"{sale['amount_total']:.2f}" == totals["total"]
    assert f"{sale['amount_tax']:.2f}" == totals["tax"]
    shopper = stage.shop.customers[0]
    assert sale["partner_id"][1] == f"{shopper.first_name} {shopper.last_name}"
    assert stage.level(first) == 18
    assert stage.level(second) == 19


@pytest.mark.odoo
def test_sale_in_the_store_lowers_the_channels_level(stage: Stage) -> None:
    """Stock that leaves Odoo is taken off the channel's offer."""
    sku = stage.shop.variants()[2].sku
    stage.world.act(
        "odoo", "store_sale", "store-1", {"sku": sku, "quantity": 3, "location_code": "MAIN"}
    )
    stage.settle()
    assert stage.level(sku) == 17


@pytest.mark.odoo
def test_schedules_repair_a_level_that_somebody_changed(stage: Stage) -> None:
    """The daily inventory drift restores Odoo's figure: kicks work as connector.toml says."""
    sku = stage.shop.variants()[3].sku
    arguments = {"sku": sku, "location_code": "MAIN", "available": 7}
    stage.world.act("shopify", "set_inventory", "merchant", arguments)
    stage.settle()
    assert stage.level(sku) == 7
    for kick in stage.world.spec.kick:
        stage.world.kick(kick)
        stage.settle()
    assert stage.level(sku) == 20
    assert stage.world.read_dead_letters() == []
