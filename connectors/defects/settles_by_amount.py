"""A payment settles whatever invoice is open by its amount, not the one of its order.

Real cases: of two invoices over the same the wrong one is proposed
(https://github.com/odoo/odoo/issues/9177), amounts are matched first
(https://github.com/OCA/bank-payment/issues/62).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from ..reference import charges
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="settles invoices by amount, not by order",
    flow="payments",
    scenario="payout_day",
    options={"busy_payments": "10", "days": "3"},
    invariants=("charges_reconciled",),
)


def install() -> None:
    """Let every order have the same name."""
    choose = charges.choose

    def by_amount(
        rows: Sequence[dict[str, Any]], documents: Sequence[charges.Document]
    ) -> dict[str, charges.Document]:
        return choose(
            [row | {"order_name": "any"} for row in rows],
            [msgspec.structs.replace(one, order_name="any") for one in documents],
        )

    async def every_document(self: charges.Charges, names: Sequence[str]) -> list[charges.Document]:
        found: list[dict[str, Any]] = await self.odoo.read(
            "account.move",
            "search_read",
            domain=[["move_type", "in", ["out_invoice", "out_refund"]], ["state", "=", "posted"]],
            fields=["ref"],
        )
        return await documents(self, sorted({*names, *(row["ref"] for row in found if row["ref"])}))

    documents = charges.Charges._documents
    replace(charges, "choose", by_amount)
    replace(charges.Charges, "_documents", every_document)
