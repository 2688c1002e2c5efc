"""REST-shaped JSON of money sets, lines and shipping lines, as webhooks carry them.

Models the REST shapes of 2026-07 (the last that were published) with numeric ids. A line's
``total_discount`` is zero for discount codes: those stand in ``discount_allocations``.

Not modelled: duties, product images.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from .order_money import ZERO, quantum_of, rounded
from .order_records import Allocation, Line, Order, ShippingLine, TaxRate

__all__ = [
    "RestMoney",
    "line_payload",
    "order_tax_lines",
    "rest_line_status",
    "shipping_payload",
    "tax_payload",
]


class RestMoney:
    """Writes an order's amounts: ``text`` in the shop's currency, ``set`` in both."""

    __slots__ = ("currencies", "quantums")

    def __init__(self, currencies: Sequence[str]) -> None:
        self.currencies = currencies
        self.quantums = [quantum_of(currency) for currency in currencies]

    def text(self, amount: Decimal) -> str:
        """Return an amount of the shop's currency as a decimal string."""
        return str(rounded(amount, self.quantums[0]))

    def set(self, amounts: Sequence[Decimal]) -> dict[str, dict[str, str]]:
        """Return shop_money and presentment_money; one amount stands for both."""
        shop = {
            "amount": str(rounded(amounts[0], self.quantums[0])),
            "currency_code": self.currencies[0],
        }
        if len(amounts) == 1:
            return {"shop_money": shop, "presentment_money": dict(shop)}
        presentment = {
            "amount": str(rounded(amounts[1], self.quantums[1])),
            "currency_code": self.currencies[1],
        }
        return {"shop_money": shop, "presentment_money": presentment}

    def zero(self) -> dict[str, dict[str, str]]:
        """Return the set of nothing."""
        return self.set([ZERO] * len(self.currencies))


def tax_payload(
    rates: Iterable[TaxRate], amounts: Sequence[Sequence[Decimal]], money: RestMoney
) -> list[dict[str, Any]]:
    """Return tax lines; ``amounts`` holds, per currency, one amount for each rate."""
    return [
        {
            "channel_liable": False,
            "price": money.text(parts[0]),
            "price_set": money.set(parts),
            "rate": float(rate.rate),
            "title": rate.title,
        }
        for rate, parts in zip(rates, zip(*amounts, strict=True), strict=True)
    ]


def _allocations(allocations: Iterable[Allocation], money: RestMoney) -> list[dict[str, Any]]:
    return [
        {
            "amount": money.text(allocation.amounts[0]),
            "amount_set": money.set(allocation.amounts),
            "discount_application_index": allocation.application.index,
        }
        for allocation in allocations
    ]


def rest_line_status(line: Line) -> str | None:
    """Return a line's fulfillment_status: fulfilled, partial or None."""
    if line.unfulfilled >= line.current_quantity:
        return None
    return "partial" if line.unfulfilled else "fulfilled"


def line_payload(line: Line, money: RestMoney, quantity: int | None = None) -> dict[str, Any]:
    """Return a line; ``quantity`` replaces the ordered one (in fulfilments)."""
    variant = line.variant
    prices = [side.unit for side in line.sides]
    zero = money.zero()
    return {
        "id": line.number,
        "admin_graphql_api_id": line.id,
        "attributed_staffs": [],
        "current_quantity": line.current_quantity,
        "fulfillable_quantity": line.unfulfilled,
        "fulfillment_service": "manual",
        "fulfillment_status": rest_line_status(line),
        "gift_card": line.gift_card,
        "grams": line.grams,
        "name": line.name,
        "price": money.text(prices[0]),
        "price_set": money.set(prices),
        "product_exists": variant is not None,
        "product_id": variant.product.number if variant else None,
        "properties": [{"name": name, "value": said} for name, said in line.properties],
        "quantity": line.quantity if quantity is None else quantity,
        "requires_shipping": line.requires_shipping,
        "sales_line_item_group_id": None,
        "sku": line.sku,
        "taxable": line.taxable,
        "title": line.title,
        "total_discount": zero["shop_money"]["amount"],
        "total_discount_set": zero,
        "variant_id": variant.number if variant else None,
        "variant_inventory_management": "shopify" if variant and variant.item.tracked else None,
        "variant_title": line.variant_title,
        "vendor": line.vendor,
        "tax_lines": tax_payload(line.tax_rates, [side.taxes for side in line.sides], money),
        "duties": [],
        "discount_allocations": _allocations(line.allocations, money),
    }


def shipping_payload(way: ShippingLine, money: RestMoney) -> dict[str, Any]:
    """Return a shipping line."""
    discounted = [side.discounted for side in way.sides]
    return {
        "id": way.number,
        "carrier_identifier": None,
        "code": way.code,
        "current_discounted_price_set": money.set([side.current for side in way.sides]),
        "discounted_price": money.text(discounted[0]),
        "discounted_price_set": money.set(discounted),
        "is_removed": False,
        "phone": None,
        "price": money.text(way.sides[0].price),
        "price_set": money.set([side.price for side in way.sides]),
        "requested_fulfillment_service_id": None,
        "source": way.source,
        "title": way.title,
        "tax_lines": tax_payload(way.tax_rates, [side.taxes for side in way.sides], money),
        "discount_allocations": _allocations(way.allocations, money),
    }


def order_tax_lines(order: Order, *, current: bool) -> list[tuple[TaxRate, list[Decimal]]]:
    """Return the order's taxes by rate, per currency, over all lines and shipping."""
    sums: dict[TaxRate, list[Decimal]] = {}
    sides = range(len(order.currencies))
    for line in order.lines:
        for index, rate in enumerate(line.tax_rates):
            entry = sums.setdefault(rate, [ZERO for _ in sides])
            for side in sides:
                money = line.sides[side]
                entry[side] += (money.current_taxes if current else money.taxes)[index]
    for way in order.shipping_lines:
        for index, rate in enumerate(way.tax_rates):
            entry = sums.setdefault(rate, [ZERO for _ in sides])
            for side in sides:
                part = way.sides[side]
                entry[side] += part.taxes[index]
                if current:
                    entry[side] -= part.refunded_taxes[index]
    return list(sums.items())
