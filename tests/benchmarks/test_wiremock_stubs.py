"""What WireMock is told to answer: fixed bytes, or templates that read the request."""

import json

from benchmarks.simulator_throughput import CREATE_PATH, GRAPHQL_PATH, ORDER_QUERY, templated
from benchmarks.wiremock_stubs import ASKED_ID, fixed

READ = b'{"data":{"order":{"id":"gid://shopify/Order/1","name":"#1"}}}'
CREATED = b'{"result":{"order_id":"gid://shopify/Order/1","name":"#1"}}'
ANSWERS = {GRAPHQL_PATH: READ, CREATE_PATH: CREATED}


def test_fixed_stubs_look_at_nothing_but_the_path() -> None:
    stubs = fixed(ANSWERS)
    assert [stub["response"]["body"].encode() for stub in stubs] == [READ, CREATED]
    assert not any("bodyPatterns" in stub["request"] for stub in stubs)
    assert not any("transformers" in stub["response"] for stub in stubs)


def test_templated_stubs_match_the_body_and_echo_it() -> None:
    reading, creating = templated(ANSWERS)
    operation = reading["request"]["bodyPatterns"][0]["matchesJsonPath"]
    assert operation["contains"] in ORDER_QUERY
    order = json.loads(reading["response"]["body"])["data"]["order"]
    assert order == {"id": ASKED_ID, "name": "#1"}
    assert "{{#each (jsonPath request.body '$.arguments.lines')" in creating["response"]["body"]
    for stub in (reading, creating):
        assert len(stub["request"]["bodyPatterns"]) == 2
        assert stub["response"]["transformers"] == ["response-template"]
