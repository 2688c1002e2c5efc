"""Odoo is killed in the middle of a burst of orders and comes back.

The channel goes on selling meanwhile: what the connector had taken must not be lost, what it
had half done must not be done twice. Later Odoo is so busy that some confirmations meet other
transactions once too often: it says so and has changed nothing (connectors beside Odoo). In the
end the connector's key of Odoo is revoked, and a while later it is given another one.
Try it: ``peakproof run odoo_restart --connector connectors/reference``.
"""

from random import Random

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel, checkout, edit, operate, random_basket
from peakproof.plan import Plan, PlannedFault, Scenario, Shop, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "odoo_restart"
# What Odoo answers when it has tried a call five times.
CONCURRENT_UPDATE = {
    "name": "psycopg2.errors.SerializationFailure",
    "message": "could not serialize access due to concurrent update",
    "arguments": [],
    "context": {},
    "debug": "",
}


class Options(msgspec.Struct, kw_only=True):
    """Odoo dies ``down_at_seconds`` into the story and is back after ``down_seconds``.

    Later it gives ``busy`` confirmations up. In the end ``keyless`` orders come while for
    ``keyless_seconds`` the connector has no key of Odoo that is good.
    """

    orders: int = 14
    customers: int = 7
    busy: int = 3
    keyless: int = 8
    keyless_seconds: float = 3.0
    down_at_seconds: float = 2.0
    down_seconds: float = 3.0
    duration_seconds: float = 7.0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders around the outage."""
    shop = draw_shop(seed, products=6, stock=60, customers=options.customers)
    draws = seed.stream(NAME)
    steps: list[Step] = []
    baskets = {}
    for number in range(1, options.orders + 1):
        label = f"order-{number}"
        baskets[label] = random_basket(draws, shop)
        # A third of the orders comes just before Odoo dies: those are the ones half done.
        at = (
            options.down_at_seconds - draws.uniform(0, 0.6)
            if number % 3 == 0
            else draws.uniform(0, options.duration_seconds)
        )
        steps.append(checkout(max(at, 0), draws.choices(shop.customers)[0], baskets[label], label))
    steps.append(cancel(options.duration_seconds, "order-3"))
    change = [{**baskets["order-6"][0], "quantity": baskets["order-6"][0]["quantity"] + 1}]
    steps.append(edit(options.duration_seconds, "order-6", change))
    fault = PlannedFault(
        fault="odoo_restart",
        at_seconds=options.down_at_seconds,
        heal_at_seconds=options.down_at_seconds + options.down_seconds,
    )
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            Stage(name="the outage", steps=steps, faults=[fault]),
            _busy(options, draws, shop),
            _without_key(options, draws, shop),
        ],
    )


def _busy(options: Options, draws: Random, shop: Shop) -> Stage:
    """Orders whose confirmation Odoo gives up; the last comes late, for a stage ends its faults."""
    times = [0.3 * number for number in range(options.busy)] + [options.duration_seconds]
    steps = [
        checkout(at, draws.choices(shop.customers)[0], random_basket(draws, shop), f"busy-{number}")
        for number, at in enumerate(times, 1)
    ]
    fault = PlannedFault(
        fault="api_errors",
        options={
            "simulator": "odoo",
            "operation": "sale.order.action_confirm",
            "count": options.busy,
            "status": 500,
            "body": CONCURRENT_UPDATE,
        },
        must_fire=False,
        only_for="external",
    )
    return Stage(name="the rush after it", steps=steps, faults=[fault])


def _without_key(options: Options, draws: Random, shop: Shop) -> Stage:
    """The connector's key of Odoo is revoked while orders come in, and a new one is made later."""
    keys = [
        operate(0.5, "revoke_odoo_key"),
        operate(0.5 + options.keyless_seconds, "renew_odoo_key"),
    ]
    orders = [
        checkout(
            number * (options.keyless_seconds + 1.5) / options.keyless,
            draws.choices(shop.customers)[0],
            random_basket(draws, shop),
            f"keyless-{number + 1}",
        )
        for number in range(options.keyless)
    ]
    return Stage(name="another key", steps=[*keys, *orders])


SCENARIO = Scenario(
    name=NAME,
    summary="Odoo is killed in a burst of orders, is busy for a while, takes another key.",
    flows=("orders",),
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
