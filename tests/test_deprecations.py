"""What goes away: added up from what requests say of themselves, in order of urgency."""

from typing import Any

from peakproof.deprecations import breaks_of, merged_breaks
from peakproof.history import Event, History

TODAY = "2026-11-24"
OLD = {"/xmlrpc/2 (object)": ["Odoo 22", "fall 2028"]}


def request(source: str = "shopify", **value: Any) -> Event:
    return Event(time=1.0, source=source, kind="request", name="call", value=value)


def test_nothing_goes_away() -> None:
    assert breaks_of(History([request(), request("odoo")]), TODAY) == []


def test_uses_are_counted_and_the_soonest_comes_first() -> None:
    history = History(
        [
            request("odoo", breaks=OLD, deprecated=list(OLD)),
            request("odoo", breaks=OLD, deprecated=list(OLD)),
            request(deprecated=["Order.totalPrice"]),
            request(
                requested_version="2026-01",
                sunset="2027-01-01",
                breaks={"InventoryQuantityInput.compareQuantity": ["2026-04", "2027-01-01"]},
            ),
        ]
    )
    version, field, rpc, price = breaks_of(history, TODAY)
    assert (version.what, version.when, version.gone) == (
        "API version 2026-01",
        "2027-01-01",
        False,
    )
    assert (field.breaks_with, field.when, field.uses) == ("2026-04", "2027-01-01", 1)
    assert (rpc.system, rpc.breaks_with, rpc.uses) == ("odoo", "Odoo 22", 2)
    assert (price.breaks_with, price.when) == ("", "")
    assert "no end announced" in price.note


def test_a_version_that_has_ended() -> None:
    (gone,) = breaks_of(History([request(requested_version="2025-04", sunset="2026-04-01")]), TODAY)
    assert gone.gone


def test_runs_together() -> None:
    one = breaks_of(History([request("odoo", breaks=OLD)]), TODAY)
    other = breaks_of(History([request("odoo", breaks=OLD), request(deprecated=["a"])]), TODAY)
    rpc, field = merged_breaks([one, other])
    assert (rpc.uses, field.uses) == (2, 1)
    assert one[0].uses == 1, "the runs' own records stay as they are"
