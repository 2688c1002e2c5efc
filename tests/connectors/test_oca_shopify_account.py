"""OCA's payouts of Shopify Payments: unmodified; what its import does, and what it books."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from peakproof.assortment import draw_shop
from peakproof.connector import ConnectorSpec
from peakproof.plan import Shop
from peakproof.run import applicable, load_scenario
from peakproof.runtime.reads_books import read_entries
from peakproof.seed import Seed, wait_until
from peakproof.world import World
from tests.connectors.worlds import open_world

FOLDER = Path(__file__).parents[2] / "connectors" / "oca_shopify_account"


def test_the_story_is_for_connectors_that_claim_the_channels_payouts() -> None:
    """The reference claims payouts of the gateway only; this one those of the channel only."""
    story = load_scenario("channel_payouts")
    reference = ConnectorSpec.load(FOLDER.parent / "reference")
    assert "payouts" in reference.connector.flows
    assert "channel_payouts" in applicable(story, reference)
    spec = ConnectorSpec.load(FOLDER)
    assert applicable(story, spec) == ""
    assert applicable(load_scenario("payout_day"), spec) != ""


class Office:
    """A world with the module set up."""

    def __init__(self, world: World, shop: Shop) -> None:
        self.world, self.shop = world, shop

    def settle(self) -> None:
        """Wait until the channel and the connector are both quiet."""
        shopify, settled = self.world.simulator("shopify"), self.world.spec.settled
        assert settled is not None

        def quiet() -> bool:
            before = sum(shopify.pending().values())
            jobs = self.world.ask(settled, "settled")[0]["pending"]
            return not before and not jobs and not sum(shopify.pending().values())

        wait_until(quiet, 60.0, "the connector to be quiet")

    def paid_out(self) -> dict[str, Any]:
        """Let a shopper buy and the channel pay out; return the payout."""
        shopper = self.shop.customers[0]
        customer = {name: getattr(shopper, name) for name in shopper.__struct_fields__}
        lines = [{"sku": self.shop.variants()[0].sku, "quantity": 1}]
        bought = {"customer": customer, "shipping": "Standard", "lines": lines}
        self.world.act("shopify", "checkout", "shopper-1", bought)
        self.settle()
        done = self.world.act("shopify", "advance_payouts", "channel", {})
        found = self.world.simulator("shopify").snapshot()["payout"]
        payout: dict[str, Any] = found[done["payout_id"]]
        return payout

    def schedules(self) -> None:
        """Run the module's schedule, then the bookkeeper's button."""
        for kick in self.world.spec.kick:
            self.world.kick(kick)
            self.settle()

    def put(self, payout: dict[str, Any]) -> None:
        """Write the channel's payout into the module's own records, as its import would."""
        odoo = self.world.odoo
        assert odoo is not None
        (instance,) = odoo.search_read("shopify.instance", [], ["id"])
        (order,) = odoo.search_read("shopify.order", [], ["id"])
        (clearing,) = odoo.search_read("account.account", [("code", "=", "PK1010")], ["id"])
        money = odoo.search_read("res.currency", [("name", "=", payout["currency"])], ["id"])
        common = {"instance_id": instance["id"], "currency_id": money[0]["id"]}
        moved = self.world.simulator("shopify").snapshot()["balance_transaction"]
        amount = payout["amount"]
        values = {
            **common, "shopify_id": payout["id"], "reference": payout["reference"],
            "payout_status": "PAID", "gross_exact": amount, "fee_exact": "0",
            "net_exact": amount, "state": "synced",
        }  # fmt: skip
        (number,) = odoo.create("shopify.payout", values)
        for key in payout["transaction_ids"]:
            row = {
                **common, "payout_id": number, "shopify_id": key, "route": "clearing",
                "amount_exact": moved[key]["amount"], "fee_exact": moved[key]["fee"],
                "net_exact": moved[key]["net"], "order_binding_id": order["id"],
                "transaction_type": "CHARGE", "display_type": "Charge",
                "reconciliation_account_id": clearing["id"],
            }  # fmt: skip
            odoo.create("shopify.payout.transaction", row)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return a world without faults in which setup.py has run."""
    shop = draw_shop(Seed(11), products=1, stock=20, customers=1)
    shop.invoices = True
    runs = tmp_path_factory.mktemp("runs")
    with open_world("oca_shopify_account", shop, ("shopify",), runs) as (world, _):
        yield Office(world, shop)


@pytest.mark.odoo
def test_a_payout_is_booked_once_it_is_there_and_its_import_fails_visibly(office: Office) -> None:
    """The import asks for a field that no published schema has (docs/findings.md), so the payout
    is put where the import would have put it; the module books it to the cent, once.
    """
    payout = office.paid_out()
    office.schedules()
    assert read_entries(office.world.dsn) == {}
    (letter,) = office.world.read_dead_letters()
    assert letter["flow"] == "channel_payouts"
    assert "displayType" in letter["reason"]
    office.put(payout)
    office.world.kick(office.world.spec.kick[-1])
    office.world.kick(office.world.spec.kick[-1])
    (entry,) = read_entries(office.world.dsn).values()
    assert payout["reference"] in entry["ref"].split()
    assert entry["state"] == "posted"
    assert Decimal(entry["amount"]) == Decimal(payout["amount"]) > 0
