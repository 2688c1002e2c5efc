"""The channel's own payments are paid out: charges, fees, refunds, a dispute won and one lost.

Orders are paid through Shopify Payments and invoiced in Odoo. Every so often the channel pays out
what has gathered; the connector's schedules run after each payout, and once more at the end, when
nothing is new. Payouts are announced first and count as paid with the next one. The last orders
wait for a payout that the story does not see.

Not modelled: the bank's side, several currencies, payouts that fail.
Try it: ``peakproof run channel_payouts --connector connectors/oca_shopify_account``.
"""

from random import Random
from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import checkout, poll, random_basket, refund
from peakproof.plan import Plan, Scenario, Shop, Stage, Step, reference
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "channel_payouts"


class Options(msgspec.Struct, kw_only=True):
    """``orders`` before each of ``payouts`` payouts."""

    orders: int = 4
    payouts: int = 3


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders, and what is given back or disputed of them."""
    shop = draw_shop(seed, products=4, stock=60, customers=options.orders)
    shop.invoices = True
    draws = seed.stream(NAME)
    stages = []
    for number in range(1, options.payouts + 1):
        stages += [
            Stage(name=f"orders {number}", steps=_orders(draws, shop, number)),
            Stage(name=f"afterthoughts {number}", steps=_afterthoughts(draws, number)),
            Stage(name=f"payout {number}", steps=_payout(number == options.payouts)),
        ]
    last = options.payouts + 1
    stages.append(Stage(name="orders that wait", steps=_orders(draws, shop, last)))
    stages.append(Stage(name="nothing new", steps=[poll(0.0)]))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _orders(draws: Random, shop: Shop, payout: int) -> list[Step]:
    return [
        checkout(number * 0.4, customer, random_basket(draws, shop), f"order-{payout}-{number + 1}")
        for number, customer in enumerate(shop.customers)
    ]


def _afterthoughts(draws: Random, payout: int) -> list[Step]:
    """Something is given back, an order is disputed, and the dispute before it is decided."""
    cents = draws.randint(100, 400)
    steps = [
        refund(0.0, f"order-{payout}-1", {"amount": f"{cents // 100}.{cents % 100:02d}"}),
        _act(0.5, "open_dispute", {"order_id": _order(payout, 2)}, f"dispute-{payout}"),
    ]
    if payout > 1:
        opened = reference(f"dispute-{payout - 1}", "dispute_id")
        won = payout % 2 == 0
        steps.append(_act(1.0, "close_dispute", {"dispute_id": opened, "won": won}))
    return steps


def _order(payout: int, number: int) -> dict[str, str]:
    return reference(f"order-{payout}-{number}", "order_id")


def _payout(last: bool) -> list[Step]:
    """The channel pays out, then the connector's schedules run."""
    status = "PAID" if last else "SCHEDULED"
    return [_act(0.0, "advance_payouts", {"status": status}), poll(1.0)]


def _act(at_seconds: float, action: str, arguments: dict[str, Any], label: str = "") -> Step:
    return Step(
        at_seconds=at_seconds,
        actor="the channel",
        system="shopify",
        action=action,
        arguments=arguments,
        label=label,
    )


SCENARIO = Scenario(
    name=NAME,
    summary="The channel's payouts: charges, fees, refunds and disputes, booked to the cent.",
    flows=("channel_payouts",),
    simulators=("shopify",),
    options=Options,
    invariants=("payout_lines_once", "api_manners", "secrets_kept"),
    plan=plan,
)
