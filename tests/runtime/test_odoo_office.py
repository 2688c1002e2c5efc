"""Invoices that the office posts: what Odoo is told, and what it does not get away with."""

from datetime import date
from typing import Any

import pytest

from peakproof.errors import SimulatorRefused, UnknownName
from peakproof.runtime.odoo_office import Office

INVOICE = {"reference": "#1", "amount": "12.50", "currency": "EUR", "customer": "Ada"}


class Books:
    """An Odoo that posts what it is told; ``total`` is what every document comes to."""

    def __init__(self, total: float = 12.5, state: str = "posted") -> None:
        self.total, self.state = total, state
        self.partners: list[str] = []
        self.documents: list[dict[str, Any]] = []

    def search_read(self, _model: str, _domain: Any, _fields: Any) -> list[dict[str, Any]]:
        return [{"id": 126, "name": "EUR"}]

    def create(self, model: str, *rows: dict[str, Any], **_: Any) -> list[int]:
        kept: list[Any] = self.partners if model == "res.partner" else self.documents
        kept += [row["name"] for row in rows] if model == "res.partner" else rows
        return list(range(len(kept) - len(rows) + 1, len(kept) + 1))

    def call(self, *_: Any, **__: Any) -> None:
        """Post."""

    def read(self, _model: str, ids: list[int], _fields: Any) -> list[dict[str, Any]]:
        row = {"name": "INV/1", "state": self.state, "amount_total": self.total}
        return [{"id": number, **row} for number in ids]


def office(books: Any) -> Office:
    return Office(books, lambda: date(2026, 6, 30))


def test_a_document_says_whose_and_of_which_day_it_is() -> None:
    books = Books()
    desk = office(books)
    credit = {**INVOICE, "customer": "Bob", "credit": True}
    assert desk.post_invoices([INVOICE, credit]) == {"invoice_ids": [1, 2]}
    desk.post_invoices([INVOICE])
    assert books.partners == ["Ada", "Bob"]
    told = [(row["move_type"], row["partner_id"], row["ref"]) for row in books.documents]
    assert told == [("out_invoice", 1, "#1"), ("out_refund", 2, "#1"), ("out_invoice", 1, "#1")]
    assert {row["invoice_date"] for row in books.documents} == {"2026-06-30"}
    assert {row["currency_id"] for row in books.documents} == {126}


@pytest.mark.parametrize("books", [Books(total=12.51), Books(state="draft")])
def test_what_was_not_posted_to_the_cent_is_refused(books: Books) -> None:
    with pytest.raises(SimulatorRefused, match="not_posted"):
        office(books).post_invoices([INVOICE])


def test_a_currency_that_odoo_does_not_keep_is_refused() -> None:
    with pytest.raises(UnknownName, match="GBP"):
        office(Books()).post_invoices([{**INVOICE, "currency": "GBP"}])
