"""Bad weather for webhooks: duplicate, reordered, late, dropped and forged deliveries.

All of these are within what the channel documents (no order, duplicates possible, delivery
not guaranteed) except the forged ones, which anybody on the internet can send.
Try it: ``peakproof run webhook_weather --connector connectors/reference``.
"""

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel, checkout, edit, random_basket
from peakproof.plan import Plan, PlannedFault, Scenario, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "webhook_weather"


class Options(msgspec.Struct, kw_only=True):
    """``orders`` per kind of weather, ``dropped`` notifications lost altogether."""

    orders: int = 4
    customers: int = 6
    dropped: int = 2
    late_seconds: float = 4.0
    stage_seconds: float = 3.0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw one stage for each kind of weather."""
    shop = draw_shop(seed, products=5, stock=60, customers=options.customers)
    draws = seed.stream(NAME)
    weather = {
        "duplicates": PlannedFault(
            fault="webhook_duplicate", options={"topic": "orders/*", "copies": 2}
        ),
        "disorder": PlannedFault(fault="webhook_reorder", options={"topic": "orders/*"}),
        "lateness": PlannedFault(
            fault="webhook_late",
            options={"topic": "orders/*", "delay_seconds": options.late_seconds},
        ),
        "forgery": PlannedFault(fault="webhook_forge", options={"topic": "orders/*"}),
        "loss": PlannedFault(
            fault="webhook_drop", options={"topic": "orders/create", "count": options.dropped}
        ),
    }
    stages = []
    for kind, fault in weather.items():
        steps: list[Step] = []
        for number in range(1, options.orders + 1):
            label = f"{kind}-{number}"
            lines = random_basket(draws, shop)
            at = draws.uniform(0, options.stage_seconds * 0.5)
            steps.append(checkout(at, draws.choices(shop.customers)[0], lines, label))
            if kind != "loss" and number == 1:
                change = [{**lines[0], "quantity": lines[0]["quantity"] + 1}]
                steps.append(edit(options.stage_seconds * 0.6, label, change))
            if kind != "loss" and number == 2:
                steps.append(cancel(options.stage_seconds * 0.6, label))
        stages.append(Stage(name=kind, steps=steps, faults=[fault], settle=False))
    stages[-1].settle = True
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


SCENARIO = Scenario(
    name=NAME,
    summary="Duplicate, reordered, late, dropped and forged webhooks.",
    flows=("orders",),
    simulators=("shopify",),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "webhooks_sound",
        "stock_conserved",
        "events_end_visibly",
        "api_manners",
        "service_levels",
    ),
    plan=plan,
)
