"""Refunds: asked for, decided later, refused once a driver has the parcel."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from peakproof.seed import wait_until
from peakproof.simkit import Shop, SimulatorRefused
from tests.simulators.carrier.conftest import Desk, refusal, two_carriers


def statuses(desk: Desk, label_id: str) -> list[str]:
    """Return the statuses a label went through, as the journal has them."""
    wait_until(lambda: desk.events("state", name="label", key=label_id), 5, "the journal")
    return [event["value"]["status"] for event in desk.events("state", name="label", key=label_id)]


def spent(desk: Desk) -> Decimal:
    """Return what the labels cost in the end."""
    sign = {"postage": 1, "refund": -1}
    rows = desk.snapshot("carrier_charge")
    return sum((sign[row["kind"]] * Decimal(row["amount"]) for row in rows), Decimal(0))


def test_a_refund_is_submitted_and_then_paid(desk: Desk) -> None:
    bought = desk.bought()
    asked = desk.api.shipment.refund(bought.id)
    assert asked.refund_status == "submitted"
    desk.quiet()
    done = desk.api.shipment.retrieve(bought.id)
    assert done.refund_status == "refunded"
    assert all(fee.refunded for fee in done.fees)
    [refund] = desk.api.refund.all().refunds
    assert (refund.status, refund.tracking_code) == ("refunded", bought.tracking_code)
    assert desk.api.refund.retrieve(refund.id).shipment_id == bought.id
    assert spent(desk) == 0
    label = bought.postage_label.id
    wait_until(lambda: len(statuses(desk, label)) == 3, 5, "the label's history")
    assert statuses(desk, label) == ["bought", "refund_submitted", "refunded"]


def test_a_scan_before_the_decision_gets_the_refund_rejected(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(refund_seconds=1.5)
    bought = desk.bought()
    desk.api.shipment.refund(bought.id)
    desk.control.act("scan", {"tracking_code": bought.tracking_code, "status": "in_transit"})
    desk.quiet()
    assert desk.api.shipment.retrieve(bought.id).refund_status == "rejected"
    assert spent(desk) == Decimal("5.93")
    assert [label["status"] for label in desk.snapshot("label")] == ["refund_rejected"]


def test_a_shipped_parcels_label_cannot_be_voided(desk: Desk) -> None:
    bought = desk.bought()
    desk.control.act("scan", {"tracking_code": bought.tracking_code, "status": "in_transit"})
    error = refusal(lambda: desk.api.shipment.refund(bought.id))
    assert (error.http_status, error.code) == (422, "SHIPMENT.REFUND.UNAVAILABLE")
    assert error.message == "Unable to request refund. The parcel has been shipped."
    with pytest.raises(SimulatorRefused, match="not_voidable"):
        desk.control.act("void_at_carrier", {"tracking_code": bought.tracking_code})
    assert desk.api.shipment.retrieve(bought.id).refund_status is None


def test_refunds_that_make_no_sense(desk: Desk) -> None:
    made = desk.shipment()
    error = refusal(lambda: desk.api.shipment.refund(made.id))
    assert error.code == "SHIPMENT.POSTAGE.REQUIRED"
    bought = desk.api.shipment.buy(made.id, rate=made.rates[0])
    desk.api.shipment.refund(bought.id)
    error = refusal(lambda: desk.api.shipment.refund(bought.id))
    assert error.code == "SHIPMENT.REFUND.UNAVAILABLE"
    error = refusal(lambda: desk.api.shipment.refund("shp_none"))
    assert error.code == "NOT_FOUND"
    error = refusal(lambda: desk.api.shipment.buy(made.id, rate=made.rates[0]))
    assert error.code == "SHIPMENT.POSTAGE.EXISTS"


def test_refunds_by_tracking_code_are_all_or_none(desk: Desk) -> None:
    codes = [desk.bought().tracking_code for _ in range(2)]

    def create(**given: Any) -> Any:
        return desk.api.refund.create(**given)

    error = refusal(lambda: create(carrier="USPS", tracking_codes=[*codes, "94none"]))
    assert error.code == "REFUND.TRACKING_CODE.NOT_FOUND"
    assert refusal(lambda: create(carrier="USPS")).code == "REFUND.TRACKING_CODES.INVALID"
    desk.control.act("deliver", {"tracking_code": codes[1]})
    error = refusal(lambda: create(carrier="USPS", tracking_codes=codes))
    assert error.code == "SHIPMENT.REFUND.UNAVAILABLE"
    assert [label["status"] for label in desk.snapshot("label")] == ["bought", "bought"]
    made = create(carrier="USPS", tracking_codes=codes[:1])
    assert [refund.status for refund in made] == ["submitted"]


def test_refunds_may_take_business_days(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(Shop(days_ago=20, carrier_accounts=two_carriers()), refund_days=15)
    bought = desk.bought()
    desk.api.shipment.refund(bought.id)
    desk.control.act("pass_days", {"days": 14})
    assert desk.api.shipment.retrieve(bought.id).refund_status == "submitted"
    assert desk.control.pending().get("refunds", 0) == 0
    desk.control.act("pass_days", {"days": 1})
    assert desk.api.shipment.retrieve(bought.id).refund_status == "refunded"


def test_a_carrier_may_void_a_label_that_nobody_here_asked_to_void(desk: Desk) -> None:
    desk.bought(reference="S1")
    result = desk.control.act("void_at_carrier", {"reference": "S1"})
    assert result["status"] == "refunded"
    assert desk.api.shipment.retrieve("S1").refund_status == "refunded"
    with pytest.raises(SimulatorRefused, match="label_void"):
        desk.control.act("scan", {"reference": "S1", "status": "in_transit"})
