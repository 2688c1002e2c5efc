"""The connector dies between commit and acknowledgement, crashes, freezes; then its database does.

Orders come in all the while. First the connector is killed at the moment at which the other
side has carried a call out and the answer is on its way; then it crashes each time it comes up;
then it stands still, and Odoo loses every connection to its database. At last PostgreSQL is
killed in a rush, stands still, and is restarted in order.
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
    """``orders`` a stage; ``deaths`` at a commit; ``crashes`` in the loop.

    Connector and database freeze for ``frozen_seconds``; a database that was ended is away for
    ``down_seconds``.
    """

    orders: int = 6
    customers: int = 5
    deaths: int = 2
    crashes: int = 3
    frozen_seconds: float = 4.0
    down_seconds: float = 1.0
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
    stages = [
        Stage(name=name, steps=_orders(name.split()[0], options, draws, shop), faults=faults)
        for name, faults in (
            ("killed at the commit", at_commit),
            ("crashing in a loop", loop),
            ("frozen, then cut off", freeze),
        )
    ]
    stages[-1].steps.append(cancel(options.stage_seconds, "killed-1"))
    stages.append(_database(options, draws, shop))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _database(options: Options, draws: Random, shop: Shop) -> Stage:
    """PostgreSQL dies in the middle of a rush, then freezes, then is restarted in order."""
    killed = 2.0
    frozen = killed + options.down_seconds + 1
    stopped = frozen + options.frozen_seconds + 0.5
    end = stopped + options.down_seconds + 0.5
    faults = [
        PlannedFault(fault=fault, at_seconds=at, heal_at_seconds=at + seconds)
        for fault, at, seconds in (
            ("database_kill", killed, options.down_seconds),
            ("database_pause", frozen, options.frozen_seconds),
            ("database_restart", stopped, options.down_seconds),
        )
    ]
    steps = _orders("database", options, draws, shop)
    for number, step in enumerate(steps):
        # A third of the orders is under way when it dies, the others come until it is back.
        early = number % 3 == 0
        step.at_seconds = killed - draws.uniform(0, 0.4) if early else draws.uniform(0, end)
    steps.append(stock_count(end, "warehouse", draws.choice(shop.variants()).sku, 5, "MAIN"))
    return Stage(name="database killed, frozen, restarted", steps=steps, faults=faults)


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
    summary="The connector dies at a commit, crashes, freezes; PostgreSQL is killed, freezes.",
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
