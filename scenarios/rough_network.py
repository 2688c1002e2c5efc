"""The machines below the shop fail: lines lose packets and crawl, nodes are cut off, a disk fills.

Nothing is wrong with any program here. The connector's line (Odoo's, where the connector lives
in Odoo) is bad, then narrow, then dead for a while; then the database server is cut off from
Odoo, and at last its disk is full. Orders come in all the time, and none may be lost or doubled.
In containers only: ``peakproof run rough_network --connector connectors/reference --runtime
container``.
"""

from collections.abc import Mapping
from random import Random

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel, checkout, random_basket
from peakproof.plan import Plan, PlannedFault, Scenario, Shop, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "rough_network"


class Options(msgspec.Struct, kw_only=True):
    """``orders`` in each of five stages of ``stage_seconds``; a trouble lasts ``trouble_seconds``.

    The bad line loses a packet with ``loss_probability``.
    """

    orders: int = 6
    customers: int = 6
    stage_seconds: float = 7.0
    trouble_seconds: float = 4.0
    loss_probability: float = 0.15


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders of the five troubles."""
    shop = draw_shop(seed, products=6, stock=80, customers=options.customers)
    draws = seed.stream(NAME)
    lossy = {"probability": options.loss_probability}
    troubles = (
        ("a bad line", _of_connector("container_loss", options, lossy)),
        ("a narrow line", _of_connector("container_slow", options, {})),
        ("cut off", _of_connector("container_cut", options, {})),
        ("no database", [_trouble("container_cut", options, {"part": "postgres"})]),
        ("a full disk", [_trouble("container_disk_full", options, {})]),
    )
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            Stage(name=name, steps=_orders(draws, shop, options, number), faults=faults)
            for number, (name, faults) in enumerate(troubles, 1)
        ],
    )


def _of_connector(
    fault: str, options: Options, more: Mapping[str, float | str]
) -> list[PlannedFault]:
    """Return the fault of the connector's container: its own, or Odoo's where it lives there."""
    return [
        _trouble(fault, options, {**more, "part": part}, only_for)
        for part, only_for in (("connector", "external"), ("odoo", "addons"))
    ]


def _trouble(
    fault: str, options: Options, more: Mapping[str, float | str], only_for: str = ""
) -> PlannedFault:
    return PlannedFault(
        fault=fault,
        at_seconds=1.0,
        heal_at_seconds=1.0 + options.trouble_seconds,
        options=dict(more),
        only_for=only_for,
    )


def _orders(draws: Random, shop: Shop, options: Options, stage: int) -> list[Step]:
    """Return a stage's orders, the last of them after the trouble; one is cancelled."""
    steps = []
    for number in range(1, options.orders + 1):
        last = number == options.orders
        at = options.stage_seconds if last else draws.uniform(0, options.stage_seconds)
        label = f"order-{stage}-{number}"
        buyer = draws.choices(shop.customers)[0]
        steps.append(checkout(at, buyer, random_basket(draws, shop), label))
    steps.append(cancel(options.stage_seconds, f"order-{stage}-1"))
    return steps


SCENARIO = Scenario(
    name=NAME,
    summary="Packets are lost, nodes are cut off, the database's disk is full; orders go on.",
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
    runtimes=("container",),
)
