"""What an edit does to the money of an order's lines.

Models order editing of Admin API 2026-10 as its manual tells it: a percentage off the whole
order is worked out again on what the order then holds, new items included; a fixed amount
stays with the units it was given for. The tax of a line that changed is worked out again too,
rounded once on the whole line; Shopify does not say how it rounds here, and this is how it
does at the checkout.

Not modelled: discounts that cease to apply because their conditions are not met any more.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from .order_money import ZERO, allocate, portion, quantum_of, rounded, tax_on
from .order_records import Allocation, DiscountApplication, Line, Order, Share, TaxRate

__all__ = ["Part", "edited_shares", "part_of", "reprice"]


class Part(msgspec.Struct, eq=False):
    """Units of an item on an order: their price, and the discount that they bear so far."""

    gross: Decimal
    discount: Decimal
    rates: tuple[TaxRate, ...]


def part_of(line: Line, units: int, before: int, side: int) -> Part:
    """Return a line with that many units, of ``before``; a percentage is not yet worked out."""
    money = line.sides[side]
    kept = portion(money.current_discount, units, before, quantum_of(money.currency))
    return Part(money.unit * units, kept, line.tax_rates)


def edited_shares(order: Order, parts: Sequence[Part], side: int) -> list[Share]:
    """Return the money of all parts of an edited order, in one currency."""
    quantum = quantum_of(order.currencies[side])
    discounts = [part.discount for part in parts]
    if order.applications and _follows(order.applications[0]):
        weights = [part.gross for part in parts]
        amount = rounded(sum(weights, ZERO) * order.applications[0].value / 100, quantum)
        discounts = allocate(amount, weights, quantum)
    return [
        Share(
            part.gross,
            discount,
            tuple(
                tax_on(part.gross - discount, rate.rate, order.taxes_included, quantum)
                for rate in part.rates
            ),
        )
        for part, discount in zip(parts, discounts, strict=True)
    ]


def _follows(application: DiscountApplication) -> bool:
    target = (application.target_type, application.target_selection)
    return application.kind == "percentage" and target == ("LINE_ITEM", "ALL")


def reprice(order: Order, before: Sequence[int]) -> None:
    """Work out an order's lines after their quantities were changed by an edit.

    ``before`` holds the units of each line before the edit (0 for a new one). What a line was
    as ordered grows with units that were added, and stays where units were removed.
    """
    for side in range(len(order.currencies)):
        parts = [
            part_of(line, line.current_quantity, units, side)
            for line, units in zip(order.lines, before, strict=True)
        ]
        shares = edited_shares(order, parts, side)
        for line, units, share in zip(order.lines, before, shares, strict=True):
            _take_over(line, units, share, side)


def _take_over(line: Line, before: int, share: Share, side: int) -> None:
    money = line.sides[side]
    if line.current_quantity == before and share.discount == money.current_discount:
        return  # nothing changed here: what refunds have left to the cent stays
    if line.current_quantity >= before:
        more = share.discount - money.current_discount
        money.discount += more
        money.taxes = tuple(
            tax + new - old
            for tax, new, old in zip(money.taxes, share.taxes, money.current_taxes, strict=True)
        )
        _allocate_more(line, more, side)
    money.current_discount, money.current_taxes = share.discount, share.taxes


def _allocate_more(line: Line, amount: Decimal, side: int) -> None:
    """Put more of the order's discount on a line."""
    if not amount:
        return
    if not line.allocations:
        amounts = [ZERO for _ in line.sides]
        line.allocations.append(Allocation(line.order.applications[0], amounts))
    line.allocations[0].amounts[side] += amount
