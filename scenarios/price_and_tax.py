"""Prices change while shoppers check out; taxes are inclusive or not; every cent is rounded.

Baskets with prices, quantities and discounts whose tax does not come out even, per line and per
order; a discount of a hundred per cent; a fixed discount larger than some lines; a price that
changes between two checkouts of one item. The seed decides whether prices include the tax, and
whether Odoo rounds taxes per line or per order (which a connector's own set-up may overrule).

Two gift cards pay: a large one a whole order, a small one a part of another, the rest by card.
A gift card pays and takes nothing off; when it is empty the shop refuses it (that step fails
with ``empty_gift_card``).
Try it: ``peakproof run price_and_tax --connector connectors/reference``.
"""

from random import Random
from typing import Any, Literal

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import checkout, new_price
from peakproof.plan import DiscountCode, GiftCard, Plan, Scenario, Shop, Stage, Step, TaxRule
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "price_and_tax"

# Amounts whose tax ends in half a cent or thirds, at the rates below.
AWKWARD_PRICES = ("0.05", "0.99", "1.85", "3.33", "6.15", "9.95", "24.38", "99.99")
RATES = ("0.0825", "0.19", "0.0775", "0.21")
LARGE, SMALL = "GIFT-LARGE-7QXA", "GIFT-SMALL-2MRD"
# Which order is paid with which: whole, in part, by what is no longer there.
PAID_WITH = {5: LARGE, 8: SMALL, 9: LARGE, 10: SMALL}


class Options(msgspec.Struct, kw_only=True):
    """``orders`` are placed; ``taxes`` is included, excluded or drawn, ``rounding`` (in Odoo, of
    taxes) line, order or drawn.
    """

    orders: int = 12
    customers: int = 6
    price_changes: int = 3
    taxes: Literal["included", "excluded", "drawn"] = "drawn"
    rounding: Literal["line", "order", "drawn"] = "drawn"


def plan(options: Options, seed: Seed) -> Plan:
    """Draw prices, the tax and the baskets."""
    draws = seed.stream(NAME)
    included = {"included": True, "excluded": False}.get(options.taxes)
    if included is None:
        included = draws.random() < 0.5
    shop = draw_shop(
        seed, products=8, stock=200, customers=options.customers, taxes_included=included
    )
    rounding = draws.choice(("line", "order"))
    if options.rounding != "drawn":
        rounding = options.rounding
    shop.tax_rounding = {"line": "round_per_line", "order": "round_globally"}[rounding]
    shop.tax = TaxRule(title="Sales tax", rate=draws.choice(RATES))
    for variant, price in zip(shop.variants(), AWKWARD_PRICES, strict=True):
        variant.price = price
    shop.discount_codes = [
        DiscountCode(code="FREE", kind="percentage", value="100"),
        DiscountCode(code="THIRD", kind="percentage", value="33"),
        DiscountCode(code="SEVEN", kind="fixed", value="7.00"),
        DiscountCode(code="HALF", kind="percentage", value="12.5"),
    ]
    shop.gift_cards = [
        GiftCard(code=LARGE, balance="5000.00"),
        GiftCard(code=SMALL, balance=f"{draws.randint(101, 699) / 100:.2f}"),
    ]
    steps: list[Step] = []
    for number in range(options.orders):
        code = ["", "FREE", "THIRD", "SEVEN", "HALF", ""][number % 6]
        steps.append(
            checkout(
                number * 0.3,
                shop.customers[number % len(shop.customers)],
                _basket(draws, shop),
                f"order-{number + 1}",
                shipping=draws.choice(["Standard", "Express"]),
                discount_code=code,
                gift_card=PAID_WITH.get(number, ""),
            )
        )
    for number in range(options.price_changes):
        variant = draws.choice(shop.variants())
        steps.append(new_price(0.7 + number, variant.sku, f"{draws.randint(50, 9000) / 100:.2f}"))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[Stage(name="the sale", steps=steps)],
    )


def _basket(draws: Random, shop: Shop) -> list[dict[str, Any]]:
    """Draw three to five items in odd quantities, so that rounding shows."""
    skus = [variant.sku for variant in shop.variants()]
    chosen = draws.sample(skus, draws.randint(3, 5))
    return [{"sku": sku, "quantity": draws.choice((1, 3, 7))} for sku in chosen]


SCENARIO = Scenario(
    name=NAME,
    summary="Awkward prices, taxes in and on top, full discounts, prices that change meanwhile.",
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
        "secrets_kept",
    ),
    plan=plan,
)
