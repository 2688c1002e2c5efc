"""Reads the arguments of control acts: shops speak of SKUs, titles and codes, not of ids.

Models nothing of the vendor's: these are the words of peakproof's scenarios. Every name that
does not exist is refused with the nearest one.
"""

import difflib
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from .catalog import Variant
from .errors import Refused
from .locations import Location
from .order_checkout import Cart, CartItem
from .order_records import DiscountApplication, Line, Order
from .shop import Shop

__all__ = [
    "amount_of",
    "cart_of",
    "discount_of",
    "line_units",
    "location_of",
    "nearest",
    "unit_lines",
    "units_of",
    "variant_of",
]


def nearest(code: str, kind: str, name: str, known: Iterable[str]) -> Refused:
    """Return the refusal of an unknown name; offers the nearest known one."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return Refused(code, f"There is no {kind} {name!r}.{hint}")


def variant_of(shop: Shop, sku: str) -> Variant:
    """Return a variant; raises Refused ``unknown_sku``."""
    variant = shop.catalog.variant_by_sku(sku)
    if variant is None:
        known = [entry.sku for entry in shop.catalog.variants]
        raise nearest("unknown_sku", "variant with SKU", str(sku), known)
    return variant


def location_of(shop: Shop, code: str | None) -> Location | None:
    """Return a location by code, None for None; raises Refused ``unknown_location``."""
    if not code:
        return None
    location = shop.locations.by_code.get(code)
    if location is None:
        raise nearest("unknown_location", "location", str(code), shop.locations.by_code)
    return location


def units_of(value: Any, least: int = 1) -> int:
    """Return a quantity; raises Refused ``bad_quantity``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise Refused("bad_quantity", f"A quantity is a whole number from {least}, not {value!r}.")
    return value


def amount_of(value: Any) -> Decimal:
    """Return an amount of money given as text or number; raises Refused ``bad_amount``."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise Refused("bad_amount", f"{value!r} is no amount of money.") from error
    if amount < 0 or not amount.is_finite():
        raise Refused("bad_amount", f"{value!r} is no amount of money.")
    return amount


def unit_lines(shop: Shop, given: Iterable[dict[str, Any]]) -> list[tuple[Variant, int]]:
    """Return (variant, units) of ``[{sku, quantity}]``, repeats added up."""
    wanted: dict[Variant, int] = {}
    for entry in given:
        variant, units = _wanted(shop, entry)
        wanted[variant] = wanted.get(variant, 0) + units
    return list(wanted.items())


def _wanted(shop: Shop, entry: dict[str, Any]) -> tuple[Variant, int]:
    sku, units = entry.get("sku", ""), entry.get("quantity", 1)
    variant = shop.catalog.variant_by_sku(sku) or variant_of(shop, sku)
    if type(units) is not int or units < 1:
        units_of(units)  # refuses
    return variant, units


def _cart_items(shop: Shop, given: list[dict[str, Any]]) -> list[CartItem]:
    """Return the lines of a cart: one for each variant with the same properties."""
    lines: dict[tuple[Variant, tuple[tuple[str, str], ...]], int] = {}
    for entry in given:
        said = entry.get("properties")
        properties = _properties(said) if said else ()
        variant, units = _wanted(shop, entry)
        key = (variant, properties)
        lines[key] = lines.get(key, 0) + units
    return [
        CartItem(variant, units, variant.price, "", "", properties)
        for (variant, properties), units in lines.items()
    ]


def _custom_item(entry: dict[str, Any]) -> CartItem:
    title, units = str(entry.get("title", "")), units_of(entry.get("quantity", 1))
    return CartItem(None, units, amount_of(entry.get("price")), title)


def _properties(said: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(said, dict) or not all(isinstance(text, str) for text in said.values()):
        raise Refused("bad_properties", f"Properties are texts by name, not {said!r}.")
    return tuple(said.items())


def _shipping(shop: Shop, title: str | None) -> list[tuple[str, Decimal]]:
    rates = shop.plan.shipping_rates
    if title is None:
        return [(rates[0].title, Decimal(rates[0].price))] if rates else []
    if not title:
        return []
    for rate in rates:
        if rate.title == title:
            return [(rate.title, Decimal(rate.price))]
    raise nearest("unknown_shipping", "shipping rate", title, [rate.title for rate in rates])


def discount_of(shop: Shop, code: str | None) -> DiscountApplication | None:
    """Return the application of a discount code; raises Refused ``unknown_discount``."""
    if not code:
        return None
    for entry in shop.plan.discount_codes:
        if entry.code.lower() == code.lower():
            value = Decimal(entry.value)
            return DiscountApplication(0, entry.code, entry.kind, value, shop.currency)
    known = [entry.code for entry in shop.plan.discount_codes]
    raise nearest("unknown_discount", "discount code", code, known)


def _exchange(shop: Shop, currency: str | None) -> tuple[str, Decimal]:
    if not currency or currency == shop.currency:
        return shop.currency, Decimal(1)
    rates = shop.plan.exchange_rates
    if currency not in rates:
        raise nearest("unknown_currency", "exchange rate for", currency, rates)
    return currency, Decimal(rates[currency])


def cart_of(shop: Shop, arguments: dict[str, Any]) -> Cart:
    """Return the cart that the act ``checkout`` describes; raises Refused for unknown names.

    ``lines`` are ``{sku, quantity, properties}``. As in the real shop, the same item is one line
    unless the properties (texts by name) differ. ``custom_items`` are ``{title, price, quantity}``
    and in no catalogue, as staff enter them. ``gift_card`` is the code of one that pays.
    """
    items = _cart_items(shop, arguments.get("lines") or [])
    items += [_custom_item(entry) for entry in arguments.get("custom_items") or []]
    if not items:
        raise Refused("empty_cart", "Name at least one line: {sku, quantity}.")
    shipping = _shipping(shop, arguments.get("shipping"))
    for item in items:
        if item.variant is not None and item.variant.item.requires_shipping:
            break
    else:
        shipping = []
    discount = discount_of(shop, arguments.get("discount_code"))
    currency, rate = _exchange(shop, arguments.get("presentment_currency"))
    payment = arguments.get("payment", "paid")
    if payment not in ("paid", "authorized", "pending"):
        raise nearest("bad_payment", "payment", payment, ("paid", "authorized", "pending"))
    card = arguments.get("gift_card")
    if card and payment == "pending":
        raise Refused("bad_payment", "A gift card pays at once, it cannot be pending.")
    given = arguments.get("customer") or {}
    return Cart(
        items=items,
        buyer=given,
        email=given.get("email", ""),
        shipping=shipping,
        discount=discount,
        presentment_currency=currency,
        rate=rate,
        note=arguments.get("note") or None,
        tags=list(arguments.get("tags") or []),
        payment=payment,
        gateway=arguments.get("gateway", "shopify_payments"),
        gift_card=shop.orders.gift_cards.find(str(card)) if card else None,
        source_name=arguments.get("source_name", "web"),
    )


def line_units(
    shop: Shop, order: Order, given: Iterable[dict[str, Any]], code: str = "over_refund"
) -> list[tuple[Line, int]]:
    """Return (line, units) of ``[{sku, quantity}]`` on an order; raises Refused ``code``.

    Units of a variant that stands on several lines are taken from the first lines first.
    """
    found: list[tuple[Line, int]] = []
    for variant, units in unit_lines(shop, given):
        left = units
        lines = [line for line in order.lines if line.variant is variant]
        if not lines:
            raise nearest("unknown_line", f"line on {order.name} with SKU", variant.sku,
                          [line.sku for line in order.lines])  # fmt: skip
        for line in lines:
            part = min(left, line.current_quantity)
            if part:
                found.append((line, part))
                left -= part
        if left:
            raise Refused(code, f"{variant.sku}: {units} units, {units - left} on {order.name}.")
    return found
