"""Cost, throttling, scopes, versions and what is not modelled."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import parse

from peakproof.simkit import SimulatorRefused
from simulators.shopify import api
from simulators.shopify.cost import CostPlan, CostSettings
from simulators.shopify.versions import VERSIONS, resolve
from tests.simulators.shopify.conftest import plan

NAME = "{ shop { name } }"


def requested(query: str, growth: str = "lenient", **variables: Any) -> int:
    document = parse(query)
    return CostPlan(document.definitions[0], {}, CostSettings(growth=growth)).requested(variables)


def test_the_published_measure_of_a_connection() -> None:
    query = "{ product(id: 1) { variants(first: 250) { nodes { inventoryItem { id tracked } } } } }"
    assert requested(query) == 25


def test_scalars_are_free_objects_cost_one_mutations_ten() -> None:
    assert requested("{ shop { name } }") == 1
    assert requested("{ shop { plan { shopifyPlus } } }") == 2
    assert requested("mutation { a: x { id } b: y { id } }") == 20
    assert (
        requested("query($n: Int) { products(first: $n) { nodes { id } } }", "linear", n=50) == 52
    )


def test_every_answer_carries_its_cost_and_the_bucket(store: Any) -> None:
    cost = store.post(NAME)["extensions"]["cost"]
    assert cost["requestedQueryCost"] == cost["actualQueryCost"] == 1
    assert cost["throttleStatus"]["maximumAvailable"] == 2000
    assert cost["throttleStatus"]["restoreRate"] == 100


def test_a_throttled_call_is_a_200_that_says_so_and_changes_nothing(
    open_store: Callable[..., Any],
) -> None:
    store = open_store(cost={"mutation": 1500, "maximum": 2000})
    act = """mutation { metafieldDefinitionCreate(definition: {key: "k", name: "n", type: "id",
      ownerType: PRODUCT}) { userErrors { code } } }"""
    store.data(act)
    body = store.post(act.replace('"k"', '"k2"'))
    assert store.last.status_code == 200
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert body["extensions"]["cost"]["actualQueryCost"] is None
    assert "data" not in body
    found = store.wait_for("request", 2, name="metafieldDefinitionCreate")
    assert [event["outcome"] for event in found] == ["ok", "fail"]
    assert found[1]["value"]["error_codes"] == ["THROTTLED"]


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_call_that_a_rule_refuses_is_known_by_its_arguments(
    open_store: Callable[..., Any], asked_before: bool
) -> None:
    store = open_store()
    query, given = "query One($id: ID!) { product(id: $id) { id } }", {"id": "gid://shopify/P/1"}
    if asked_before:
        store.post(query, given)
    store.client.inject("request", {"effect": "throttle", "count": 1})
    store.post(query, given)
    refused = store.wait_for("request", 1, name="product", outcome="fail")[0]["value"]
    assert refused["arguments"] == given
    assert refused["document"]


def test_a_query_over_the_maximum_is_refused(open_store: Callable[..., Any]) -> None:
    store = open_store(cost={"growth": "linear"})
    body = store.post(
        "{ products(first: 250) { nodes { variants(first: 250) { nodes { id } } } } }"
    )
    assert body["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_plans_size_the_bucket(open_store: Callable[..., Any]) -> None:
    status = open_store(plan(plan="plus")).post(NAME)["extensions"]["cost"]["throttleStatus"]
    assert (status["maximumAvailable"], status["restoreRate"]) == (20_000, 1_000)


def test_cost_debug_lists_fields(store: Any) -> None:
    header = {"Shopify-GraphQL-Cost-Debug": "1"}
    cost = store.post("{ products(first: 5) { nodes { id } } }", **header)["extensions"]["cost"]
    assert {"path", "definedCost", "requestedTotalCost", "requestedChildrenCost"} == set(
        cost["fields"][0]
    )


def test_a_scope_that_is_lacking_denies_the_field(open_store: Callable[..., Any]) -> None:
    store = open_store(scopes=["read_products"])
    body = store.post("{ shop { name } customers(first: 1) { nodes { id } } }")
    assert body["data"] is None, "customers is non-null, so its failure takes all"
    error = body["errors"][0]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert "read_customers" in error["message"]
    assert error["path"] == ["customers"]
    assert store.data("{ products(first: 1) { nodes { id } } }")["products"]["nodes"]


def test_a_write_scope_includes_reading(open_store: Callable[..., Any]) -> None:
    store = open_store(scopes=["write_customers"])
    assert store.data("{ customers(first: 1) { nodes { email } } }")


@pytest.mark.parametrize(
    ("wanted", "answered"),
    [("2026-07", "2026-07"), ("2025-04", "2026-01"), ("2019-04", "2026-01"),
     ("2027-01", "2026-10"), ("unstable", "2026-10")],
)  # fmt: skip
def test_versions_fall_forward(store: Any, wanted: str, answered: str) -> None:
    store.data(NAME, version=wanted)
    assert store.last.headers["X-Shopify-API-Version"] == answered == resolve(wanted)
    value = store.wait_for("request")[0]["value"]
    assert (value["requested_version"], value["api_version"]) == (wanted, answered)


def test_what_exists_only_in_some_versions(store: Any) -> None:
    for version in VERSIONS:
        body = store.post("{ inventoryItems(first: 1) { nodes { inventoryLevels(first: 1) { nodes "
                          "{ isActive } } } } }", version=version)  # fmt: skip
        assert ("errors" in body) is (version == "2026-01")


def test_not_modelled_is_told_apart_from_not_existing(store: Any) -> None:
    error = store.post("{ shop { alerts { action { title } } } }")["errors"][0]
    assert error["extensions"]["code"] == "PEAKPROOF_NOT_MODELLED"
    assert "Shop.alerts" in error["message"]
    assert "2026-10" in error["message"]
    wrong = store.post("{ shop { alert } }")["errors"][0]
    assert wrong["message"] == "Field 'alert' doesn't exist on type 'Shop'"
    assert wrong["extensions"]["code"] == "undefinedField"
    argument = store.post('{ products(first: 1, savedSearchId: "x") { nodes { id } } }')
    assert argument["errors"][0]["extensions"]["code"] == "PEAKPROOF_NOT_MODELLED"
    old = store.post(
        "mutation { inventorySetScheduledChanges(input: {}) { userErrors { message } } }"
    )
    assert "doesn't exist" in old["errors"][0]["message"], "Shopify removed it"


def test_a_variable_that_does_not_fit(store: Any) -> None:
    body = store.post("query($n: Int!) { products(first: $n) { nodes { id } } }", {"n": "many"})
    assert body["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
    body = store.post("query($n: Int!) { products(first: $n) { nodes { id } } }")
    assert "$n" in body["errors"][0]["message"]


def test_syntax_errors_and_bad_bodies(store: Any) -> None:
    assert "Syntax Error" in store.post("{ shop ")["errors"][0]["message"]
    answer = store.http.post(
        "/admin/api/2026-10/graphql.json", content=b"nonsense",
        headers={"X-Shopify-Access-Token": "shpat_test"},
    )  # fmt: skip
    assert answer.status_code == 400


def test_an_unknown_token_is_a_401(store: Any) -> None:
    body = store.post(NAME, token="nobody")
    assert store.last.status_code == 401
    assert "Invalid API key or access token" in body["errors"]


def test_unknown_acts_are_refused(store: Any) -> None:
    with pytest.raises(SimulatorRefused, match="unknown_sku"):
        store.client.act("set_inventory", {"sku": "?", "location_code": "NY", "available": 1})


def test_repeated_reads_are_answered_alike_until_something_changes(store: Any) -> None:
    query = "{ productVariants(first: 5) { nodes { sku price inventoryQuantity } } }"
    first = store.data(query)
    assert store.data(query) == first
    store.client.act("set_inventory", {"sku": "MUG", "location_code": "NY", "available": 1})
    assert store.data(query) != first


def test_more_different_reads_than_are_kept_are_all_answered_truly(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "KEPT_MAX", 2)
    queries = [f"{{ productVariants(first: {size}) {{ nodes {{ sku }} }} }}" for size in (1, 2, 3)]
    for _ in range(3):
        assert [len(store.data(query)["productVariants"]["nodes"]) for query in queries] == [
            1,
            2,
            3,
        ]


def test_a_stale_read_can_be_injected(store: Any) -> None:
    query = "{ productVariants(first: 5) { nodes { sku inventoryQuantity } } }"
    store.client.inject("stale_read", {"match": "productVariants", "count": 1})
    first = store.data(query)
    store.client.act("set_inventory", {"sku": "MUG", "location_code": "NY", "available": 1})
    assert store.data(query) == first, "stale once"
    assert store.data(query) != first, "then true"


def test_what_a_call_needed_and_what_was_granted(open_store: Callable[..., Any]) -> None:
    store = open_store(scopes=["read_products", "write_inventory", "read_orders"])
    store.data("{ orders(first: 1) { nodes { fulfillments { id } } } }")
    store.data("{ orders(first: 1) { nodes { fulfillments { id } } } }")  # from memory
    for request in store.wait_for("request", 2):
        orders, fulfilments = request["value"]["scopes"]
        assert "read_orders" in orders.split("|")
        assert "read_orders" in fulfilments.split("|")
    (grant,) = store.wait_for("grant")
    assert grant["value"]["granted"] == ["read_products", "write_inventory", "read_orders"]
    assert grant["value"]["includes"] == {"write_inventory": ["read_inventory"]}


def test_a_bulk_operation_needs_what_its_query_will_need(store: Any) -> None:
    store.data('mutation { bulkOperationRunQuery(query: "{ customers { edges { node { id } } } }") '
               "{ bulkOperation { id } } }")  # fmt: skip
    (request,) = store.wait_for("request", name="bulkOperationRunQuery")
    assert request["value"]["scopes"] == ["read_customers"]
