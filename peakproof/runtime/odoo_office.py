"""What the office does in Odoo's books: it invoices what customers ordered, and credits them.

Documents are posted many at a time, as a shop's evening does it: 250 take seven seconds.

Not here: invoices of sale orders in Odoo (a connector's or the warehouse's business), taxes.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from peakproof.errors import SimulatorRefused, UnknownName
from peakproof.runtime.json2 import Odoo

__all__ = ["Office"]

QUIET = {"tracking_disable": True}  # nobody follows these documents


class Office:
    """Deeds in the books. ``today`` tells the business's date."""

    def __init__(self, odoo: Odoo, today: Callable[[], date]) -> None:
        self.odoo = odoo
        self.today = today
        self._partners: dict[str, int] = {}
        self.actions: dict[str, Callable[..., dict[str, Any]]] = {
            "post_invoices": self.post_invoices
        }

    def post_invoices(self, invoices: list[dict[str, Any]]) -> dict[str, Any]:
        """Post customer invoices, dated today: reference, amount (with tax), currency, customer.

        ``customer`` is a name; one with ``credit`` true is a credit note. Refused: not_posted,
        when one came to another amount or stayed a draft.
        """
        self._know({str(one["customer"]) for one in invoices})
        codes = {str(one["currency"]) for one in invoices}
        found = self.odoo.search_read("res.currency", [["name", "in", [*codes]]], ["name"])
        currencies = {row["name"]: row["id"] for row in found}
        for code in codes - set(currencies):
            raise UnknownName("currency", code, currencies, "Odoo's active ones")
        rows = [self._document(one, currencies[one["currency"]]) for one in invoices]
        made = self.odoo.create("account.move", *rows, context=QUIET)
        self.odoo.call("account.move", "action_post", ids=made, context=QUIET)
        shown = self.odoo.read("account.move", made, ["name", "state", "amount_total"])
        for one, row in zip(invoices, shown, strict=True):
            total = Decimal(str(row["amount_total"]))
            if row["state"] != "posted" or total != Decimal(one["amount"]):
                told = f"{one['reference']}: {row['state']}, {total} for {one['amount']}"
                raise SimulatorRefused("not_posted", told)
        return {"invoice_ids": made}

    def _know(self, names: set[str]) -> None:
        """Enter the customers that are not known yet."""
        new = sorted(names - set(self._partners))
        if new:
            made = self.odoo.create("res.partner", *({"name": name} for name in new))
            self._partners |= dict(zip(new, made, strict=True))

    def _document(self, one: dict[str, Any], currency: int) -> dict[str, Any]:
        line = {
            "name": f"Order {one['reference']}",
            "quantity": 1,
            "price_unit": float(one["amount"]),
            "tax_ids": [[6, 0, []]],
        }
        return {
            "move_type": "out_refund" if one.get("credit") else "out_invoice",
            "partner_id": self._partners[one["customer"]],
            "invoice_date": self.today().isoformat(),
            "ref": one["reference"],
            "currency_id": currency,
            "invoice_line_ids": [[0, 0, line]],
        }
