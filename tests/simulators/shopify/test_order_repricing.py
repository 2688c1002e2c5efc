"""What an edit does to discounts and taxes, and unit prices that are no whole cent."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.shopify.order_edit import begin, commit, staged_total
from simulators.shopify.order_totals import current_totals
from tests.simulators.shopify.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def edited(desk: Desk, order: Any, sku: str, quantity: int) -> dict[str, Any]:
    """Set the units of an item; return the order's record."""
    desk.act("edit_order", order_id=order.id, changes=[{"sku": sku, "quantity": quantity}])
    return desk.record(order)


def test_the_tax_of_a_grown_line_is_rounded_once(desk: Desk) -> None:
    order = desk.buy(("MUG", 1))
    assert desk.record(order)["lines"][0]["tax"] == "0.61"
    record = edited(desk, order, "MUG", 2)
    assert record["lines"][0]["tax"] == "1.21", "8.25 % of 14.70, not twice 0.61"
    assert record["totals"]["total"] == "20.91"
    assert desk.record(desk.buy(("MUG", 2)))["lines"][0]["tax"] == "1.21", "as at the checkout"


def test_a_percentage_off_the_order_follows_an_edit(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), discount_code="TEN")
    record = edited(desk, order, "TEE-S", 2)
    line = record["lines"][0]
    assert (line["discount"], line["tax"]) == ("4.00", "2.97")
    assert record["totals"]["total"] == "43.97"
    record = edited(desk, order, "TEE-M", 1)
    assert [line["discount"] for line in record["lines"]] == ["4.00", "2.00"]
    assert [entry.amounts for line in order.lines for entry in line.allocations] == [
        [Decimal("4.00")],
        [Decimal("2.00")],
    ]


def test_units_that_leave_take_their_percentage_along(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3), discount_code="TEN")
    record = edited(desk, order, "TEE-S", 1)
    assert (record["lines"][0]["discount"], record["lines"][0]["tax"]) == ("2.00", "1.49")
    assert order.lines[0].allocations[0].amounts == [Decimal("6.00")], "of the units ever ordered"


def test_a_fixed_amount_does_not_grow(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 1), discount_code="FIVE")
    record = edited(desk, order, "TEE-S", 3)
    assert (record["lines"][0]["discount"], record["lines"][0]["tax"]) == ("5.00", "4.54")


def test_lines_that_an_edit_leaves_alone_keep_what_refunds_left(desk: Desk) -> None:
    order = desk.buy(("TEE-M", 3), ("TEE-S", 1))
    desk.act("refund_order", order_id=order.id, lines=[{"sku": "TEE-M", "quantity": 1}])
    before = desk.record(order)["lines"][0]
    assert edited(desk, order, "TEE-S", 2)["lines"][0] == before


@pytest.mark.parametrize("code", ["", "TEN", "FIVE"])
def test_what_is_staged_is_what_is_committed(desk: Desk, code: str) -> None:
    order = desk.buy(("MUG", 1), ("TEE-M", 3), discount_code=code, presentment_currency="EUR")
    change = begin(desk.orders, order)
    change.stage(order.lines[0], 2)
    change.stage(order.lines[1], 1)
    change.add(1, desk.shop.catalog.variant_by_sku("TEE-S"), 2)
    staged = [staged_total(desk.orders, change, side) for side in (0, 1)]
    commit(desk.orders, change)
    assert [current_totals(order, side).total for side in (0, 1)] == staged


def unit_price(desk: Desk, order: Any) -> str:
    """Return what the API tells as the first line's unit price after all discounts."""
    text = """query($id: ID!) { order(id: $id) { lineItems(first: 1) { nodes {
        discountedUnitPriceAfterAllDiscountsSet { shopMoney { amount } } } } } }"""
    node = desk.query(text, {"id": order.id})["order"]["lineItems"]["nodes"][0]
    return str(node["discountedUnitPriceAfterAllDiscountsSet"]["shopMoney"]["amount"])


def test_a_unit_price_that_is_no_whole_cent_is_told_exactly(desk: Desk) -> None:
    order = desk.buy(("TEE-S", 3), discount_code="FIVE")
    amount = unit_price(desk, order)
    assert amount == "18.333333333333"
    assert round(Decimal(amount) * 3, 2) == Decimal("55.00")


def test_unit_prices_are_those_of_the_units_that_are_left(desk: Desk) -> None:
    order = desk.buy(("TEE-M", 3), discount_code="TEN")
    assert unit_price(desk, order) == "17.99", "10 % of 59.97 is 6.00"
    record = edited(desk, order, "TEE-M", 1)
    assert record["lines"][0]["discount"] == "2.00"
    assert unit_price(desk, order) == "17.99"
    assert edited(desk, order, "TEE-M", 2)["lines"][0]["discount"] == "4.00"
    desk.act("cancel_order", order_id=order.id, reason="customer", restock=True, refund=True)
    assert Decimal(unit_price(desk, order)) == Decimal("17.99")
