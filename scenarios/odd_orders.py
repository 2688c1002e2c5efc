"""Orders of every odd kind: who buys, in which currency, and things that are in no catalogue.

A customer comes back and writes the address in capitals; two people of one name share a house;
staff sell at a fair to people who leave no address, among it things that are in no catalogue; a
shopper abroad pays in another currency; an order with a discount loses most of its units.
Nothing fails. The seed decides whether prices include the tax.
Try it: ``peakproof run odd_orders --connector connectors/reference``.
"""

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import at_the_fair, checkout, edit, random_basket
from peakproof.plan import Plan, Scenario, Stage
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "odd_orders"


class Options(msgspec.Struct, kw_only=True):
    """``guests`` leave no address; the foreigner buys at ``exchange_rate`` euros a dollar."""

    guests: int = 2
    exchange_rate: str = "0.9137"
    gap_seconds: float = 0.5


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the people and what they buy."""
    draws = seed.stream(NAME)
    included = draws.random() < 0.5
    shop = draw_shop(seed, products=5, stock=60, customers=4, taxes_included=included)
    shop.exchange_rates = {"EUR": options.exchange_rate}
    regular, father, foreigner, thrifty = shop.customers
    shouting = msgspec.structs.replace(regular, email=regular.email.upper())
    son = msgspec.structs.replace(father, email=f"junior.{father.email}", phone="+15125559999")
    many = {"sku": draws.choice(shop.variants()).sku, "quantity": draws.randint(5, 7)}
    gap = options.gap_seconds
    first = [
        checkout(0.0, regular, random_basket(draws, shop), "regular"),
        checkout(gap, father, random_basket(draws, shop), "father"),
        checkout(2 * gap, thrifty, [many], "thrifty", discount_code="TENOFF"),
        checkout(3 * gap, foreigner, random_basket(draws, shop), "home"),
    ]
    abroad = checkout(0.0, foreigner, random_basket(draws, shop), "abroad", discount_code="FIVE")
    abroad.arguments["presentment_currency"] = "EUR"
    later = [
        abroad,
        checkout(gap, shouting, random_basket(draws, shop), "shouting"),
        checkout(2 * gap, son, random_basket(draws, shop), "son"),
        edit(3 * gap, "thrifty", [{**many, "quantity": draws.randint(1, 3)}]),
    ]
    for number in range(1, options.guests + 1):
        engraving = {"title": "Engraving", "price": f"{draws.randint(300, 1999) / 100:.2f}"}
        custom = [engraving] if number == 1 else []
        lines = random_basket(draws, shop)
        later += at_the_fair(number * gap, lines, custom, f"draft-{number}", f"guest-{number}")
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[Stage(name="the usual", steps=first), Stage(name="the odd", steps=later)],
    )


SCENARIO = Scenario(
    name=NAME,
    summary="Capitals, namesakes, guests, custom items, a foreign currency, an order that shrinks.",
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
