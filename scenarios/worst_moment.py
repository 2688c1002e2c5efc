"""The connector dies between commit and acknowledgement, crashes in a loop, freezes.

Orders come in all the while. First the connector is killed at the moment at which the other
side has carried a call out and the answer is on its way; then it crashes each time it comes up;
then it stands still, and Odoo loses every connection to its database.
Try it: ``peakproof run worst_moment --connector connectors/reference``.
"""

from random import Random

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel, checkout, random_basket, stock_count
from peakproof.plan import Plan, PlannedFault, Scenario, Shop, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "worst_moment"


class Options(msgspec.Struct, kw_only=True):
    """``orders`` a stage; ``deaths`` at a commit; ``crashes`` in the loop."""

    orders: int = 6
    customers: int = 5
    deaths: int = 2
    crashes: int = 3
    frozen_seconds: float = 4.0
    stage_seconds: float = 5.0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders of each stage and what happens to the connector."""
    shop = draw_shop(seed, products=5, stock=60, customers=options.customers)
    draws = seed.stream(NAME)
    at_commit = [
        PlannedFault(
            fault="killed_at_commit",
            options={"at": "odoo", "operation": "sale.order.*", "count": options.deaths},
            only_for="external",
        ),
        PlannedFault(
            fault="killed_at_commit",
            options={"at": "shopify", "operation": "inventory*Quantities", "count": 1},
            only_for="addons",
        ),
    ]
    loop = [PlannedFault(fault="connector_crash_loop", options={"count": options.crashes})]
    freeze = [
        PlannedFault(fault="connector_pause", heal_at_seconds=options.frozen_seconds),
        PlannedFault(fault="database_connections_cut", at_seconds=options.frozen_seconds + 0.5),
    ]
    stages = []
    for name, faults in (
        ("killed at the commit", at_commit),
        ("crashing in a loop", loop),
        ("frozen, then cut off", freeze),
    ):
        steps = _orders(name.split()[0], options, draws, shop)
        stages.append(Stage(name=name, steps=steps, faults=faults))
    stages[-1].steps.append(cancel(options.stage_seconds, "killed-1"))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _orders(word: str, options: Options, draws: Random, shop: Shop) -> list[Step]:
    """Orders spread over a stage, and goods received so that stock has to be told."""
    steps = [
        checkout(
            draws.uniform(0, options.stage_seconds),
            draws.choice(shop.customers),
            random_basket(draws, shop),
            f"{word}-{number}",
        )
        for number in range(1, options.orders + 1)
    ]
    sku = draws.choice(shop.variants()).sku
    steps.append(stock_count(options.stage_seconds / 2, "warehouse", sku, 5, "MAIN"))
    return steps


SCENARIO = Scenario(
    name=NAME,
    summary="The connector dies between commit and answer, crashes in a loop, freezes.",
    flows=("orders", "inventory"),
    simulators=("shopify",),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "stock_conserved",
        "events_end_visibly",
        "api_manners",
        "service_levels",
    ),
    plan=plan,
)
