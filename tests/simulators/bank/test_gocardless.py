"""The first door: tokens, agreements, requisitions, accounts, limits, errors, faults."""

import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from peakproof.errors import UsageError
from peakproof.seed import wait_until
from peakproof.simkit import SimulatorRefused
from tests.simulators.bank.conftest import IBAN, SECRET_ID, SECRET_KEY

INSTITUTION = "PEAK_BANK_PEAKDEFF"


def wanted(**changes: Any) -> dict[str, Any]:
    return {"redirect": "https://shop.example.com/back", "institution_id": INSTITUTION, **changes}


def test_tokens_have_ends_and_are_renewed(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(time_scale=43_200.0)  # a day of the vendor's is two seconds here
    body = {"secret_id": SECRET_ID, "secret_key": SECRET_KEY}
    made = bank.http.post("/api/v2/token/new/", json=body).json()
    assert set(made) == {"access", "access_expires", "refresh", "refresh_expires"}
    assert made["access_expires"] == 2
    assert made["refresh_expires"] == 60
    bank.api_token = made["access"]
    bank.api("GET", "/institutions/")
    wait_until(lambda: bank.api_answer("GET", "/institutions/").status_code == 401, 10, "the end")
    renewed = bank.http.post("/api/v2/token/refresh/", json={"refresh": made["refresh"]}).json()
    assert set(renewed) == {"access", "access_expires"}
    bank.api_token = renewed["access"]
    bank.api("GET", "/institutions/")


def test_wrong_credentials_and_tokens(bank: Any) -> None:
    wrong = {"secret_id": SECRET_ID, "secret_key": "guess"}
    answer = bank.http.post("/api/v2/token/new/", json=wrong)
    assert answer.status_code == 401
    assert answer.json() == {
        "summary": "Authentication failed",
        "detail": "No active account found with the given credentials",
        "status_code": 401,
    }
    assert bank.http.post("/api/v2/token/refresh/", json={"refresh": "x"}).status_code == 401
    assert bank.http.post("/api/v2/token/new/", json={"secret_id": "x"}).status_code == 400
    assert bank.http.get("/api/v2/institutions/").json()["summary"] == "Invalid token"
    bank.api_token = "nobody"
    assert bank.api("GET", "/institutions/", 401)["status_code"] == 401


def test_secrets_stay_out_of_the_journal(bank: Any) -> None:
    bank.log_in()
    bank.http.post("/api/v2/token/new/", json={"secret_id": "x", "secret_key": "guessed-key"})
    bank.wait_for("request", 2, name="token.new")
    text = bank.journal.read_text()
    for secret in (SECRET_KEY, "guessed-key", bank.api_token):
        assert secret not in text


def test_institutions(bank: Any) -> None:
    listed = bank.api("GET", "/institutions/?country=DE")
    assert [one["id"] for one in listed] == [INSTITUTION]
    assert bank.api("GET", "/institutions/?country=BR") == []
    assert bank.api("GET", f"/institutions/{INSTITUTION}/")["name"] == "Peak Bank"
    bank.api("GET", "/institutions/NOBODY/", 404)
    bank.api("GET", "/institutions/?colour=red", 400)


def test_agreements(bank: Any) -> None:
    path = "/agreements/enduser/"
    made = bank.api("POST", path, 201, json={"institution_id": INSTITUTION,
                    "max_historical_days": 30, "access_valid_for_days": 10})  # fmt: skip
    assert made["accepted"] is None
    assert made["access_scope"] == ["balances", "details", "transactions"]
    assert bank.api("GET", f"{path}{made['id']}/") == made
    agent = {"user_agent": "Firefox", "ip_address": "10.0.0.1"}
    assert bank.api("PUT", f"{path}{made['id']}/accept/", json=agent)["accepted"]
    again = bank.api("PUT", f"{path}{made['id']}/accept/", 400, json=agent)
    assert "more than once" in again["summary"]
    bank.api("DELETE", f"{path}{made['id']}/", 400)
    other = bank.api("POST", path, 201, json={"institution_id": INSTITUTION})
    bank.api("DELETE", f"{path}{other['id']}/")
    bank.api("GET", f"{path}{other['id']}/", 404)
    for wrong in ({"max_historical_days": 0}, {"access_valid_for_days": 181},
                  {"access_scope": ["gold"]}, {"institution_id": "X"}, {"colour": 1}):  # fmt: skip
        bank.api("POST", path, 400, json={"institution_id": INSTITUTION, **wrong})


def test_a_requisition_from_created_to_linked(bank: Any) -> None:
    made = bank.api("POST", "/requisitions/", 201, json=wanted(reference="R1"))
    assert (made["status"], made["accounts"]) == ("CR", [])
    assert made["link"].startswith("https://ob.gocardless.com/psd2/start/" + made["id"])
    assert bank.http.get(made["link"].removeprefix("https://ob.gocardless.com")).status_code == 200
    assert bank.api("GET", f"/requisitions/{made['id']}/")["status"] == "GC"
    done = bank.act("authorize_requisition", requisition=made["id"], accounts=["MAIN"])
    assert done["redirect"] == "https://shop.example.com/back?ref=R1"
    linked = bank.api("GET", f"/requisitions/{made['id']}/")
    assert linked["status"] == "LN"
    assert linked["accounts"] == [done["accounts"]["MAIN"]]
    assert linked["accounts"][0] != bank.values["gocardless_account_id"], "a new id every time"
    with pytest.raises(SimulatorRefused, match="requisition_link_reused"):
        bank.act("authorize_requisition", requisition=made["id"])
    with pytest.raises(SimulatorRefused, match="unknown_requisition"):
        bank.act("authorize_requisition", requisition="x")
    again = bank.api("POST", "/requisitions/", 400, json=wanted(reference="R1"))
    assert again["reference"]["summary"] == "Client reference must be unique"


def test_a_customer_may_say_no(bank: Any) -> None:
    made = bank.api("POST", "/requisitions/", 201, json=wanted())
    assert bank.act("authorize_requisition", requisition=made["id"], reject=True)["accounts"] == {}
    assert bank.api("GET", f"/requisitions/{made['id']}/")["status"] == "RJ"


def test_requisitions_are_listed_by_pages_and_deleted(bank: Any) -> None:
    ids = [bank.api("POST", "/requisitions/", 201, json=wanted())["id"] for _ in range(3)]
    listed = bank.api("GET", "/requisitions/?limit=2&offset=0")
    assert [one["id"] for one in listed["results"]] == [ids[2], ids[1]]
    assert listed["next"] == f"{bank.url}/api/v2/requisitions/?limit=2&offset=2"
    assert listed["previous"] is None
    old = bank.values["gocardless_requisition_id"]
    assert bank.api("DELETE", f"/requisitions/{old}/")["summary"] == "Requisition deleted"
    bank.api("GET", f"/requisitions/{old}/", 404)
    bank.api("GET", f"/accounts/{bank.values['gocardless_account_id']}/balances/", 404)
    for wrong in ({"redirect": "nowhere"}, {"agreement": str(uuid.UUID(int=1))}, {"x": 1}):
        bank.api("POST", "/requisitions/", 400, json=wanted(**wrong))
    bank.api("GET", "/requisitions/?limit=many", 400)
    broken = bank.api("POST", "/requisitions/", 400, content=b"{nothing")
    assert broken["summary"] == "JSON parse error"


def test_what_an_account_shows(bank: Any) -> None:
    path = f"/accounts/{bank.values['gocardless_account_id']}"
    later = (bank.today() + timedelta(days=3)).isoformat()
    bank.act("receive", amount="12.50", counterparty="Ada", remittance="Order 7",
             end_to_end_id="E7")  # fmt: skip
    made = bank.act("receive", amount="1.00", booking_date=later)
    assert bank.api("GET", path + "/")["iban"] == IBAN
    assert bank.api("GET", path + "/")["status"] == "READY"
    assert bank.api("GET", path + "/details/")["account"]["currency"] == "EUR"
    balances = {one["balanceType"]: one["balanceAmount"]["amount"]
                for one in bank.api("GET", path + "/balances/")["balances"]}  # fmt: skip
    assert balances == {
        "closingBooked": "1000.00", "interimBooked": "1012.50", "expected": "1013.50",
    }  # fmt: skip
    told = bank.api("GET", path + "/transactions/")["transactions"]
    first = told["booked"][0]
    assert first["transactionAmount"] == {"amount": "12.50", "currency": "EUR"}
    assert first["debtorName"] == "Ada"
    assert first["endToEndId"] == "E7"
    assert first["remittanceInformationUnstructured"] == "Order 7"
    pending = told["pending"][0]
    assert "bookingDate" not in pending
    assert pending["transactionId"] != made["id"], "the id changes on booking"
    bank.act("pass_days", days=6)
    assert made["id"] in [one["transactionId"] for one in bank.booked()]


def test_ids_may_stay_on_booking(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(pending_ids_change=False)
    later = (bank.today() + timedelta(days=3)).isoformat()
    made = bank.act("receive", amount="1.00", booking_date=later)
    path = f"/accounts/{bank.values['gocardless_account_id']}/transactions/"
    assert bank.api("GET", path)["transactions"]["pending"][0]["transactionId"] == made["id"]


def test_dates_narrow_the_list(bank: Any) -> None:
    days = []
    for number in range(1, 4):
        days.append(bank.act("receive", amount=f"{number}.00")["booking_date"])
        bank.next_banking_day()
    path = f"/accounts/{bank.values['gocardless_account_id']}/transactions/"

    def amounts(query: str) -> list[str]:
        booked = bank.api("GET", path + query)["transactions"]["booked"]
        return [one["transactionAmount"]["amount"] for one in booked]

    assert amounts("") == ["3.00", "2.00", "1.00"], "newest first"
    assert amounts(f"?date_from={days[1]}") == ["3.00", "2.00"]
    assert amounts(f"?date_from={days[0]}&date_to={days[1]}") == ["2.00", "1.00"]
    bank.api("GET", path + "?date_from=soon", 400)
    bank.api("GET", path + f"?date_from={days[1]}&date_to={days[0]}", 400)
    bank.api("GET", path + "?colour=red", 400)


def test_history_ends_where_the_agreement_says(bank: Any) -> None:
    bank.act("receive", amount="1.00")
    bank.act("pass_days", days=10)
    agreement = bank.api("POST", "/agreements/enduser/", 201, json={
        "institution_id": INSTITUTION, "max_historical_days": 3})  # fmt: skip
    made = bank.api("POST", "/requisitions/", 201, json=wanted(agreement=agreement["id"]))
    ids = bank.act("authorize_requisition", requisition=made["id"])["accounts"]
    assert bank.booked(ids["MAIN"]) == []
    assert len(bank.booked()) == 1


def test_four_pulls_a_day_and_scope(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(pulls_per_day=4)
    path = f"/accounts/{bank.values['gocardless_account_id']}"
    for left in (3, 2, 1, 0):
        answer = bank.api_answer("GET", path + "/transactions/")
        assert answer.status_code == 200
        assert answer.headers["HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_LIMIT"] == "4"
        assert answer.headers["HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_REMAINING"] == str(left)
    refused = bank.api_answer("GET", path + "/transactions/")
    assert refused.status_code == 429
    seconds = int(refused.headers["HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_RESET"])
    assert refused.json() == {
        "summary": "Rate limit exceeded",
        "detail": "The rate limit for this resource is 4/day. "
        f"Please try again in {seconds} seconds",
        "status_code": 429,
    }
    bank.api("GET", path + "/balances/")
    bank.api("GET", path + "/")
    bank.act("pass_days", days=1)
    bank.api("GET", path + "/transactions/")


def test_consent_ends_and_is_renewed_under_a_new_id(bank: Any) -> None:
    old = bank.values["gocardless_account_id"]
    bank.act("expire_consent", account="MAIN")
    body = bank.api("GET", f"/accounts/{old}/transactions/", 401)
    assert body["summary"].startswith("End User Agreement (EUA)")
    assert body["summary"].endswith("has expired")
    assert "EUA was valid for 90 days and it expired at" in body["detail"]
    assert bank.api("GET", f"/accounts/{old}/")["status"] == "EXPIRED"
    requisition = bank.values["gocardless_requisition_id"]
    assert bank.api("GET", f"/requisitions/{requisition}/")["status"] == "EX"
    made = bank.act("renew_consent", account="MAIN")
    assert made["account_id"] != old
    bank.api("GET", f"/accounts/{made['account_id']}/transactions/")
    bank.api("GET", f"/accounts/{old}/transactions/", 401)


def test_consent_ends_by_itself(bank: Any) -> None:
    agreement = bank.api("POST", "/agreements/enduser/", 201, json={
        "institution_id": INSTITUTION, "access_valid_for_days": 2})  # fmt: skip
    made = bank.api("POST", "/requisitions/", 201, json=wanted(agreement=agreement["id"]))
    identity = bank.act("authorize_requisition", requisition=made["id"])["accounts"]["MAIN"]
    bank.act("pass_days", days=1)
    bank.api("GET", f"/accounts/{identity}/balances/")
    bank.act("pass_days", days=1)
    bank.api("GET", f"/accounts/{identity}/balances/", 401)


def test_scope_and_unknown_accounts(bank: Any) -> None:
    agreement = bank.api("POST", "/agreements/enduser/", 201, json={
        "institution_id": INSTITUTION, "access_scope": ["balances"]})  # fmt: skip
    made = bank.api("POST", "/requisitions/", 201, json=wanted(agreement=agreement["id"]))
    identity = bank.act("authorize_requisition", requisition=made["id"])["accounts"]["MAIN"]
    bank.api("GET", f"/accounts/{identity}/balances/")
    body = bank.api("GET", f"/accounts/{identity}/transactions/", 403)
    assert body["summary"] == "AccountAccessForbidden"
    assert bank.api("GET", "/accounts/mine/balances/", 400)["summary"] == "Invalid Account ID"
    bank.api("GET", f"/accounts/{uuid.UUID(int=5)}/balances/", 404)


@pytest.mark.parametrize(
    ("fault", "status", "summary"),
    [("account_processing", 409, "AccountProcessing"),
     ("account_suspended", 409, "Account Suspended"),
     ("institution_down", 503, "ServiceError"),
     ("expired_token", 401, "Invalid token")],
)  # fmt: skip
def test_troubles_of_an_account(bank: Any, fault: str, status: int, summary: str) -> None:
    path = f"/accounts/{bank.values['gocardless_account_id']}/transactions/"
    rule = bank.client.inject(fault, {"match": "accounts.transactions", "count": 1})
    assert bank.api("GET", path, status)["summary"] == summary
    bank.api("GET", path)
    assert bank.client.fired(rule) == 1


def test_a_stale_list_and_a_duplicate(bank: Any) -> None:
    for amount in ("1.00", "2.00"):
        bank.act("receive", amount=amount)
    true = bank.booked()
    bank.client.inject("stale_list", {"match": "MAIN", "count": 1})
    assert bank.booked() == true[1:], "missing once"
    assert bank.booked() == true, "then there"
    bank.client.inject("duplicate_transaction", {"match": "MAIN", "count": 1})
    twice = bank.booked()
    assert twice[1:] == true
    assert twice[0]["transactionId"] != true[0]["transactionId"]
    assert twice[0]["transactionAmount"] == true[0]["transactionAmount"]
    assert bank.booked() == true


def test_faults_speak_the_vendors_shape(bank: Any) -> None:
    bank.client.inject("request", {"effect": "throttle", "match": "institutions.*", "count": 1})
    assert bank.api("GET", "/institutions/", 429)["summary"] == "Rate limit exceeded"
    bank.client.inject("request", {"effect": "error", "status": 503, "count": 1})
    assert bank.api("GET", "/institutions/", 503)["summary"] == "ServiceError"


def test_the_general_limit(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(time_scale=0.001)
    bank.log_in()
    statuses = [bank.api_answer("GET", "/institutions/").status_code for _ in range(101)]
    assert statuses.count(429) >= 1
    assert statuses[:90] == [200] * 90


def test_what_is_not_modelled_says_so(bank: Any) -> None:
    path = f"/accounts/premium/{bank.values['gocardless_account_id']}/transactions"
    assert bank.api("GET", path, 404)["peakproof"]["code"] == "not_modelled"


def test_requests_are_written_down(bank: Any) -> None:
    started = time.monotonic()
    bank.booked()
    event = bank.wait_for("request", name="accounts.transactions")[0]
    assert event["value"]["api_version"] == "v2"
    assert event["value"]["operation_type"] == "query"
    assert event["value"]["client"]
    assert 0 <= event["value"]["duration_seconds"] <= time.monotonic() - started


def test_the_story_cannot_pass_today(bank: Any) -> None:
    with pytest.raises(UsageError, match="reached today"):
        bank.act("pass_days", days=31)
    assert isinstance(bank.today(), date)
