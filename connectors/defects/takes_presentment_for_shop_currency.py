"""What the shopper saw in a foreign currency is booked with the same figures in the shop's own.

Real case T7: orders were imported with the wrong price list and currency
(https://github.com/ACUADC/psmx-acuarella, integration_shopify/README.rst). The channel tells
every amount in both currencies, and this connector reads the wrong one.
"""

from ..reference import channel_order
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books amounts of the shopper's currency in the shop's currency",
    flow="prices",
    cases=("T7",),
    scenario="odd_orders",
    invariants=("order_content",),
)


def install() -> None:
    """Ask for the presentment money under the name of the shop's."""
    for document in ("FIRST_PAGE", "NEXT_PAGE"):
        asked = getattr(channel_order, document)
        told = asked.replace("shopMoney", "shopMoney: presentmentMoney")
        replace(channel_order, document, told)
