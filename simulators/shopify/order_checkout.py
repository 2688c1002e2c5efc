"""A shopper buys: from a cart to an order with committed stock, a payment and its webhooks.

Models Admin API 2026-10. The order is announced by ``orders/create`` right after the stock is
committed; ``order_transactions/create`` and ``orders/paid`` follow, then ``orders/updated``,
because the real platform touches an order again while it is routed.

Not modelled: abandoned checkouts, tips, gift card payments, failed payments.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from .catalog import DEFAULT_TITLE, Variant
from .customers import Address, Customer
from .fulfilment_records import FulfillmentOrder, FulfillmentOrderLine
from .locations import Location
from .order_pricing import apply_discount, price_line, price_shipping
from .order_records import DiscountApplication, Line, Order, ShippingLine, TaxRate
from .order_stock import Placement, place
from .order_totals import current_totals
from .orders import Orders
from .payload_fulfilment import fulfillment_order_payload

__all__ = ["Cart", "CartItem", "buy", "compose", "make_line", "open_fulfillment_orders"]


class CartItem(NamedTuple):
    """Units of a variant at a price in the shop's currency.

    Without a variant it is a custom item: ``title`` and ``sku`` are its own.
    """

    variant: Variant | None
    units: int
    price: Decimal
    title: str = ""
    sku: str = ""


@dataclass(slots=True)
class Cart:
    """What is bought and by whom.

    ``payment`` is paid, authorized or pending; ``shipping`` (title, price) in the shop's
    currency. ``buyer`` (fields of a plan's Customer) names somebody who may become a customer
    by buying.
    """

    items: Sequence[CartItem]
    customer: Customer | None = None
    buyer: dict[str, Any] = field(default_factory=dict)
    email: str = ""
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping: Sequence[tuple[str, Decimal]] = ()
    discount: DiscountApplication | None = None
    presentment_currency: str = ""
    rate: Decimal = Decimal(1)
    note: str | None = None
    tags: list[str] = field(default_factory=list)
    attributes: list[dict[str, str]] = field(default_factory=list)
    payment: str = "paid"
    gateway: str = "shopify_payments"
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
    variant_title = variant.title if variant else DEFAULT_TITLE
    return Line(
        number=number,
        id=identity,
        order=order,
        variant=variant,
        sku=sku or (variant.sku if variant else ""),
        title=title or (variant.product.title if variant else ""),
        variant_title=None if variant_title == DEFAULT_TITLE else variant_title,
        vendor=variant.product.vendor if variant else None,
        grams=int(variant.weight_grams) if variant else 0,
        requires_shipping=variant.requires_shipping if variant else False,
        taxable=variant.taxable if variant else True,
        gift_card=False,
        quantity=units,
        current_quantity=units,
        unfulfilled=units,
        tax_rates=rates,
        sides=price_line(price, units, rates, order.currencies, order.rate, order.taxes_included),
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
            number, identity = orders.identity("FulfillmentOrderLineItem")
            entry.lines.append(FulfillmentOrderLine(number, identity, entry, line, units, units))
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
        number=number,
        id=identity,
        sequence=sequence,
        name=name,
        currency=currency,
        presentment_currency=cart.presentment_currency or currency,
        rate=cart.rate,
        taxes_included=shop.plan.taxes_included,
        created_at=now,
        processed_at=cart.processed_at or now,
        updated_at=now,
        created_at_seconds=seconds,
        changed_at_seconds=seconds,
        email=cart.email,
        phone=cart.phone,
        po_number=cart.po_number,
        customer=cart.customer,
        shipping_address=cart.shipping_address,
        billing_address=cart.billing_address or cart.shipping_address,
        note=cart.note,
        tags=list(cart.tags),
        note_attributes=list(cart.attributes),
        source_name=cart.source_name,
        source_identifier=cart.source_identifier,
        test=cart.test,
        confirmation_number=f"PP{number % 36**7:07d}",
        token=f"{number:032x}",
    )


def _ship(orders: Orders, order: Order, title: str, price: Decimal) -> ShippingLine:
    number, identity = orders.identity("ShippingLine")
    rates: tuple[TaxRate, ...] = orders.tax_rates if orders.tax_shipping else ()
    sides = price_shipping(price, rates, order.currencies, order.rate, order.taxes_included)
    return ShippingLine(number, identity, title, title, "shopify", rates, sides)


def compose(
    orders: Orders, cart: Cart, number: int, identity: str, sequence: int, name: str
) -> Order:
    """Return the order of a cart, priced, with nothing committed, paid or announced."""
    order = _blank_order(orders, cart, number, identity, sequence, name)
    order.lines = [make_line(orders, order, *item) for item in cart.items]
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
    cause = shop.cause("order", identity)
    for entry in order.fulfillment_orders:
        for part in entry.lines:
            item = part.line.item
            if item is not None:
                shop.inventory.commit(item, entry.location, part.remaining, cause)
    _settle_payment(orders, order, cart)
    return order


def _settle_payment(orders: Orders, order: Order, cart: Cart) -> None:
    shop = orders.shop
    totals = [current_totals(order, side).total for side in range(len(order.currencies))]
    payment = None
    if cart.payment != "pending" and totals[0]:
        kind = "SALE" if cart.payment == "paid" else "AUTHORIZATION"
        payment = orders.pay(order, kind, totals, gateway=cart.gateway)
    if order.customer is not None:
        shop.customers.touch_order(order.customer, totals[0])
    orders.created(order)
    for entry in order.fulfillment_orders:
        _announce_routing(orders, entry)
    if payment is not None:
        orders.announce_payment(payment)
    paid = not totals[0] or (payment is not None and payment.kind == "SALE")
    orders.routed(order, ("orders/paid",) if paid else ())


def _announce_routing(orders: Orders, entry: FulfillmentOrder) -> None:
    orders.shop.emit(
        "fulfillment_orders/order_routing_complete",
        entry.id,
        lambda: {"fulfillment_order": fulfillment_order_payload(entry)},
    )
