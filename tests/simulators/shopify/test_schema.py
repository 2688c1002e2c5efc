"""Our schema is a subset of the published one, for every version; and the proof can fail."""

import json

import pytest
from graphql import (
    build_schema,
    find_breaking_changes,
    parse,
    print_schema,
    validate_schema,
)
from graphql.utilities import BreakingChangeType

from simulators.shopify.prune import FOLDER
from simulators.shopify.published import load_index
from simulators.shopify.schema import access_scopes, load_schema
from simulators.shopify.versions import VERSIONS
from tests.simulators.shopify.published import NODE_FOLDER, published_schema

# What is no difference: the directive that marks versions in our files (no client can use it),
# and where graphql-core's own @deprecated may stand.
NO_DIFFERENCE = {
    (BreakingChangeType.DIRECTIVE_REMOVED, "only"),
    (BreakingChangeType.DIRECTIVE_LOCATION_REMOVED, "@deprecated"),
}
LIMIT_BYTES = 150_000


def differences(ours: object, theirs: object) -> list[str]:
    """Return what a client of ours could do that Shopify would refuse."""
    changes = find_breaking_changes(ours, theirs)  # type: ignore[arg-type]
    return [
        change.description
        for change in changes
        if not any(
            change.type is kind and name in change.description for kind, name in NO_DIFFERENCE
        )
    ]


@pytest.mark.node
@pytest.mark.parametrize("version", VERSIONS)
def test_ours_is_a_subset_of_the_published_schema(version: str) -> None:
    ours = load_schema(version)
    problems = [error.message for error in validate_schema(build_schema(print_schema(ours)))]
    assert [text for text in problems if "must not be deprecated" not in text] == []
    assert differences(ours, published_schema(version)) == []


@pytest.mark.node
def test_the_subset_proof_sees_an_invented_field() -> None:
    invented = build_schema(
        "type QueryRoot { shop: Shop } type Shop { id: ID! name: Int! mood: String }"
        "schema { query: QueryRoot }"
    )
    found = " ".join(differences(invented, published_schema("2026-10")))
    assert "Shop.mood was removed" in found
    assert "Shop.name changed type" in found


@pytest.mark.node
@pytest.mark.parametrize("version", VERSIONS)
def test_the_index_of_names_is_the_published_one(version: str) -> None:
    theirs = published_schema(version)
    index = load_index(version)
    query = theirs.query_type
    assert query is not None
    assert index.root("QueryRoot") == sorted(query.fields)
    names = {name for name in theirs.type_map if not name.startswith("__")}
    assert set(index.members) >= names - {"Int", "Float", "String", "Boolean", "ID"}
    order = theirs.type_map["Order"]
    assert set(index.members["Order"]) == set(order.fields)  # type: ignore[attr-defined]
    line_items = order.fields["lineItems"]  # type: ignore[attr-defined]
    assert index.members["Order"]["lineItems"] == set(line_items.args)


@pytest.mark.node
def test_scopes_are_of_published_names() -> None:
    theirs = published_schema("2026-10")
    for key in access_scopes():
        name, _, field = key.partition(".")
        kind = theirs.type_map.get(name)
        if kind is not None and field:
            known = field in kind.fields  # type: ignore[attr-defined]
            older = any(load_index(version).has(name, field) for version in VERSIONS)
            assert known or older, key


def test_versions_differ_where_shopify_changed_them() -> None:
    old, new = load_schema("2026-01"), load_schema("2026-10")
    stale = "ITEM_NOT_STOCKED_AT_LOCATION"
    codes = "InventorySetQuantitiesUserErrorCode"
    assert stale in old.type_map[codes].values  # type: ignore[attr-defined]
    assert stale not in new.type_map[codes].values  # type: ignore[attr-defined]
    given = "InventoryQuantityInput"
    assert "compareQuantity" in old.type_map[given].fields  # type: ignore[attr-defined]
    assert "compareQuantity" not in new.type_map[given].fields  # type: ignore[attr-defined]
    for version in VERSIONS:
        assert load_schema(version).get_directive("idempotent") is not None


def test_the_index_is_small_and_every_file_parses() -> None:
    assert (FOLDER / "published.txt.gz").stat().st_size < LIMIT_BYTES
    for path in FOLDER.glob("*.graphql"):
        if path.read_text().strip():
            parse(path.read_text())


def test_the_node_lock_names_no_host() -> None:
    lock = json.loads((NODE_FOLDER / "package-lock.json").read_text())
    assert all("resolved" not in entry for entry in lock["packages"].values())
    assert lock["packages"]["node_modules/@shopify/shopify-api"]["version"] == "13.1.0"
