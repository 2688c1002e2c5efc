"""The guard of the API: tokens, versions, shapes, idempotency, limits, errors, faults."""

from collections.abc import Callable
from typing import Any

import pytest
from square.core.api_error import ApiError

from peakproof.seed import wait_until


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


def error(response: Any) -> tuple[int, str, str, str]:
    (found,) = response.json()["errors"]
    return response.status_code, found["category"], found["code"], found.get("field", "")


def order(till: Any, **more: Any) -> dict[str, Any]:
    line = {"quantity": "1", "catalog_object_id": till.variation()}
    return {"order": {"location_id": till.place(), "line_items": [line], **more}}


def test_a_wrong_token(till: Any) -> None:
    answer = till.raw.get("/v2/locations", headers={"Authorization": "Bearer nobody"})
    assert error(answer) == (401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "")
    (noted,) = till.wait_for("request", "locations.list")
    assert noted.value["error_codes"] == ["UNAUTHORIZED"]
    assert "nobody" not in str(noted.value)


def test_an_expired_token_can_be_injected(till: Any) -> None:
    till.hosted.client.inject("expired_token", {"count": 1})
    with pytest.raises(ApiError, match="ACCESS_TOKEN_EXPIRED"):
        till.square.locations.list()
    assert till.square.locations.list().locations


def test_versions(till: Any) -> None:
    good = till.raw.get("/v2/locations", headers={"Square-Version": "2024-01-18"})
    assert good.headers["Square-Version"] == "2026-09-16"
    for wrong in ("2030-01-01", "latest"):
        answer = till.raw.get("/v2/locations", headers={"Square-Version": wrong})
        assert error(answer)[0] == 400
    (noted,) = till.wait_for("request", "locations.list", 3)[:1]
    assert (noted.value["requested_version"], noted.value["api_version"]) == (
        "2024-01-18", "2026-09-16")  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"service_charges": []}, "PEAKPROOF_NOT_MODELLED", "order.service_charges"),
        ({"rewards": []}, "PEAKPROOF_NOT_MODELLED", "order.rewards"),
        ({"location_id": "nowhere"}, "NOT_FOUND", "order.location_id"),
        ({"location_id": None}, "MISSING_REQUIRED_PARAMETER", "order.location_id"),
        ({"location_id": 7}, "EXPECTED_STRING", "order.location_id"),
        ({"line_items": {}}, "EXPECTED_ARRAY", "order.line_items"),
        ({"line_items": [{}]}, "MISSING_REQUIRED_PARAMETER", "order.line_items[0].quantity"),
        ({"line_items": [{"quantity": "1.5", "base_price_money": usd(1)}]}, "INVALID_VALUE",
         "order.line_items[0].quantity"),
        ({"line_items": [{"quantity": "1"}]}, "MISSING_REQUIRED_PARAMETER",
         "order.line_items[0].base_price_money"),
        ({"line_items": [{"quantity": "1", "base_price_money": {"amount": 1, "currency": "EUR"}}]},
         "CURRENCY_MISMATCH", "order.line_items[0].base_price_money.currency"),
        ({"line_items": [{"quantity": "1", "base_price_money": usd(-1)}]}, "VALUE_TOO_LOW",
         "order.line_items[0].base_price_money.amount"),
        ({"line_items": [{"quantity": "1", "catalog_object_id": "X"}]}, "NOT_FOUND",
         "order.line_items[0].catalog_object_id"),
        ({"taxes": [{"percentage": "101"}]}, "INVALID_VALUE", "order.taxes[0].percentage"),
        ({"discounts": [{"type": "GIFT"}]}, "INVALID_ENUM_VALUE", "order.discounts[0].type"),
        ({"state": "COMPLETED"}, "INVALID_VALUE", "order.state"),
        ({"customer_id": "nobody"}, "NOT_FOUND", "order.customer_id"),
    ],
)  # fmt: skip
def test_requests_that_do_not_fit(
    till: Any, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = till.raw.post("/v2/orders", json=order(till, **changes))
    assert error(answer)[1:] == ("INVALID_REQUEST_ERROR", code, field)
    assert answer.status_code == (404 if code == "NOT_FOUND" else 400)
    assert till.snapshot("sale") == {}


def test_bodies_and_queries(till: Any) -> None:
    assert error(till.raw.post("/v2/orders", content=b"nonsense"))[2] == "EXPECTED_JSON_BODY"
    assert error(till.raw.post("/v2/orders", json=[]))[2] == "EXPECTED_OBJECT"
    assert error(till.raw.get("/v2/payments?surprise=1"))[2] == "PEAKPROOF_NOT_MODELLED"
    assert error(till.raw.get("/v2/payments?limit=many"))[2] == "EXPECTED_INTEGER"
    assert error(till.raw.get("/v2/payments?begin_time=soon"))[2] == "INVALID_TIME"
    assert error(till.raw.get("/v2/payments?cursor=x"))[2] == "INVALID_CURSOR"
    assert error(till.raw.post("/v2/orders/search", json={}))[2] == "MISSING_REQUIRED_PARAMETER"


def test_nulls_clear_fields_only_where_the_header_says_so(till: Any) -> None:
    made = till.raw.post("/v2/orders", json=order(till, ticket_name="A1")).json()["order"]
    path = f"/v2/orders/{made['id']}"
    wish = {"order": {"version": 1, "ticket_name": None}}
    assert till.raw.put(path, json=wish).json()["order"]["ticket_name"] == "A1"
    wish["order"]["version"] = 2
    header = {"X-Clear-Null": "true"}
    assert "ticket_name" not in till.raw.put(path, json=wish, headers=header).json()["order"]
    elsewhere = till.raw.post("/v2/orders", json=order(till, note=None), headers=header)
    assert error(elsewhere)[2] == "PEAKPROOF_NOT_MODELLED"


def test_an_operation_that_is_not_there(till: Any) -> None:
    answer = till.raw.get("/v2/team-members/search")
    assert answer.status_code == 404
    assert answer.json()["peakproof"]["code"] == "not_modelled"


def test_idempotency(till: Any) -> None:
    body = order(till) | {"idempotency_key": "order-1"}
    first, second = till.raw.post("/v2/orders", json=body), till.raw.post("/v2/orders", json=body)
    assert first.json() == second.json()
    assert len(till.snapshot("sale")) == 1
    other = till.raw.post("/v2/orders", json=order(till, reference_id="x")
                          | {"idempotency_key": "order-1"})  # fmt: skip
    assert error(other) == (400, "INVALID_REQUEST_ERROR", "IDEMPOTENCY_KEY_REUSED",
                            "idempotency_key")  # fmt: skip
    (noted, *_) = till.wait_for("request", "orders.create", 3)
    assert noted.value["idempotency_key"] == "order-1"


def test_a_refused_request_does_not_use_its_key_up(till: Any) -> None:
    wrong = order(till, customer_id="nobody") | {"idempotency_key": "k"}
    assert till.raw.post("/v2/orders", json=wrong).status_code == 404
    assert till.raw.post("/v2/orders", json=order(till) | {"idempotency_key": "k"}).is_success


def test_keys_are_forgotten_when_the_option_says_so(open_till: Callable[..., Any]) -> None:
    till = open_till(idempotency_retention_seconds=60)  # a tenth of a second here
    body = order(till) | {"idempotency_key": "k"}
    first = till.raw.post("/v2/orders", json=body).json()["order"]["id"]
    wait_until(
        lambda: till.raw.post("/v2/orders", json=body).json()["order"]["id"] != first,
        5, "the key to be forgotten",
    )  # fmt: skip


def test_a_lost_answer_can_be_repeated(till: Any) -> None:
    till.hosted.client.inject(
        "request", {"effect": "lost_acknowledgement", "match": "payments.create", "count": 1}
    )
    wish = {"source_id": "EXTERNAL", "idempotency_key": "k", "amount_money": usd(100),
            "external_details": {"type": "OTHER", "source": "Web"}}  # fmt: skip
    with pytest.raises(Exception, match=r"disconnected|reset"):
        till.square.payments.create(**wish)
    assert till.square.payments.create(**wish).payment.status == "COMPLETED"
    assert len(list(till.square.payments.list())) == 1


def test_rate_limits(open_till: Callable[..., Any]) -> None:
    till = open_till(requests_per_second=2)
    answers = [till.raw.get("/v2/locations") for _ in range(4)]
    assert error(answers[-1])[:3] == (429, "RATE_LIMIT_ERROR", "RATE_LIMITED")
    wait_until(lambda: till.raw.get("/v2/locations").is_success, 5, "the limit to recover")


def test_injected_throttle_and_failure_have_square_s_shape(till: Any) -> None:
    till.hosted.client.inject("request", {"effect": "throttle", "count": 1})
    assert error(till.raw.get("/v2/locations"))[2] == "RATE_LIMITED"
    till.hosted.client.inject("request", {"effect": "error", "status": 503, "count": 1})
    assert error(till.raw.get("/v2/locations"))[:3] == (503, "API_ERROR", "SERVICE_UNAVAILABLE")


def test_a_stale_read_can_be_injected(till: Any) -> None:
    till.hosted.client.inject("stale_read", {"match": "orders.search", "count": 1})
    body = {"location_ids": [till.place()]}
    assert till.raw.post("/v2/orders/search", json=body).json()["orders"] == []
    till.act("sale", location_code="NY", lines=[{"sku": "TEE", "quantity": 1}])
    assert till.raw.post("/v2/orders/search", json=body).json()["orders"] == [], "stale once"
    assert len(till.raw.post("/v2/orders/search", json=body).json()["orders"]) == 1


def test_the_health_names_the_hosts_of_square(till: Any) -> None:
    assert till.hosted.client.health()["hosts"] == ["connect.squareup.com"]
