"""Orders leave in several parcels, one with the same item on two lines; a rest is given up.

The first order buys one item twice, engraved differently and so on two lines, and is sent so that
only the lines, not the item, tell what is still to come. Others are sent in two parcels, the
last piece of one is never sent. Nothing fails.
Try it: ``peakproof run partial_shipment --connector connectors/oca_shopify``.
"""

from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel_rest, checkout, ship
from peakproof.plan import Customer, Plan, Scenario, Stage, Step, reference
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "partial_shipment"


class Options(msgspec.Struct, kw_only=True):
    """``orders`` are sent in two parcels each, besides the one with an item on two lines.

    With ``long_order_lines`` somebody buys so many different items at once.
    """

    orders: int = 4
    stock: int = 60
    products: int = 5
    long_order_lines: int = 0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders and their parcels."""
    shop = draw_shop(
        seed, products=options.products, stock=options.stock, customers=options.orders + 1
    )
    draws = seed.stream(NAME)
    skus = [variant.sku for variant in shop.variants()]
    twice = draws.choice(skus)
    baskets: list[list[dict[str, Any]]] = [
        [
            {"sku": twice, "quantity": 2, "properties": {"Engraving": "Ada"}},
            {"sku": twice, "quantity": 3, "properties": {"Engraving": "Grace"}},
        ]
    ]
    for _ in range(options.orders):
        chosen = draws.sample(skus, 2)
        baskets.append([{"sku": sku, "quantity": draws.randint(2, 4)} for sku in chosen])
    labels = [f"order-{number}" for number in range(1, len(baskets) + 1)]
    bought = [
        checkout(number * 0.4, shop.customers[number], basket, label)
        for number, (label, basket) in enumerate(zip(labels, baskets, strict=True))
    ]
    first: list[Step] = []
    second: list[Step] = []
    for number, (label, basket) in enumerate(zip(labels, baskets, strict=True)):
        order = reference(label, "order_id")
        # Of the order with one item twice, the second line leaves whole and the first not.
        parts = [1, 3] if number == 0 else [basket[0]["quantity"], draws.randint(1, 2)]
        lines = [
            {"sku": line["sku"], "quantity": min(part, line["quantity"])}
            for line, part in zip(basket, parts, strict=True)
        ]
        tracking = f"TRK{seed.value:04d}{number:02d}"
        first.append(ship(number * 0.3, "packer-1", order, f"first-{label}", lines, tracking + "A"))
        whole = all(
            line["quantity"] == sent["quantity"] for line, sent in zip(basket, lines, strict=True)
        )
        if whole:
            continue
        if number == len(labels) - 1:
            second.append(cancel_rest(number * 0.3, "packer-1", order))
        else:
            second.append(
                ship(number * 0.3, "packer-1", order, f"second-{label}", None, tracking + "B")
            )
    long = skus[: options.long_order_lines]
    if long:
        bought.append(_long_order(len(labels) * 0.4, shop.customers[0], long))
        first.append(_sent_whole("long-order", f"TRK{seed.value:04d}L"))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            Stage(name="the orders", steps=bought),
            Stage(name="first parcels", steps=first),
            Stage(name="second parcels", steps=second),
        ],
    )


def _long_order(at_seconds: float, customer: Customer, skus: list[str]) -> Step:
    return checkout(
        at_seconds, customer, [{"sku": sku, "quantity": 1} for sku in skus], "long-order"
    )


def _sent_whole(label: str, tracking: str) -> Step:
    return ship(0.1, "packer-2", reference(label, "order_id"), f"ship-{label}", None, tracking)


SCENARIO = Scenario(
    name=NAME,
    summary="Orders leave in several parcels, one item on two lines; a rest is given up.",
    flows=("orders", "fulfilment"),
    simulators=("shopify",),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "identity_kept",
        "fulfilled_once",
        "stock_conserved",
        "events_end_visibly",
        "api_manners",
        "service_levels",
        "secrets_kept",
    ),
    plan=plan,
)
