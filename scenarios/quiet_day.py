"""An ordinary day: orders trickle in, stock is received, one order is edited, one cancelled.

Those changes come when every order has long arrived in Odoo. One shopper is so careless as to
write a card number into the order's note. Nothing fails.
Whoever fails here need not look at the other stories.
Try it: ``peakproof run quiet_day --connector connectors/reference``.
"""

import msgspec

from peakproof.assortment import draw_card_number, draw_shop
from peakproof.deeds import cancel, checkout, edit, random_basket, stock_count, store_sale
from peakproof.plan import Plan, Product, Scenario, Stage, Step, Variant
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "quiet_day"


class Options(msgspec.Struct, kw_only=True):
    """``orders`` by ``customers`` over ``duration_seconds``; ``stock`` units of each item.

    ``counts`` items are counted, the last ones of the catalogue after the first; the very last
    one moves ``evening_moves`` times late in the evening, two seconds apart. ``strange_items`` come
    before all others at the channel, and nobody told Odoo.
    """

    orders: int = 10
    customers: int = 6
    products: int = 6
    stock: int = 50
    duration_seconds: float = 8.0
    counts: int = 1
    evening_moves: int = 0
    strange_items: int = 0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the day."""
    shop = draw_shop(
        seed, products=options.products, stock=options.stock, customers=options.customers
    )
    draws = seed.stream(NAME)
    steps: list[Step] = []
    for number in range(1, options.orders + 1):
        steps.append(
            checkout(
                draws.uniform(0, options.duration_seconds * 0.7),
                draws.choices(shop.customers)[0],
                random_basket(draws, shop),
                f"order-{number}",
                shipping=draws.choices(["Standard", "Express"])[0],
                discount_code=draws.choices(["", "TENOFF", "FIVE"], [2, 1, 1])[0],
                note=f"If need be my other card: {draw_card_number(seed)}" if number == 3 else "",
            )
        )
    late = options.duration_seconds * 0.8
    skus = [variant.sku for variant in shop.variants()]
    steps.append(stock_count(late * 0.3, "warehouse", draws.choices(skus)[0], 12, "MAIN"))
    for number in range(1, options.counts):
        at = late * (0.3 + number / options.counts * 0.6)
        steps.append(stock_count(at, "warehouse", skus[-number], 5, "MAIN"))
    steps.append(store_sale(late * 0.6, "store-1", draws.choices(skus)[0], 2, "MAIN"))
    first_line = steps[0].arguments["lines"][0]
    changes = [edit(0.2, "order-1", [{**first_line, "quantity": first_line["quantity"] + 1}])]
    if options.orders > 1:
        changes.append(cancel(0.4, "order-2"))
    for number in range(options.evening_moves):
        units = -1 if number % 2 else 3
        changes.append(stock_count(8 + 2 * number, "warehouse", skus[-1], units, "MAIN"))
    shop.products = [*_strange(options.strange_items, options.stock), *shop.products]
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[Stage(name="the day", steps=steps), Stage(name="the evening", steps=changes)],
    )


def _strange(count: int, stock: int) -> list[Product]:
    """Return items that only the channel knows."""
    skus = [f"PP-STRANGE-{number + 1}" for number in range(count)]
    return [
        Product(
            title=sku,
            variants=[
                Variant(sku=sku, title=sku, price="9.00", stock={"MAIN": stock}, in_odoo=False)
            ],
        )
        for sku in skus
    ]


SCENARIO = Scenario(
    name=NAME,
    summary="Orders trickle in, one is edited, one cancelled; stock moves; nothing fails.",
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
