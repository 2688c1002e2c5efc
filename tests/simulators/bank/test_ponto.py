"""The second door: tokens, accounts, pages, synchronizations, errors, faults."""

import base64
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from peakproof.errors import SimulatorRefused
from peakproof.seed import wait_until
from tests.simulators.bank.conftest import CLIENT_ID, CLIENT_SECRET, IBAN


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def lists(bank: Any) -> str:
    return f"/accounts/{bank.values['ponto_account_id']}/transactions"


def synchronize(bank: Any, status: int = 201, **changes: Any) -> Any:
    attributes = {
        "resourceType": "account",
        "resourceId": bank.values["ponto_account_id"],
        "subtype": "accountTransactions",
        "customerIpAddress": "10.0.0.1",
        **changes,
    }
    body = {"data": {"type": "synchronization", "attributes": attributes}}
    return bank.ponto("POST", "/synchronizations", status, json=body)


def finished(bank: Any, identity: str) -> Any:
    def done() -> Any:
        attributes = bank.ponto("GET", f"/synchronizations/{identity}")["data"]["attributes"]
        return attributes if attributes["status"] in ("success", "error") else None

    return wait_until(done, 10, "the synchronization to end")


def test_tokens(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(time_scale=900.0)
    grant = {"grant_type": "client_credentials"}
    for good in ({"params": grant}, {"data": grant}):
        answer = bank.http.post("/oauth2/token", headers=basic(CLIENT_ID, CLIENT_SECRET), **good)
        assert answer.status_code == 200
        assert set(answer.json()) == {"access_token", "expires_in", "scope", "token_type"}
    bank.ponto("GET", "/accounts")
    ended = lambda: bank.ponto_answer("GET", "/accounts").status_code == 401  # noqa: E731
    wait_until(ended, 10, "the token to expire")
    wrong = bank.http.post("/oauth2/token", params=grant, headers=basic(CLIENT_ID, "guess"))
    assert wrong.status_code == 401
    assert wrong.json()["error"] == "invalid_client"
    assert bank.http.post("/oauth2/token", params=grant).status_code == 401
    broken = {"Authorization": "Basic !!"}
    assert bank.http.post("/oauth2/token", params=grant, headers=broken).status_code == 401
    answer = bank.http.post(
        "/oauth2/token", data={"grant_type": "password"}, headers=basic(CLIENT_ID, CLIENT_SECRET)
    )
    assert answer.json()["error"] == "unsupported_grant_type"


def test_without_a_token(bank: Any) -> None:
    answer = bank.http.get("/accounts")
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "missingAccessToken"


def test_accounts(bank: Any) -> None:
    bank.act("receive", amount="0.10")
    listed = bank.ponto("GET", "/accounts", params={"limit": 100})
    first = listed["data"][0]
    assert first["attributes"]["reference"] == IBAN
    assert first["attributes"]["currentBalance"] == 1000.1
    assert first["id"] == bank.values["ponto_account_id"]
    assert len(listed["data"]) == 2
    assert bank.ponto("GET", f"/accounts/{first['id']}")["data"]["id"] == first["id"]
    error = bank.ponto("GET", "/accounts/nobody", 404)["errors"][0]
    assert (error["code"], error["meta"]["resource"]) == ("resourceNotFound", "account")


def test_a_transaction(bank: Any) -> None:
    made = bank.act("receive", amount="12.50", counterparty="Ada", remittance="Order 7",
                    counterparty_iban="BE62510007547061", end_to_end_id="E7")  # fmt: skip
    body = bank.ponto("GET", lists(bank))
    record = body["data"][0]
    assert record["id"] == made["id"]
    attributes = record["attributes"]
    assert attributes["amount"] == 12.5
    assert attributes["counterpartName"] == "Ada"
    assert attributes["counterpartReference"] == "BE62510007547061"
    assert attributes["remittanceInformation"] == "Order 7"
    assert attributes["executionDate"] == f"{bank.today()}T00:00:00.000Z"
    assert '"amount":12.50' in bank.ponto_answer("GET", lists(bank)).text, "exact, with decimals"
    assert body["meta"]["latestSynchronization"]["attributes"]["status"] == "success"
    assert bank.ponto("GET", f"{lists(bank)}/{made['id']}")["data"] == record
    bank.ponto("GET", f"{lists(bank)}/nobody", 404)


def test_pending_transactions_have_a_list_of_their_own(bank: Any) -> None:
    later = (bank.today() + timedelta(days=3)).isoformat()
    made = bank.act("receive", amount="1.00", booking_date=later)
    path = lists(bank).replace("transactions", "pending-transactions")
    waiting = bank.ponto("GET", path)["data"]
    assert [one["type"] for one in waiting] == ["pendingTransaction"]
    assert waiting[0]["id"] != made["id"]
    assert bank.ponto("GET", lists(bank))["data"] == []
    bank.act("pass_days", days=6)
    assert bank.ponto("GET", path)["data"] == []
    assert [one["id"] for one in bank.ponto("GET", lists(bank))["data"]] == [made["id"]]


def test_pages_forwards_by_links_and_backwards(bank: Any) -> None:
    ids = [bank.act("receive", amount=f"{n}.00")["id"] for n in range(1, 8)][::-1]
    body = bank.ponto("GET", lists(bank), params={"limit": 3})
    pages = [body]
    while "next" in body["links"]:
        assert body["links"]["next"].startswith(bank.url)
        body = bank.ponto("GET", body["links"]["next"])
        pages.append(body)
    assert [[one["id"] for one in page["data"]] for page in pages] == [ids[:3], ids[3:6], ids[6:]]
    back = bank.ponto("GET", pages[-1]["links"]["prev"])
    assert [one["id"] for one in back["data"]] == ids[3:6]
    assert pages[0]["meta"]["paging"] == {"limit": 3, "before": None, "after": ids[2]}
    assert bank.ponto("GET", lists(bank), params={"after": ids[-1]})["data"] == []
    default = bank.ponto("GET", lists(bank), params={"page[limit]": 2})
    assert len(default["data"]) == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [({"limit": "0"}, "invalidPagingLimit"), ({"limit": "101"}, "invalidPagingLimit"),
     ({"limit": "x"}, "invalidPagingLimit"), ({"after": "nobody"}, "invalidPagingCursor"),
     ({"after": "a", "before": "b"}, "invalidPagingCursor"),
     ({"colour": "red"}, "unknownQueryParameter")],
)  # fmt: skip
def test_wrong_pages(bank: Any, query: dict[str, str], code: str) -> None:
    assert bank.ponto("GET", lists(bank), 400, params=query)["errors"][0]["code"] == code


def test_a_synchronization_sees_what_was_not_seen(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(ponto_automatic=False)
    bank.to_banking_day()
    made = bank.act("receive", amount="1.00")
    assert bank.ponto("GET", lists(bank))["data"] == []
    begun = synchronize(bank)["data"]
    assert begun["attributes"]["status"] == "pending"
    assert finished(bank, begun["id"])["status"] == "success"
    assert [one["id"] for one in bank.ponto("GET", lists(bank))["data"]] == [made["id"]]
    path = f"/synchronizations/{begun['id']}/updated-transactions"
    assert [one["id"] for one in bank.ponto("GET", path)["data"]] == [made["id"]]
    again = synchronize(bank)["data"]["id"]
    finished(bank, again)
    assert bank.ponto("GET", path.replace(begun["id"], again))["data"] == []
    other = bank.act("receive", amount="2.00")
    bank.act("pass_days", days=1)
    seen = [one["id"] for one in bank.ponto("GET", lists(bank))["data"]]
    assert other["id"] in seen, "Ponto looks by itself at night"


def test_balance_synchronizations_see_no_transactions(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(ponto_automatic=False)
    bank.to_banking_day()
    bank.act("receive", amount="1.00")
    finished(bank, synchronize(bank, subtype="accountDetails")["data"]["id"])
    assert bank.ponto("GET", lists(bank))["data"] == []


def test_a_stuck_and_a_failed_synchronization(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(ponto_automatic=False)
    rule = bank.client.inject("sync_stuck", {"count": 1})
    stuck = synchronize(bank)["data"]["id"]
    assert bank.client.fired(rule) == 1
    bank.client.inject("sync_error", {"count": 1})
    failed = finished(bank, synchronize(bank)["data"]["id"])
    assert failed["status"] == "error"
    assert failed["errors"][0]["code"] == "technicalFailure"
    assert finished(bank, synchronize(bank)["data"]["id"])["status"] == "success"
    record = bank.ponto("GET", f"/synchronizations/{stuck}")["data"]
    assert record["attributes"]["status"] == "pending"
    assert bank.client.pending()["synchronizations"] == 0, "what is stuck is not waited for"


def test_without_consent_nothing_new_is_seen(bank: Any) -> None:
    bank.act("expire_consent", account="MAIN")
    made = bank.act("receive", amount="1.00")
    assert bank.ponto("GET", lists(bank))["data"] == []
    failed = finished(bank, synchronize(bank)["data"]["id"])
    assert failed["errors"][0]["code"] == "authorizationExpired"
    bank.act("renew_consent", account="MAIN")
    assert finished(bank, synchronize(bank)["data"]["id"])["status"] == "success"
    assert [one["id"] for one in bank.ponto("GET", lists(bank))["data"]] == [made["id"]]


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"resourceType": "user"}, 400), ({"subtype": "everything"}, 400),
     ({"resourceId": "nobody"}, 404), ({"colour": "red"}, 400), ({"subtype": ""}, 400)],
)  # fmt: skip
def test_wrong_synchronizations(bank: Any, changes: dict[str, str], status: int) -> None:
    assert synchronize(bank, status, **changes)["errors"]
    assert bank.ponto("POST", "/synchronizations", 400, json={"data": {}})["errors"]
    assert bank.ponto("POST", "/synchronizations", 400, content=b"{nothing")["errors"]
    assert bank.ponto("GET", "/synchronizations/nobody", 404)["errors"]


def test_fifty_synchronizations_a_day(bank: Any) -> None:
    bank.client.inject("sync_stuck", {})
    for _ in range(50):
        synchronize(bank)
    assert synchronize(bank, 429)["errors"][0]["code"] == "tooManySynchronizations"
    bank.act("pass_days", days=1)
    synchronize(bank)


def test_what_is_booked_late_on_an_earlier_day_is_listed_first(bank: Any) -> None:
    """As Ponto lists what it learned last first, whatever the dates say."""
    day = bank.to_banking_day()
    bank.act("receive", amount="1.00")
    for _ in range(7):
        before, day = day, bank.next_banking_day()
        if (day - before).days == 1:
            break
    today = bank.act("receive", amount="2.00")
    late = bank.act("receive", amount="3.00", booked_days_ago=1)
    assert date.fromisoformat(late["booking_date"]) == before < day
    listed = [entry["id"] for entry in bank.ponto("GET", lists(bank))["data"]]
    assert listed[:2] == [late["id"], today["id"]]
    bank.act("issue_statement")
    with pytest.raises(SimulatorRefused, match="is open from"):
        bank.act("receive", amount="4.00", booked_days_ago=1)


def test_a_list_that_changes_between_pages(bank: Any) -> None:
    ids = [bank.act("receive", amount=f"{n}.00")["id"] for n in range(1, 7)][::-1]

    def read() -> list[str]:
        found: list[str] = []
        body = bank.ponto("GET", lists(bank), params={"limit": 3})
        while body["data"]:
            found += [one["id"] for one in body["data"]]
            body = bank.ponto("GET", lists(bank), params={"limit": 3, "after": found[-1]})
        return found

    bank.client.inject("list_changes_between_pages", {"count": 1})
    changed = read()
    assert changed.count(ids[2]) == 2, "told twice"
    assert ids[3] not in changed, "and one is missing"
    assert read() == ids


def test_addresses_are_under_the_name_that_the_caller_used(bank: Any) -> None:
    for _ in range(2):
        bank.act("receive", amount="1.00")
    bank.ponto("GET", "/accounts")
    headers = {"Authorization": f"Bearer {bank.ponto_token}", "Host": "api.myponto.com"}
    body = bank.http.get(lists(bank), params={"limit": 1}, headers=headers).json()
    assert body["links"]["next"].startswith("https://api.myponto.com/accounts/")


def test_faults_speak_the_vendors_shape(bank: Any) -> None:
    bank.act("receive", amount="1.00")
    bank.client.inject("stale_list", {"count": 1})
    assert bank.ponto("GET", lists(bank))["data"] == []
    bank.client.inject("duplicate_transaction", {"count": 1})
    twice = [one["id"] for one in bank.ponto("GET", lists(bank))["data"]]
    assert len(set(twice)) == 2
    assert len(bank.ponto("GET", lists(bank))["data"]) == 1
    bank.client.inject("expired_token", {"match": "ponto.*", "count": 1})
    error = bank.ponto("GET", "/accounts", 401)["errors"][0]
    assert error["code"] == "invalidAccessToken"
    bank.client.inject("request", {"effect": "throttle", "count": 1})
    answer = bank.ponto_answer("GET", "/accounts")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    bank.client.inject("request", {"effect": "error", "status": 503, "count": 1})
    assert bank.ponto("GET", "/accounts", 503)["errors"][0]["code"] == "technicalFailure"
