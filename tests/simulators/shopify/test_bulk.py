"""Bulk operations: queries, mutations over an upload, limits, the finished webhook."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from peakproof.seed import wait_until
from tests.simulators.shopify.receiver import Receiver

RUN = """mutation($query: String!) { bulkOperationRunQuery(query: $query) {
  bulkOperation { id status } userErrors { code message } } }"""
POLL = """query($id: ID!) { bulkOperation(id: $id) { status errorCode url objectCount
  rootObjectCount fileSize completedAt type } }"""
NESTED = """{ products { edges { node { id title
  variants { edges { node { id sku } } } } } } }"""


def finished(store: Any, identity: str) -> Any:
    def poll() -> Any:
        found = store.data(POLL, {"id": identity})["bulkOperation"]
        return found if found["status"] not in ("CREATED", "RUNNING", "CANCELING") else None

    return wait_until(poll, 10, "the bulk operation")


def lines(store: Any, url: str) -> list[dict[str, Any]]:
    answer = store.http.get(url)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_children_follow_their_parents(store: Any) -> None:
    made = store.data(RUN, {"query": NESTED})["bulkOperationRunQuery"]
    assert made["bulkOperation"]["status"] == "CREATED"
    done = finished(store, made["bulkOperation"]["id"])
    assert (done["status"], done["objectCount"], done["rootObjectCount"]) == ("COMPLETED", "5", "2")
    found = lines(store, done["url"])
    assert int(done["fileSize"]) == len(store.http.get(done["url"]).content)
    parent = ""
    for entry in found:
        if "__parentId" in entry:
            assert entry["__parentId"] == parent
            assert "sku" in entry
        else:
            parent = entry["id"]
            assert "variants" not in entry
    assert [entry["sku"] for entry in found if "sku" in entry] == ["TEE-S", "TEE-M", "MUG"]


def test_an_empty_result_has_no_file(store: Any) -> None:
    query = '{ products(query: "title:nothing") { edges { node { id } } } }'
    made = store.data(RUN, {"query": query})["bulkOperationRunQuery"]["bulkOperation"]
    done = finished(store, made["id"])
    assert (done["status"], done["url"], done["objectCount"]) == ("COMPLETED", None, "0")


@pytest.mark.parametrize(
    "query",
    ["{ shop { name } }", "mutation { appUninstall { userErrors { message } } }",
     "{ products { edges { node { nothing } } } }", "{ products { edges { node { id "],
)  # fmt: skip
def test_queries_that_cannot_be_run_in_bulk(store: Any, query: str) -> None:
    made = store.data(RUN, {"query": query})["bulkOperationRunQuery"]
    assert made["bulkOperation"] is None
    assert made["userErrors"][0]["code"] == "INVALID"


def test_five_at_once_and_cancelling(open_store: Callable[..., Any]) -> None:
    store = open_store(time_scale=0.5)
    ids = [
        store.data(RUN, {"query": NESTED})["bulkOperationRunQuery"]["bulkOperation"]["id"]
        for _ in range(5)
    ]
    sixth = store.data(RUN, {"query": NESTED})["bulkOperationRunQuery"]
    assert sixth["userErrors"][0]["code"] == "OPERATION_IN_PROGRESS"
    cancel = """mutation($id: ID!) { bulkOperationCancel(id: $id) {
      bulkOperation { status } userErrors { message } } }"""
    data = store.data(cancel, {"id": ids[0]})["bulkOperationCancel"]
    assert data["bulkOperation"]["status"] == "CANCELING"
    assert finished(store, ids[0])["status"] == "CANCELED"
    listed = store.data(
        "{ bulkOperations(first: 10) { nodes { id } } currentBulkOperation { id } }"
    )
    assert [entry["id"] for entry in listed["bulkOperations"]["nodes"]] == ids
    assert listed["currentBulkOperation"]["id"] == ids[-1]


def test_a_mutation_over_an_upload(store: Any) -> None:
    stage = """mutation { stagedUploadsCreate(input: [{resource: BULK_MUTATION_VARIABLES,
      filename: "v.jsonl", mimeType: "text/jsonl", httpMethod: POST}]) {
      stagedTargets { url parameters { name value } } userErrors { message } } }"""
    target = store.data(stage)["stagedUploadsCreate"]["stagedTargets"][0]
    fields = {entry["name"]: entry["value"] for entry in target["parameters"]}
    rows = [{"input": {"email": f"n{number}@example.com"}} for number in range(3)]
    rows.append({"input": {"email": "ada@example.com"}})
    content = "\n".join(json.dumps(row) for row in rows)
    assert store.http.post(target["url"], data=fields,
                           files={"file": ("v.jsonl", content)}).status_code == 201  # fmt: skip
    run = """mutation($path: String!, $each: String!) { bulkOperationRunMutation(
      stagedUploadPath: $path, mutation: $each) {
      bulkOperation { id } userErrors { code message } } }"""
    each = """mutation($input: CustomerInput!) { customerCreate(input: $input) {
      customer { email } userErrors { message } } }"""
    data = store.data(run, {"path": fields["key"], "each": each})["bulkOperationRunMutation"]
    done = finished(store, data["bulkOperation"]["id"])
    assert done["type"] == "MUTATION"
    found = lines(store, done["url"])
    assert [entry["__lineNumber"] for entry in found] == [0, 1, 2, 3]
    assert found[0]["data"]["customerCreate"]["customer"]["email"] == "n0@example.com"
    assert found[3]["data"]["customerCreate"]["userErrors"][0]["message"].startswith("Email")
    missing = store.data(run, {"path": "nowhere", "each": each})["bulkOperationRunMutation"]
    assert missing["userErrors"][0]["code"] == "NO_SUCH_FILE"


def test_the_finished_webhook(store: Any) -> None:
    receiver = Receiver()
    try:
        store.data(
            """mutation($uri: String!) { webhookSubscriptionCreate(topic: BULK_OPERATIONS_FINISH,
            webhookSubscription: {uri: $uri}) { userErrors { message } } }""",
            {"uri": receiver.url},
        )
        made = store.data(RUN, {"query": NESTED})["bulkOperationRunQuery"]["bulkOperation"]
        payload = receiver.payloads(1, "bulk_operations/finish")[0]
        assert payload["admin_graphql_api_id"] == made["id"]
        assert payload["status"] == "completed"
        assert finished(store, made["id"])["completedAt"]
        receiver.quiet(store.client.pending)
    finally:
        receiver.close()


def test_a_denied_field_fails_the_operation(open_store: Callable[..., Any]) -> None:
    store = open_store(scopes=["read_products"])
    query = "{ customers { edges { node { id } } } }"
    made = store.data(RUN, {"query": query})["bulkOperationRunQuery"]["bulkOperation"]
    done = finished(store, made["id"])
    assert (done["status"], done["errorCode"]) == ("FAILED", "ACCESS_DENIED")
