"""Of the orders that changed lately only the first page is read.

Real case L4: a listing of which one page was read, and nobody noticed that the rest was missing
(https://github.com/airbytehq/airbyte/issues/78512). As each look reaches back a little, a rush
that fills the page keeps the cursor where it is, and what comes after is never seen.
"""

from ..reference import reconcile
from ._defect import Defect
from ._first_page import first_page_only

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="reads the first page of changed orders and no other",
    flow="limits",
    cases=("L4",),
    scenario="webhook_weather",
    invariants=("orders_exactly_once",),
)

PAGE = 10


def install() -> None:
    """Ask for a page of ten, and not for the next one."""
    first_page_only(reconcile, "ORDERS", PAGE)
