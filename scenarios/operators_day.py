"""Something cannot be done without a person: it is listed, put right, tried again, done once.

The channel sells an item that nobody told Odoo. Orders with it must not be lost in silence: the
connector lists them. A clerk enters the item, an operator has the dead letters tried again (each
twice, as impatient people do), and in the end each order is there once. Other orders go on.
Try it: ``peakproof run operators_day --connector connectors/reference``.
"""

import msgspec

from peakproof.assortment import draw_card_number, draw_shop
from peakproof.deeds import add_item, checkout, operate, random_basket
from peakproof.plan import Plan, Product, Scenario, Stage, Variant
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "operators_day"
NOVELTY = "PP-NEW"


class Options(msgspec.Struct, kw_only=True):
    """``orders`` of what Odoo knows, ``strange`` ones with the item that it lacks."""

    orders: int = 5
    strange: int = 2
    customers: int = 5


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders."""
    shop = draw_shop(seed, products=5, stock=40, customers=options.customers)
    draws = seed.stream(NAME)
    known = msgspec.structs.replace(shop)  # what baskets are drawn from
    novelty = Variant(sku=NOVELTY, title="A novelty", price="24.00", tracked=False, in_odoo=False)
    orders = [
        checkout(
            number * 0.4,
            draws.choice(shop.customers),
            random_basket(draws, known),
            f"order-{number + 1}",
        )
        for number in range(options.orders)
    ]
    strange = [
        checkout(
            0.3 + number * 0.5,
            shop.customers[number % len(shop.customers)],
            [{"sku": NOVELTY, "quantity": number + 1}, *random_basket(draws, known, 1)],
            f"strange-{number + 1}",
            note=f"If need be my other card: {draw_card_number(seed)}",
        )
        for number in range(options.strange)
    ]
    shop.products = [*shop.products, Product(title="A novelty", variants=[novelty])]
    enter = add_item(0.5, NOVELTY, novelty.title, novelty.price)
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            Stage(name="an item that Odoo lacks", steps=[*orders, *strange]),
            Stage(
                name="the operator",
                steps=[operate(0.0, "inspect"), enter, operate(1.0, "replay")],
            ),
            Stage(name="afterwards", steps=[operate(0.0, "inspect")]),
        ],
    )


SCENARIO = Scenario(
    name=NAME,
    summary="An order that needs a person is listed, put right, replayed twice and done once.",
    flows=("orders",),
    simulators=("shopify",),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "identity_kept",
        "events_end_visibly",
        "operations_sound",
        "service_levels",
        "secrets_kept",
    ),
    plan=plan,
)
