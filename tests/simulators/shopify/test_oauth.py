"""Tokens: how they are got, refreshed and lost."""

from collections.abc import Callable
from typing import Any

import pytest

from peakproof.seed import wait_until
from tests.simulators.shopify.conftest import TOKEN

PATH = "/admin/oauth/access_token"
APP = {"client_id": "client-1", "client_secret": "hush"}
EXCHANGE = {
    **APP,
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token": "session",
    "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
    "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
}


def works(store: Any, token: str) -> bool:
    store.post("{ shop { name } }", token=token)
    return bool(store.last.status_code == 200)


@pytest.mark.parametrize("kind", ["json", "data"])
def test_client_credentials_as_json_and_as_a_form(store: Any, kind: str) -> None:
    answer = store.http.post(PATH, **{kind: {**APP, "grant_type": "client_credentials"}})
    assert answer.status_code == 200
    body = answer.json()
    assert works(store, body["access_token"])
    assert store.client.secrets()["token"] == [body["access_token"]]
    assert body["expires_in"] > 0
    assert "read_products" in body["scope"].split(",")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [({"client_secret": "wrong"}, 401, "invalid_client"),
     ({"grant_type": "magic"}, 400, "unsupported_grant_type"),
     ({"grant_type": "refresh_token", "refresh_token": "none"}, 401, "invalid_grant")],
)  # fmt: skip
def test_refusals(store: Any, change: dict[str, str], status: int, error: str) -> None:
    answer = store.http.post(PATH, json={**APP, "grant_type": "client_credentials", **change})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_refresh_token_is_good_until_its_successor_was_used(store: Any) -> None:
    first = store.http.post(PATH, json={**EXCHANGE, "expiring": "1"}).json()
    assert first["refresh_token"]

    def renew(refresh: str) -> Any:
        return store.http.post(
            PATH, json={**APP, "grant_type": "refresh_token", "refresh_token": refresh}
        )

    lost = renew(first["refresh_token"])
    assert lost.status_code == 200
    again = renew(first["refresh_token"])
    assert again.status_code == 200, "the answer was lost, the client asks again"
    assert works(store, again.json()["access_token"])
    assert renew(again.json()["refresh_token"]).status_code == 200
    assert renew(first["refresh_token"]).status_code == 401


def test_issued_tokens_expire(open_store: Callable[..., Any]) -> None:
    store = open_store(time_scale=36_000.0)
    body = store.http.post(PATH, json={**EXCHANGE, "expiring": "1"}).json()
    token = body["access_token"]
    assert works(store, token)
    wait_until(lambda: not works(store, token), 5, "the token to expire")
    assert works(store, "shpat_test"), "the configured token does not"


def test_all_tokens_can_be_expired_at_once(store: Any) -> None:
    assert store.client.act("expire_tokens")["expired"] == 1
    assert not works(store, "shpat_test")
    body = store.http.post(PATH, json={**APP, "grant_type": "client_credentials"}).json()
    assert works(store, body["access_token"])


def test_a_good_token_can_be_refused_by_a_fault(store: Any) -> None:
    rule = store.client.inject("expired_token", {"count": 1})
    assert not works(store, "shpat_test")
    assert works(store, "shpat_test")
    assert store.client.fired(rule) == 1


def test_no_secret_reaches_the_journal(store: Any) -> None:
    body = store.http.post(PATH, json={**APP, "grant_type": "client_credentials"}).json()
    works(store, body["access_token"])
    store.wait_for("request", 2)
    text = store.journal.read_text()
    assert "hush" not in text
    assert body["access_token"] not in text
    assert "shpat_test" not in text


def test_a_lasting_fault_ends_what_can_be_renewed(store: Any) -> None:
    def renewed() -> str:
        answer = store.http.post(PATH, json={**APP, "grant_type": "client_credentials"})
        return str(answer.json()["access_token"])

    token = renewed()
    store.client.inject("expired_token", {"count": 1, "lasting": True})
    assert not works(store, token)
    assert not works(store, token), "the rule is spent, the token has ended"
    assert works(store, renewed())
    assert works(store, TOKEN), "a token without an end has nobody to renew it"
