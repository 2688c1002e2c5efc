"""What WireMock is told to answer: once fixed bytes, once what a tester of a connector would write.

``fixed``: WireMock at its best. Every POST to a path gets the same bytes, whatever it asks.

``templated``: nearer to the simulator's work. The body is matched by JSONPath (the operation and
the id; the action and a SKU) and the answer is a response template: a read echoes the asked id,
a created order gets a random id and the cart's lines. It still knows no order: every field but
the echoed ones is the same for each, and nothing is priced, stored or looked up.
"""

import json
from typing import Any

__all__ = ["Stub", "fixed", "templated"]

Stub = dict[str, Any]  # a mapping as WireMock's mappings folder takes it

ASKED_ID = "{{jsonPath request.body '$.variables.id'}}"
RANDOM_NUMBER = "{{randomValue length=13 type='NUMERIC'}}"
CART_LINES = (
    "[{{#each (jsonPath request.body '$.arguments.lines') as |line|}}"
    '{{#unless @first}},{{/unless}}{"quantity":{{line.quantity}},"sku":"{{line.sku}}"}'
    "{{/each}}]"
)


def fixed(answers: dict[str, bytes]) -> list[Stub]:
    """Return stubs that answer each path with its bytes."""
    return [_stub(path, body.decode()) for path, body in answers.items()]


def templated(graphql_path: str, read: bytes, act_path: str, created: bytes) -> list[Stub]:
    """Return stubs that read the request; ``read`` and ``created`` are answers to start from."""
    order = json.loads(read)
    order["data"]["order"]["id"] = ASKED_ID
    result = json.loads(created)["result"]
    result |= {"order_id": f"gid://shopify/Order/{RANDOM_NUMBER}", "lines": []}
    reading = _stub(
        graphql_path,
        json.dumps(order),
        {"expression": "$.query", "contains": "query order("},
        {"expression": "$.variables.id", "matches": "gid://shopify/Order/[0-9]+"},
    )
    creating = _stub(
        act_path,
        json.dumps({"result": result}).replace('"lines": []', f'"lines": {CART_LINES}'),
        {"expression": "$.action", "equalTo": "checkout"},
        {"expression": "$.arguments.lines[0].sku", "matches": "TEE-[SML]"},
    )
    return [reading, creating]


def _stub(path: str, body: str, *wanted: dict[str, str]) -> Stub:
    """Return a stub; with ``wanted`` it looks into the body, and its answer is a template."""
    request: Stub = {"method": "POST", "urlPath": path}
    response: Stub = {
        "status": 200,
        "body": body,
        "headers": {"Content-Type": "application/json"},
    }
    if wanted:
        request["bodyPatterns"] = [{"matchesJsonPath": entry} for entry in wanted]
        response["transformers"] = ["response-template"]
    return {"request": request, "response": response}
