"""Deeds in Odoo that fail: definitely, or in the middle, when nobody can say."""

from datetime import date
from typing import Any

import httpx
import pytest

from peakproof.errors import OdooRefused
from peakproof.runtime.odoo_acts import OdooActs
from peakproof.runtime.odoo_shop import OdooShop

SHOP = OdooShop(product_ids={"MUG": 7}, location_ids={"MAIN": 8})
RECEIVE = {"sku": "MUG", "change": 5, "location_code": "MAIN"}


class Breaking:
    """An Odoo that answers until a certain call, then fails in a certain way."""

    def __init__(self, breaks_at: str, error: Exception) -> None:
        self.breaks_at, self.error = breaks_at, error
        self.writes = 0

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        if f"{model}.{method}" == self.breaks_at:
            raise self.error
        if method == "read":
            return [{"state": "done", "qty_available": 5.0, "free_qty": 5.0}]
        self.writes += 1
        return [1]


def acts(breaks_at: str, error: Exception) -> OdooActs:
    odoo: Any = Breaking(breaks_at, error)
    return OdooActs(odoo, SHOP, dict, lambda: date(2026, 11, 20))


def refusal(call: str) -> OdooRefused:
    return OdooRefused(call, 422, "odoo.exceptions.UserError", "not like this")


@pytest.mark.parametrize(
    ("breaks_at", "error"),
    [
        ("product.product.read", httpx.ConnectError("refused")),
        ("stock.picking.create", refusal("stock.picking.create")),
    ],
)
def test_what_failed_before_anything_was_changed_has_failed(
    breaks_at: str, error: Exception
) -> None:
    with pytest.raises(type(error)):
        acts(breaks_at, error).act("adjust_stock", RECEIVE)


@pytest.mark.parametrize(
    ("breaks_at", "error"),
    [
        ("stock.picking.button_validate", httpx.ConnectError("refused")),
        ("stock.picking.read", refusal("stock.picking.read")),
    ],
)
def test_what_failed_in_the_middle_may_have_happened(breaks_at: str, error: Exception) -> None:
    with pytest.raises(httpx.ReadError, match="in the middle of adjust_stock"):
        acts(breaks_at, error).act("adjust_stock", RECEIVE)
