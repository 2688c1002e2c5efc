"""Odoo works the taxes out itself, once for the order, where the channel charged them per line.

Real cases T1 and T2: order and invoice differed by a cent or two, for one side rounds per line
and the other globally (https://github.com/odoo/odoo/issues/13687,
https://github.com/odoo/odoo/issues/23125, https://github.com/odoo/odoo/issues/177192); a tax
engine said 15.14 and the books said 15.15 (https://github.com/OCA/account-fiscal-rule/pull/313).
"""

from typing import Any

from ..reference import line_cells
from ._defect import Defect, replace
from ._unchecked import unchecked

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="lets Odoo work out taxes that the channel has charged already",
    flow="prices",
    cases=("T1", "T2"),
    scenario="price_and_tax",
    options={"taxes": "excluded"},
    invariants=("order_content",),
)


def install() -> None:
    """Send prices, discounts and rates, and none of the amounts."""

    def nothing(*_given: Any) -> dict[str, Any]:
        return {}

    replace(line_cells, "extra_tax_data", nothing)
    unchecked()
