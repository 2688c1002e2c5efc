"""Faults of the request point: an answer that is lost, throttling, errors in the vendor's shape."""

import pytest
import requests

from peakproof.seed import wait_until
from tests.simulators.dhl_parcel.conftest import Depot, events


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_label_is_bought_although_the_answer_was_lost(depot: Depot, how: str) -> None:
    """The caller sees a broken connection; who orders again pays twice."""
    customer = depot.customer
    customer.log_in()
    depot.client.inject(
        "request",
        {"effect": "lost_acknowledgement", "match": "shipments.create.buy", "count": 1, "how": how},
    )
    with pytest.raises(requests.exceptions.ConnectionError):
        customer.try_to_send("WH/OUT/9")
    (label,) = depot.records("label")
    assert (label["reference"], label["status"]) == ("WH/OUT/9", "bought")
    found = customer.track("WH/OUT/9", f"&Refcli={customer.account}&show=status").json()
    assert found["Tracking"] == label["tracking_code"], "a careful caller can find it"
    customer.send("WH/OUT/9")
    assert [row["status"] for row in depot.records("label")] == ["bought", "bought"]


def test_errors_and_throttling_in_the_vendors_shape(depot: Depot) -> None:
    customer = depot.customer
    customer.log_in()
    for effect, status in (
        ({"effect": "throttle"}, 429),
        ({"effect": "error", "status": 500}, 500),
    ):
        depot.client.inject("request", effect | {"match": "shipments.*", "count": 1})
        answer = customer.try_to_send()
        assert answer.status_code == status
        assert list(answer.json()) == ["Message"]
    assert depot.records("label") == []


def test_operations_are_named_in_the_history(depot: Depot) -> None:
    customer = depot.customer
    shipment = customer.send()
    for action in ("PRINT", "HOLD", "RELEASE", "DELETE"):
        customer.manage(shipment, action)
    customer.track(shipment["Tracking"])
    customer.end_day()
    customer.try_to_send(Quantity=0)
    wait_until(lambda: len(events(depot.journal, "request")) == 9, 5, "the journal's lines")
    lines = events(depot.journal, "request")
    assert [(line["name"], line["outcome"], line["value"]["operation_type"]) for line in lines] == [
        ("authenticate", "ok", "read"),
        ("shipments.create.buy", "ok", "write"),
        ("shipments.print", "ok", "read"),
        ("shipments.hold", "ok", "write"),
        ("shipments.release", "ok", "write"),
        ("shipments.delete", "ok", "write"),
        ("track", "fail", "read"),
        ("endday", "ok", "write"),
        ("shipments.create.buy", "fail", "write"),
    ]
    assert lines[1]["value"]["arguments"]["reference"] == "WH/OUT/00001"
    assert lines[-1]["value"]["error_codes"] == ["quantity"]
    assert len({line["value"]["client"] for line in lines}) == 1
