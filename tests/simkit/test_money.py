"""Money is exact, in every currency, and parts always sum to the whole."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peakproof.simkit import (
    allocate,
    converted,
    exponent,
    from_minor,
    money_text,
    parse_money,
    percentage,
    rounded,
    smallest_unit,
    tax_on,
    to_minor,
)

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "BHD", "CLF"])


def test_currencies_have_their_own_smallest_unit() -> None:
    assert [exponent(currency) for currency in ("USD", "JPY", "BHD", "CLF")] == [2, 0, 3, 4]
    assert smallest_unit("BHD") == Decimal("0.001")
    assert money_text(Decimal("1234.5"), "USD") == "1234.50"
    assert money_text(Decimal("1234.5"), "JPY") == "1235"


@pytest.mark.parametrize(
    ("amount", "expected"), [("2.675", "2.68"), ("2.665", "2.67"), ("-2.675", "-2.68")]
)
def test_halves_are_rounded_away_from_zero(amount: str, expected: str) -> None:
    assert rounded(Decimal(amount), "USD") == Decimal(expected)


def test_what_is_finer_than_the_currency_is_refused() -> None:
    assert parse_money("12.5", "USD") == Decimal("12.50")
    assert parse_money("1.234", "BHD") == Decimal("1.234")
    with pytest.raises(ValueError, match="finer than the smallest unit of JPY"):
        parse_money("1.5", "JPY")


@given(st.integers(-(10**9), 10**9), CURRENCIES)
def test_smallest_units_and_back(units: int, currency: str) -> None:
    assert to_minor(from_minor(units, currency), currency) == units


@given(
    st.integers(-(10**7), 10**7),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=12),
    CURRENCIES,
)
def test_parts_sum_to_the_whole_and_are_fair(units: int, weights: list[int], currency: str) -> None:
    total = from_minor(units, currency)
    parts = allocate(total, [Decimal(weight) for weight in weights], currency)
    assert sum(parts) == total
    assert all(part == rounded(part, currency) for part in parts)
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        fair = total * weight / whole if whole else total / len(weights)
        assert abs(part - fair) < smallest_unit(currency)


def test_the_odd_cent_goes_to_the_largest_remainder_then_to_the_first() -> None:
    thirds = allocate(Decimal("10.00"), [Decimal(1)] * 3, "USD")
    assert thirds == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert allocate(Decimal(100), [Decimal(1), Decimal(2)], "JPY") == [Decimal(33), Decimal(67)]
    assert allocate(Decimal("-0.01"), [Decimal(0), Decimal(5)], "USD") == [
        Decimal(0),
        Decimal("-0.01"),
    ]


def test_a_discount_never_exceeds_its_line() -> None:
    lines = [Decimal("0.01"), Decimal("0.01"), Decimal("99.99")]
    parts = allocate(Decimal("100.00"), lines, "USD")
    assert all(part <= line for part, line in zip(parts, lines, strict=True))


@pytest.mark.parametrize("weights", [[], [Decimal(-1)]])
def test_senseless_parts_are_refused(weights: list[Decimal]) -> None:
    with pytest.raises(ValueError, match=r"parts|negative"):
        allocate(Decimal(1), weights, "USD")


def test_taxes_on_top_and_included() -> None:
    rate = Decimal("0.19")
    assert tax_on(Decimal("100.00"), rate, "EUR") == Decimal("19.00")
    assert tax_on(Decimal("119.00"), rate, "EUR", included=True) == Decimal("19.00")
    assert tax_on(Decimal("19.99"), Decimal("0.0825"), "USD") == Decimal("1.65")
    assert percentage(Decimal("19.99"), Decimal(15), "USD") == Decimal("3.00")
    assert converted(Decimal("19.99"), Decimal("147.31"), "JPY") == Decimal("2945")
