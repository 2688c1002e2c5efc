"""Customers send goods back: every kind of refund there is, one order each.

A line is refunded with its goods put back into stock and one without, shipping alone, an
amount alone, goods that were never sent, a whole order above the limit for which a person must
approve, and two exchanges of a piece for a dearer one: a return, an edit of the order and a
payment; and a return with the channel's own exchange line, where the piece that came back pays
for the new one, which is held until the difference is paid. Both new pieces are sent.
One refund asks for more than was paid, which the channel refuses (that step fails with
``over_refund``). Every refund's webhook arrives more than once.

Where the connector does not fulfil by itself, the merchant does it by hand.
Try it: ``peakproof run returns_and_exchanges --connector connectors/reference``.
"""

from random import Random
from typing import Any

import msgspec

from peakproof.assortment import draw_shop
from peakproof.deeds import approve, checkout, edit, fulfil, refund, send_back, ship
from peakproof.plan import Plan, PlannedFault, Scenario, Shop, Stage, Step, Variant, reference
from peakproof.seed import Seed

__all__ = ["NAME", "SCENARIO", "Options", "plan"]

Lines = list[dict[str, Any]]
Baskets = dict[str, Lines]

NAME = "returns_and_exchanges"
SENT = ("restocked", "kept", "shipping", "amount", "twice", "exchange", "swap", "large")
APPROVER = ("head of accounts", "large")
TAXED_AT_MOST = 1.1  # what a price becomes at most with its tax
CARRIED_SECONDS = 5.0  # what a connector is given to tell the channel of a parcel


class Options(msgspec.Struct, kw_only=True):
    """``approval_above`` is the amount above which a refund needs a person's approval, which is
    given among the refunds or, ``approved_late``, when all is quiet after them; with
    ``taxes_included`` the shop's prices have their tax in them.
    """

    stock: int = 40
    products: int = 6
    approval_above: int = 200
    approved_late: bool = False
    taxes_included: bool = False


def plan(options: Options, seed: Seed) -> Plan:
    """Draw the orders, one for each kind of refund."""
    labels = [*SENT, "unsent", "too much"]
    shop = draw_shop(
        seed,
        products=options.products,
        stock=options.stock,
        customers=len(labels),
        taxes_included=options.taxes_included,
    )
    shop.invoices = True
    draws = seed.stream(NAME)
    baskets = {label: _basket(draws, shop) for label in labels}
    dear = max(shop.variants(), key=lambda variant: float(variant.price))
    pieces = int(options.approval_above / float(dear.price)) + 1
    baskets["large"] = [{"sku": dear.sku, "quantity": pieces}]
    codes = {label: draws.choices(["", "TENOFF"], [2, 1])[0] for label in labels}
    codes["large"] = ""
    bought = [
        checkout(
            number * 0.4, shop.customers[number], baskets[label], label, discount_code=codes[label]
        )
        for number, label in enumerate(labels)
    ]
    sent = [
        ship(number * 0.3, "packer-1", reference(label, "order_id"), f"ship-{label}")
        for number, label in enumerate(SENT)
    ]
    shown = [
        fulfil(CARRIED_SECONDS + number * 0.2, label, sent=f"ship-{label}")
        for number, label in enumerate(SENT)
    ]
    return Plan(
        scenario=NAME,
        seed=seed.value,
        options=msgspec.to_builtins(options),
        shop=shop,
        stages=[
            Stage(name="the orders", steps=bought),
            Stage(name="the parcels", steps=sent),
            Stage(name="the channel shows them", steps=shown),
            Stage(
                name="the refunds",
                steps=_refunds(draws, shop, baskets, options),
                faults=[_told_more_than_once()],
            ),
            Stage(name="the exchanges", steps=_exchanges(shop, baskets, options)),
            Stage(name="the new pieces", steps=_new_pieces()),
            Stage(name="the channel shows them too", steps=_shown_too()),
        ],
    )


def _basket(draws: Random, shop: Shop) -> Lines:
    """Draw two different items, two to four of each."""
    chosen = draws.sample([variant.sku for variant in shop.variants()], 2)
    return [{"sku": sku, "quantity": draws.randint(2, 4)} for sku in chosen]


class Pieces:
    """Who draws the pieces of a refund: some, never all, and worth less than the limit."""

    def __init__(self, draws: Random, shop: Shop, baskets: Baskets, limit: int) -> None:
        self.draws, self.baskets, self.limit = draws, baskets, limit
        self.prices = {variant.sku: float(variant.price) for variant in shop.variants()}

    def part(self, label: str, line: int = 0) -> Lines:
        """Draw pieces of one line of an order."""
        sku, bought = self.baskets[label][line]["sku"], self.baskets[label][line]["quantity"]
        worth = self.prices[sku] * TAXED_AT_MOST
        most = max(1, min(bought - 1, int(self.limit / worth)))
        return [{"sku": sku, "quantity": self.draws.randint(1, most)}]


def _refunds(draws: Random, shop: Shop, baskets: Baskets, options: Options) -> list[Step]:
    pieces = Pieces(draws, shop, baskets, options.approval_above)
    restocked, kept, unsent = (
        pieces.part("restocked"),
        pieces.part("kept", 1),
        pieces.part("unsent"),
    )
    first, second = pieces.part("twice"), pieces.part("twice", 1)
    cents = draws.randint(100, 900)
    return [
        refund(0.0, "restocked", {"lines": restocked}),
        refund(0.4, "kept", {"lines": kept, "restock": False}),
        refund(0.8, "shipping", {"shipping": True}),
        refund(1.2, "amount", {"amount": f"{cents // 100}.{cents % 100:02d}"}),
        refund(1.6, "unsent", {"lines": unsent}),
        refund(2.0, "twice", {"lines": first}),
        refund(2.2, "twice", {"lines": second, "restock": draws.choice([True, False])}, "again"),
        refund(2.6, "large", {"lines": baskets["large"], "shipping": True}),
        refund(3.0, "too much", {"amount": "99999.00"}),
        *([] if options.approved_late else [approve(3.0, *APPROVER)]),
    ]


def _told_more_than_once() -> PlannedFault:
    return PlannedFault(
        fault="webhook_duplicate",
        options={"topic": "refunds/create", "copies": 2, "count": 5},
        must_fire=False,
    )


def _exchanges(shop: Shop, baskets: Baskets, options: Options) -> list[Step]:
    late = [approve(0.0, *APPROVER)] if options.approved_late else []
    return [*late, *_exchange(shop, baskets["exchange"]), *_swap(shop, baskets["swap"])]


def _exchange(shop: Shop, basket: Lines) -> list[Step]:
    """One piece comes back, a dearer one is sent for it, and the difference is paid."""
    added = edit(4.0, "exchange", [{"sku": _dearer(shop, basket).sku, "quantity": 1}])
    return [*_returned(0.0, "exchange", basket), added, _difference(5.0, "exchange")]


def _swap(shop: Shop, basket: Lines) -> list[Step]:
    """The same by the channel's exchange lines: one process takes the old and sends the new."""
    out = [{"sku": _dearer(shop, basket).sku, "quantity": 1}]
    return [*_returned(6.0, "swap", basket, exchange=out), _difference(9.0, "swap")]


def _returned(at_seconds: float, label: str, basket: Lines, **more: Any) -> list[Step]:
    """One piece of the first line comes back, and is taken."""
    return send_back(at_seconds, label, basket[0]["sku"], taken_after_seconds=1.0, **more)


def _difference(at_seconds: float, label: str) -> Step:
    return Step(
        at_seconds=at_seconds,
        actor="merchant:edits",
        system="shopify",
        action="mark_paid",
        arguments={"order_id": reference(label, "order_id")},
        label=f"paid-{label}",
    )


def _new_pieces() -> list[Step]:
    return [
        ship(number * 0.3, "packer-1", reference(label, "order_id"), f"ship-again-{label}")
        for number, label in enumerate(("exchange", "swap"))
    ]


def _shown_too() -> list[Step]:
    return [
        fulfil(CARRIED_SECONDS + number * 0.2, label, sent=f"ship-again-{label}")
        for number, label in enumerate(("exchange", "swap"))
    ]


def _dearer(shop: Shop, basket: Lines) -> Variant:
    """Return the next dearer item than the first one, or the dearest that is not in the basket."""
    prices = {variant.sku: float(variant.price) for variant in shop.variants()}
    taken = {line["sku"] for line in basket}
    others = sorted(
        (variant for variant in shop.variants() if variant.sku not in taken),
        key=lambda variant: prices[variant.sku],
    )
    dearer = [one for one in others if prices[one.sku] > prices[basket[0]["sku"]]]
    return dearer[0] if dearer else others[-1]


SCENARIO = Scenario(
    name=NAME,
    summary="Partial, shipping-only and amount-only refunds, restocks, an exchange, an approval.",
    flows=("orders", "returns"),
    simulators=("shopify",),
    options=Options,
    invariants=(
        "orders_exactly_once",
        "order_content",
        "identity_kept",
        "refunds_conserved",
        "fulfilled_once",
        "approvals",
        "stock_conserved",
        "events_end_visibly",
        "api_manners",
        "service_levels",
        "secrets_kept",
    ),
    plan=plan,
)
