"""What a consent and a token let one see at the bank's doors, and for how long."""

from collections.abc import Callable
from typing import Any


def test_an_agreement_may_leave_something_out(open_bank: Callable[..., Any]) -> None:
    bank = open_bank(scopes=["transactions"])
    account = bank.values["gocardless_account_id"]
    assert bank.api("GET", f"/accounts/{account}/transactions/")
    answer = bank.api("GET", f"/accounts/{account}/balances/", 403)
    assert answer["summary"] == "AccountAccessForbidden"
    grants = {event["name"]: event["value"] for event in bank.events("grant")}
    assert grants["scopes of the end user's agreement"]["granted"] == ["transactions"]
    assert grants["Ponto scopes"]["granted"] == ["ai"]
    (request,) = bank.wait_for("request", name="accounts.balances")
    assert request["value"]["scopes"] == ["balances"]


def test_a_token_of_ponto_names_its_scope(bank: Any) -> None:
    assert bank.ponto_answer("GET", "/accounts").status_code == 200
    last = bank.wait_for("request", name="ponto.accounts.list")[0]
    assert last["value"]["scopes"] == ["ai"]


def test_a_lasting_fault_ends_the_tokens_of_both_doors(bank: Any) -> None:
    assert bank.ponto_answer("GET", "/accounts").status_code == 200
    bank.log_in()
    bank.client.inject("expired_token", {"count": 2, "lasting": True})
    for _ in range(2):
        assert bank.api_answer("GET", "/requisitions/").status_code == 401
        assert bank.ponto_answer("GET", "/accounts").status_code == 401
    bank.log_in()
    assert bank.api_answer("GET", "/requisitions/").status_code == 200
