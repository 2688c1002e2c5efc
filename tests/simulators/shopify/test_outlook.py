"""What later versions take away from a call, as the published schemas say."""

from typing import Any

import pytest

from simulators.shopify.outlook import ended_on

FOR_EVER = "offline access token without an end (public apps)"
SET = """
mutation($input: InventorySetQuantitiesInput!) {
  inventorySetQuantities(input: $input) @idempotent(key: "k") { userErrors { code } }
}
"""


def quantities(store: Any, **more: Any) -> dict[str, Any]:
    quantity = {"inventoryItemId": store.item("TEE-S"), "locationId": store.place("NY"),
                "quantity": 5}  # fmt: skip
    return {
        "input": {"name": "available", "reason": "correction", "quantities": [quantity], **more}
    }


def told(store: Any, count: int = 1) -> dict[str, Any]:
    """Return the last request, without what is said of its token."""
    value = dict(store.wait_for("request", count)[-1]["value"])
    assert value["breaks"].pop(FOR_EVER) == ["", "2027-01-01"]
    return value


def test_a_version_ends_a_year_after_it_came() -> None:
    assert ended_on("2026-01") == "2027-01-01"
    assert ended_on("2026-10") == "2027-10-01"


def test_an_input_field_that_the_next_version_has_not(store: Any) -> None:
    store.data(SET, quantities(store, ignoreCompareQuantity=True), version="2026-01")
    value = told(store)
    assert value["breaks"] == {
        "InventorySetQuantitiesInput(ignoreCompareQuantity:)": ["2026-04", "2027-01-01"]
    }
    assert value["sunset"] == "2027-01-01"


def test_an_input_field_in_the_document_itself(store: Any) -> None:
    text = SET.replace("($input: InventorySetQuantitiesInput!)", "").replace(
        "input: $input", 'input: {name: "available", reason: "correction", quantities: [], '
        "ignoreCompareQuantity: true}")  # fmt: skip
    store.post(text, version="2026-01")
    assert told(store)["breaks"] == {
        "InventorySetQuantitiesInput(ignoreCompareQuantity:)": ["2026-04", "2027-01-01"]
    }


@pytest.mark.parametrize("version", ["2026-01", "2026-10"])
def test_what_stays_is_not_told(store: Any, version: str) -> None:
    query = "{ products(first: 1) { nodes { id title } } }"
    store.data(query, version=version)
    store.data(query, version=version)
    value = told(store, 2)
    assert value["breaks"] == {}
    assert value["sunset"] == ("2027-01-01" if version == "2026-01" else "")


def test_what_is_not_modelled_is_not_said_to_be_gone(store: Any) -> None:
    store.post("{ shop { alerts { action { title } } } }", version="2026-01")
    assert told(store)["breaks"] == {}


def test_a_token_that_expires_is_not_said_to_go_away(store: Any) -> None:
    grant = {"client_id": "client-1", "client_secret": "hush", "grant_type": "client_credentials"}
    answer = store.http.post("/admin/oauth/access_token", json=grant).json()
    store.data("{ shop { name } }", token=answer["access_token"])
    (request,) = store.wait_for("request", name="shop")
    assert request["value"]["breaks"] == {}
