"""Anything goes: people buy, change their minds, pack, count and sell; things break meanwhile.

What is done and what fails is drawn from the seed, in any order and side by side: orders (of
guests, of namesakes, in capitals, in a foreign currency, with one item on two lines, of what Odoo
does not know), edits, cancellations, refunds, returns, parcels and their rests, telephone orders,
sales in the store with and without a connection, deliveries, counts, new prices, a new secret;
and every kind of fault. Nothing here is aimed at a known weakness. ``peakproof explore`` plays it
over and over.
Try it: ``peakproof run random_trade --connector connectors/reference --seed 5``.
"""

from random import Random

import msgspec

from peakproof.assortment import draw_shop
from peakproof.chance.merchant import Merchant
from peakproof.chance.mishaps import draw_mishaps
from peakproof.chance.shoppers import NOVELTY, Shoppers
from peakproof.chance.tills import Tills
from peakproof.chance.trade import Deed, Trade
from peakproof.chance.warehouse import MAIN, Warehouse
from peakproof.deeds import operate
from peakproof.plan import (
    CarrierAccount,
    CarrierService,
    DiscountCode,
    Location,
    Plan,
    Product,
    Scenario,
    Shop,
    Stage,
    Step,
    Variant,
)
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "random_trade"
PLACES = (Location(code=MAIN, name="Main store"), Location(code="STORE", name="Harbour store"))
CARRIERS = (("UPS", "8.40"), ("USPS", "7.10"))
# How many times more likely a deed is once there are orders that it can be done to.
LATER = {"send": 3, "send_rest": 2, "give_back": 3, "cancel": 2, "change": 2}


class Options(msgspec.Struct, kw_only=True):
    """``deeds`` over ``stages`` of ``stage_seconds`` each, with up to ``faults`` in a stage;
    of each of ``products`` items up to ``stock`` pieces lie in each store.
    """

    deeds: int = 48
    stages: int = 4
    faults: int = 2
    stage_seconds: float = 5.0
    products: int = 5
    stock: int = 10


def plan(options: Options, seed: Seed) -> Plan:
    """Draw a story."""
    draws = seed.stream(NAME)
    shop, novelty = _shop(options, seed, draws)
    story = _Story(Trade(draws, shop), seed, options, novelty)
    stages = [story.stage(number + 1) for number in range(options.stages)]
    stages[-1].settle = True
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            *stages,
            Stage(name="closing", steps=story.closing()),
            Stage(name="afterwards", steps=[operate(0.0, "inspect")]),
        ],
    )


def _shop(options: Options, seed: Seed, draws: Random) -> tuple[Shop, Variant]:
    """Draw two stores with few of each item, and people of whom two have the same name."""
    shop = draw_shop(
        seed,
        products=options.products,
        stock=options.stock,
        customers=6,
        locations=PLACES,
        taxes_included=draws.random() < 0.3,
    )
    for variant in shop.variants():
        variant.stock = {place.code: draws.randint(2, options.stock) for place in PLACES}
    father = shop.customers[0]
    son = msgspec.structs.replace(father, email=f"junior.{father.email}", phone="+15125559999")
    shop.customers = [*shop.customers, son]
    shop.exchange_rates = {"EUR": f"0.{draws.randint(8500, 9999)}"}
    shop.invoices = draws.random() < 0.7
    shop.discount_codes += [
        DiscountCode(code="FREE", kind="percentage", value="100"),
        DiscountCode(code="THIRD", kind="percentage", value="33"),
    ]
    shop.carrier_accounts = [
        CarrierAccount(carrier=carrier, services=[CarrierService(name="Ground", price=price)])
        for carrier, price in CARRIERS
    ]
    novelty = Variant(sku=NOVELTY, title="A novelty", price="24.00", tracked=False, in_odoo=False)
    shop.products = [*shop.products, Product(title="A novelty", variants=[novelty])]
    return shop, novelty


class _Story:
    """Draws deeds that make sense after those before."""

    def __init__(self, trade: Trade, seed: Seed, options: Options, novelty: Variant) -> None:
        self.trade, self.options = trade, options
        self.shoppers, self.warehouse = Shoppers(trade, seed), Warehouse(trade)
        self.merchant, self.tills = Merchant(trade, novelty), Tills(trade)
        self.deeds: list[tuple[float, Deed]] = [
            (10, self.shoppers.buy),
            (1, self.shoppers.buy_engraved),
            (0.5, self.shoppers.buy_novelty),
            (1, self.shoppers.at_the_fair),
            (2, self.shoppers.change),
            (2, self.shoppers.cancel),
            (5, self.warehouse.send),
            (3, self.warehouse.send_rest),
            (3, self.warehouse.receive),
            (2, self.warehouse.sell_by_hand),
            (2, self.warehouse.telephone),
            (2, self.merchant.give_back),
            (1, self.merchant.take_back),
            (1, self.merchant.new_price),
            (1, self.merchant.look),
            (0.5, self.merchant.rotate),
            (4, self.tills.sell),
            (1, self.tills.take_back),
            (1, self.tills.lose_connection),
        ]

    def stage(self, number: int) -> Stage:
        """Draw one stage: its deeds, its faults, and whether all comes to rest afterwards."""
        self.trade.stretch = number
        draws, seconds = self.trade.draws, self.options.stage_seconds
        weights = [
            weight * (LATER.get(deed.__name__, 1) if number > 1 else 1)
            for weight, deed in self.deeds
        ]
        steps: list[Step] = []
        for _ in range(self.options.deeds // self.options.stages):
            at = draws.uniform(0, seconds)
            (_, deed), *_ = draws.choices(self.deeds, weights)
            steps += deed(at) or self.shoppers.buy(at)
        if number == self.options.stages and not self.trade.strange:
            steps += self.shoppers.buy_novelty(seconds / 2)  # something needs a person in the end
        steps += self.tills.come_online(seconds)
        return Stage(
            name=f"stretch {number}",
            steps=steps,
            faults=draw_mishaps(draws, self.options.faults, seconds),
            settle=self.trade.chance(0.4),
        )

    def closing(self) -> list[Step]:
        """The operator puts right what needs a person, the stores count their drawers."""
        return [*self.merchant.put_right(), *self.tills.close()]


SCENARIO = Scenario(
    name=NAME,
    summary="Random deeds of everybody side by side, with random faults; nothing is aimed at.",
    flows=("orders",),
    simulators=("shopify", "pos", "carrier"),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "identity_kept",
        "no_oversell",
        "stock_conserved",
        "fulfilled_once",
        "labels_once",
        "refunds_conserved",
        "pos_sales_once",
        "operations_sound",
        "events_end_visibly",
        "webhooks_sound",
        "api_manners",
        "secrets_kept",
    ),
    plan=plan,
    random=True,
)
