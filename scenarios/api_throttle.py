"""The channel's rate limit bites in the middle of the day's stock count.

First every call is refused for a while (THROTTLED in a 200, then 429 with Retry-After), then
the limit is back; a count of many items and orders go on all the time.
Try it: ``peakproof run api_throttle --connector connectors/reference``.
"""

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import checkout, random_basket, stock_count
from peakproof.plan import Plan, PlannedFault, Scenario, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "api_throttle"


class Options(msgspec.Struct, kw_only=True):
    """``throttled`` calls answered THROTTLED, ``limited`` with 429; ``counts`` of stock.

    Which calls those are ``operation`` says, a pattern of names.
    """

    throttled: int = 6
    limited: int = 3
    operation: str = "*"
    orders: int = 8
    counts: int = 10
    customers: int = 6
    duration_seconds: float = 8.0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the count and the orders."""
    shop = draw_shop(seed, products=8, stock=40, customers=options.customers)
    draws = seed.stream(NAME)
    skus = [variant.sku for variant in shop.variants()]
    steps: list[Step] = [
        checkout(
            draws.uniform(0, options.duration_seconds),
            draws.choices(shop.customers)[0],
            random_basket(draws, shop),
            f"order-{number}",
        )
        for number in range(1, options.orders + 1)
    ]
    for number in range(options.counts):
        at = draws.uniform(0, options.duration_seconds)
        steps.append(
            stock_count(at, "warehouse", skus[number % len(skus)], draws.randint(1, 5), "MAIN")
        )
    faults = [
        PlannedFault(
            fault="api_throttle",
            options={
                "style": "cost",
                "operation": options.operation,
                "count": options.throttled,
            },
        ),
        PlannedFault(
            fault="api_throttle",
            at_seconds=options.duration_seconds / 2,
            options={
                "style": "status",
                "operation": options.operation,
                "count": options.limited,
                "retry_after_seconds": 1,
            },
        ),
    ]
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[Stage(name="the count", steps=steps, faults=faults)],
    )


SCENARIO = Scenario(
    name=NAME,
    summary="THROTTLED and 429 in the middle of a stock count with orders coming in.",
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
