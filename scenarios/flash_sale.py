"""A flash sale: one hot item, demand well above stock, while the store sells it too.

Shoppers come in bursts, some of them again and again; orders are edited and cancelled in the
rush; clerks sell the same pieces over the counter and a late delivery brings more.
Try it: ``peakproof run flash_sale --connector connectors/reference --option stock=20``.
"""

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel, checkout, edit, stock_count, store_sale
from peakproof.plan import Plan, Scenario, Shop, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "flash_sale"


class Options(msgspec.Struct, kw_only=True):
    """``demand_factor`` is units wanted online over units in stock of the hot item."""

    stock: int = 24
    demand_factor: float = 1.8
    customers: int = 14
    bursts: int = 4
    burst_gap_seconds: float = 3.0
    store_sales: int = 5
    edits: int = 3
    cancellations: int = 3
    delivery: int = 6
    products: int = 4


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the sale."""
    shop = draw_shop(
        seed, products=options.products, stock=options.stock, customers=options.customers
    )
    hot = shop.variants()[0].sku
    draws = seed.stream(NAME)
    steps, labels = _checkouts(options, seed, shop, hot)
    end = options.bursts * options.burst_gap_seconds
    changed = draws.sample(labels, k=min(len(labels), options.edits + options.cancellations))
    bought = {step.label: step.arguments["lines"][0]["quantity"] for step in steps}
    for label in changed[: options.edits]:
        # One piece less, or one more for those who bought a single one (if there is one left).
        quantity = bought[label] - 1 or 2
        at = draws.uniform(end * 0.3, end)
        steps.append(edit(at, label, [{"sku": hot, "quantity": quantity}]))
    for label in changed[options.edits :]:
        steps.append(cancel(draws.uniform(end * 0.3, end), label))
    for number in range(options.store_sales):
        at = draws.uniform(0.5, end)
        steps.append(store_sale(at, f"store-{number % 2 + 1}", hot, 1, "MAIN"))
    steps.append(stock_count(end * 0.6, "warehouse", hot, options.delivery, "MAIN"))
    # Two changes in quick succession: a connector that drops the second one stays one behind.
    quiet = shop.variants()[-1].sku
    steps.append(stock_count(end * 0.5, "warehouse", quiet, 3, "MAIN"))
    steps.append(stock_count(end * 0.5 + 0.05, "warehouse", quiet, -1, "MAIN"))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[Stage(name="the sale", steps=steps)],
    )


def _checkouts(options: Options, seed: Seed, shop: Shop, hot: str) -> tuple[list[Step], list[str]]:
    """Draw bursts of checkouts until the demand is reached; return them with their labels."""
    draws = seed.stream(f"{NAME} demand")
    others = [variant.sku for variant in shop.variants() if variant.sku != hot]
    wanted = round(options.stock * options.demand_factor)
    steps: list[Step] = []
    labels: list[str] = []
    while wanted > 0:
        quantity = min(wanted, draws.choices((1, 2, 3), (6, 3, 1))[0])
        wanted -= quantity
        lines = [{"sku": hot, "quantity": quantity}]
        if others and draws.randrange(3) == 0:
            lines.append({"sku": draws.choices(others)[0], "quantity": 1})
        burst = draws.randrange(options.bursts)
        label = f"order-{len(labels) + 1}"
        labels.append(label)
        steps.append(
            checkout(
                burst * options.burst_gap_seconds + draws.uniform(0, 0.8),
                draws.choices(shop.customers)[0],
                lines,
                label,
                discount_code=draws.choices(["", "TENOFF"], [4, 1])[0],
            )
        )
    return steps, labels


SCENARIO = Scenario(
    name=NAME,
    summary="One hot item, demand above stock, bursts, edits, cancellations, store sales.",
    flows=("orders", "inventory"),
    simulators=("shopify",),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "identity_kept",
        "no_oversell",
        "stock_conserved",
        "events_end_visibly",
        "api_manners",
        "service_levels",
        "secrets_kept",
    ),
    plan=plan,
)
