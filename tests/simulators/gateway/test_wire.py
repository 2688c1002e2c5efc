"""The wire: keys, versions, parameters, pages, expansion, errors, rate limits."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from peakproof.simkit import Hosted, SimulatorRefused
from simulators.gateway import create
from simulators.gateway.errors import Refused
from simulators.gateway.form import parse_form
from simulators.gateway.operations_money import OPERATIONS
from simulators.gateway.settings import NEWEST, Settings
from tests.simulators.gateway.desk import KEY, Desk, config


def test_the_modelled_version_is_the_official_clients() -> None:
    assert stripe.api_version == NEWEST


def basic(user: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("header", [f"Bearer {KEY}", basic(KEY), basic(KEY, "anything")])
def test_keys_are_taken_as_bearer_and_as_basic(desk: Desk, header: str) -> None:
    answer = desk.http.get("/v1/balance", headers={"Authorization": header})
    assert answer.status_code == 200
    assert answer.headers["Stripe-Version"] == NEWEST
    assert answer.headers["Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("", "did not provide an API key"),
        ("Bearer", "did not provide an API key"),
        ("Basic ???", "did not provide an API key"),
        ("Bearer sk_test_somebody_elses", "Invalid API Key provided: sk_test_****"),
    ],
)
def test_a_wrong_key_is_a_401(desk: Desk, header: str, text: str) -> None:
    answer = desk.http.get("/v1/balance", headers={"Authorization": header})
    error = desk.error(answer, 401)
    assert error["type"] == "invalid_request_error"
    assert text in error["message"]
    assert "somebody" not in error["message"]


def test_a_publishable_key_opens_nothing(desk: Desk) -> None:
    header = {"Authorization": f"Bearer {desk.values['publishable_key']}"}
    error = desk.error(desk.http.get("/v1/balance", headers=header), 401)
    assert error["code"] == "secret_key_required"
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_no", base_addresses={"api": desk.url},
                            http_client=desk.connections).v1.balance.retrieve()  # fmt: skip


def test_a_key_may_expire(desk: Desk) -> None:
    desk.client.inject("expired_key", {"count": 1})
    with pytest.raises(stripe.AuthenticationError) as refused:
        desk.stripe.v1.balance.retrieve()
    assert refused.value.error.code == "api_key_expired"
    assert desk.stripe.v1.balance.retrieve().object == "balance"


def test_versions(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    same = desk.http.get("/v1/balance", headers={"Stripe-Version": "2026-11-25.endive"})
    assert same.status_code == 200, "a later month of the same release breaks nothing"
    other = desk.http.get("/v1/balance", headers={"Stripe-Version": "2020-08-27"})
    assert desk.error(other, 400)["code"] == "peakproof_not_modelled"
    wrong = desk.http.get("/v1/balance", headers={"Stripe-Version": "newest"})
    assert "Invalid Stripe API version" in desk.error(wrong, 400)["message"]
    open_hearted = open_desk(accepted_versions=["*"])
    old = open_hearted.http.get("/v1/balance", headers={"Stripe-Version": "2020-08-27"})
    assert (old.status_code, old.headers["Stripe-Version"]) == (200, "2020-08-27")


def test_connect_is_refused(desk: Desk) -> None:
    answer = desk.http.get("/v1/balance", headers={"Stripe-Account": "acct_1"})
    assert "does not model Connect" in desk.error(answer, 400)["message"]


def test_what_is_not_modelled_says_so(desk: Desk) -> None:
    answer = desk.http.get("/v1/subscriptions")
    assert (answer.status_code, answer.json()["peakproof"]["code"]) == (404, "not_modelled")
    error = desk.error(desk.http.get("/v1/charges/search?query=x"), 400)
    assert error["code"] == "peakproof_not_modelled"


@pytest.mark.parametrize(
    "path", [op.path for op in OPERATIONS if op.method == "GET" and "{id}" in op.path]
)
def test_an_unknown_id_is_a_404(desk: Desk, path: str) -> None:
    error = desk.error(desk.http.get(path.replace("{id}", "xx_1")), 404)
    assert (error["code"], error["type"]) == ("resource_missing", "invalid_request_error")
    assert "'xx_1'" in error["message"]
    assert error["doc_url"].endswith("resource-missing")


@pytest.mark.parametrize(
    "path",
    [op.path for op in OPERATIONS if op.name.endswith(".list") and op.path != "/v1/customers"],
)
def test_every_list_starts_empty_and_refuses_bad_pages(desk: Desk, path: str) -> None:
    assert desk.http.get(path).json() == {
        "object": "list", "data": [], "has_more": False, "url": path,
    }  # fmt: skip
    for limit in ("0", "101"):
        error = desk.error(desk.http.get(path, params={"limit": limit}), 400)
        assert (error["param"], error["code"]) == ("limit", "parameter_invalid_integer")
    for name in ("starting_after", "ending_before"):
        error = desk.error(desk.http.get(path, params={name: "xx_1"}), 400)
        assert (error["param"], error["code"]) == (name, "resource_missing")
    both = {"starting_after": "a", "ending_before": "b"}
    assert "only one" in desk.error(desk.http.get(path, params=both), 400)["message"]
    error = desk.error(desk.http.get(path, params={"colour": "red"}), 400)
    assert (error["param"], error["code"]) == ("colour", "parameter_unknown")
    error = desk.error(desk.http.get(path, params={"expand[]": "data.colour"}), 400)
    assert error["param"] == "expand"


def test_pages_run_from_the_newest_and_back(desk: Desk) -> None:
    made = [desk.pay(f"{amount}.00")["charge_id"] for amount in range(10, 35)][::-1]
    first = desk.get("charges")
    assert ([row["id"] for row in first["data"]], first["has_more"]) == (made[:10], True)
    last = desk.get(f"charges?limit=20&starting_after={made[9]}")
    assert ([row["id"] for row in last["data"]], last["has_more"]) == (made[10:], False)
    back = desk.get(f"charges?limit=5&ending_before={made[9]}")
    assert ([row["id"] for row in back["data"]], back["has_more"]) == (made[4:9], True)
    front = desk.get(f"charges?limit=5&ending_before={made[3]}")
    assert ([row["id"] for row in front["data"]], front["has_more"]) == (made[:3], False)


def test_moments_bound_a_list(desk: Desk) -> None:
    early = desk.pay("10.00")
    desk.days(3)
    late = desk.pay("20.00")
    created = desk.get(f"charges/{late['charge_id']}")["created"]

    def found(query: str) -> list[str]:
        return [row["id"] for row in desk.get(f"charges?{query}")["data"]]

    assert found(f"created[gte]={created}") == found(f"created={created}") == [late["charge_id"]]
    assert found(f"created[lt]={created}") == [early["charge_id"]]
    assert found(f"created[gt]={created}") == []
    assert len(found(f"created[lte]={created}")) == 2
    error = desk.error(desk.http.get("/v1/charges?created[since]=1"), 400)
    assert error["message"] == "Received unknown parameter: created[since]"
    error = desk.error(desk.http.get("/v1/charges?created[gte]=monday"), 400)
    assert error["param"] == "created[gte]"


def test_expansion_goes_four_levels_deep(desk: Desk) -> None:
    paid = desk.pay(email="ada@example.com")
    path = "payment_intent.latest_charge.balance_transaction.source"
    charge = desk.get(f"charges/{paid['charge_id']}?expand[]={path}&expand[]=customer")
    assert charge["customer"]["email"] == "ada@example.com"
    inner = charge["payment_intent"]["latest_charge"]["balance_transaction"]["source"]
    assert inner["id"] == paid["charge_id"]
    assert inner["payment_intent"] == paid["payment_intent_id"]
    for wrong in (path + ".payment_intent", "amount", "metadata.order", "data.customer"):
        answer = desk.http.get(f"/v1/charges/{paid['charge_id']}?expand[]={wrong}")
        assert desk.error(answer, 400)["param"] == "expand"
    hint = desk.error(desk.http.get("/v1/charges?expand[]=customer"), 400)["message"]
    assert "data.customer" in hint


def test_sources_of_several_kinds_are_expanded_by_what_they_have(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(available_after_banking_days=0)
    paid = desk.pay()
    desk.act("refund", charge_id=paid["charge_id"], amount="1.00")
    desk.act("close_day")
    rows = desk.get("balance_transactions?expand[]=data.source.charge")["data"]
    found = {row["type"]: row["source"] for row in rows}
    assert found["refund"]["charge"]["id"] == paid["charge_id"]
    assert found["charge"]["object"] == "charge"
    assert found["payout"]["object"] == "payout"


def test_a_wrong_expansion_of_a_writing_call_changes_nothing(desk: Desk) -> None:
    charge = desk.pay()["charge_id"]
    answer = desk.post("refunds", {"charge": charge, "expand[]": "colour"})
    assert desk.error(answer, 400)["param"] == "expand"
    assert desk.snapshot()["refund"] == {}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1&b%5Bc%5D=2", {"a": "1", "b": {"c": "2"}}),
        ("a[]=x&a[]=y", {"a": ["x", "y"]}),
        ("a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        ("a[b][c][]=1&a[b][d]=", {"a": {"b": {"c": ["1"], "d": ""}}}),
        ("a[0][b]=1&a[1][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        ("", {}),
    ],
)
def test_nested_forms(text: str, values: dict[str, Any]) -> None:
    assert parse_form(text) == values


@pytest.mark.parametrize("text", ["a[b=1", "[b]=1", "a=1&a[b]=2", "a]=1"])
def test_broken_forms(text: str) -> None:
    with pytest.raises(Refused):
        parse_form(text)


@pytest.mark.parametrize(
    ("path", "data", "param"),
    [
        ("payment_intents", {"currency": "usd"}, "amount"),
        ("payment_intents", {"amount": "500"}, "currency"),
        ("payouts", {"currency": "usd"}, "amount"),
        ("webhook_endpoints", {"url": "https://shop.example/hook"}, "enabled_events"),
    ],
)
def test_a_missing_parameter(desk: Desk, path: str, data: dict[str, str], param: str) -> None:
    error = desk.error(desk.post(path, data), 400)
    assert (error["code"], error["param"]) == ("parameter_missing", param)


@pytest.mark.parametrize(
    "data",
    [
        {"email": "a@example.com", "metadata[a]": "x" * 501},
        {"metadata[" + "n" * 41 + "]": "x"},
        {f"metadata[{number}a]": "x" for number in range(51)},
        {"email[a]": "x"},
        {"metadata": "text"},
        {"metadata[a][b]": "deep"},
    ],
)
def test_customers_with_wrong_fields(desk: Desk, data: dict[str, str]) -> None:
    assert desk.error(desk.post("customers", data), 400)["type"] == "invalid_request_error"
    assert len(desk.get("customers")["data"]) == 1, "only the shop's own"


def test_a_caller_over_the_rate_limit_is_a_429(open_desk: Callable[..., Desk]) -> None:
    assert Settings().requests_per_second == 25, "a sandbox"
    desk = open_desk(requests_per_second=2.0)
    answers = [desk.http.get("/v1/balance") for _ in range(10)]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    error = desk.error(refused[0], 429)
    assert (error["code"], error["type"]) == ("rate_limit", "invalid_request_error")
    assert refused[0].headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert desk.wait_for("request", 10)[-1]["value"]["error_codes"] == ["rate_limit"]


def test_injected_trouble_speaks_stripes_language(desk: Desk) -> None:
    desk.client.inject("request", {"effect": "error", "status": 503, "count": 1})
    with pytest.raises(stripe.APIError) as failed:
        desk.stripe.v1.balance.retrieve()
    assert (failed.value.http_status, failed.value.error.type) == (503, "api_error")
    desk.client.inject("request", {"effect": "throttle", "match": "balance.*", "count": 1})
    with pytest.raises(stripe.RateLimitError):
        desk.stripe.v1.balance.retrieve()
    assert desk.stripe.v1.balance.retrieve().object == "balance"


def test_an_account_that_was_not_opened_yet(tmp_path: Path) -> None:
    with Hosted(create, config(tmp_path)) as hosted:
        header = {"Authorization": f"Bearer {KEY}"}
        answer = httpx.get(f"{hosted.url}/v1/balance", headers=header, trust_env=False)
        assert answer.status_code == 503
        with pytest.raises(SimulatorRefused, match="before the seed"):
            hosted.client.act("pay", {"amount": "1.00"})
        assert hosted.client.snapshot() == {}
