"""What orders cost: rounding half to even, scopes, included taxes, discounts, odd units."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from simulators.pos.pricing import price, shared


def line(amount: int, quantity: int = 1, **links: Any) -> dict[str, Any]:
    return {"uid": f"{amount}-{quantity}-{id(links)}", "quantity": str(quantity),
            "base_price_money": {"amount": amount, "currency": "USD"}, **links}  # fmt: skip


def priced(lines: list[dict[str, Any]], country: str = "US", **parts: Any) -> dict[str, Any]:
    order: dict[str, Any] = {"line_items": lines, **parts}
    for number, entry in enumerate(lines):
        entry["uid"] = f"l{number}"
    price(order, "USD", country)
    return order


def tax(percentage: str, kind: str = "ADDITIVE", scope: str = "ORDER") -> dict[str, Any]:
    return {"uid": f"t{percentage}{kind}", "percentage": percentage, "type": kind, "scope": scope}


def units(order: dict[str, Any], name: str) -> int:
    return int(order[name]["amount"])


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [([1_880, 695], 229), ([1_500, 800, 695, 695], 327)],
)
def test_the_tax_of_an_order_is_rounded_once(amounts: list[int], expected: int) -> None:
    """Both sums are what users of Square saw for 8.875 %; line by line the second were 328."""
    order = priced([line(amount) for amount in amounts], taxes=[tax("8.875")])
    assert units(order, "total_tax_money") == expected
    assert sum(units(entry, "total_tax_money") for entry in order["line_items"]) == expected


@pytest.mark.parametrize(("amount", "expected"), [(250, 2), (350, 4), (251, 3), (50, 0)])
def test_halves_go_to_the_even_unit(amount: int, expected: int) -> None:
    order = priced([line(amount)], taxes=[tax("1")])
    assert units(order, "total_tax_money") == expected


def test_taxes_of_lines_are_rounded_line_by_line() -> None:
    links = [{"tax_uid": "t8.875ADDITIVE"}]
    lines = [line(amount, applied_taxes=[dict(links[0])]) for amount in (1_500, 800, 695, 695)]
    order = priced(lines, taxes=[tax("8.875", scope="LINE_ITEM")])
    assert units(order, "total_tax_money") == 328


@pytest.mark.parametrize(("country", "gross"), [("US", 1_000), ("DE", 1_190)])
def test_included_tax_is_part_of_the_price(country: str, gross: int) -> None:
    order = priced([line(1_190)], country, taxes=[tax("19", "INCLUSIVE")])
    assert (units(order, "total_money"), units(order, "total_tax_money")) == (1_190, 190)
    assert units(order["line_items"][0], "gross_sales_money") == gross


def test_tax_on_top_of_included_tax_is_on_the_net_price() -> None:
    order = priced([line(1_190)], taxes=[tax("19", "INCLUSIVE"), tax("5")])
    assert (units(order, "total_tax_money"), units(order, "total_money")) == (240, 1_240)


def test_discounts_go_percentages_first_and_before_taxes() -> None:
    discounts = [
        {"uid": "five", "type": "FIXED_AMOUNT", "scope": "ORDER",
         "amount_money": {"amount": 500, "currency": "USD"}},
        {"uid": "ten", "type": "FIXED_PERCENTAGE", "scope": "ORDER", "percentage": "10"},
        {"uid": "half", "type": "FIXED_PERCENTAGE", "scope": "LINE_ITEM", "percentage": "50"},
    ]  # fmt: skip
    lines = [line(2_000, 2, applied_discounts=[{"discount_uid": "half"}]), line(1_000)]
    order = priced(lines, discounts=discounts, taxes=[tax("10")])
    assert [units(part, "applied_money") for part in discounts] == [500, 300, 2_000]
    assert units(order, "total_discount_money") == 2_800
    assert (units(order, "total_tax_money"), units(order, "total_money")) == (220, 2_420)


def test_a_discount_stops_at_the_price() -> None:
    much = {"uid": "m", "type": "FIXED_AMOUNT", "scope": "ORDER",
            "amount_money": {"amount": 9_999, "currency": "USD"}}  # fmt: skip
    order = priced([line(100), line(200)], discounts=[much])
    assert units(order, "total_money") == 0
    assert units(order, "total_discount_money") == 300


PERCENT = some.decimals("0", "100", places=3).map(lambda value: f"{value:f}")


@given(
    lines=some.lists(some.tuples(some.integers(0, 99_999), some.integers(1, 9)), min_size=1,
                     max_size=8),
    rates=some.lists(some.tuples(PERCENT, some.sampled_from(["ADDITIVE", "INCLUSIVE"])),
                     max_size=3, unique=True),
    percent=PERCENT,
    fixed=some.integers(0, 5_000),
)  # fmt: skip
def test_every_total_is_the_sum_of_its_parts(
    lines: list[tuple[int, int]], rates: list[tuple[str, str]], percent: str, fixed: int
) -> None:
    order = priced(
        [line(*entry) for entry in lines],
        taxes=[tax(*rate) for rate in rates],
        discounts=[
            {"uid": "p", "type": "FIXED_PERCENTAGE", "scope": "ORDER", "percentage": percent},
            {"uid": "f", "type": "FIXED_AMOUNT", "scope": "ORDER",
             "amount_money": {"amount": fixed, "currency": "USD"}},
        ],
    )  # fmt: skip
    found = order["line_items"]
    for name in ("total_money", "total_tax_money", "total_discount_money"):
        assert units(order, name) == sum(units(entry, name) for entry in found)
    assert units(order, "total_tax_money") == sum(
        units(part, "applied_money") for part in order["taxes"]
    )
    assert units(order, "total_discount_money") == sum(
        units(part, "applied_money") for part in order["discounts"]
    )
    for entry in found:
        links = entry.get("applied_taxes", [])
        assert units(entry, "total_tax_money") == sum(units(x, "applied_money") for x in links)
        assert units(entry, "total_money") >= 0


@given(total=some.integers(0, 10**6), weights=some.lists(some.integers(0, 10**6), min_size=1))
def test_shares_sum_to_the_whole(total: int, weights: list[int]) -> None:
    assert sum(shared(total, weights)) == total
