"""Click and collect against the counter: the last piece in the store, wanted twice at once.

Of several items there is one piece left, and it lies in the store. Some are bought online and
set aside in the store just before somebody takes them off the shelf; others are sold over the
counter at the moment in which somebody buys them online. Nothing may be sold twice: what was
set aside is handed over, what the store had sold already is canceled, and nobody can buy any of
it online afterwards.
Try it: ``peakproof run pickup_in_store --connector connectors/reference``.
"""

from random import Random
from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import at_till, checkout
from peakproof.plan import Customer, Location, Plan, Scenario, Stage, Step, reference
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "pickup_in_store"
MAIN = Location(code="MAIN", name="Main store")
STORE = Location(code="STORE", name="Harbour store")


class Options(msgspec.Struct, kw_only=True):
    """``collected`` items are set aside first, ``sold`` ones are sold over the counter first."""

    collected: int = 3
    sold: int = 3
    others: int = 2
    stock: int = 20


def plan(options: Options, seed: Seed) -> Plan:
    """Draw who wants which last piece, and when."""
    last = options.collected + options.sold
    shop = draw_shop(
        seed,
        products=last + options.others,
        stock=options.stock,
        customers=2 * last + options.others,
        locations=(MAIN, STORE),
    )
    variants = shop.variants()
    for variant in variants[:last]:
        variant.stock = {"MAIN": 0, "STORE": 1}
    for variant in variants[last:]:
        variant.stock["STORE"] = options.stock // 2
    draws = seed.stream(NAME)
    wanted: list[Step] = []
    for number, variant in enumerate(variants[:last]):
        set_aside_first = number < options.collected
        wanted += _last_piece(draws, number, shop.customers[number], variant.sku, set_aside_first)
    for number, variant in enumerate(variants[last:]):
        shopper = shop.customers[last + number]
        wanted.append(checkout(number * 2.0, shopper, _one(variant.sku), f"other-{number}"))
        wanted.append(_clerk(99, number * 2.0, "sale", {"lines": _one(variant.sku)}))
    after = [
        _clerk(
            number,
            number * 0.5,
            "hand_over",
            {"order_id": reference(f"aside-{number}", "order_id")},
        )
        for number in range(options.collected)
    ] + [_cancel(f"click-{number}", number * 0.3) for number in range(options.collected, last)]
    too_late = [
        checkout(number * 0.2, shop.customers[last + options.others + number],
                 _one(variant.sku), f"late-{number}")
        for number, variant in enumerate(variants[:last])
    ]  # fmt: skip
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            Stage(name="the last pieces", steps=wanted),
            Stage(name="collected, or canceled", steps=after),
            Stage(name="too late", steps=too_late),
            Stage(name="closing", steps=[_clerk(99, 0.0, "close_day", {})]),
        ],
    )


def _last_piece(
    draws: Random, number: int, shopper: Customer, sku: str, set_aside_first: bool
) -> list[Step]:
    """Somebody buys it online, somebody takes it off the shelf, a clerk sets it aside."""
    at_seconds, label = number * 1.5, f"click-{number}"
    online = checkout(at_seconds + draws.uniform(0.0, 0.3), shopper, _one(sku), label)
    aside = _clerk(number, at_seconds + 0.1, "reserve_pickup", {
        "sku": sku, "quantity": 1, "channel_order": reference(label, "order_id"),
    }, f"aside-{number}")  # fmt: skip
    counter = _clerk(number, at_seconds + 0.1, "sale", {
        "lines": _one(sku), "tender": draws.choice(["cash", "card"]), "from_shelf": True,
    })  # fmt: skip
    return [online, aside, counter] if set_aside_first else [online, counter, aside]


def _one(sku: str) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": 1}]


def _clerk(
    number: int, at_seconds: float, action: str, arguments: dict[str, Any], label: str = ""
) -> Step:
    """What a clerk of the store does; each item has its own, who does one thing after the other."""
    return at_till(at_seconds, f"clerk:{number}", "STORE", action, arguments, label)


def _cancel(label: str, at_seconds: float) -> Step:
    """The merchant cancels what the store could not set aside; the piece does not come back."""
    return Step(
        at_seconds=at_seconds,
        actor="merchant:cancellations",
        system="shopify",
        action="cancel_order",
        arguments={
            "order_id": reference(label, "order_id"),
            "reason": "inventory",
            "restock": False,
            "refund": True,
        },
        label=f"cancel-{label}",
    )


SCENARIO = Scenario(
    name=NAME,
    summary="Click and collect against a sale in the store: the last piece is sold once.",
    flows=("pos", "orders", "inventory"),
    simulators=("shopify", "pos"),
    options=Options,
    invariants=(
        "pos_sales_once",
        "orders_exactly_once",
        "identity_kept",
        "no_oversell",
        "stock_conserved",
        "fulfilled_once",
        "events_end_visibly",
        "api_manners",
        "service_levels",
        "secrets_kept",
    ),
    plan=plan,
)
