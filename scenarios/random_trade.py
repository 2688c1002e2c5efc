"""Anything goes: people buy, change their minds, pack, count and sell; things break meanwhile.

What is done and what fails is drawn from the seed, in any order and side by side: orders,
edits, cancellations, refunds, parcels, telephone orders, sales in the store with and without a
connection, deliveries, counts, new prices; and every kind of fault. Nothing here is aimed at a
known weakness. ``peakproof explore`` plays it over and over.
Try it: ``peakproof run random_trade --connector connectors/reference --seed 5``.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import (
    cancel,
    checkout,
    edit,
    phone_order,
    random_basket,
    refund,
    ship,
    stock_count,
    store_sale,
)
from peakproof.plan import (
    CarrierAccount,
    CarrierService,
    Location,
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

NAME = "random_trade"
MAIN = Location(code="MAIN", name="Main store")
STORE = Location(code="STORE", name="Harbour store")
LATER = {"send": 3, "give_back": 4, "cancel": 2, "change": 2}  # more likely once there are orders
CARRIERS = (("UPS", "8.40"), ("USPS", "7.10"))


class Options(msgspec.Struct, kw_only=True):
    """``deeds`` over ``stages`` of ``stage_seconds`` each, with up to ``faults`` in a stage."""

    deeds: int = 36
    stages: int = 4
    faults: int = 2
    stage_seconds: float = 5.0
    products: int = 5
    stock: int = 7


def plan(options: Options, seed: Seed) -> Plan:
    """Draw a story."""
    draws = seed.stream(NAME)
    shop = draw_shop(
        seed,
        products=options.products,
        stock=options.stock,
        customers=6,
        locations=(MAIN, STORE),
        taxes_included=draws.random() < 0.3,
    )
    for variant in shop.variants():
        variant.stock["STORE"] = options.stock
    shop.carrier_accounts = [
        CarrierAccount(carrier=carrier, services=[CarrierService(name="Ground", price=price)])
        for carrier, price in CARRIERS
    ]
    story = _Story(draws, shop, options)
    stages = [story.stage(number + 1) for number in range(options.stages)]
    stages[-1].settle = True
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[*stages, Stage(name="closing", steps=story.closing())],
    )


class _Story:
    """Draws deeds that make sense after those before, and remembers them."""

    def __init__(self, draws: Random, shop: Shop, options: Options) -> None:
        self.draws, self.shop, self.options = draws, shop, options
        self.count = 0
        self.baskets: dict[str, list[dict[str, Any]]] = {}  # of orders that stand, by label
        self.whole: list[str] = []  # of these, what nobody has changed, sent or given back
        self.before: set[str] = set()  # orders and sales of earlier stages
        self.sent: list[str] = []
        self.packers: dict[str, str] = {}  # who sends which order
        self.sales: list[tuple[str, str]] = []  # label and store
        self.offline: set[str] = set()
        self.deeds: list[tuple[int, Callable[[float], list[Step]]]] = [
            (10, self.buy),
            (2, self.change),
            (2, self.cancel),
            (5, self.send),
            (2, self.give_back),
            (3, self.receive),
            (2, self.sell_by_hand),
            (3, self.telephone),
            (4, self.sell),
            (1, self.take_back),
            (1, self.lose_connection),
            (1, self.new_price),
        ]

    def stage(self, number: int) -> Stage:
        """Draw one stage: its deeds, its faults, and whether all comes to rest afterwards."""
        steps: list[Step] = []
        weights = [
            weight * (LATER.get(deed.__name__, 1) if number > 1 else 1)
            for weight, deed in self.deeds
        ]
        for _ in range(self.options.deeds // self.options.stages):
            at = self.draws.uniform(0, self.options.stage_seconds)
            (_, deed), *_ = self.draws.choices(self.deeds, weights)
            steps += deed(at)
        for code in sorted(self.offline):
            steps.append(_till(code, self.options.stage_seconds, "come_online", {}))
        self.offline.clear()
        self.before = {*self.baskets, *(label for label, _ in self.sales)}
        faults = self.faults()
        return Stage(
            name=f"stretch {number}", steps=steps, faults=faults, settle=self.draws.random() < 0.4
        )

    def closing(self) -> list[Step]:
        """The stores count their drawers."""
        return [_till(place.code, 0.0, "close_day", {}) for place in self.shop.locations]

    def buy(self, at: float) -> list[Step]:
        """Somebody buys online; most pay with a discount code now and then."""
        label = self._label("order")
        self.baskets[label] = random_basket(self.draws, self.shop)
        self.whole.append(label)
        return [
            checkout(
                at,
                self.draws.choice(self.shop.customers),
                self.baskets[label],
                label,
                shipping=self.draws.choice(["Standard", "Express"]),
                discount_code=self.draws.choices(["", "TENOFF", "FIVE"], [3, 1, 1])[0],
            )
        ]

    def change(self, at: float) -> list[Step]:
        """An order that was left alone so far gets a piece more."""
        label = self._pick(self.whole)
        if not label:
            return self.buy(at)
        line = self.baskets[label][0]
        return [edit(at, label, [{**line, "quantity": line["quantity"] + 1}])]

    def cancel(self, at: float) -> list[Step]:
        """An order that was left alone so far is cancelled."""
        label = self._pick(self.whole)
        if not label:
            return self.buy(at)
        del self.baskets[label]
        return [cancel(at, label)]

    def send(self, at: float) -> list[Step]:
        """A packer sends an order of an earlier stretch, all of it or its first item."""
        label = self._pick([label for label in self.whole if label in self.before])
        if not label:
            return self.buy(at)
        lines = [self.baskets[label][0]] if self.draws.random() < 0.4 else None
        self.sent.append(label)
        packer = self.packers[label] = self.draws.choice(["packer-1", "packer-2"])
        return [ship(at, packer, reference(label, "order_id"), f"ship-{label}", lines, tries=8)]

    def give_back(self, at: float) -> list[Step]:
        """One piece of an order is refunded after it was sent, put back into stock or not."""
        label = self._pick([label for label in self.sent if label in self.before], self.sent)
        if not label:
            return self.buy(at)
        line = {**self.baskets[label][0], "quantity": 1}
        back = refund(at, label, {"lines": [line], "restock": self.draws.random() < 0.6})
        back.actor = self.packers[label]  # who can tell that it has left
        return [back]

    def receive(self, at: float) -> list[Step]:
        """Goods arrive, or a piece is found broken."""
        change = self.draws.choices([-1, 2, 5], [1, 2, 2])[0]
        return [stock_count(at, "warehouse", self._sku(), change, "MAIN")]

    def sell_by_hand(self, at: float) -> list[Step]:
        """A clerk sells over the counter and books it in Odoo."""
        return [store_sale(at, "counter", self._sku(), 1, "MAIN")]

    def telephone(self, at: float) -> list[Step]:
        """Somebody orders by telephone, and it is sent by parcel."""
        label, customer = self._label("call"), self.draws.choice(self.shop.customers)
        ordered = phone_order(at, customer, random_basket(self.draws, self.shop, 2), label)
        packed = ship(
            at + 0.2, "packer-3", reference(label, "odoo_order_id"), f"ship-{label}", tries=8
        )
        ordered.flow = packed.flow = "shipping"
        return [ordered, packed]

    def sell(self, at: float) -> list[Step]:
        """A store sells over the counter, by its till."""
        label, code = self._label("sale"), self.draws.choice(self.shop.locations).code
        self.sales.append((label, code))
        lines = random_basket(self.draws, self.shop, 2)
        tender = self.draws.choice(["cash", "card"])
        return [_till(code, at, "sale", {"lines": lines, "tender": tender}, label)]

    def take_back(self, at: float) -> list[Step]:
        """A store takes a whole sale of an earlier stretch back."""
        sale = next((one for one in self.sales if one[0] in self.before), None)
        if sale is None:
            return self.sell(at)
        self.sales.remove(sale)
        label, code = sale
        what = {"order_id": reference(label, "order_id"), "restock": True, "reason": "Size"}
        return [_till(code, at, "refund_sale", what, f"refund-{label}")]

    def lose_connection(self, at: float) -> list[Step]:
        """A store's till is offline until the end of the stretch, and its clock goes wrong."""
        code = self.draws.choice(self.shop.locations).code
        if code in self.offline:
            return self.sell(at)
        self.offline.add(code)
        skew = {"clock_skew_seconds": self.draws.choice([-5400, 300, 7200])}
        return [_till(code, at, "go_offline", skew)]

    def new_price(self, at: float) -> list[Step]:
        """The merchant changes a price."""
        price = f"{self.draws.randint(500, 9000) / 100:.2f}"
        return [
            Step(
                at_seconds=at,
                actor="merchant:prices",
                system="shopify",
                action="update_product_price",
                arguments={"sku": self._sku(), "price": price},
            )
        ]

    def faults(self) -> list[PlannedFault]:
        """Draw what breaks in a stretch: of processes at most one thing."""
        chosen = self.draws.sample(FAULTS, self.draws.randint(0, self.options.faults))
        processes = [name for name, _ in chosen if name in PROCESSES]
        found = []
        for name, options in chosen:
            if name in PROCESSES and name != processes[0]:
                continue
            begin = self.draws.uniform(0, self.options.stage_seconds / 2)
            heal = begin + self.draws.uniform(0.5, 3.0) if name in PROCESSES else None
            found.append(
                PlannedFault(
                    fault=name,
                    at_seconds=begin if heal else 0.0,
                    heal_at_seconds=heal,
                    options=dict(options),
                    must_fire=False,
                    only_for="external" if name in BESIDE_ODOO else "",
                )
            )
        return found

    def _label(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.count}"

    def _pick(self, among: list[str], keep: list[str] | None = None) -> str:
        """Draw an order that was left alone and note that it no longer is; "" if none is."""
        if not among:
            return ""
        label = self.draws.choice(among)
        for known in (self.whole, keep):
            if known and label in known:
                known.remove(label)
        return label

    def _sku(self) -> str:
        return self.draws.choice(self.shop.variants()).sku


def _till(code: str, at: float, action: str, arguments: dict[str, Any], label: str = "") -> Step:
    return Step(
        at_seconds=at,
        actor=f"cashier:{code}",
        system="pos",
        action=action,
        arguments={"location_code": code, **arguments},
        label=label,
        flow="pos",
    )


PROCESSES = {"connector_kill", "connector_pause", "odoo_restart", "odoo_pause"}
BESIDE_ODOO = {"odoo_acknowledgement_lost", "connector_kill", "connector_pause"}
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("webhook_duplicate", {"topic": "orders/*", "copies": 1, "count": 3}),
    ("webhook_reorder", {"topic": "orders/*", "count": 3}),
    ("webhook_late", {"topic": "orders/*", "delay_seconds": 3.0, "count": 3}),
    ("webhook_drop", {"topic": "orders/*", "count": 2}),
    ("webhook_forge", {"topic": "orders/*", "count": 2}),
    ("webhook_acknowledgement_lost", {"topic": "orders/*", "count": 2}),
    ("api_throttle", {"style": "cost", "count": 3}),
    ("api_throttle", {"style": "status", "count": 2, "retry_after_seconds": 1}),
    ("api_errors", {"operation": "*", "count": 2}),
    ("api_latency", {"operation": "*", "count": 2, "delay_seconds": 2.0}),
    ("token_expired", {"operation": "*", "count": 1}),
    ("lost_acknowledgement", {"operation": "inventory*Quantities", "count": 2}),
    ("lost_acknowledgement", {"operation": "fulfillment*", "count": 2}),
    ("lost_acknowledgement", {"simulator": "carrier", "operation": "*.buy", "count": 1}),
    ("api_errors", {"simulator": "carrier", "operation": "*.buy", "count": 2}),
    ("till_resends", {"count": 1}),
    ("odoo_acknowledgement_lost", {"operation": "sale.order.*", "count": 2}),
    ("odoo_acknowledgement_lost", {"operation": "*", "count": 2}),
    ("subscription_removed", {"topic": "orders/create"}),
    *((name, {}) for name in sorted(PROCESSES)),
]


SCENARIO = Scenario(
    name=NAME,
    summary="Random deeds of everybody side by side, with random faults; nothing is aimed at.",
    flows=("orders",),
    simulators=("shopify", "pos", "carrier"),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "identity_kept",
        "no_oversell",
        "stock_conserved",
        "fulfilled_once",
        "labels_once",
        "refunds_conserved",
        "pos_sales_once",
        "events_end_visibly",
        "webhooks_sound",
        "api_manners",
        "secrets_kept",
    ),
    plan=plan,
    random=True,
)
