"""Books in the shopper's currency are as good as books in the shop's; a mixture is not."""

from typing import Any

import pytest

from peakproof.evidence import Story, example_claims
from peakproof.evidence.currencies import in_currency
from peakproof.history import History
from peakproof.invariants import order_content
from peakproof.outcomes import Verdict

ORDER = {"name": "#1", "currency": "USD", "totals": {"total": "10.00"},
         "presentment": {"currency": "EUR", "totals": {"total": "9.14"}}}  # fmt: skip


@pytest.mark.parametrize(
    ("booked", "total"),
    [
        ({"currency": "EUR"}, "9.14"),
        ({"currency": "USD"}, "10.00"),
        ({"currency": "GBP"}, "10.00"),
        ({}, "10.00"),
        (None, "10.00"),
    ],
)
def test_the_money_is_that_of_the_currency_it_was_booked_in(
    booked: dict[str, str] | None, total: str
) -> None:
    assert in_currency(ORDER, booked)["totals"]["total"] == total
    assert in_currency({**ORDER, "presentment": None}, booked)["totals"]["total"] == "10.00"


def judged(currency: str, share: float) -> Verdict:
    """Judge an order whose shopper saw euros, booked in a currency at so many of it a dollar."""
    story = Story(stock={"MUG": 5})
    story.checkout(1.0, "1001", {"MUG": 2})
    story.imported(1.5, "1001")
    story.finish()
    for event in story.events:
        if (event.kind, event.name) != ("final", "order"):
            continue
        if event.source == "shopify":
            seen = {name: event.value[name] for name in ("lines", "shipping", "totals")}
            event.value["presentment"] = {**scaled(seen, 0.5), "currency": "EUR"}
        else:
            event.value.update(scaled(event.value, share), currency=currency)
    history = History(story.events)
    return order_content.check(history, example_claims(), story.plan()).verdict


def scaled(value: Any, share: float) -> Any:
    """Return the same with every amount that much of what it was."""
    if isinstance(value, dict):
        return {
            name: scaled(inner, share)
            if name not in ("quantity", "current_quantity", "unit_quantity")
            else inner
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [scaled(inner, share) for inner in value]
    if isinstance(value, str) and value.replace(".", "", 1).isdigit() and "." in value:
        return f"{float(value) * share:.2f}"
    return value


def test_an_order_may_be_booked_in_the_shoppers_currency_with_its_amounts() -> None:
    assert judged("USD", 1.0) is Verdict.PASS
    assert judged("EUR", 0.5) is Verdict.PASS


def test_an_amount_of_one_currency_under_the_name_of_the_other_is_wrong() -> None:
    assert judged("USD", 0.5) is Verdict.VIOLATED
    assert judged("EUR", 1.0) is Verdict.VIOLATED
