"""The bank's interface fails over midnight; bookings come late, a statement comes twice.

The story begins on a Monday. Customers pay every day. On one day the pull fails and is made up
for the next. On another the bank books money on the day before, after the connector has seen
bookings of the day itself; that day's statement comes late, too. Each banking day's statement
is a file as well, one of them delivered twice; what is paid at the weekend is booked on Monday.
On one evening the bank's consent has ended, and is given again (a new one) in the morning; on
another the token expires that its interface gave. The network fails as well: on the first evening
nothing gets to the bank, on the fourth it is slow, and on the last one an answer is lost. One of
Odoo's is lost, too: it has written lines, and who asked for it does not hear so. In the end every
booked transaction is one line in Odoo.
Try it: ``peakproof run bank_outage --connector connectors/oca_ponto``.
"""

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import pass_days, poll
from peakproof.plan import BankAccount, Plan, PlannedFault, Scenario, Stage, Step
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "bank_outage"

_DAYS_AFTER = 3  # until what is paid on a Saturday is booked and told


class Options(msgspec.Struct, kw_only=True):
    """``payments`` come in on each of ``days``; the pull fails on day ``outage_day``.

    On ``late_day`` the bank books on the day before; ``twice_day``'s statement comes twice. On
    ``consent_day`` the bank's consent ends before the pull; it is given again on the next. On
    ``cut_day``, ``slow_day`` and ``lost_day`` the network fails in three ways, on ``token_day`` the
    token of the bank's interface expires. On ``odoo_lost_day``
    the answer is lost with which Odoo confirms bank lines to a connector beside it.
    """

    days: int = 6
    payments: int = 4
    late_day: int = 2
    outage_day: int = 3
    twice_day: int = 4
    consent_day: int = 5
    cut_day: int = 1
    slow_day: int = 4
    lost_day: int = 6
    odoo_lost_day: int = 2
    token_day: int = 2


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the payments and what goes wrong."""
    shop = draw_shop(seed, products=1, stock=1, customers=8)
    shop.bank_accounts = [
        BankAccount(code="MAIN", iban="BE71096123456769", currency=shop.currency, owner=shop.name)
    ]
    shop.days_ago = options.days + _DAYS_AFTER
    shop.first_weekday = 0
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
        if day == options.late_day and day > 1:
            steps.append(poll(0.7))
            late = _payment(9, draws.choice(shop.customers), draws.randint(100, 99999), day - 1)
            late.arguments["booked_days_ago"] = 1
            steps.append(late)
        fee = {"amount": "3.50", "currency": shop.currency, "counterparty": "The Bank"}
        steps.append(_bank(1.0, "pay_out", {**fee, "kind": "fee", "remittance": f"Fee day {day}"}))
        if day != options.late_day - 1:
            steps.append(_bank(1.2, "issue_due_statements", {"format": "camt053"}))
        if day == options.twice_day:
            again = {"format": "camt053", "duplicate": True}
            steps.append(_bank(1.3, "issue_statement", again))
        if day == options.consent_day:
            steps.append(_bank(1.4, "expire_consent", {}))
        if day == options.consent_day + 1:
            steps.insert(0, _bank(0.0, "renew_consent", {}))
        steps += [pass_days(1.5), poll(2.5)]
        stage = Stage(name=f"day {day}", steps=_in_order(steps))
        stage.faults = _faults(options, day)
        stages.append(stage)
    rest = [
        pass_days(0.1, _DAYS_AFTER - 1),
        _bank(0.2, "issue_due_statements", {"format": "camt053"}),
        poll(1.0),
    ]
    stages.append(Stage(name="the days after", steps=_in_order(rest)))
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _faults(options: Options, day: int) -> list[PlannedFault]:
    """Return what goes wrong on the way to the bank, or there, on a day."""
    planned: tuple[tuple[int, str, dict[str, object]], ...] = (
        (options.outage_day, "api_errors", {"operation": "*"}),
        (options.cut_day, "vendor_refused", {}),
        (options.slow_day, "vendor_slow", {"delay_seconds": 1.0, "count": 3}),
        (options.lost_day, "vendor_acknowledgement_lost", {"count": 1}),
        (options.token_day, "token_expired", {"count": 1, "lasting": True}),
    )
    faults = [
        PlannedFault(fault=fault, options={"simulator": "bank", **given})
        for its_day, fault, given in planned
        if day == its_day
    ]
    if day == options.odoo_lost_day:
        lost = {"operation": "account.bank.statement.line.*", "count": 1}
        faults.append(
            PlannedFault(
                fault="odoo_acknowledgement_lost",
                options=lost,
                must_fire=False,  # it may write lines in another way
                only_for="external",
            )
        )
    return faults


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
    summary="Pulls fail, bookings come late, statements twice; each booking is one line in Odoo.",
    flows=("bank",),
    simulators=("bank",),
    options=Options,
    invariants=("bank_lines_once", "secrets_kept"),
    plan=plan,
)
