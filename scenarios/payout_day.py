"""Card payments become payouts and bank lines: fees, refunds, disputes, a failed payout.

The story begins on a Monday. Each day shoppers pay through the gateway, some in another
currency, some are refunded, one disputes. The gateway pays out what has become available; the
bank receives it two banking days later. One payout fails, comes back and is paid out again. One
day is so busy that its movements need several pages. On one evening the gateway's interface
fails just when the connector asks; it works again the next day. On a later one nothing gets there,
for the network refuses connections.
Try it: ``peakproof run payout_day --connector connectors/oca_stripe``.
"""

from random import Random
from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import pass_days, poll
from peakproof.plan import BankAccount, Plan, PlannedFault, Scenario, Stage, Step, reference
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "payout_day"

_DAYS_AFTER = 6  # until the last payout has arrived at the bank


class Options(msgspec.Struct, kw_only=True):
    """``payments`` a day over ``days``; ``busy_payments`` on the second day.

    On ``outage_day`` the gateway's interface fails, on ``cut_day`` the network on the way there.
    """

    days: int = 4
    payments: int = 6
    busy_payments: int = 250
    outage_day: int = 3
    cut_day: int = 5


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the payments and what becomes of them."""
    shop = draw_shop(seed, products=1, stock=1, customers=6)
    shop.exchange_rates = {"EUR": "0.92"}
    shop.bank_accounts = [
        BankAccount(code="MAIN", iban="BE71096123456769", currency=shop.currency, owner=shop.name)
    ]
    shop.days_ago = options.days + _DAYS_AFTER
    shop.first_weekday = 0
    draws = seed.stream(NAME)
    stages = []
    for day in range(1, options.days + 1):
        count = options.busy_payments if day == 2 else options.payments
        steps = [_pay(draws, day, number) for number in range(1, count + 1)]
        steps += _afterthoughts(draws, day)
        steps += _evening(day)
        stages.append(Stage(name=f"day {day}", steps=_in_order(steps)))
    # Days without sales.
    for day in range(options.days + 1, options.days + _DAYS_AFTER + 1):
        fails = [_gateway("fail_payout", {})] if day == options.days + 1 else []
        stages.append(Stage(name=f"day {day}", steps=_in_order(fails + _evening(day))))
    for day, fault in ((options.outage_day, "api_errors"), (options.cut_day, "vendor_refused")):
        if 0 < day <= len(stages):
            stages[day - 1].faults.append(
                PlannedFault(fault=fault, options={"simulator": "gateway"})
            )
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _gateway(action: str, arguments: dict[str, Any], label: str = "") -> Step:
    return Step(
        at_seconds=0.0,
        actor="the day",
        system="gateway",
        action=action,
        arguments=arguments,
        label=label,
    )


def _pay(draws: Random, day: int, number: int) -> Step:
    cents = draws.randint(500, 30000)
    return _gateway(
        "pay",
        {
            "amount": f"{cents // 100}.{cents % 100:02d}",
            "currency": draws.choices(["USD", "EUR"], [5, 1])[0],
            "order_name": f"#{day}{number:03d}",
        },
        f"pay-{day}-{number}",
    )


def _afterthoughts(draws: Random, day: int) -> list[Step]:
    """Refunds, and a dispute of a payment of the day before."""
    charge = reference(f"pay-{day}-1", "charge_id")
    steps = [_gateway("refund", {"charge_id": charge, "amount": "1.25"}, f"refund-{day}")]
    if day > 1:
        before = reference(f"pay-{day - 1}-2", "charge_id")
        steps.append(_gateway("dispute", {"charge_id": before}, f"dispute-{day}"))
    if day > 2:
        opened = reference(f"dispute-{day - 1}", "dispute_id")
        won = draws.choice([True, False])
        steps.append(_gateway("close_dispute", {"dispute_id": opened, "won": won}))
    return steps


def _evening(day: int) -> list[Step]:
    """The gateway pays out, the bank hears of it, the day ends, the connector's schedules run."""
    paid = reference(f"close-{day}", "payouts")
    return [
        _gateway("close_day", {}, f"close-{day}"),
        Step(
            at_seconds=0.0,
            actor="the day",
            system="bank",
            action="receive_payouts",
            arguments={"account": "MAIN", "payouts": paid},
        ),
        pass_days(0.0),
        poll(0.0),
    ]


def _in_order(steps: list[Step]) -> list[Step]:
    """Return the steps as deeds of one actor, one after the other."""
    for number, step in enumerate(steps):
        step.actor = "the day"
        step.at_seconds = number / 1000
    return steps


SCENARIO = Scenario(
    name=NAME,
    summary="Charges, fees, refunds and disputes become payouts and bank lines, to the cent.",
    flows=(),
    flows_any=("payouts", "bank"),
    simulators=("gateway", "bank"),
    options=Options,
    invariants=("payout_lines_once", "bank_lines_once", "payouts_reconciled", "secrets_kept"),
    plan=plan,
)
