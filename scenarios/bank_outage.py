"""The bank's interface fails over midnight; statements come late, twice, with pending money.

Customers pay every day. On one day the pull fails and is made up for the next; on another the
bank shows a transaction late. Each day's statement is delivered as a file as well, one of them
twice. In the end every booked transaction is one line in Odoo.
Try it: ``peakproof run bank_outage --connector connectors/oca_ponto``.
"""

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import pass_days, poll
from peakproof.plan import BankAccount, Plan, PlannedFault, Scenario, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "bank_outage"


class Options(msgspec.Struct, kw_only=True):
    """``payments`` come in on each of ``days``; the pull fails on day ``outage_day``."""

    days: int = 6
    payments: int = 4
    outage_day: int = 3
    twice_day: int = 4


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the payments and what goes wrong."""
    shop = draw_shop(seed, products=1, stock=1, customers=8)
    shop.bank_accounts = [
        BankAccount(code="MAIN", iban="BE71096123456769", currency=shop.currency, owner=shop.name)
    ]
    # Two days to spare: what is value-dated later is booked before the story reaches today.
    shop.days_ago = options.days + 2
    draws = seed.stream(NAME)
    stages: list[Stage] = []
    for day in range(1, options.days + 1):
        steps = [
            _payment(number, draws.choice(shop.customers), draws.randint(100, 99999), day)
            for number in range(options.payments)
        ]
        # Equal payments of one customer on one day are two payments, not one twice.
        if day == 2:
            steps.append(_payment(options.payments, shop.customers[0], 4200, day))
            steps.append(_payment(options.payments + 1, shop.customers[0], 4200, day))
        fee = {"amount": "-3.50", "currency": shop.currency, "counterparty": "The Bank"}
        steps.append(_bank(1.0, "pay_out", {**fee, "remittance": f"Fee day {day}"}))
        steps.append(pass_days(1.5))
        statement = {"format": "camt053", "duplicate": day == options.twice_day}
        steps.append(_bank(2.0, "issue_statement", statement))
        steps.append(poll(2.5))
        stage = Stage(name=f"day {day}", steps=_in_order(steps))
        if day == options.outage_day:
            broken = {"simulator": "bank", "operation": "*"}
            stage.faults = [PlannedFault(fault="api_errors", options=broken, must_fire=False)]
        stages.append(stage)
    stages.append(Stage(name="the days after", steps=_in_order([pass_days(0.1), poll(1.0)])))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _payment(number: int, customer: object, cents: int, day: int) -> Step:
    name = f"{getattr(customer, 'first_name', '')} {getattr(customer, 'last_name', '')}"
    return _bank(
        number * 0.1,
        "receive",
        {
            "account": "MAIN",
            "amount": f"{cents // 100}.{cents % 100:02d}",
            "currency": "USD",
            "counterparty": name,
            "remittance": f"Invoice {day:02d}-{number + 1:03d}",
        },
    )


def _bank(at_seconds: float, action: str, arguments: dict[str, object]) -> Step:
    return Step(
        at_seconds=at_seconds,
        actor="bank",
        system="bank",
        action=action,
        arguments={"account": "MAIN", **arguments},
    )


def _in_order(steps: list[Step]) -> list[Step]:
    """Return the steps as deeds of one actor, so that a day passes in this order."""
    for step in steps:
        step.actor = "the day"
    return steps


SCENARIO = Scenario(
    name=NAME,
    summary="Pulls fail over midnight, statements come twice; each booking is one line in Odoo.",
    flows=("bank",),
    simulators=("bank",),
    options=Options,
    invariants=("bank_lines_once",),
    plan=plan,
)
