"""What a cart costs: discounts, taxes and shipping, exact in every currency of the order.

Models Admin API 2026-10. A percentage or fixed code is worked out on the whole cart and shared
out over the lines to the cent (largest remainders first); a tax is rounded once per line, on
the discounted price. Where prices include taxes, the tax is the part inside.

Not modelled: discounts on shipping or on single products, automatic discounts, tax by address,
taxed shipping unless the shop's settings say so.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from .order_money import ZERO, allocate, portion, quantum_of, rounded, tax_on
from .order_records import (
    Allocation,
    DiscountApplication,
    Line,
    LineMoney,
    Order,
    Share,
    ShippingMoney,
    TaxRate,
)

__all__ = [
    "apply_discount",
    "price_line",
    "price_shipping",
    "shares_of",
    "take_out",
]


def _taxes(
    amount: Decimal, rates: Sequence[TaxRate], included: bool, quantum: Decimal
) -> tuple[Decimal, ...]:
    if not rates:
        return ()
    return tuple([tax_on(amount, rate.rate, included, quantum) for rate in rates])


def price_line(
    price: Decimal,
    quantity: int,
    rates: tuple[TaxRate, ...],
    currencies: Sequence[str],
    exchange: Decimal,
    included: bool,
) -> tuple[LineMoney, ...]:
    """Return the line's money per currency, before discounts.

    ``price`` is the unit price in the shop's currency.
    """
    sides: list[LineMoney] = []
    for currency in currencies:
        quantum = quantum_of(currency)
        unit = (price * exchange if sides else price).quantize(quantum, ROUND_HALF_UP)
        taxes = _taxes(unit * quantity, rates, included, quantum)
        sides.append(LineMoney(currency, unit, ZERO, taxes, ZERO, taxes))
    return tuple(sides)


def apply_discount(order: Order, application: DiscountApplication) -> None:
    """Share a discount over the order's lines and work out their taxes again.

    Only for an order that is being made: everything on it is still current.
    """
    for side, currency in enumerate(order.currencies):
        quantum = quantum_of(currency)
        weights = [line.sides[side].unit * line.quantity for line in order.lines]
        whole = sum(weights, ZERO)
        if application.kind == "percentage":
            amount = rounded(whole * application.value / 100, quantum)
        else:
            value = application.value if not side else application.value * order.rate
            amount = min(whole, rounded(value, quantum))
        for line, weight, part in zip(
            order.lines, weights, allocate(amount, weights, quantum), strict=True
        ):
            money = line.sides[side]
            money.discount = money.current_discount = part
            money.taxes = _taxes(weight - part, line.tax_rates, order.taxes_included, quantum)
            money.current_taxes = money.taxes
            if not side:
                line.allocations.append(Allocation(application, [part]))
            else:
                line.allocations[-1].amounts.append(part)
    order.applications.append(application)


def price_shipping(
    price: Decimal,
    rates: tuple[TaxRate, ...],
    currencies: Sequence[str],
    exchange: Decimal,
    included: bool,
) -> tuple[ShippingMoney, ...]:
    """Return a shipping line's money per currency; ``price`` is in the shop's currency."""
    sides: list[ShippingMoney] = []
    for currency in currencies:
        quantum = quantum_of(currency)
        amount = rounded(price if not sides else price * exchange, quantum)
        taxes = _taxes(amount, rates, included, quantum)
        sides.append(ShippingMoney(currency, amount, amount, taxes, ZERO, [ZERO] * len(taxes)))
    return tuple(sides)


def shares_of(line: Line, quantities: Sequence[int], side: int = 0) -> list[Share]:
    """Return the money of units that leave a line one lot after the other, in one currency.

    What is left keeps its rounded part of discount and taxes; the shares and the rest add up.
    """
    money = line.sides[side]
    quantum = quantum_of(money.currency)
    discount, taxes, whole = money.current_discount, money.current_taxes, line.current_quantity
    shares = []
    for units in quantities:
        left = whole - units
        kept = portion(discount, left, whole, quantum)
        kept_taxes = tuple(portion(tax, left, whole, quantum) for tax in taxes)
        gone = tuple(tax - part for tax, part in zip(taxes, kept_taxes, strict=True))
        shares.append(Share(money.unit * units, discount - kept, gone))
        discount, taxes, whole = kept, kept_taxes, left
    return shares


def take_out(line: Line, units: int) -> list[Share]:
    """Remove current units from a line; return their money per currency."""
    shares = []
    for side, money in enumerate(line.sides):
        share = shares_of(line, (units,), side)[0]
        money.current_discount -= share.discount
        money.current_taxes = tuple(
            tax - part for tax, part in zip(money.current_taxes, share.taxes, strict=True)
        )
        shares.append(share)
    line.current_quantity -= units
    return shares
