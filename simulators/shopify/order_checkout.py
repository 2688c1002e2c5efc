"""A shopper buys: from a cart to an order with committed stock, a payment and its webhooks.

Models Admin API 2026-10. The order is announced by ``orders/create`` right after the stock is
committed; ``order_transactions/create`` and ``orders/paid`` follow, then ``orders/updated``,
because the real platform touches an order again while it is routed.

Not modelled: abandoned checkouts, tips, failed payments.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from .catalog import DEFAULT_TITLE, Variant
from .customers import Address, Customer
from .fulfilment_records import FulfillmentOrder, FulfillmentOrderLine
from .gift_cards import GATEWAY as GIFT_CARD
from .gift_cards import GiftCard
from .locations import Location
from .order_money import ZERO, quantum_of, rounded
from .order_pricing import apply_discount, price_line, price_shipping
from .order_records import (
    DiscountApplication,
    Line,
    Order,
    ShippingLine,
    TaxRate,
    Transaction,
)
from .order_stock import Placement, place
from .order_totals import current_totals
from .orders import Orders
from .payload_fulfilment import fulfillment_order_payload

__all__ = ["Cart", "CartItem", "buy", "compose", "make_line", "open_fulfillment_orders"]

_ROUTED = "fulfillment_orders/order_routing_complete"


class CartItem(msgspec.Struct, frozen=True, eq=False):
    """Units of a variant at a price in the shop's currency.

    Without a variant it is a custom item: ``title`` and ``sku`` are its own. ``properties``
    (name, value) are what the buyer said about it, an engraving say.
    """

    variant: Variant | None
    units: int
    price: Decimal
    title: str = ""
    sku: str = ""
    properties: tuple[tuple[str, str], ...] = ()


class Cart(msgspec.Struct, kw_only=True, eq=False):
    """What is bought and by whom.

    ``payment`` is paid, authorized or pending; ``shipping`` (title, price) in the shop's
    currency. ``buyer`` (fields of a plan's Customer) names somebody who may become a customer
    by buying.
    """

    items: Sequence[CartItem]
    customer: Customer | None = None
    buyer: dict[str, Any] = {}
    email: str = ""
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping: Sequence[tuple[str, Decimal]] = ()
    discount: DiscountApplication | None = None
    presentment_currency: str = ""
    rate: Decimal = Decimal(1)
    note: str | None = None
    tags: list[str] = []
    attributes: list[dict[str, str]] = []
    payment: str = "paid"
    gateway: str = "shopify_payments"
    gift_card: GiftCard | None = None  # pays first, as far as its balance goes
    source_name: str = "web"
    source_identifier: str | None = None
    test: bool = False
    stock: str = "obey"  # see order_stock
    name: str = ""
    phone: str | None = None
    po_number: str | None = None
    processed_at: datetime | None = None


def make_line(
    orders: Orders,
    order: Order,
    variant: Variant | None,
    units: int,
    price: Decimal,
    title: str = "",
    sku: str = "",
) -> Line:
    """Return a new line of an order, priced and taxed, without discounts.

    A line without a variant is a custom one: ``title`` and ``sku`` are its own.
    """
    number, identity = orders.identity("LineItem")
    rates = orders.tax_rates if variant is None or variant.taxable else ()
    sides = price_line(price, units, rates, order.currencies, order.rate, order.taxes_included)
    if variant is None:
        return Line(
            number, identity, order, None, sku, title, None, None, 0, False, True, False,
            units, units, units, rates, sides,
        )  # fmt: skip
    product, item, variant_title = variant.product, variant.item, variant.title
    return Line(  # by position: naming so many fields costs more than all the rest of it
        number,
        identity,
        order,
        variant,
        sku or variant.sku,
        title or product.title,
        None if variant_title == DEFAULT_TITLE else variant_title,
        product.vendor,
        int(item.weight_grams),
        item.requires_shipping,
        variant.taxable,
        False,  # gift card
        units,
        units,  # current
        units,  # unfulfilled
        rates,
        sides,
    )


def open_fulfillment_orders(
    orders: Orders, order: Order, placed: Sequence[tuple[Line, Placement]]
) -> list[FulfillmentOrder]:
    """Make the fulfilment orders of newly placed lines: one per location and way of delivery."""
    opened: dict[tuple[int, bool], FulfillmentOrder] = {}
    for line, placement in placed:
        for location, units in placement:
            key = (location.number, line.requires_shipping)
            entry = opened.get(key)
            if entry is None:
                entry = opened[key] = _fulfillment_order(orders, order, location, key[1])
            entry.lines.append(FulfillmentOrderLine(orders.next_part(), entry, line, units, units))
    order.fulfillment_orders.extend(opened.values())
    return list(opened.values())


def _fulfillment_order(
    orders: Orders, order: Order, location: Location, requires_shipping: bool
) -> FulfillmentOrder:
    number, identity = orders.identity("FulfillmentOrder")
    now = orders.shop.now()
    return FulfillmentOrder(number, identity, order, location, requires_shipping, now, now)


def _blank_order(
    orders: Orders, cart: Cart, number: int, identity: str, sequence: int, name: str
) -> Order:
    shop = orders.shop
    now, seconds = shop.now(), shop.seconds()
    currency = shop.currency
    return Order(
        number,
        identity,
        sequence,
        name,
        currency,
        cart.presentment_currency or currency,
        cart.rate,
        shop.plan.taxes_included,
        now,  # created
        cart.processed_at or now,
        now,  # updated
        seconds,  # created
        seconds,  # changed
        cart.email,
        cart.phone,
        cart.customer,
        cart.shipping_address,
        cart.billing_address or cart.shipping_address,
        cart.note,
        list(cart.tags),
        list(cart.attributes),
        cart.source_name,
        cart.source_identifier,
        po_number=cart.po_number,
        test=cart.test,
    )


def _ship(orders: Orders, order: Order, title: str, price: Decimal) -> ShippingLine:
    rates: tuple[TaxRate, ...] = orders.tax_rates if orders.tax_shipping else ()
    sides = price_shipping(price, rates, order.currencies, order.rate, order.taxes_included)
    return ShippingLine(orders.next_shipping(), title, title, "shopify", rates, sides)


def compose(
    orders: Orders, cart: Cart, number: int, identity: str, sequence: int, name: str
) -> Order:
    """Return the order of a cart, priced, with nothing committed, paid or announced."""
    order = _blank_order(orders, cart, number, identity, sequence, name)
    for item in cart.items:
        line = make_line(orders, order, item.variant, item.units, item.price, item.title, item.sku)
        if item.properties:
            line.properties = item.properties
        order.lines.append(line)
    if cart.discount is not None:
        apply_discount(order, cart.discount)
        if cart.discount.code:
            order.discount_codes.append(cart.discount.code)
    order.shipping_lines = [_ship(orders, order, title, price) for title, price in cart.shipping]
    return order


def buy(orders: Orders, cart: Cart) -> Order:
    """Make an order of a cart; raises Refused ``sold_out`` before anything has changed."""
    shop = orders.shop
    placements = place(shop, [(item.variant, item.units) for item in cart.items], cart.stock)
    if cart.buyer and cart.customer is None:
        cart.customer = shop.customers.find_or_create(cart.buyer)
        if cart.buyer.get("address1") and cart.shipping_address is None:
            cart.shipping_address = shop.customers.address_from(cart.buyer)
    number, identity = orders.identity("Order")
    sequence = orders.next_sequence()
    name = cart.name or f"#{sequence}"
    order = compose(orders, cart, number, identity, sequence, name)
    if cart.stock == "bypass":
        for line in order.lines:
            line.reserved = False
    open_fulfillment_orders(orders, order, list(zip(order.lines, placements, strict=True)))
    orders.add(order)
    cause, commit = shop.cause("order", identity), shop.inventory.commit
    for entry in order.fulfillment_orders:
        for part in entry.lines:
            item = part.line.item
            if item is not None:
                commit(item, entry.location, part.remaining, cause)
    _settle_payment(orders, order, cart)
    return order


def _settle_payment(orders: Orders, order: Order, cart: Cart) -> None:
    shop = orders.shop
    totals = [current_totals(order, side).total for side in range(len(order.currencies))]
    payments = _pay(orders, order, cart, totals) if cart.payment != "pending" else []
    if order.customer is not None:
        shop.customers.touch_order(order.customer, totals[0])
    orders.created(order)
    if shop.subscriptions.wanted(_ROUTED):
        for entry in order.fulfillment_orders:
            _announce_routing(orders, entry)
    for payment in payments:
        orders.announce_payment(payment)
    paid = not totals[0] or (bool(payments) and payments[-1].kind == "SALE")
    orders.routed(order, ("orders/paid",) if paid else ())


def _pay(orders: Orders, order: Order, cart: Cart, totals: list[Decimal]) -> list[Transaction]:
    """Take the money: from the gift card what is on it, the rest through the gateway."""
    payments, rest = [], totals
    card = cart.gift_card
    if card is not None and totals[0]:
        part = min(card.balance, totals[0])
        parts = totals
        if part < totals[0]:
            quantum = quantum_of(order.currencies[-1])
            parts = [part, *(rounded(part * order.rate, quantum) for _ in totals[1:])]
        payments.append(orders.pay(order, "SALE", parts, gateway=GIFT_CARD, gift_card=card))
        rest = [total - part for total, part in zip(totals, parts, strict=True)]
    if rest[0] > ZERO:
        kind = "SALE" if cart.payment == "paid" else "AUTHORIZATION"
        payments.append(orders.pay(order, kind, rest, gateway=cart.gateway))
    return payments


def _announce_routing(orders: Orders, entry: FulfillmentOrder) -> None:
    orders.shop.emit(
        _ROUTED,
        entry.id,
        lambda: {"fulfillment_order": fulfillment_order_payload(entry)},
    )
