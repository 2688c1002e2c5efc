"""Of the channel's items only the first page is read: the stock of the others is never pushed.

Real case S11: a listing without pagination left everything after its first page unmapped
(https://github.com/frappe/ecommerce_integrations/commit/af4c57c).
"""

from ..reference import shelves
from ._defect import Defect
from ._first_page import first_page_only

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="reads the first page of the channel's items and no other",
    flow="inventory",
    cases=("S11",),
    scenario="quiet_day",
    options={"products": "60", "counts": "4"},
    invariants=("stock_conserved",),
)

PAGE = 50


def install() -> None:
    """Ask for a page of fifty, and not for the next one."""
    first_page_only(shelves, "VARIANTS", PAGE)
