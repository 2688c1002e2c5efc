"""The write commits and the answer is lost: at the channel, at the webhook, at Odoo.

The most expensive fault of all, because the honest reaction (try again) is the wrong one
unless the write is idempotent.
Try it: ``peakproof run lost_acknowledgement --connector connectors/reference``.
"""

from random import Random

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import checkout, random_basket, stock_count, store_sale
from peakproof.plan import Plan, PlannedFault, Scenario, Shop, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "lost_acknowledgement"


class Options(msgspec.Struct, kw_only=True):
    """``lost`` answers in each stage; ``orders`` in each stage."""

    lost: int = 3
    orders: int = 5
    customers: int = 5
    stage_seconds: float = 3.0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw three stages, one for each place where an answer can be lost."""
    shop = draw_shop(seed, products=5, stock=40, customers=options.customers)
    draws = seed.stream(NAME)
    losses = {
        "channel": PlannedFault(
            fault="lost_acknowledgement",
            options={"operation": "inventory*Quantities", "count": options.lost},
        ),
        "webhook": PlannedFault(
            fault="webhook_acknowledgement_lost",
            options={"topic": "orders/*", "count": options.lost},
        ),
        "odoo": PlannedFault(
            fault="odoo_acknowledgement_lost",
            options={"operation": "sale.order.*", "count": options.lost},
            only_for="external",
        ),
    }
    stages = []
    for place, fault in losses.items():
        steps = _orders(place, options, draws, shop)
        if place == "channel":
            steps += _stock(options, draws, shop)
        stages.append(Stage(name=f"answers of the {place} are lost", steps=steps, faults=[fault]))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _orders(place: str, options: Options, draws: Random, shop: Shop) -> list[Step]:
    return [
        checkout(
            draws.uniform(0, options.stage_seconds * 0.6),
            draws.choices(shop.customers)[0],
            random_basket(draws, shop),
            f"{place}-{number}",
        )
        for number in range(1, options.orders + 1)
    ]


def _stock(options: Options, draws: Random, shop: Shop) -> list[Step]:
    """Move the stock of several items in Odoo, so that there is something to push."""
    skus = [variant.sku for variant in shop.variants()]
    steps = []
    for number in range(options.lost + 1):
        at = draws.uniform(0, options.stage_seconds * 0.6)
        sku = skus[number % len(skus)]
        steps.append(stock_count(at, "warehouse", sku, draws.randint(2, 6), "MAIN"))
    steps.append(store_sale(options.stage_seconds * 0.7, "store-1", skus[-1], 1, "MAIN"))
    return steps


SCENARIO = Scenario(
    name=NAME,
    summary="The write commits and the answer is lost: channel, webhook, Odoo.",
    flows=("orders", "inventory"),
    simulators=("shopify",),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "identity_kept",
        "stock_conserved",
        "events_end_visibly",
        "api_manners",
        "service_levels",
        "secrets_kept",
    ),
    plan=plan,
)
