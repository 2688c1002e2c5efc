"""Scans by drivers, and how trackers hear of them: late, twice, out of order."""

from collections.abc import Callable

import pytest

from peakproof.errors import UsageError
from peakproof.seed import wait_until
from peakproof.simkit import SimulatorRefused
from tests.simulators.carrier.conftest import Desk, refusal


def details(desk: Desk, tracker_id: str) -> list[str]:
    """Return the statuses of a tracker's details."""
    return [entry.status for entry in desk.api.tracker.retrieve(tracker_id).tracking_details]


def test_a_parcel_travels_to_its_door(desk: Desk) -> None:
    bought = desk.bought()
    assert bought.tracker.status == "unknown"
    desk.quiet()
    result = desk.control.act("travel", {"seconds": 0.02})
    assert result == {"tracking_codes": [bought.tracking_code], "scans": 4}
    assert desk.control.act("travel", {"seconds": 0.02})["tracking_codes"] == []
    desk.quiet()
    assert details(desk, bought.tracker.id) == [
        "pre_transit",
        "in_transit",
        "in_transit",
        "out_for_delivery",
        "delivered",
    ]
    assert desk.api.shipment.retrieve(bought.id).status == "delivered"
    [tracker] = desk.snapshot("tracker")
    assert tracker["status"] == "delivered"


def test_drivers_name_parcels_by_the_orders_reference(desk: Desk) -> None:
    bought = desk.bought(reference="S7")
    place = {"city": "Reno", "state": "NV", "country": "US", "zip": "89501"}
    result = desk.control.act("scan", {"reference": "S7", "location": place})
    assert result["tracking_code"] == bought.tracking_code
    assert result["status"] == "in_transit"
    detail = desk.api.tracker.retrieve(bought.tracking_code).tracking_details[-1]
    assert detail.tracking_location.city == "Reno"
    desk.control.act("deliver", {"shipment_id": bought.id, "signed_by": "E. Swan"})
    assert desk.api.tracker.retrieve(bought.tracker.id).signed_by == "E. Swan"
    with pytest.raises(SimulatorRefused, match="parcel_arrived"):
        desk.control.act("scan", {"reference": "S7"})


@pytest.mark.parametrize(
    ("action", "status"), [("lose_parcel", "failure"), ("return_to_sender", "return_to_sender")]
)
def test_parcels_that_do_not_arrive(desk: Desk, action: str, status: str) -> None:
    bought = desk.bought()
    desk.control.act("scan", {"tracking_code": bought.tracking_code})
    desk.control.act(action, {"tracking_code": bought.tracking_code})
    assert desk.api.shipment.retrieve(bought.id).tracker.status == status


def test_a_scan_reported_late_takes_its_place_in_time(desk: Desk) -> None:
    bought = desk.bought()
    desk.quiet()
    rule = desk.control.inject(
        "scan_late", {"match": "in_transit", "delay_seconds": 1.0, "count": 1}
    )
    desk.control.act("scan", {"tracking_code": bought.tracking_code, "status": "in_transit"})
    desk.control.act("deliver", {"tracking_code": bought.tracking_code})
    assert details(desk, bought.tracker.id) == ["pre_transit", "delivered"]
    desk.quiet()
    assert desk.control.fired(rule) == 1
    assert details(desk, bought.tracker.id) == ["pre_transit", "in_transit", "delivered"]
    assert desk.api.tracker.retrieve(bought.tracker.id).status == "delivered"


def test_an_undated_late_scan_throws_the_tracker_back(desk: Desk) -> None:
    bought = desk.bought()
    desk.quiet()
    desk.control.inject(
        "scan_late",
        {"match": "in_transit", "delay_seconds": 1.0, "count": 1, "undated": True},
    )
    desk.control.act("scan", {"tracking_code": bought.tracking_code, "status": "in_transit"})
    desk.control.act("deliver", {"tracking_code": bought.tracking_code})
    desk.quiet()
    assert desk.api.tracker.retrieve(bought.tracker.id).status == "in_transit"


def test_a_scan_may_be_reported_twice(desk: Desk) -> None:
    bought = desk.bought()
    desk.quiet()
    desk.control.inject("scan_twice", {"carrier": "FedEx"})
    desk.control.act("scan", {"tracking_code": bought.tracking_code})
    assert details(desk, bought.tracker.id) == ["pre_transit", "in_transit"]
    desk.control.inject("scan_twice", {"carrier": "USPS", "count": 1})
    desk.control.act("deliver", {"tracking_code": bought.tracking_code})
    assert details(desk, bought.tracker.id)[2:] == ["delivered", "delivered"]


def test_a_tracker_lags_behind_but_the_carrier_knows(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(tracking_lag_seconds=1.0)
    bought = desk.bought()
    desk.quiet()
    result = desk.control.act("scan", {"tracking_code": bought.tracking_code})
    assert (result["scanned"], result["status"]) == ("in_transit", "pre_transit")
    error = refusal(lambda: desk.api.shipment.refund(bought.id))
    assert error.code == "SHIPMENT.REFUND.UNAVAILABLE"
    wait_until(
        lambda: desk.api.tracker.retrieve(bought.tracker.id).status == "in_transit", 5, "the scan"
    )


def test_labels_may_set_out_by_themselves(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(travel_seconds_between=0.02)
    bought = desk.bought()
    desk.quiet()
    assert desk.api.shipment.retrieve(bought.id).status == "delivered"


def test_a_journey_ends_when_the_label_is_refunded(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(travel_seconds_between=1.0, refund_seconds=0.0)
    bought = desk.bought()
    desk.api.shipment.refund(bought.id)
    desk.quiet()
    assert desk.api.shipment.retrieve(bought.id).refund_status == "refunded"
    assert details(desk, bought.tracker.id) == ["pre_transit"]


def test_trackers_of_parcels_bought_elsewhere(desk: Desk) -> None:
    made = desk.api.tracker.create(tracking_code="1Z999", carrier="usps")
    assert (made.carrier, made.status, made.shipment_id) == ("USPS", "unknown", None)
    assert desk.api.tracker.create(tracking_code="1Z999").id == made.id
    desk.control.act("scan", {"tracking_code": "1Z999", "status": "delivered", "seconds_ago": 60})
    assert desk.api.tracker.retrieve(made.id).status == "delivered"
    with pytest.raises(SimulatorRefused, match="parcel_arrived"):
        desk.control.act("scan", {"tracking_code": "1Z999"})
    for given, code in [
        ({"tracking_code": "1Z999", "carrier": "FedEx"}, "TRACKER.CARRIER_CODE_MISMATCH"),
        ({"tracking_code": "none"}, "TRACKER.NO_CARRIER_FOR_CODE"),
        ({"tracking_code": "none", "carrier": "Owl"}, "TRACKER.UNSUPPORTED_CARRIER"),
        ({"carrier": "USPS"}, "PARAMETER.REQUIRED"),
    ]:
        assert refusal(lambda given=given: desk.api.tracker.create(**given)).code == code
    assert refusal(lambda: desk.api.tracker.retrieve("trk_none")).code == "NOT_FOUND"


def test_trackers_are_listed_and_filtered(desk: Desk) -> None:
    codes = [desk.bought().tracking_code for _ in range(3)]
    desk.api.tracker.create(tracking_code="FX1", carrier="FedEx")
    page = desk.api.tracker.all(page_size=2)
    assert [entry.tracking_code for entry in page.trackers] == ["FX1", codes[2]]
    page = desk.api.tracker.get_next_page(page, page_size=2)
    assert [entry.tracking_code for entry in page.trackers] == [codes[1], codes[0]]
    assert page.has_more is False
    found = desk.api.tracker.all(tracking_codes=codes[:2])
    assert {entry.tracking_code for entry in found.trackers} == set(codes[:2])
    assert [entry.carrier for entry in desk.api.tracker.all(carrier="fedex").trackers] == ["FedEx"]
    [one] = desk.http.get("/v2/trackers", params={"tracking_code": codes[0]}).json()["trackers"]
    assert one["tracking_code"] == codes[0]


def test_scans_that_cannot_be(desk: Desk) -> None:
    bought = desk.bought()
    for given, code in [
        ({"tracking_code": "none"}, "unknown_parcel"),
        ({"tracking_code": bought.tracking_code, "status": "teleported"}, "unknown_status"),
        ({"reference": "S404"}, "unknown_label"),
    ]:
        with pytest.raises(SimulatorRefused, match=code):
            desk.control.act("scan", given)
    with pytest.raises(UsageError, match="Name a parcel"):
        desk.control.act("scan", {})
    with pytest.raises(UsageError, match="statuses"):
        desk.control.act("travel", {"statuses": ["teleported"]})
    desk.api.tracker.create(tracking_code="FX1", carrier="FedEx")
    with pytest.raises(SimulatorRefused, match="unknown_label"):
        desk.control.act("travel", {"tracking_code": "FX1"})
