"""Two stores sell, one of them offline: its day arrives at once, some sales of it twice.

The store's till loses its connection, and its clock goes wrong. People buy with cash and card,
with tips and discounts; when the till is back, the whole day arrives in one batch and some of
it twice. Goods come back, once onto the shelf and once not. In the evening each store counts
its drawer; the next day is sold and closed again.
Try it: ``peakproof run store_offline --connector connectors/reference``.
"""

from random import Random
from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import at_till, pass_days
from peakproof.plan import Location, Plan, PlannedFault, Scenario, Shop, Stage, Step, reference
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "store_offline"
MAIN = Location(code="MAIN", name="Main store")
STORE = Location(code="STORE", name="Harbour store")


class Options(msgspec.Struct, kw_only=True):
    """``sales`` in each store a day; ``offline_sales`` while the second one is offline."""

    sales: int = 5
    offline_sales: int = 6
    resent: int = 2
    stock: int = 60
    products: int = 5


def plan(options: Options, seed: Seed) -> Plan:
    """Draw what each store sells."""
    shop = draw_shop(
        seed,
        products=options.products,
        stock=options.stock,
        customers=2,
        locations=(MAIN, STORE),
    )
    for variant in shop.variants():
        variant.stock["STORE"] = options.stock
    shop.days_ago = 3
    draws = seed.stream(NAME)
    skew = draws.choice([-5400, -420, 300, 7200])
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            Stage(name="both online", steps=_online(draws, shop, options, "a")),
            Stage(name="one offline", steps=_offline(draws, shop, options, skew)),
            Stage(
                name="back online",
                steps=[_till("STORE", 0.0, "come_online", {}, "batch")],
                faults=[PlannedFault(fault="till_resends", options={"count": options.resent})],
            ),
            Stage(name="refunds", steps=_refunds()),
            Stage(name="closing", steps=_closing(draws, "a")),
            Stage(name="night", steps=[pass_days(0.0)]),
            Stage(name="the next day", steps=_online(draws, shop, options, "b")),
            Stage(name="closing again", steps=_closing(draws, "b")),
        ],
    )


def _till(
    code: str, at_seconds: float, action: str, arguments: dict[str, Any], label: str = ""
) -> Step:
    return at_till(at_seconds, f"cashier:{code}", code, action, arguments, label)


def _sale(draws: Random, shop: Shop, code: str, at_seconds: float, label: str) -> Step:
    """Draw what somebody buys: up to three items, paid with cash or card."""
    variants = draws.sample(shop.variants(), draws.randint(1, 3))
    lines: list[dict[str, Any]] = [
        {"sku": variant.sku, "quantity": draws.randint(1, 3)} for variant in variants
    ]
    card = draws.random() < 0.5
    arguments: dict[str, Any] = {"lines": lines, "tender": "card" if card else "cash"}
    if card and draws.random() < 0.4:
        arguments["tip"] = f"{draws.randint(1, 5)}.50"
    if draws.random() < 0.3:
        arguments["discount"] = {"percentage": "7.5"}
    elif draws.random() < 0.3:
        lines[0]["discount"] = {"amount": "1.37"}
    return _till(code, at_seconds, "sale", arguments, label)


def _online(draws: Random, shop: Shop, options: Options, day: str) -> list[Step]:
    return [
        _sale(draws, shop, code, number * 0.3, f"{code}-{day}-{number}")
        for code in ("MAIN", "STORE")
        for number in range(options.sales)
    ]


def _offline(draws: Random, shop: Shop, options: Options, skew: int) -> list[Step]:
    steps = [_till("STORE", 0.0, "go_offline", {"clock_skew_seconds": skew})]
    steps += [
        _sale(draws, shop, "STORE", 0.1 + number * 0.1, f"STORE-offline-{number}")
        for number in range(options.offline_sales)
    ]
    return [*steps, _sale(draws, shop, "MAIN", 0.2, "MAIN-meanwhile")]


def _refunds() -> list[Step]:
    """One sale comes back onto the shelf, one is broken, one gives some money back."""
    whole = {"order_id": reference("MAIN-a-0", "order_id"), "restock": True, "reason": "Size"}
    broken = {"order_id": reference("STORE-a-0", "order_id"), "restock": False, "reason": "Broken"}
    some = {"order_id": reference("MAIN-a-1", "order_id"), "amount": "1.25", "reason": "Scratch"}
    late = {"reference": reference("STORE-offline-0", "reference"), "restock": True}
    return [
        _till("MAIN", 0.0, "refund_sale", whole, "refund-whole"),
        _till("MAIN", 0.1, "refund_sale", some, "refund-some"),
        _till("STORE", 0.0, "refund_sale", broken, "refund-broken"),
        _till("STORE", 0.1, "refund_sale", late, "refund-late"),
    ]


def _closing(draws: Random, day: str) -> list[Step]:
    return [
        _till(code, 0.0, "close_day", {"difference": draws.choice(["0", "0", "-0.35", "1.00"])},
              f"close-{code}-{day}")
        for code in ("MAIN", "STORE")
    ]  # fmt: skip


SCENARIO = Scenario(
    name=NAME,
    summary="An offline store's day arrives at once, partly twice; drawers are counted.",
    flows=("pos",),
    simulators=("pos",),
    options=Options,
    invariants=("pos_sales_once", "api_manners", "secrets_kept"),
    plan=plan,
)
