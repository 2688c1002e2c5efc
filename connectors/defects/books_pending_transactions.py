"""What the bank shows as pending is booked at once, and once more when the bank books it.

Real cases: pending transactions got lines of their own, and booked ones, which have other ids,
came beside them (https://github.com/firefly-iii/firefly-iii/issues/9268,
https://github.com/firefly-iii/firefly-iii/issues/8782,
https://github.com/letehaha/budget-tracker/issues/643); akin to P7. A transaction is known by its
id alone, as there.
"""

from collections.abc import Mapping
from typing import Any

from ..reference.bank import Bank, Booked
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="books what the bank shows as pending",
    flow="bank",
    cases=("P7",),
    scenario="bank_outage",
    invariants=("bank_lines_once",),
)


def install() -> None:
    """Read both lists as one; a pending transaction has no day of booking, only one of value."""

    async def get(bank: Bank, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        body: dict[str, Any] = await whole(bank, path, query)
        told = body.get("transactions")
        if told:
            told["booked"] += [
                {"bookingDate": row.get("valueDate"), **row} for row in told["pending"]
            ]
        return body

    whole = replace(Bank, "_get", get)
    replace(Booked, "identity", property(lambda entry: f"id|{entry.transaction_id}"))
