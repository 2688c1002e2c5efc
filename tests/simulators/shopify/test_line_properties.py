"""One item on several lines of a checkout: apart by properties, together in stock."""

from pathlib import Path
from typing import Any

import pytest

from peakproof.simkit import SimulatorRefused
from tests.simulators.shopify.desk import ADA, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).subscribe()


def refused(desk: Desk, lines: list[dict[str, Any]]) -> str:
    with pytest.raises(SimulatorRefused) as caught:
        desk.act("checkout", lines=lines, customer=ADA)
    return caught.value.code


def test_lines_whose_properties_differ_stay_apart(desk: Desk) -> None:
    lines = [
        {"sku": "TEE-S", "quantity": 2, "properties": {"Engraving": "Ada"}},
        {"sku": "TEE-S", "quantity": 30, "properties": {"Engraving": "Grace"}},
        {"sku": "TEE-S", "quantity": 1, "properties": {"Engraving": "Ada"}},
        {"sku": "TEE-S", "quantity": 4},
    ]
    order = desk.act("checkout", lines=lines, customer=ADA)["order_id"]
    found = desk.query(
        """query($id: ID!) { order(id: $id) { lineItems(first: 9) { nodes {
        quantity customAttributes { key value } } } } }""",
        {"id": order},
    )["order"]["lineItems"]["nodes"]
    said = [(line["quantity"], [e["value"] for e in line["customAttributes"]]) for line in found]
    assert said == [(3, ["Ada"]), (30, ["Grace"]), (4, [])]
    payload = desk.payload("orders/create")
    assert payload["line_items"][1]["properties"] == [{"name": "Engraving", "value": "Grace"}]
    assert payload["line_items"][2]["properties"] == []
    assert desk.level("TEE-S") == (13, 37, 50)


def test_lines_of_one_item_have_its_stock_only_once(desk: Desk) -> None:
    lines = [
        {"sku": "TEE-S", "quantity": 30, "properties": {"Engraving": name}} for name in ("A", "B")
    ]
    assert refused(desk, lines) == "sold_out"
    lines[1]["quantity"] = 23
    desk.act("checkout", lines=lines, customer=ADA)  # 50 in New York, 3 of 5 in Los Angeles
    assert desk.level("TEE-S") == (0, 50, 50)
    bad = [{"sku": "TEE-S", "quantity": 1, "properties": {"Engraving": 7}}]
    assert refused(desk, bad) == "bad_properties"
