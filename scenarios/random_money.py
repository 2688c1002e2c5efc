"""Any money goes: people pay and are paid back, banks book late or twice, interfaces fail.

Some business days of payments by card and by bank transfer, refunds, disputes, fees, payouts that
arrive or fail, statements that come twice or not, consents that end; drawn from the seed, with
every kind of fault at the gateway and at the bank. Nothing here is aimed at a known weakness.
``peakproof explore`` plays it over and over.
Try it: ``peakproof run random_money --connector connectors/reference --seed 5``.
"""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import in_order, of_the_day, pass_days, poll
from peakproof.plan import BankAccount, Plan, PlannedFault, Scenario, Stage, Step, reference
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "random_money"

_gateway, _bank = partial(of_the_day, "gateway"), partial(of_the_day, "bank")
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("api_errors", {}),
    ("api_errors", {"count": 2}),
    ("api_latency", {"count": 2, "delay_seconds": 2.0}),
    ("token_expired", {"count": 1}),
    ("lost_acknowledgement", {"count": 2}),
    ("api_throttle", {"style": "status", "count": 2, "retry_after_seconds": 1}),
]
IBAN = "BE71096123456769"
_DAYS_AFTER = 5  # until the last payout has arrived at the bank


class Options(msgspec.Struct, kw_only=True):
    """``deeds`` on each of ``days``; on a day something fails with a chance of ``fault_share``."""

    days: int = 4
    deeds: int = 6
    fault_share: float = 0.5


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the days."""
    draws = seed.stream(NAME)
    shop = draw_shop(seed, products=1, stock=1, customers=6)
    shop.exchange_rates = {"EUR": "0.92"}
    shop.bank_accounts = [
        BankAccount(code="MAIN", iban=IBAN, currency=shop.currency, owner=shop.name)
    ]
    shop.days_ago = options.days + _DAYS_AFTER
    shop.first_weekday = draws.randint(0, 4)
    book = _Book(draws, [f"{one.first_name} {one.last_name}" for one in shop.customers])
    stages = []
    for day in range(1, options.days + _DAYS_AFTER + 1):
        steps = book.deeds(options.deeds if day <= options.days else 0)
        failing = day <= options.days + 1 and draws.random() < options.fault_share
        stages.append(
            Stage(
                name=f"day {day}",
                steps=in_order(steps + book.evening(day)),
                faults=[_fault(draws)] if failing else [],
            )
        )
    stages[-1].steps = in_order([*book.put_right(), *stages[-1].steps])
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


class _Book:
    """Draws deeds that make sense after those before."""

    def __init__(self, draws: Random, names: list[str]) -> None:
        self.draws, self.names = draws, names
        self.count = 0
        self.charges: list[str] = []  # labels of payments that nothing has happened to since
        self.disputes: list[str] = []
        self.consent_ended = False
        self.choices: list[tuple[int, Callable[[], list[Step]]]] = [
            (6, self.pay),
            (2, self.refund),
            (1, self.dispute),
            (1, self.decide),
            (3, self.transfer),
            (1, self.fee),
            (1, self.fail_payout),
            (1, self.twice),
            (1, self.consent),
        ]

    def deeds(self, count: int) -> list[Step]:
        """Draw what happens on a day."""
        weights = [weight for weight, _ in self.choices]
        chosen = self.draws.choices(self.choices, weights, k=count)
        return [step for _, deed in chosen for step in deed()]

    def evening(self, day: int) -> list[Step]:
        """The gateway pays out, the bank hears of it and tells it, the connector's hour comes."""
        close = f"close-{day}"
        paid = {"account": "MAIN", "payouts": reference(close, "payouts")}
        statement = {"account": "MAIN", "format": "camt053"}
        told = [_bank("issue_due_statements", statement)] if self.draws.random() < 0.8 else []
        return [
            _gateway("close_day", {}, close),
            _bank("receive_payouts", paid),
            *told,
            pass_days(0.0),
            poll(0.0),
        ]

    def put_right(self) -> list[Step]:
        """What a person sees to in the end: the consent, and the statements that are due."""
        again = [_bank("renew_consent", {"account": "MAIN"})] if self.consent_ended else []
        return [*again, _bank("issue_due_statements", {"account": "MAIN", "format": "camt053"})]

    def pay(self) -> list[Step]:
        """Somebody pays by card, now and then in another currency."""
        label = self._label("pay")
        self.charges.append(label)
        return [
            _gateway(
                "pay",
                {
                    "amount": self._amount(),
                    "currency": self.draws.choices(["USD", "EUR"], [4, 1])[0],
                    "order_name": f"#{self.count:04d}",
                },
                label,
            )
        ]

    def refund(self) -> list[Step]:
        """A payment is given back in part."""
        if not self.charges:
            return self.pay()
        charge = reference(self._pick(self.charges), "charge_id")
        return [_gateway("refund", {"charge_id": charge, "amount": "1.25"}, self._label("refund"))]

    def dispute(self) -> list[Step]:
        """Somebody disputes a payment."""
        if not self.charges:
            return self.pay()
        label = self._label("dispute")
        self.disputes.append(label)
        charge = reference(self._pick(self.charges), "charge_id")
        return [_gateway("dispute", {"charge_id": charge}, label)]

    def decide(self) -> list[Step]:
        """A dispute is won or lost."""
        if not self.disputes:
            return self.pay()
        opened = reference(self._pick(self.disputes), "dispute_id")
        won = self.draws.choice([True, False])
        return [_gateway("close_dispute", {"dispute_id": opened, "won": won})]

    def transfer(self) -> list[Step]:
        """Somebody pays by bank transfer; now and then the same amount twice."""
        told = {
            "account": "MAIN",
            "amount": self._amount(),
            "currency": "USD",
            "counterparty": self.draws.choice(self.names),
            "remittance": f"Invoice {self._label('transfer')}",
        }
        times = self.draws.choices([1, 2], [5, 1])[0]
        return [_bank("receive", dict(told)) for _ in range(times)]

    def fee(self) -> list[Step]:
        """The bank takes its fee."""
        told = {"amount": "3.50", "currency": "USD", "counterparty": "The Bank", "kind": "fee"}
        return [_bank("pay_out", {"account": "MAIN", "remittance": self._label("Fee"), **told})]

    def fail_payout(self) -> list[Step]:
        """A payout on its way comes back, if there is one."""
        return [_gateway("fail_payout", {})]

    def twice(self) -> list[Step]:
        """A statement is delivered a second time, if there was one."""
        told = {"account": "MAIN", "format": "camt053", "duplicate": True}
        return [_bank("issue_statement", told)]

    def consent(self) -> list[Step]:
        """The bank's consent ends, or is given again."""
        self.consent_ended = not self.consent_ended
        action = "expire_consent" if self.consent_ended else "renew_consent"
        return [_bank(action, {"account": "MAIN"})]

    def _label(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.count}"

    def _pick(self, among: list[str]) -> str:
        return among.pop(self.draws.randrange(len(among)))

    def _amount(self) -> str:
        cents = self.draws.randint(500, 30000)
        return f"{cents // 100}.{cents % 100:02d}"


def _fault(draws: Random) -> PlannedFault:
    """Draw what fails: an interface for the whole day or for some calls, or an answer is lost."""
    part = draws.choice(["gateway", "bank"])
    name, how = draws.choice(FAULTS)
    if name == "token_expired":
        part = "bank"  # the gateway's key has no end
    options = {"simulator": part, "operation": "*", **how}
    return PlannedFault(fault=name, options=options, must_fire=False)


SCENARIO = Scenario(
    name=NAME,
    summary="Random payments, payouts and bookings with random faults; nothing is aimed at.",
    flows=(),
    flows_any=("payouts", "bank"),
    simulators=("gateway", "bank"),
    options=Options,
    invariants=("payout_lines_once", "bank_lines_once", "payouts_reconciled"),
    plan=plan,
    random=True,
)
