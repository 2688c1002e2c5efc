"""The connector's machine has the wrong time: an hour behind, then an hour ahead, then right again.

Nobody is told of an order all this while, so all that comes in is what the connector finds when
it looks for what it missed. One that remembers by its own clock how far it has looked sees
nothing for an hour; one that tells by it whether its token is good goes on with a dead one. What
the vendor and Odoo's database say of time stays true.
In containers only: ``peakproof run wrong_clock --connector connectors/reference --runtime
container``.
"""

from collections.abc import Sequence
from random import Random

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel, checkout, poll, random_basket
from peakproof.plan import Plan, PlannedFault, Scenario, Shop, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "wrong_clock"


class Options(msgspec.Struct, kw_only=True):
    """``orders`` in the first half of each of three stages of ``stage_seconds``.

    The other half is longer than a connector looks back for safety. The clock is wrong by
    ``offset_seconds``.
    """

    orders: int = 6
    customers: int = 6
    stage_seconds: float = 16.0
    offset_seconds: float = 3600.0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders under each clock."""
    shop = draw_shop(seed, products=5, stock=60, customers=options.customers)
    draws = seed.stream(NAME)
    clocks: tuple[tuple[str, Sequence[PlannedFault]], ...] = (
        ("behind", [*_clock(-options.offset_seconds), _EXPIRY]),
        ("ahead", _clock(options.offset_seconds)),
        ("right again", []),
    )
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            Stage(
                name=name,
                steps=_orders(draws, shop, options, name),
                faults=[_SILENCE, *faults],
                settle=True,
            )
            for name, faults in clocks
        ],
    )


_SILENCE = PlannedFault(fault="webhook_drop", options={"topic": "orders/*"})
_EXPIRY = PlannedFault(fault="token_expired", options={"count": 1, "lasting": True})


def _clock(offset_seconds: float) -> Sequence[PlannedFault]:
    """Return the fault of the connector's container: its own, or Odoo's where it lives there."""
    return [
        PlannedFault(
            fault="container_clock",
            options={"part": part, "offset_seconds": offset_seconds},
            only_for=only_for,
        )
        for part, only_for in (("connector", "external"), ("odoo", "addons"))
    ]


def _orders(draws: Random, shop: Shop, options: Options, stage: str) -> list[Step]:
    """Return a stage's orders, one of them cancelled; the connector looks for them in between."""
    steps = [
        checkout(
            draws.uniform(0, options.stage_seconds / 2),
            draws.choices(shop.customers)[0],
            random_basket(draws, shop),
            f"{stage} {number}",
        )
        for number in range(1, options.orders + 1)
    ]
    looks = [poll(options.stage_seconds * share) for share in (0.25, 0.5, 0.9)]
    return [*steps, *looks, cancel(options.stage_seconds, f"{stage} 1")]


SCENARIO = Scenario(
    name=NAME,
    summary="The connector's clock is an hour behind, then ahead; nobody tells it of orders.",
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
