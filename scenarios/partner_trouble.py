"""Partners fail one after the other: fraud screening refuses, holds, crawls and is out; mail fails.

In the morning one buyer is refused and one is put before an analyst, who accepts after a while.
Then screening crawls, loses an answer, and in the end gives none at all for so long that orders
go on without it, if that is the connector's policy. Parcels leave throughout; then the e-mail
gateway fails, and answers to messages that it did take are lost.
Try it: ``peakproof run partner_trouble --connector connectors/reference``.
"""

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import checkout, random_basket, ship
from peakproof.plan import Customer, Plan, PlannedFault, Scenario, Stage, Step, reference
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "partner_trouble"

REFUSED = "eve.reject@example.com"  # who is refused, and who is looked at by a person:
REVIEWED = "bob.review@example.com"  # contracts/minfraud goes by these words
_MORNING, _CRAWL, _OUT, _MAIL = (
    "a calm morning",
    "screening crawls",
    "screening is out",
    "mail fails",
)


class Options(msgspec.Struct, kw_only=True):
    """``orders`` a stage; the analyst decides after ``review_seconds``.

    Screening loses ``lost_answers`` while it crawls, then it is out for ``outage_seconds``. The
    gateway refuses ``mail_errors`` messages, and the answers to ``mail_lost`` more are lost; so
    many orders more are sent then, for a message follows its parcel only after a while.
    """

    orders: int = 3
    stock: int = 200
    review_seconds: float = 6.0
    crawl_seconds: float = 1.0
    lost_answers: int = 1
    outage_seconds: float = 14.0
    mail_errors: int = 2
    mail_lost: int = 1


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders, the parcels and the faults."""
    stages = (_MORNING, _CRAWL, _OUT, _MAIL)
    more = options.mail_errors + options.mail_lost
    customers = options.orders * len(stages) + more + 2
    shop = draw_shop(seed, products=5, stock=options.stock, customers=customers)
    eve, bob = shop.customers[-2:]
    eve.email, bob.email = REFUSED, REVIEWED
    draws = seed.stream(NAME)

    def orders(stage: str, buyers: list[Customer]) -> list[Step]:
        """Let them buy one after the other, and the packers send what they bought."""
        steps: list[Step] = []
        for number, buyer in enumerate(buyers):
            label = f"{stage.split()[-1]}-{number + 1}"
            steps.append(checkout(number * 0.4, buyer, random_basket(draws, shop), label))
            order, tracking = reference(label, "order_id"), f"TRK{seed.value:04d}{label.upper()}"
            packer = "packer-2" if buyer in (eve, bob) else "packer-1"
            steps.append(
                ship(1.0 + number * 0.5, packer, order, f"ship-{label}", None, tracking, 4)
            )
        return steps

    def buyers(place: int) -> list[Customer]:
        first, last = place * options.orders, (place + 1) * options.orders
        return shop.customers[first : last + (more if stages[place] == _MAIL else 0)]

    told = [
        Stage(name=name, steps=orders(name, buyers(place) + ([bob, eve] if place == 0 else [])))
        for place, name in enumerate(stages)
    ]
    told[0].steps.append(
        Step(
            at_seconds=options.review_seconds,
            actor="analyst",
            system="fraud",
            action="decide",
            arguments={"decision": "accept"},
            flow="screening",
        )
    )
    told[1].faults = [
        _fault("partner_malformed", "fraud", count=options.lost_answers),
        _fault("partner_slow", "fraud", median_seconds=options.crawl_seconds),
    ]
    told[2].faults = [_fault("partner_error", "fraud", heal=options.outage_seconds)]
    told[3].faults = [
        _fault("partner_error", "email", count=options.mail_errors),
        _fault("partner_malformed", "email", count=options.mail_lost),
    ]
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=told,
    )


def _fault(name: str, part: str, heal: float | None = None, **options: float) -> PlannedFault:
    operation = {"fraud": "score", "email": "mail.send"}[part]
    return PlannedFault(
        fault=name,
        heal_at_seconds=heal,
        options={"simulator": part, "operation": operation, **options},
    )


SCENARIO = Scenario(
    name=NAME,
    summary="Fraud screening and mail fail; nothing refused leaves, nobody is told twice.",
    flows=("orders", "fulfilment"),
    flows_any=("screening", "messages"),
    simulators=("shopify",),
    partners=("fraud", "email"),
    options=Options,
    invariants=(
        "screening_heeded",
        "messages_once",
        "orders_exactly_once",
        "identity_kept",
        "fulfilled_once",
        "stock_conserved",
        "events_end_visibly",
        "isolation",
        "service_levels",
        "secrets_kept",
    ),
    plan=plan,
)
