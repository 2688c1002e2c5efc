"""Exact arithmetic of orders: rounding, sharing out and taxes, in one currency at a time.

Models Admin API 2026-10. Amounts are Decimals at the currency's number of digits. An order
keeps its amounts once per currency (first the shop's, then the presentment currency where it
differs), and each currency adds up on its own.

Not modelled: the rounding rules that a merchant may set for prices abroad.
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache

from .money import digits

__all__ = ["ZERO", "allocate", "portion", "quantum_of", "rounded", "tax_on"]

ZERO = Decimal(0)
_QUANTUMS = {places: Decimal(1).scaleb(-places) for places in (0, 2, 3)}


@cache
def quantum_of(currency: str) -> Decimal:
    """Return the smallest amount of a currency: 0.01 for most, 1 for yen, 0.001 for dinars."""
    return _QUANTUMS[digits(currency)]


def rounded(amount: Decimal, quantum: Decimal) -> Decimal:
    """Round half up (away from zero) to a whole number of quantums."""
    return amount.quantize(quantum, ROUND_HALF_UP)


def portion(total: Decimal, part: int, whole: int, quantum: Decimal) -> Decimal:
    """Return the share of ``part`` units in an amount that belongs to ``whole`` units.

    Shares of a growing part grow towards the total and reach it exactly, so an amount may be
    taken away unit by unit and nothing is left over.
    """
    if part >= whole:
        return total
    if part <= 0 or not total:
        return ZERO.quantize(quantum)
    return (total * part / whole).quantize(quantum, ROUND_HALF_UP)


def allocate(total: Decimal, weights: Sequence[Decimal], quantum: Decimal) -> list[Decimal]:
    """Share a total out in proportion to weights; the shares add up to the total exactly.

    Largest remainders get the odd quantums, earlier weights first among equals. Weights that
    are all zero get nothing.
    """
    whole = sum(weights, ZERO)
    if not whole or not total:
        return [ZERO.quantize(quantum) for _ in weights]
    if len(weights) == 1:
        return [total]
    exact = [total * weight / whole for weight in weights]
    shares = [share.quantize(quantum, ROUND_DOWN) for share in exact]
    odd = int((total - sum(shares, ZERO)) / quantum)
    order = sorted(range(len(weights)), key=lambda index: shares[index] - exact[index])
    for index in order[:odd]:
        shares[index] += quantum
    return shares


def tax_on(amount: Decimal, rate: Decimal, included: bool, quantum: Decimal) -> Decimal:
    """Return the tax of an amount: on top of it, or (``included``) the part of it that is tax."""
    base = amount * rate
    if included:
        base /= 1 + rate
    return base.quantize(quantum, ROUND_HALF_UP)
