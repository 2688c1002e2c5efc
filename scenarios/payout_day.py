"""Card payments become payouts and bank lines: fees, refunds, disputes, a failed payout.

The story begins on a Monday. Each day shoppers pay through the gateway in three currencies, some
are refunded, one disputes. The business has bank accounts in two of them, in which the gateway
settles; it converts the third. It pays out what has become available; the bank receives it two
banking days later and tells it in files, too. One payout fails, comes back and is paid out again.
One day is so busy that its movements need several pages; it is the last of a month, and shoppers
pay until midnight at Greenwich and after it, when it is another day where the business is.

Where a connector claims to match payments, the office posts an invoice of each order in Odoo and a
credit note of each refund; one invoice a day comes a day late, one never, and on the busy day it
gets through a hundred orders only. On one evening the gateway's interface fails just when the
connector asks; it works again the next day. On a later one nothing gets there, for the network
refuses connections.
Try it: ``peakproof run payout_day --connector connectors/oca_stripe``.
"""

from functools import partial
from random import Random
from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import in_order, of_the_day, pass_days, poll, wait_until
from peakproof.plan import (
    BankAccount,
    Plan,
    PlannedFault,
    Scenario,
    Shop,
    Stage,
    Step,
    reference,
)
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "payout_day"

_gateway, _bank = partial(of_the_day, "gateway"), partial(of_the_day, "bank")

_REFUND = "1.25"
_DAYS_AFTER = 6  # until the last payout has arrived at the bank
_BUSY_DAY = 2  # a Tuesday, the last day of its month
_LATE, _NEVER = 6, 5  # of a day's payments: whose invoice comes on the next day, or not at all
_NIGHT = 901  # numbers of the payments around midnight begin here
_ZONES = ("America/New_York", "Asia/Tokyo")  # evening and morning at midnight of Greenwich


class Options(msgspec.Struct, kw_only=True):
    """``payments`` a day over ``days``; ``busy_payments`` on the second day.

    ``night_payments`` are made just before midnight of that day, and as many after it. Where the
    business is says ``timezone``; without one it is drawn. The office invoices no more than
    ``invoices`` of a day's orders. On ``outage_day`` the gateway's interface fails, after it told
    ``outage_pages``, on ``cut_day`` the network on the way there.
    """

    days: int = 4
    payments: int = 6
    busy_payments: int = 250
    night_payments: int = 3
    timezone: str = ""
    invoices: int = 100  # all 250 of the busy day: a quarter of a minute more
    outage_day: int = 3
    outage_pages: int = 0
    cut_day: int = 5


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the payments and what becomes of them."""
    draws = seed.stream(NAME)
    shop = _shop(seed, options.timezone or draws.choice(_ZONES))
    shop.days_ago = options.days + _DAYS_AFTER
    stages, owed = [], _Office(shop, options.invoices)
    for day in range(1, options.days + 1):
        count = options.busy_payments if day == _BUSY_DAY else options.payments
        night = range(_NIGHT, _NIGHT + options.night_payments)
        morning = [_pay(draws, day, number) for number in night if day == _BUSY_DAY + 1]
        noon = [_pay(draws, day, number) for number in range(1, count + 1)]
        if count >= _LATE:  # two payments of the same, of which one has no invoice
            money = {name: noon[_NEVER - 1].arguments[name] for name in ("amount", "currency")}
            noon[_LATE - 1].arguments |= money
        late = [_pay(draws, day, number) for number in night if day == _BUSY_DAY]
        steps = [*morning, wait_until(0.0, "12:00"), *noon, wait_until(0.0, "23:30"), *late]
        steps += _afterthoughts(draws, day)
        steps += owed.documents([*morning, *noon, *late])
        steps += _evening(day)
        stages.append(Stage(name=f"day {day}", steps=in_order(steps)))
    # Days without sales.
    for day in range(options.days + 1, options.days + _DAYS_AFTER + 1):
        fails = [_gateway("fail_payout", {})] if day == options.days + 1 else []
        steps = [*fails, *owed.documents([]), *_evening(day)]
        stages.append(Stage(name=f"day {day}", steps=in_order(steps)))
    told = {"skip": options.outage_pages} if options.outage_pages else {}
    for day, fault, more in (
        (options.outage_day, "api_errors", told),
        (options.cut_day, "vendor_refused", {}),
    ):
        if 0 < day <= len(stages):
            stages[day - 1].faults.append(
                PlannedFault(fault=fault, options={"simulator": "gateway", **more})
            )
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _shop(seed: Seed, zone: str) -> Shop:
    """Return a business with accounts in dollars and euros, some day before a month's end."""
    shop = draw_shop(seed, products=1, stock=1, customers=6)
    shop.timezone = zone
    shop.exchange_rates = {"EUR": "0.92", "GBP": "0.79"}
    shop.bank_accounts = [
        BankAccount(code="MAIN", iban="BE71096123456769", currency=shop.currency, owner=shop.name),
        BankAccount(code="EURO", iban="BE68539007547034", currency="EUR", owner=shop.name),
    ]
    shop.first_weekday = 0
    shop.month_end_day = _BUSY_DAY
    shop.day_begins = "00:20"
    return shop


class _Office:
    """Posts what was paid as invoices, what was given back as credit notes."""

    def __init__(self, shop: Shop, invoices: int) -> None:
        self._names = [f"{one.first_name} {one.last_name}" for one in shop.customers]
        self._invoices = invoices
        self._late: list[dict[str, Any]] = []

    def documents(self, paid: list[Step]) -> list[Step]:
        """Return the evening's work: the documents of a day, and what was late the day before."""
        due, self._late = self._late, []
        for step in paid:
            number, told = int(step.label.rpartition("-")[2]), step.arguments
            document = {
                "reference": told["order_name"],
                "amount": told["amount"],
                "currency": told["currency"],
                "customer": self._names[(number + 1) // 2 % len(self._names)],
            }
            if number == 1:
                due.append({**document, "amount": _REFUND, "credit": True})
            if number != _NEVER and (number <= self._invoices or number >= _NIGHT):
                (self._late if number == _LATE else due).append(document)
        posting = Step(
            at_seconds=0.0,
            actor="the day",
            system="odoo",
            action="post_invoices",
            arguments={"invoices": due},
            flow="payments",
        )
        return [posting] if due else []


def _pay(draws: Random, day: int, number: int) -> Step:
    cents = draws.randint(500, 30000)
    return _gateway(
        "pay",
        {
            "amount": f"{cents // 100}.{cents % 100:02d}",
            "currency": draws.choices(["USD", "EUR", "GBP"], [9, 4, 1])[0],
            "order_name": f"#{day}{number:03d}",
        },
        f"pay-{day}-{number}",
    )


def _afterthoughts(draws: Random, day: int) -> list[Step]:
    """Refunds, and a dispute of a payment of the day before."""
    charge = reference(f"pay-{day}-1", "charge_id")
    steps = [_gateway("refund", {"charge_id": charge, "amount": _REFUND}, f"refund-{day}")]
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
        _bank("receive_payouts", {"payouts": paid}),
        _bank("issue_due_statements", {"account": "MAIN"}),
        _bank("issue_due_statements", {"account": "EURO"}),
        pass_days(0.0),
        poll(0.0),
    ]


SCENARIO = Scenario(
    name=NAME,
    summary="Charges, fees, refunds and disputes become payouts and bank lines, to the cent, "
    "in several currencies, over a month's end.",
    flows=(),
    flows_any=("payouts", "bank"),
    simulators=("gateway", "bank"),
    options=Options,
    invariants=(
        "payout_lines_once",
        "bank_lines_once",
        "payouts_reconciled",
        "charges_reconciled",
        "secrets_kept",
    ),
    plan=plan,
)
