"""Every folder of contracts: its mappings are valid, and each answers as its own examples say.

A new partner is one folder; nothing is added here.
"""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from peakproof.contracts import Contract, operation_of
from peakproof.partners import NOT_MODELLED
from peakproof.placeholders import VALUES
from tests.partners.served import PROVIDERS, Served

ROOT = Path(__file__).parents[2]
CONTRACTS = [Contract.load(ROOT / "contracts" / name) for name in PROVIDERS]
EXAMPLES = [
    (contract.provider, mapping["name"], number)
    for contract in CONTRACTS
    for mapping in contract.mappings()
    for number, _ in enumerate(mapping["metadata"]["examples"])
]


def by_provider(provider: str) -> Contract:
    return next(contract for contract in CONTRACTS if contract.provider == provider)


@pytest.mark.parametrize("contract", CONTRACTS, ids=PROVIDERS)
def test_it_says_what_it_models_and_what_not(contract: Contract) -> None:
    assert contract.part
    assert contract.title
    assert contract.version
    assert contract.documents
    assert contract.not_modelled.strip()
    assert contract.hosts
    assert all(path.startswith("/") and path != "/" for path in contract.paths)
    told = {f"{contract.part}.{name}" for name in (*contract.values, "url", "host")}
    assert told <= set(VALUES), "peakproof/placeholders.py says what each value stands for"


@pytest.mark.parametrize("contract", CONTRACTS, ids=PROVIDERS)
def test_its_mappings_are_sound(contract: Contract) -> None:
    mappings = contract.mappings(contract.values)
    names = [mapping["name"] for mapping in mappings]
    assert len(names) == len(set(names)), "a mapping's name is its own"
    operations = {operation_of(mapping) for mapping in mappings}
    assert set(contract.facts) <= operations
    for mapping in mappings:
        assert mapping["metadata"]["examples"], f"{mapping['name']} shows no example"
        url = str(mapping["request"].get("urlPath") or mapping["request"]["urlPathTemplate"])
        assert any(url.startswith(path) for path in contract.paths)
    states = {
        (mapping.get("scenarioName"), mapping.get("requiredScenarioState")) for mapping in mappings
    }
    for action in contract.actions.values():
        assert {(action.scenario, state) for state in action.states.values()} <= states
    assert any(mapping["response"]["status"] in (401, 403) for mapping in mappings)


def test_no_file_holds_a_credential() -> None:
    for contract in CONTRACTS:
        for name, value in contract.values.items():
            assert not re.search("token|key|secret", name) or "{hex:" in value


@pytest.mark.parametrize(("provider", "name", "number"), EXAMPLES)
def test_a_mapping_answers_as_its_example_says(
    every: Served, provider: str, name: str, number: int
) -> None:
    contract = by_provider(provider)
    values = every.values[contract.part]
    mapping = next(one for one in contract.mappings(values) if one["name"] == name)
    example = mapping["metadata"]["examples"][number]
    every.partners._admin.post("/scenarios/reset")  # what other tests had people decide
    for action in contract.actions.values():
        for word, state in action.states.items():
            if state == mapping.get("requiredScenarioState"):
                (act,) = [key for key, one in contract.actions.items() if one is action]
                every.partners.act(contract.part, act, {action.argument: word})
    answer = call(every, example["request"])
    assert answer.headers["Matched-Stub-Name"] == name
    expected = example["answer"]
    assert answer.status_code == expected["status"], answer.text
    if "json" in expected:
        holds(answer.json(), expected["json"])


@pytest.mark.parametrize("contract", CONTRACTS, ids=PROVIDERS)
def test_what_is_not_modelled_is_named(every: Served, contract: Contract) -> None:
    path = contract.paths[0].rstrip("/") + "/elsewhere"
    answer = every.http.patch(path, headers={"Host": contract.hosts[0]})
    assert answer.status_code == 404
    told = answer.json()["peakproof"]
    assert told["code"] == NOT_MODELLED
    assert f"does not model PATCH {path} here" in told["message"]
    event = list(every.partners.events())[-1]
    assert (event.source, event.name, event.outcome) == (contract.part, f"PATCH {path}", "fail")
    assert event.value["error_codes"] == [NOT_MODELLED]


def call(every: Served, request: dict[str, Any]) -> Any:
    """Make an example's call."""
    headers = dict(request.get("headers", {}))
    if "basic" in request:
        pair = ":".join(request["basic"]).encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return every.http.request(
        request["method"],
        request["url"],
        headers=headers,
        json=request.get("json"),
        data=request.get("form"),
        content=request.get("body"),
    )


def holds(found: Any, expected: Any) -> None:
    """Assert that an answer holds at least what is expected."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            holds(found[key], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            holds(one, other)
    else:
        assert found == expected
