"""Bad weather for webhooks: duplicate, reordered, late, dropped and forged deliveries.

All of these are within what the channel documents (no order, duplicates possible, delivery
not guaranteed) except the forged ones, which anybody on the internet can send: some bear a
wrong signature, some bear none. Titles have letters in them that the channel escapes in bodies.

Of some orders no notification arrives at all, among them a rush in which the connector's
schedules come due. Then the app gets a new secret, while the channel signs with the old one for
some time more (connectors beside Odoo). Then the channel forgets every subscription. At last the
app's access token expires before its time, as when its old secret is revoked.
Try it: ``peakproof run webhook_weather --connector connectors/reference``.
"""

from random import Random
from typing import Literal

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel, checkout, edit, operate, poll, random_basket
from peakproof.plan import Plan, PlannedFault, Scenario, Shop, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "webhook_weather"
AGAIN_SECONDS = (0.05, 5.0)
HELD_SECONDS = 4.0  # longer than a stage: only a later notification brings a held one

Kind = Literal[
    "", "duplicates", "disorder", "lateness", "forgery", "loss", "rotation", "deafness", "expiry"
]


class Options(msgspec.Struct, kw_only=True):
    """``orders`` per kind of weather, ``rush`` of those that nobody is told of.

    ``kind`` is the one stage to play; empty means all of them.
    """

    orders: int = 4
    rush: int = 8
    customers: int = 6
    late_seconds: float = 4.0
    old_secret_seconds: float = 6.0
    stage_seconds: float = 3.0
    kind: Kind = ""


def plan(options: Options, seed: Seed) -> Plan:
    """Draw one stage for each kind of weather."""
    shop = draw_shop(seed, products=5, stock=60, customers=options.customers)
    shop.products[0].title += " & <saucer>"
    weather = _weather(options)
    stages = []
    for kind in [options.kind] if options.kind else weather:
        faults, draws = weather[kind], seed.stream(f"{NAME} {kind}")
        if kind == "rotation":
            steps = _rotation(options, draws, shop)
        else:
            steps = _orders(kind, options, draws, shop)
        if kind == "loss":
            steps += _rush(options, draws, shop)
        if kind == "expiry":
            steps.append(poll(options.stage_seconds))
        stages.append(Stage(name=kind, steps=steps, faults=faults, settle=kind in SETTLED))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


SETTLED = ("loss", "rotation", "deafness", "expiry")


def _weather(options: Options) -> dict[str, list[PlannedFault]]:
    """Return the kinds of weather, each with its faults."""

    def fault(name: str, topic: str = "orders/*", **more: object) -> PlannedFault:
        return PlannedFault(fault=name, options={"topic": topic, **more})

    held = {"count": options.orders, "delay_seconds": HELD_SECONDS}
    return {
        # Once on the heels of the first, once when that has long been worked on.
        "duplicates": [fault("webhook_duplicate", delay_seconds=pause) for pause in AGAIN_SECONDS],
        # What a checkout tells is held until what an edit or a cancellation tells has arrived.
        "disorder": [fault("webhook_reorder", f"orders/{topic}", **held) for topic in TOLD],
        "lateness": [fault("webhook_late", delay_seconds=options.late_seconds)],
        "forgery": [fault("webhook_forge", signature=kind) for kind in ("wrong", "missing")],
        "loss": [fault("webhook_drop")],
        "rotation": [],
        "deafness": [fault("subscription_removed", "*")],
        # The last one: who fetches no other token does nothing any more.
        "expiry": [SILENCE, EXPIRY],
    }


TOLD = ("create", "updated")
# Who did not subscribe again is told of nothing in any case.
SILENCE = PlannedFault(fault="webhook_drop", options={"topic": "orders/*"}, must_fire=False)
EXPIRY = PlannedFault(fault="token_expired", options={"count": 1, "lasting": True})


def _orders(kind: str, options: Options, draws: Random, shop: Shop) -> list[Step]:
    """Orders of a stage; one is edited and one cancelled, where nothing settles in between."""
    steps = []
    for number in range(1, options.orders + 1):
        label = f"{kind}-{number}"
        lines = random_basket(draws, shop)
        at = draws.uniform(0, options.stage_seconds * 0.5)
        steps.append(checkout(at, draws.choices(shop.customers)[0], lines, label))
        if kind in SETTLED:
            continue
        if number == 1:
            change = [{**lines[0], "quantity": lines[0]["quantity"] + 1}]
            steps.append(edit(options.stage_seconds * 0.6, label, change))
        if number == 2:
            steps.append(cancel(options.stage_seconds * 0.6, label))
    return steps


def _rush(options: Options, draws: Random, shop: Shop) -> list[Step]:
    """Orders in quick succession, and in between the connector looks for what it missed."""
    begin, gap = options.stage_seconds * 0.5, 0.25
    steps = [
        checkout(
            begin + number * gap,
            draws.choices(shop.customers)[0],
            random_basket(draws, shop, 1),
            f"rush-{number + 1}",
        )
        for number in range(options.rush)
    ]
    looks = range(1, options.rush, 2)
    return steps + [poll(begin + number * gap + draws.uniform(0, gap)) for number in looks]


def _rotation(options: Options, draws: Random, shop: Shop) -> list[Step]:
    """The operator changes the secret; orders come under the old signature and under the new."""
    change = operate(0.0, "rotate_secret", delay_seconds=options.old_secret_seconds)
    times = (0.7, 0.9, 1.2)
    return [change] + [
        checkout(
            options.old_secret_seconds * share,
            draws.choices(shop.customers)[0],
            random_basket(draws, shop, 1),
            f"rotated-{number}",
        )
        for number, share in enumerate(times, 1)
    ]


SCENARIO = Scenario(
    name=NAME,
    summary="Duplicate, reordered, late, lost and forged webhooks; a new secret; none at all.",
    flows=("orders",),
    simulators=("shopify",),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "identity_kept",
        "webhooks_sound",
        "stock_conserved",
        "events_end_visibly",
        "api_manners",
        "service_levels",
        "secrets_kept",
    ),
    plan=plan,
)
