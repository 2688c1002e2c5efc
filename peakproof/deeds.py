"""Steps that stories share: a checkout, a sale in the store, a change of mind.

Pure: each returns a Step of the plan; nothing happens here.
"""

from random import Random
from typing import Any

import msgspec

from peakproof.plan import Customer, Shop, Step, reference

__all__ = [
    "add_item",
    "approve",
    "at_the_fair",
    "at_till",
    "cancel",
    "cancel_rest",
    "checkout",
    "edit",
    "fulfil",
    "in_order",
    "new_price",
    "of_the_day",
    "operate",
    "pass_days",
    "phone_order",
    "poll",
    "random_basket",
    "refund",
    "send_back",
    "ship",
    "stock_count",
    "store_sale",
    "wait_until",
]


def random_basket(draws: Random, shop: Shop, lines_max: int = 3) -> list[dict[str, Any]]:
    """Draw one to ``lines_max`` different items, one or two of each."""
    skus = [variant.sku for variant in shop.variants()]
    chosen = draws.sample(skus, k=min(len(skus), draws.randint(1, lines_max)))
    return [{"sku": sku, "quantity": draws.choices((1, 2), (2, 1))[0]} for sku in chosen]


def checkout(
    at_seconds: float,
    customer: Customer,
    lines: list[dict[str, Any]],
    label: str,
    shipping: str = "Standard",
    discount_code: str = "",
    gift_card: str = "",
    note: str = "",
) -> Step:
    """A shopper buys, and pays by gift card as far as that goes; named by the e-mail address."""
    arguments: dict[str, Any] = {
        "lines": lines,
        "customer": msgspec.to_builtins(customer),
        "shipping": shipping,
    }
    if discount_code:
        arguments["discount_code"] = discount_code
    if gift_card:
        arguments["gift_card"] = gift_card
    if note:
        arguments["note"] = note
    return Step(
        at_seconds=at_seconds,
        actor=f"shopper:{customer.email}",
        system="shopify",
        action="checkout",
        arguments=arguments,
        label=label,
    )


def edit(at_seconds: float, label: str, changes: list[dict[str, Any]]) -> Step:
    """The merchant changes quantities of an order placed under that label."""
    return Step(
        at_seconds=at_seconds,
        actor="merchant:edits",
        system="shopify",
        action="edit_order",
        arguments={"order_id": reference(label, "order_id"), "changes": changes},
        label=f"edit-{label}",
    )


def cancel(at_seconds: float, label: str, reason: str = "customer") -> Step:
    """The order placed under that label is cancelled, refunded and put back into stock."""
    return Step(
        at_seconds=at_seconds,
        actor="merchant:cancellations",
        system="shopify",
        action="cancel_order",
        arguments={
            "order_id": reference(label, "order_id"),
            "reason": reason,
            "restock": True,
            "refund": True,
        },
        label=f"cancel-{label}",
    )


def fulfil(at_seconds: float, label: str, sent: str = "") -> Step:
    """The merchant shows the parcels of an order by hand, where nobody has done it before.

    ``sent`` is the label of the step that sent it: its parcel, and nothing if it failed.
    """
    parcel = {"tracking_number": reference(sent, "tracking")} if sent else {}
    return Step(
        at_seconds=at_seconds,
        actor="merchant:parcels",
        system="shopify",
        action="fulfil_order",
        arguments={"order_id": reference(label, "order_id"), **parcel},
        label=f"fulfil-{label}",
    )


def refund(at_seconds: float, label: str, what: dict[str, Any], name: str = "refund") -> Step:
    """The merchant refunds lines (``restock`` or not), ``shipping`` or an ``amount``.

    ``only_shipped`` in ``what``: not if the channel shows the pieces as not yet sent.
    """
    return Step(
        at_seconds=at_seconds,
        actor="merchant:refunds",
        system="shopify",
        action="refund_order",
        arguments={"order_id": reference(label, "order_id"), **what},
        label=f"{name}-{label}",
    )


def send_back(
    at_seconds: float, label: str, sku: str, taken_after_seconds: float, **more: Any
) -> list[Step]:
    """One piece of an order is sent back by the channel's own process, and taken.

    ``more`` are further arguments of the request, such as what is wanted in ``exchange``.
    """
    back = Step(
        at_seconds=at_seconds,
        actor="merchant:returns",
        system="shopify",
        action="request_return",
        arguments={
            "order_id": reference(label, "order_id"),
            "lines": [{"sku": sku, "quantity": 1, "reason": "SIZE_TOO_SMALL"}],
            "approved": True,
            **more,
        },
        label=f"return-{label}",
    )
    taken = Step(
        at_seconds=at_seconds + taken_after_seconds,
        actor="merchant:returns",
        system="shopify",
        action="handle_return",
        arguments={"return_id": reference(f"return-{label}", "return_id"), "step": "process"},
        label=f"returned-{label}",
    )
    return [back, taken]


def new_price(at_seconds: float, sku: str, price: str) -> Step:
    """The merchant changes a price."""
    return Step(
        at_seconds=at_seconds,
        actor="merchant:prices",
        system="shopify",
        action="update_product_price",
        arguments={"sku": sku, "price": price},
    )


def at_the_fair(
    at_seconds: float,
    lines: list[dict[str, Any]],
    custom: list[dict[str, Any]],
    draft: str,
    label: str,
    paid_after_seconds: float = 0.0,
) -> list[Step]:
    """Staff enter what a guest buys as a draft order, and complete it when it is paid.

    ``custom`` is work that is no product. The draft has one label, the order the other.
    """
    entered = {"lines": lines, "custom_items": custom, "shipping": ""}
    paid = {"draft_id": reference(draft, "draft_id"), "paid": True}
    deeds = (
        (at_seconds, "create_draft", entered, draft),
        (at_seconds + paid_after_seconds, "complete_draft", paid, label),
    )
    return [
        Step(
            at_seconds=at,
            actor="staff:fair",
            system="shopify",
            action=action,
            arguments=arguments,
            label=name,
        )
        for at, action, arguments, name in deeds
    ]


def at_till(
    at_seconds: float,
    actor: str,
    code: str,
    action: str,
    arguments: dict[str, Any],
    label: str = "",
) -> Step:
    """Somebody does something at the till of the store with that code."""
    return Step(
        at_seconds=at_seconds,
        actor=actor,
        system="pos",
        action=action,
        arguments={"location_code": code, **arguments},
        label=label,
    )


def operate(at_seconds: float, action: str, **arguments: Any) -> Step:
    """The operator does something to the connector: inspect, replay, rotate_secret ..."""
    return Step(
        at_seconds=at_seconds,
        actor="operator",
        system="connector",
        action=action,
        arguments=arguments,
    )


def add_item(at_seconds: float, sku: str, title: str, price: str) -> Step:
    """The operator enters an item in Odoo that was not there."""
    return Step(
        at_seconds=at_seconds,
        actor="operator",
        system="odoo",
        action="add_item",
        arguments={"sku": sku, "title": title, "price": price},
    )


def approve(at_seconds: float, who: str, label: str) -> Step:
    """A person approves what the connector waits for about an order, where it asks at all."""
    return Step(
        at_seconds=at_seconds,
        actor=who,
        system="connector",
        action="approve",
        arguments={"order": reference(label, "order_id"), "who": who},
        label=f"approve-{label}",
    )


def store_sale(at_seconds: float, actor: str, sku: str, quantity: int, location: str) -> Step:
    """A clerk sells over the counter if Odoo says that the piece is free."""
    return Step(
        at_seconds=at_seconds,
        actor=actor,
        system="odoo",
        action="store_sale",
        arguments={"sku": sku, "quantity": quantity, "location_code": location},
    )


def stock_count(at_seconds: float, actor: str, sku: str, change: int, location: str) -> Step:
    """A count or delivery changes the stock on hand in Odoo by that many units."""
    return Step(
        at_seconds=at_seconds,
        actor=actor,
        system="odoo",
        action="adjust_stock",
        arguments={"sku": sku, "change": change, "location_code": location},
    )


def phone_order(
    at_seconds: float, customer: Customer, lines: list[dict[str, Any]], label: str
) -> Step:
    """A clerk enters an order by telephone, to be sent by parcel; the label is its reference."""
    return Step(
        at_seconds=at_seconds,
        actor="clerk:telephone",
        system="odoo",
        action="enter_order",
        arguments={
            "customer": msgspec.to_builtins(customer),
            "lines": lines,
            "reference": label,
            "carrier": True,
        },
        label=label,
    )


def ship(
    at_seconds: float,
    actor: str,
    order: dict[str, str],
    label: str,
    lines: list[dict[str, Any]] | None = None,
    tracking: str = "",
    tries: int = 1,
) -> Step:
    """A packer sends an order (``reference(label, field)``), all of it or these lines.

    With ``tries`` the packer presses the button again when it did not work.
    """
    arguments: dict[str, Any] = {"order": order, "tries": tries}
    if lines is not None:
        arguments["lines"] = lines
    if tracking:
        arguments["tracking"] = tracking
    return Step(
        at_seconds=at_seconds,
        actor=actor,
        system="odoo",
        action="ship",
        arguments=arguments,
        label=label,
    )


def cancel_rest(at_seconds: float, actor: str, order: dict[str, str]) -> Step:
    """The warehouse gives up what has not been sent of an order."""
    return Step(
        at_seconds=at_seconds,
        actor=actor,
        system="odoo",
        action="cancel_rest",
        arguments={"order": order},
    )


def pass_days(at_seconds: float, days: int = 1) -> Step:
    """Business days pass, at every vendor alike."""
    return Step(
        at_seconds=at_seconds,
        actor="calendar",
        system="calendar",
        action="pass_days",
        arguments={"days": days},
    )


def wait_until(at_seconds: float, time: str) -> Step:
    """The business day goes on to a time of day (UTC); for shops that say when days begin."""
    return Step(
        at_seconds=at_seconds,
        actor="calendar",
        system="calendar",
        action="wait_until",
        arguments={"time": time},
    )


def poll(at_seconds: float) -> Step:
    """The connector's own schedules of up to a day come due."""
    return Step(at_seconds=at_seconds, actor="clock", system="connector", action="poll")


def of_the_day(system: str, action: str, arguments: dict[str, Any], label: str = "") -> Step:
    """A deed of a business day that goes in one order: see ``in_order``."""
    return Step(
        at_seconds=0.0,
        actor="the day",
        system=system,
        action=action,
        arguments=arguments,
        label=label,
    )


def in_order(steps: list[Step]) -> list[Step]:
    """Make the steps deeds of one actor, one after the other, so that a day passes like that."""
    for number, step in enumerate(steps):
        step.actor, step.at_seconds = "the day", number / 1000
    return steps
