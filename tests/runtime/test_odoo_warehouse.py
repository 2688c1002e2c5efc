"""Packers send what lies on the shelf, and nothing that does not."""

from typing import Any

import pytest

from peakproof.errors import SimulatorRefused
from peakproof.runtime.odoo_shop import OdooShop
from peakproof.runtime.odoo_warehouse import Desk

SHOP = OdooShop(product_ids={"MUG": 7, "GIFT": 9}, location_ids={"MAIN": 8})


class Shelf:
    """An Odoo with one delivery of two mugs and a service; so many mugs lie on the shelf."""

    def __init__(self, mugs: float) -> None:
        self.mugs = mugs
        self.packed: dict[int, int] = {}

    def search_read(self, model: str, _domain: Any, _fields: Any) -> list[dict[str, Any]]:
        if model == "stock.picking":
            return [{"id": 31}]
        place = [8, "Shelf"]
        return [
            {"id": number, "product_id": [product, ""], "product_uom_qty": 2.0,
             "sale_line_id": [number, ""], "location_id": place}
            for number, product in ((1, 7), (2, 9))
        ]  # fmt: skip

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        if (model, method) == ("product.product", "read"):
            assert arguments["context"] == {"location": 8}
            return [
                {"id": number, "is_storable": number == 7, "default_code": "MUG",
                 "qty_available": self.mugs if number == 7 else 0.0}
                for number in arguments["ids"]
            ]  # fmt: skip
        return {} if method == "fields_get" else True

    def write(self, model: str, ids: list[int], values: dict[str, Any]) -> None:
        if model == "stock.move":
            self.packed[ids[0]] = values["quantity"]

    def read(self, _model: str, ids: list[int], _fields: Any) -> list[dict[str, Any]]:
        row = {"state": "done", "picking_ids": [31], "name": "OUT/1", "carrier_tracking_ref": ""}
        return [{"id": number, **row} for number in ids]


def desk(odoo: Any) -> Desk:
    return Desk(odoo, SHOP, dict)


def test_what_is_there_is_sent_and_a_service_needs_no_shelf() -> None:
    shelf = Shelf(mugs=2)
    assert desk(shelf).ship(5)["units"] == 4
    assert shelf.packed == {1: 2, 2: 2}


def test_what_is_not_there_is_not_sent_though_odoo_would_book_it() -> None:
    shelf = Shelf(mugs=1)
    with pytest.raises(SimulatorRefused, match="2 of MUG to pack, 1 there"):
        desk(shelf).ship(5)
    assert shelf.packed == {}


def test_a_part_needs_no_more_than_itself() -> None:
    shelf = Shelf(mugs=1)
    desk(shelf).ship(5, [{"sku": "MUG", "quantity": 1}])
    assert shelf.packed == {1: 1, 2: 0}


def test_what_is_not_to_be_packed_need_not_be_there() -> None:
    shelf = Shelf(mugs=-1)
    desk(shelf).ship(5, [{"sku": "GIFT", "quantity": 1}])
    assert shelf.packed == {1: 0, 2: 1}
