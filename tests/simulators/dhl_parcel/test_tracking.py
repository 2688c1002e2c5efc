"""Track and trace, and what the carrier's people do: scans, delivery, a carrier that is down."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from peakproof.errors import SimulatorRefused
from peakproof.seed import wait_until
from tests.simulators.dhl_parcel.conftest import Depot
from tests.simulators.dhl_parcel.customer import Customer


def tracked(depot: Depot, code: str, more: str = "&idioma=es&show=events") -> object:
    """Track, with a new token, as soon as the vendor answers about the shipment again."""
    depot.customer.log_in()
    answer = wait_until(
        lambda: (found := depot.customer.track(code, more)).status_code != 400 and [found],
        10,
        "the vendor to answer about the shipment",
        0.02,
    )[0]
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_parcel_on_its_way(depot: Depot) -> None:
    code = depot.customer.send()["Tracking"]
    assert tracked(depot, code) == []
    for step in ("in_transit", "in_transit", "out_for_delivery", "delivered"):
        done = depot.act("scan", tracking_code=code, status=step)
        assert done == {"tracking_code": code, "status": step}
    found = tracked(depot, code)
    assert isinstance(found, list)
    assert [(row["Code"], row["Status"], row["Ubication"]) for row in found] == [
        ("T", "Recogido en", "Barcelona"),
        ("T", "Tránsito en", "Sevilla"),
        ("A", "En reparto", "Sevilla"),
        ("R", "Entregado", "Sevilla"),
    ]
    moment = datetime.fromisoformat(found[0]["DateTime"]).replace(tzinfo=UTC)
    days_ago = datetime.now(UTC) - timedelta(days=3)
    assert abs(moment - days_ago) < timedelta(minutes=5), "the business calendar's time"
    (tracker,) = depot.records("tracker")
    assert tracker["status"] == "delivered"
    assert tracker["scans"][0] == {"status": "in_transit", "at": found[0]["DateTime"]}


def test_the_state_of_a_shipment(depot: Depot) -> None:
    shipment = depot.customer.send(Quantity=2, Weight=5)
    code = shipment["Tracking"]
    depot.act("travel")
    depot.act("travel")
    state = tracked(depot, shipment["LP"][1], "&show=status")
    assert isinstance(state, dict)
    events = state.pop("Events")
    assert state == {
        "Year": shipment["Year"], "From": shipment["Origin"], "Tracking": code,
        "Origin": "Barcelona", "Destination": "Sevilla", "Product": "B2B", "Parcels": 2,
        "Weight": 5, "Ship_Reference": "WH/OUT/00001", "AWB": "", "Receiver": "Ada Núñez",
    }  # fmt: skip
    assert len(events) == 1
    both = tracked(depot, code, "&show=both")
    assert isinstance(both, dict)
    assert len(both["Events"]) == 2


def test_incidents_have_codes_beyond_the_three_of_a_good_day(depot: Depot) -> None:
    """The document's example has code AI; clients that know T, A and R only must cope."""
    code = depot.customer.send()["Tracking"]
    depot.act("scan", tracking_code=code, status="failure")
    depot.act("scan", tracking_code=code, status="return_to_sender")
    found = tracked(depot, code)
    assert isinstance(found, list)
    assert [row["Code"] for row in found] == ["AI", "D"]


def test_the_same_shipment_again_within_minutes_is_refused(
    open_depot: Callable[..., Depot],
) -> None:
    customer = open_depot(time_scale=1.0).customer
    first, second = customer.send()["Tracking"], customer.send()["Tracking"]
    assert customer.track(first).status_code == 200
    again = customer.track(first)
    assert again.status_code == 400
    assert "unos minutos" in again.json()["Message"]
    assert customer.track(second).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("track", 400),
        ("track?id=0812345678", 404),
        ("track?id=JJD0000608001234567800", 404),
        ("track?id=WH/OUT/00001", 404),
        ("track?id=WH/OUT/00001&Refcli=99-999999", 404),
        ("track?id=0812345678&AWB=08-123456", 404),
        ("track?id=0812345678&show=all", 400),
        ("track?id=0812345678&idioma=pt", 400),
    ],
)
def test_what_cannot_be_tracked(customer: Customer, path: str, status: int) -> None:
    customer.send()
    answer = customer.call("GET", path)
    assert answer.status_code == status
    assert bool(answer.content) == (status == 400)


def test_travel_takes_every_parcel_to_its_receiver(depot: Depot) -> None:
    """Held and deleted ones stay; one parcel alone can be moved too."""
    customer = depot.customer
    moving, held, deleted = (customer.send(f"WH/OUT/{number}") for number in range(3))
    customer.manage(held, "HOLD")
    customer.manage(deleted, "DELETE")
    code = moving["Tracking"]
    assert depot.act("travel", tracking_code=code) == {"moved": 1, "tracking_codes": [code]}
    for _ in range(3):
        assert depot.act("travel")["moved"] == 1
    assert depot.act("travel")["moved"] == 0
    assert [row["status"] for row in depot.records("tracker")] == [
        "delivered", "pre_transit", "cancelled",
    ]  # fmt: skip


def test_deliver_adds_the_scans_on_the_way(depot: Depot) -> None:
    code = depot.customer.send()["Tracking"]
    assert depot.act("deliver", tracking_code=code)["status"] == "delivered"
    (tracker,) = depot.records("tracker")
    assert [scan["status"] for scan in tracker["scans"]] == [
        "in_transit", "out_for_delivery", "delivered",
    ]  # fmt: skip
    for again in ("deliver", "scan"):
        with pytest.raises(SimulatorRefused, match="not_on_its_way"):
            depot.act(again, tracking_code=code, status="in_transit")


def test_the_first_scan_documents_a_shipment(depot: Depot) -> None:
    shipment = depot.customer.send()
    depot.act("travel")
    assert depot.customer.manage(shipment, "DELETE").status_code == 400
    assert depot.customer.end_day().json()["Shipments"] == []


@pytest.mark.parametrize("action", ["scan", "deliver", "travel"])
def test_nobody_scans_what_was_never_sent(depot: Depot, action: str) -> None:
    with pytest.raises(SimulatorRefused, match="unknown_tracking_code"):
        depot.act(action, tracking_code="0812345678", status="delivered")


def test_a_scan_needs_a_known_status(depot: Depot) -> None:
    code = depot.customer.send()["Tracking"]
    with pytest.raises(SimulatorRefused, match="unknown_status"):
        depot.act("scan", tracking_code=code, status="lost")


def test_a_deleted_shipment_is_not_scanned(depot: Depot) -> None:
    shipment = depot.customer.send()
    depot.customer.manage(shipment, "DELETE")
    for action in ("scan", "deliver"):
        with pytest.raises(SimulatorRefused, match="cancelled"):
            depot.act(action, tracking_code=shipment["Tracking"], status="in_transit")


def test_a_carrier_that_is_down_answers_503(depot: Depot) -> None:
    customer = depot.customer
    customer.log_in()
    assert depot.act("carrier_down") == {"down": True}
    for answer in (customer.log_in(), customer.try_to_send()):
        assert answer.status_code == 503
        assert list(answer.json()) == ["Message"]
    assert depot.records("label") == []
    assert depot.act("carrier_up") == {"down": False}
    assert customer.send()["Tracking"]
