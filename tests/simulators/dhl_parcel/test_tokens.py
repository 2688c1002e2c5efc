"""Tokens: who gets one, what it says, how long it is good, what a bad one meets."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime

from peakproof.seed import wait_until
from tests.simulators.dhl_parcel.conftest import Depot
from tests.simulators.dhl_parcel.customer import Customer


def claims(token: str) -> dict[str, object]:
    middle = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))


def test_a_token_is_a_json_string_with_the_documented_claims(customer: Customer) -> None:
    answer = customer.log_in()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    found = claims(customer.token)
    assert found["unique_name"] == customer.user
    assert (found["iss"], found["aud"]) == ("DPDHL", "CIM_Spain")
    assert found["nbf"] == found["iat"]
    assert customer.track("0800000000").status_code == 404, "the token is taken"


def test_a_token_tells_the_machines_time(open_depot: Callable[..., Depot]) -> None:
    """A caller compares ``exp`` with its own clock, also when the story plays days ago."""
    customer = open_depot(time_scale=1.0).customer
    customer.log_in()
    found = claims(customer.token)
    issued, expires = (float(str(found[name])) for name in ("iat", "exp"))
    assert 1800 <= expires - issued <= 1801
    assert abs(datetime.now(UTC).timestamp() - issued) < 60


def test_wrong_credentials_get_401_without_a_body(customer: Customer) -> None:
    for answer in (
        customer.log_in(password="wrong"),
        customer.call("POST", "authenticate", {}, ""),
        customer.call("POST", "authenticate", {"Username": customer.user}, ""),
    ):
        assert (answer.status_code, answer.content) == (401, b"")


def test_every_other_call_needs_a_good_token(customer: Customer) -> None:
    shipment = customer.send()
    for bad in ("", "Bearer", "Bearer nonsense", f"Basic {customer.token}"):
        customer.token = bad
        for method, path in (
            ("POST", "shipment"),
            ("GET", f"shipment?Year={shipment['Year']}&Tracking={shipment['Tracking']}"),
            ("GET", f"track?id={shipment['Tracking']}"),
            ("POST", "endday"),
        ):
            answer = customer.call(method, path, {}, authorization=bad)
            assert (answer.status_code, answer.content) == (401, b"")


def test_a_token_expires_after_thirty_minutes(open_depot: Callable[..., Depot]) -> None:
    """The vendor's time runs 9,000 times as fast here: thirty minutes are 0.2 s."""
    customer = open_depot(time_scale=9000.0).customer
    customer.log_in()
    assert customer.track("0800000000").status_code == 404
    wait_until(
        lambda: customer.track("0800000000").status_code == 401, 5, "the token to expire", 0.02
    )
    customer.log_in()
    assert customer.track("0800000000").status_code == 404


def test_the_fault_expired_token_meets_a_good_token(depot: Depot) -> None:
    customer = depot.customer
    customer.log_in()
    rule = depot.client.inject("expired_token", {"match": "shipments.create.buy", "count": 1})
    assert customer.try_to_send().status_code == 401
    assert depot.records("label") == []
    assert customer.try_to_send().status_code == 200
    assert depot.client.fired(rule) == 1


def test_credentials_may_be_given(open_depot: Callable[..., Depot]) -> None:
    given = {"user_id": "28000001ACME", "key": "secret", "account_id": "28-000001"}
    depot = open_depot(**given)
    assert depot.values == given
    assert depot.customer.send()["Origin"] == "28"


def test_no_secret_is_written_down(depot: Depot) -> None:
    depot.customer.send()
    token = depot.customer.token
    wait_until(lambda: "shipments.create.buy" in depot.journal.read_text(), 5, "the journal's line")
    text = depot.journal.read_text() + str(depot.client.snapshot())
    for secret in (depot.values["key"], token, token.split(".")[2]):
        assert secret not in text
