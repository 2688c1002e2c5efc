"""Partners are driven and heard: journal, people's deeds, faults in order, many worlds at once."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from peakproof.contracts import Action, Contract
from peakproof.errors import SimulatorRefused, UnknownName, WorldFailed
from peakproof.history import read_events
from peakproof.partners import NOT_MODELLED, Partners
from tests.partners.served import Served

MAIL = {
    "personalizations": [{"to": [{"email": "ada@example.com"}]}],
    "from": {"email": "shop@example.com"},
    "subject": "Your parcel",
    "content": [{"type": "text/plain", "value": "Number T1"}],
}
ACTION = Action(scenario="nowhere", argument="where", states={"there": "there"})


def send(every: Served, **changes: Any) -> httpx.Response:
    """Send a mail."""
    key = every.values["email"]["api_key"]
    headers = {"Authorization": f"Bearer {key}"}
    return every.http.post("/v3/mail/send", json={**MAIL, **changes}, headers=headers)


def last(every: Served, part: str) -> Any:
    """Return the last event of a part."""
    return [event for event in every.partners.events() if event.source == part][-1]


def test_a_call_becomes_a_request_of_the_history(every: Served) -> None:
    before = every.clock.now()
    send(every)
    event = last(every, "email")
    assert (event.kind, event.name, event.outcome) == ("request", "mail.send", "ok")
    assert before - 0.1 <= event.time <= every.clock.now() + 0.1
    assert event.value["arguments"] == {
        "to": "ada@example.com",
        "subject": "Your parcel",
        "text": "Number T1",
    }
    assert event.value["status"] == 202
    assert event.value["api_version"] == "v3"


def test_a_refusal_bears_its_code_and_a_form_its_facts(every: Served) -> None:
    send(every, subject=None)
    assert send(every, personalizations=[]).status_code == 400
    event = last(every, "email")
    assert (event.outcome, event.value["error_codes"]) == ("fail", ["personalizations.0.to"])
    told = every.values["messages"]
    every.http.post(
        f"/2010-04-01/Accounts/{told['account_sid']}/Messages.json",
        auth=(told["account_sid"], told["auth_token"]),
        data={"To": "+12125550147", "From": told["from_number"], "Body": "Number T1 & more"},
    )
    arguments = last(every, "messages").value["arguments"]
    assert (arguments["to"], arguments["text"]) == ("+12125550147", "Number T1 & more")


def test_no_credential_gets_into_the_history(every: Served, tmp_path: Path) -> None:
    send(every)
    told = every.values["address"]
    credentials = {"auth-id": told["auth_id"], "auth-token": told["auth_token"]}
    every.http.get("/street-address", params={**credentials, "street": "1 Pine"})
    every.partners.write_journal(tmp_path)
    texts = {path.stem: path.read_text() for path in tmp_path.glob("*.jsonl")}
    assert {"email", "address"} <= set(texts)
    assert list(read_events(tmp_path / "email.jsonl"))
    secrets = [
        value
        for part in every.values.values()
        for name, value in part.items()
        if any(word in name for word in ("key", "token", "_id"))
    ]
    assert len(secrets) >= 6
    assert not [secret for secret in secrets for text in texts.values() if secret in text]


def test_what_nobody_stands_for_is_not_modelled_either(every: Served) -> None:
    assert every.http.get("/elsewhere").status_code == 404
    event = last(every, "partners")
    assert (event.name, event.value["error_codes"]) == ("GET /elsewhere", [NOT_MODELLED])


def test_a_lost_answer_is_carried_out_and_a_reset_is_not(every: Served) -> None:
    for response, outcome, status in (
        ({"status": 200, "fault": "MALFORMED_RESPONSE_CHUNK"}, "ok", 200),
        ({"fault": "CONNECTION_RESET_BY_PEER"}, "info", 0),
    ):
        rule = every.partners.inject("a_fault", "email", "*", response, 1)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            send(every)
        every.partners.heal(rule)
        event = last(every, "email")
        assert (event.outcome, event.value["status"]) == (outcome, status)
        assert event.value["fault"] == "a_fault"
        assert event.value["arguments"]["text"] == "Number T1", "it says what was asked"


def test_a_fault_of_some_calls_goes_before_one_of_all(every: Served) -> None:
    some = every.partners.inject("some", "email", "mail.send", {"status": 500}, 1)
    everything = every.partners.inject("everything", "email", "mail.send", {"status": 503})
    assert [send(every).status_code for _ in range(3)] == [500, 503, 503]
    assert (every.partners.fired(some), every.partners.fired(everything)) == (1, 2)
    every.partners.heal(some)
    every.partners.heal(everything)
    assert send(every).status_code == 202


def test_a_slow_partner_goes_on_as_it_stands(every: Served) -> None:
    told = every.values["fraud"]
    address = "/minfraud/disposition/v1.0/updates?updates_after=2026-11-20T09:00:00Z"
    slow = {"delayDistribution": {"type": "fixed", "milliseconds": 1}}
    every.partners.act("fraud", "decide", {"decision": "refuse"})
    rule = every.partners.inject("slow", "fraud", "*", slow)
    answer = every.http.get(address, auth=(told["account_id"], told["license_key"]))
    every.partners.heal(rule)
    assert [row["action"] for row in answer.json()["updates"]] == ["reject"], "its state counts"
    assert every.partners.fired(rule) == 1
    assert last(every, "fraud").value["arguments"]["decision"] == "refuse", "in our words"


def test_a_deed_needs_a_word_that_is_known(every: Served) -> None:
    with pytest.raises(SimulatorRefused, match="decision is one of"):
        every.partners.act("fraud", "decide", {"decision": "perhaps"})
    with pytest.raises(UnknownName, match="Did you mean 'decide'"):
        every.partners.act("fraud", "decides", {})


def test_strangers_do_not_get_at_the_admin_api(every: Served) -> None:
    assert every.http.get("/__admin/requests").status_code == 401


def test_a_wiremock_that_is_gone_is_told(every: Served) -> None:
    contracts: Any = SimpleNamespace()
    gone = Partners(contracts, {}, "https://127.0.0.1:1", every.bundle, "x", every.clock)
    assert not gone.ready()
    with pytest.raises(WorldFailed, match="no longer answers"):
        list(gone.events())


def test_a_scenario_that_wiremock_does_not_know_is_told(every: Served) -> None:
    contract = Contract(part="x", actions={"go": ACTION})
    here = Partners({"x": contract}, {}, every.url, every.bundle, every.password, every.clock)
    with pytest.raises(WorldFailed, match="Scenario nowhere does not exist"):
        here.act("x", "go", {"where": "there"})
