"""A transaction of the bank is known again by its day, amount and other side, not by its id.

Real case P7: equal payments on one day are two, and the second was dropped as a duplicate
(https://github.com/securo-finance/securo/issues/886,
https://github.com/mikkelkrogsholm/rentemester/issues/155,
https://github.com/OCA/bank-statement-import/issues/499).
"""

from ..reference.bank import Booked
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="takes two equal payments of a day for one",
    flow="bank",
    cases=("P7",),
    scenario="bank_outage",
    invariants=("bank_lines_once",),
)


def install() -> None:
    """Make an identity of what is not unique."""

    def identity(entry: Booked) -> str:
        return f"{entry.booking_date}|{entry.amount}|{entry.currency}|{entry.counterparty}"

    replace(Booked, "identity", property(identity))
