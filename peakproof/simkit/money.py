"""Exact money: Decimals, each currency's smallest unit, and sums that come out to the cent."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

__all__ = [
    "allocate",
    "converted",
    "exponent",
    "from_minor",
    "money_text",
    "parse_money",
    "percentage",
    "rounded",
    "smallest_unit",
    "tax_on",
    "to_minor",
]

# ISO 4217 currencies whose smallest unit is not a hundredth.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_EXPONENTS = (
    dict.fromkeys(_NO_DECIMALS.split(), 0)
    | dict.fromkeys(_THREE_DECIMALS.split(), 3)
    | dict.fromkeys(_FOUR_DECIMALS.split(), 4)
)
_UNITS = {places: Decimal(1).scaleb(-places) for places in range(5)}


def exponent(currency: str) -> int:
    """Return how many decimals a currency has (USD 2, JPY 0, BHD 3)."""
    return _EXPONENTS.get(currency, 2)


def smallest_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency (USD 0.01)."""
    return _UNITS[exponent(currency)]


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return an amount in whole smallest units, halves away from zero."""
    return amount.quantize(smallest_unit(currency), ROUND_HALF_UP)


def parse_money(text: str | int | Decimal, currency: str) -> Decimal:
    """Return an amount read from text; raises ValueError if it is finer than the currency.

    A float is refused by its type on purpose: it cannot hold 0.10.
    """
    amount = Decimal(text)
    exact = rounded(amount, currency)
    if exact != amount:
        raise ValueError(f"{text} is finer than the smallest unit of {currency}")
    return exact


def money_text(amount: Decimal, currency: str) -> str:
    """Return an amount as a decimal string with the currency's decimals ("12.50")."""
    return str(rounded(amount, currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """Return an amount in smallest units (cents), as several vendors write it."""
    return int(rounded(amount, currency).scaleb(exponent(currency)))


def from_minor(units: int, currency: str) -> Decimal:
    """Return the amount that so many smallest units are."""
    return Decimal(units).scaleb(-exponent(currency)).quantize(smallest_unit(currency))


def converted(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Return an amount in another currency, ``rate`` units of it for one."""
    return rounded(amount * rate, currency)


def percentage(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    """Return so many percent (0-100) of an amount."""
    return rounded(amount * percent / 100, currency)


def tax_on(amount: Decimal, rate: Decimal, currency: str, included: bool = False) -> Decimal:
    """Return the tax at a rate (0.0825), on top of an amount or included in it."""
    if included:
        return rounded(amount * rate / (1 + rate), currency)
    return rounded(amount * rate, currency)


def allocate(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split an amount over parts in proportion, to the smallest unit, so that they sum to it.

    Largest remainder first; of equals the earlier part gets the odd unit. Weights must not be
    negative; if all are zero the parts are even. Raises ValueError when there is no part.
    """
    if not weights:
        raise ValueError("An amount cannot be split over no parts.")
    if any(weight < 0 for weight in weights):
        raise ValueError(f"Weights must not be negative: {[str(w) for w in weights]}")
    units = to_minor(abs(total), currency)
    whole = sum(weights, Decimal(0))
    if not whole:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [weight * units / whole for weight in weights]
    parts = [int(value.to_integral_value(ROUND_FLOOR)) for value in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: units - sum(parts)]:
        parts[index] += 1
    sign = -1 if total < 0 else 1
    return [from_minor(sign * part, currency) for part in parts]
