"""The parcel carrier fails, crawls, hangs, loses an answer, is out of reach; packing goes on.

Telephone orders are sent by parcel throughout; orders of the channel come in at the same time
where the connector takes them, must not slow down, and are sent too: the channel has to be told
of their parcels. A packer presses the button again when it did not work. In the end every
parcel has one label that was paid for, and no label was bought for nothing, the one whose
answer was lost included. In the last stage the network fails: connections to the carrier are
refused, then one is taken and stays silent, so that nothing gets there.
Try it: ``peakproof run carrier_outage --connector connectors/oca_dhl_parcel``.
"""

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import cancel_rest, checkout, phone_order, random_basket, ship
from peakproof.plan import (
    CarrierAccount,
    CarrierService,
    Plan,
    PlannedFault,
    Scenario,
    Stage,
    Step,
    reference,
)
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

NAME = "carrier_outage"

BUY = "*.buy"  # the operation that buys a label: every carrier's simulator names it so


_STAGES = (
    "a calm morning",
    "the outage",
    "the carrier hangs",
    "an answer is lost",
    "nothing gets there",
)


class Options(msgspec.Struct, kw_only=True):
    """``parcels`` a stage; ``shop_orders`` while the carrier is down.

    So many orders as ``given_up`` says are entered in the morning and never sent. In the end
    there are ``refusals`` of connections, then one that is silent for ``silent_seconds``.
    """

    parcels: int = 3
    shop_orders: int = 8
    stock: int = 200
    errors: int = 2
    slow_seconds: float = 3.0
    hang_seconds: float = 22.0
    refusals: int = 2
    silent_seconds: float = 8.0
    given_up: int = 0


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders and the outage."""
    shop = draw_shop(
        seed,
        products=5,
        stock=options.stock,
        customers=options.parcels * len(_STAGES),
        country="ES",
    )
    shop.carrier_accounts = [
        CarrierAccount(carrier=carrier, services=[CarrierService(name="Ground", price=price)])
        for carrier, price in (("UPS", "8.40"), ("USPS", "7.10"))
    ]
    draws = seed.stream(NAME)
    stages: list[Stage] = []
    for name in _STAGES:
        entered: list[Step] = []
        sent: list[Step] = []
        for number in range(options.parcels):
            label = f"{name.split()[-1]}-{number + 1}"
            customer = shop.customers[len(stages) * options.parcels + number]
            entered.append(phone_order(number * 0.2, customer, random_basket(draws, shop), label))
            order = reference(label, "odoo_order_id")
            # Slow enough that a connector beside Odoo buys while the fault is there.
            sent.append(ship(0.5 + number * 2.0, "packer-1", order, f"ship-{label}", tries=8))
        stages.append(Stage(name=name, steps=[*entered, *sent]))
    for number in range(options.given_up):
        label = f"given-up-{number + 1}"
        basket = random_basket(draws, shop)
        stages[0].steps.append(phone_order(number * 0.2, shop.customers[0], basket, label))
        order = reference(label, "odoo_order_id")
        stages[0].steps.append(cancel_rest(6.0, "packer-2", order))
    for number in range(options.shop_orders):
        buyer, label = draws.choice(shop.customers), f"shop-{number + 1}"
        bought = checkout(number * 0.3, buyer, random_basket(draws, shop), label)
        packed = ship(
            1.0 + number * 0.3, "packer-2", reference(label, "order_id"), f"ship-{label}", tries=8
        )
        bought.flow = packed.flow = "orders"
        stages[1].steps += [bought, packed]
    _break(stages, options)
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=stages,
    )


def _break(stages: list[Stage], options: Options) -> None:
    """Plan the faults: errors and a crawl, then a hang, a lost answer, a network that fails."""
    stages[1].faults = [
        PlannedFault(
            fault="api_errors",
            options={"simulator": "carrier", "operation": BUY, "count": options.errors},
        ),
        PlannedFault(
            fault="api_latency",
            options={
                "simulator": "carrier",
                "operation": BUY,
                "skip": options.errors,
                "count": 1,
                "delay_seconds": options.slow_seconds,
            },
            must_fire=False,
        ),
    ]
    # Longer than most callers wait: they give up, and the carrier carries it out all the same.
    stages[2].faults = [
        PlannedFault(
            fault="api_latency",
            options={
                "simulator": "carrier",
                "operation": BUY,
                "count": 1,
                "delay_seconds": options.hang_seconds,
            },
        )
    ]
    stages[3].faults = [
        PlannedFault(
            fault="lost_acknowledgement",
            options={"simulator": "carrier", "operation": BUY, "count": 1},
        )
    ]
    stages[4].faults = [
        PlannedFault(
            fault="vendor_refused", options={"simulator": "carrier", "count": options.refusals}
        ),
        PlannedFault(
            fault="vendor_timeout",
            options={"simulator": "carrier", "count": 1, "hang_seconds": options.silent_seconds},
        ),
    ]


SCENARIO = Scenario(
    name=NAME,
    summary="The carrier fails, crawls and loses an answer; no parcel is bought twice.",
    flows=("shipping",),
    simulators=("shopify", "carrier"),
    options=Options,
    invariants=(
        "labels_once",
        "orders_exactly_once",
        "identity_kept",
        "fulfilled_once",
        "service_levels",
        "isolation",
        "secrets_kept",
    ),
    plan=plan,
)
