"""Keys, limits, bad input, addresses: what EasyPost's wire says besides the business."""

import base64
from collections.abc import Callable
from typing import Any

import easypost
import httpx
import pytest

from peakproof.errors import WorldFailed
from peakproof.seed import wait_until
from peakproof.simkit import Shop
from tests.simulators.carrier.conftest import KEY, TO, Desk, refusal

BASIC = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {KEY}", 200),
        (BASIC, 200),
        ("Bearer wrong", 401),
        ("Basic wrong!", 401),
        (f"Token {KEY}", 401),
        ("", 401),
    ],
)
def test_the_key_comes_in_two_ways(desk: Desk, header: str, status: int) -> None:
    answer = httpx.get(f"{desk.url}/v2/shipments", headers={"Authorization": header})
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"]["code"] == "UNAUTHORIZED"


def test_a_good_key_may_be_rejected_for_a_while(desk: Desk) -> None:
    desk.control.inject("key_rejected", {"count": 1, "match": "shipments.*"})
    assert refusal(desk.shipment).http_status == 401
    assert desk.shipment().id


def test_a_wrong_key_in_the_official_client(desk: Desk) -> None:
    stranger = easypost.EasyPostClient("EZAKnone", api_base=f"{desk.url}/v2")
    with pytest.raises(easypost.errors.UnauthorizedError):
        stranger.shipment.all()
    stranger._requests_session.close()


def test_keys_are_drawn_from_the_seed(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(api_key="")
    values = desk.seeded["values"]
    assert values["api_key"].startswith("EZAK")
    assert len(values["api_key"]) == 58
    answer = httpx.get(f"{desk.url}/v2/webhooks", auth=(values["api_key"], ""))
    assert answer.json() == {"webhooks": []}


def test_a_test_key_means_test_mode(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(Shop(), api_key="EZTKx")
    made = httpx.post(f"{desk.url}/v2/addresses", json={"address": TO}, auth=("EZTKx", "")).json()
    assert made["mode"] == "test"


def test_lists_are_limited_to_five_a_second(desk: Desk) -> None:
    answers = [desk.http.get("/v2/trackers") for _ in range(60)]
    codes = [answer.status_code for answer in answers]
    assert codes[:5] == [200] * 5
    refused = answers[codes.index(429)]
    assert refused.json()["error"] == {
        "code": "RATE_LIMITED",
        "message": "Too Many Requests",
        "errors": [],
    }
    assert desk.shipment().id
    wait_until(lambda: desk.http.get("/v2/events").status_code == 200, 5, "the limit to pass", 0.3)


def test_injected_throttling_and_errors_have_the_vendors_shape(desk: Desk) -> None:
    desk.control.inject("request", {"effect": "throttle", "count": 1})
    assert refusal(desk.shipment).code == "RATE_LIMITED"
    for status, code in [
        (503, "INTERNAL_SERVER_ERROR"),
        (401, "UNAUTHORIZED"),
        (404, "NOT_FOUND"),
        (400, "BAD_REQUEST"),
    ]:
        desk.control.inject("request", {"effect": "error", "status": status, "count": 1})
        error = refusal(desk.shipment)
        assert (error.http_status, error.code) == (status, code)


def test_bodies_that_are_none(desk: Desk) -> None:
    def post(content: bytes) -> dict[str, Any]:
        answer = desk.http.post("/v2/shipments", content=content)
        return {"status": answer.status_code, **answer.json()["error"]}

    assert post(b"{")["code"] == "BAD_REQUEST"
    assert post(b"[1]")["status"] == 400
    assert post(b"shipment[reference]=1")["status"] == 400
    for empty in (b"", b"{}", b'{"shipment": {}}', b'{"shipment": 3}'):
        assert post(empty) == {
            "status": 422,
            "code": "PARAMETER.REQUIRED",
            "message": "Missing required parameter.",
            "errors": [{"field": "shipment", "message": "cannot be blank"}],
        }


def test_what_is_not_modelled_says_so(desk: Desk) -> None:
    answer = desk.http.post("/v2/batches", json={"batch": {}})
    assert answer.status_code == 404
    assert "POST /v2/batches" in answer.json()["peakproof"]["message"]
    error = refusal(lambda: desk.api.address.create(verify_carrier="UPS", **TO))
    assert error.code == "PARAMETER.FORBIDDEN"


def test_a_setting_that_is_not_known_stops_the_simulator(open_desk: Callable[..., Desk]) -> None:
    with pytest.raises(WorldFailed, match="refund_hours"):
        open_desk(refund_hours=3)


def test_addresses_are_checked_softly_or_strictly(desk: Desk) -> None:
    wrong = {**TO, "street1": "unknown street", "state": "ZZ", "zip": "00001"}
    soft = desk.api.address.create(verify=True, **wrong)
    assert soft.verifications.delivery.success is False
    assert [error.code for error in soft.verifications.delivery.errors] == [
        "E.ADDRESS.NOT_FOUND",
        "E.HOUSE_NUMBER.MISSING",
    ]
    assert soft.street1 == "unknown street"
    error = refusal(lambda: desk.api.address.create(verify_strict=True, **wrong))
    assert (error.http_status, error.code) == (422, "ADDRESS.VERIFY.FAILURE")
    assert error.errors[0]["field"] == "address"
    error = refusal(lambda: desk.api.address.create_and_verify(**wrong))
    assert error.code == "ADDRESS.VERIFY.FAILURE"
    error = refusal(lambda: desk.api.address.verify(soft.id))
    assert error.code == "ADDRESS.VERIFY.FAILURE"
    error = refusal(lambda: desk.shipment(to_address={**wrong, "verify_strict": True}))
    assert error.code == "ADDRESS.VERIFY.FAILURE"


def test_a_found_address_is_rewritten(desk: Desk) -> None:
    made = desk.api.address.create(**TO, street2="Apt 3")
    assert made.verifications.to_dict() == {}
    found = desk.api.address.verify(made.id)
    assert (found.street1, found.street2) == ("179 N HARBOR DR APT 3", None)
    assert found.zip.startswith("90277-")
    assert found.residential is True
    assert desk.api.address.retrieve(made.id).zip == found.zip
    assert desk.api.address.create_and_verify(**TO).zip.startswith("90277-")
    abroad = {"street1": "Kaiserstr. 1", "city": "Berlin", "zip": "10115", "country": "de"}
    there = desk.api.address.create(verify=True, **abroad)
    assert there.verifications.delivery.success is True
    assert (there.street1, there.country) == ("Kaiserstr. 1", "DE")
    nowhere = desk.api.address.create(verify=True, city="Berlin", country="DE")
    assert nowhere.verifications.delivery.success is False
    page = desk.api.address.all(page_size=1)
    assert page.addresses[0].id == nowhere.id
    assert desk.api.address.get_next_page(page, page_size=1).addresses[0].id == there.id


def test_carrier_accounts_are_told_one_by_one(desk: Desk) -> None:
    identity = desk.seeded["carrier_accounts"]["USPS"]
    found = desk.api.carrier_account.retrieve(identity)
    assert (found.type, found.readable) == ("UspsAccount", "USPS")
    assert refusal(lambda: desk.api.carrier_account.retrieve("ca_none")).code == "NOT_FOUND"


def test_the_history_holds_operations_not_secrets(desk: Desk) -> None:
    made = desk.shipment(reference="S5")
    refusal(lambda: desk.api.shipment.buy(made.id, rate={"id": "rate_none"}))
    wait_until(lambda: desk.events("request", name="shipments.buy"), 5, "the journal")
    [buy] = desk.events("request", name="shipments.buy")
    assert buy["outcome"] == "fail"
    assert buy["value"]["error_codes"] == ["NOT_FOUND"]
    assert buy["value"]["operation_type"] == "mutation"
    assert buy["value"]["arguments"]["rate"] == {"id": "rate_none"}
    [create] = desk.events("request", name="shipments.create")
    assert create["value"]["arguments"]["shipment"]["reference"] == "S5"
    assert len(create["value"]["client"]) == 12
    assert KEY not in desk.journal.read_text()
