"""The partners of one world: what WireMock is given, told while it runs, and heard afterwards.

One WireMock plays every partner of a run. ``write_mappings`` lays out the mappings of its
contracts, each marked with its part and operation, and one more for each partner that answers
whatever is not modelled. ``Partners`` drives it by the ``wiremock`` client: faults are copies of
mappings that go before them, people's deeds are states of WireMock's scenarios, and its request
journal becomes events of the history, of which a contract's ``facts`` are all that is kept of a
call, so that no credential gets into them.
"""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from requests.exceptions import RequestException
from wiremock.base.base_resource import RestClient
from wiremock.exceptions import ApiException
from wiremock.resources.mappings import Mapping as Stub
from wiremock.resources.mappings.resource import Mappings

from peakproof.contracts import Contract, operation_of
from peakproof.errors import SimulatorRefused, UnknownName, UsageError, WorldFailed
from peakproof.history import Event
from peakproof.outcomes import Outcome
from peakproof.seed import Clock

__all__ = ["NOT_MODELLED", "Partners", "write_mappings"]

NOT_MODELLED = "PEAKPROOF_NOT_MODELLED"
_MARK = "peakproof"
_USUAL = 5  # WireMock's own priority of a mapping that names none; 1 goes before 5
_BEHIND_FAULTS = 1000  # added to every priority, so that faults go first,
_BEHIND_COUNTED = 100  # and among these those that take so many calls only
_LAST = 5000
_STARTED = "Started"


class Mark(msgspec.Struct, kw_only=True):
    """What a mapping's metadata says to us: whose it is, and of which fault, if of one."""

    part: str
    operation: str
    fault: str = ""
    rule: str = ""


class Rule(msgspec.Struct, frozen=True):
    """A fault that was injected."""

    identity: str


def write_mappings(
    contracts: Iterable[Contract], values: Mapping[str, Mapping[str, str]], folder: Path
) -> None:
    """Write the mappings of a run's partners into WireMock's folder; raises BadFile."""
    place = folder / "mappings"
    place.mkdir(parents=True, exist_ok=True)
    for contract in contracts:
        stubs = [_marked(contract, stub) for stub in contract.mappings(values[contract.part])]
        stubs += [_rest(contract, path) for path in contract.paths]
        text = msgspec.json.format(msgspec.json.encode({"mappings": stubs}))
        (place / f"{contract.part}.json").write_bytes(text)


def _marked(contract: Contract, stub: dict[str, Any]) -> dict[str, Any]:
    mark = Mark(part=contract.part, operation=operation_of(stub))
    kept = {name: value for name, value in stub.get("metadata", {}).items() if name != "examples"}
    return {
        **stub,
        "priority": stub.get("priority", _USUAL) + _BEHIND_FAULTS,
        "metadata": {**kept, _MARK: msgspec.to_builtins(mark)},
    }


def _rest(contract: Contract, path: str) -> dict[str, Any]:
    """Return the mapping that answers for whatever a partner does not model."""
    text = f"{contract.title} does not model {{{{request.method}}}} {{{{request.path}}}} here"
    mark = Mark(part=contract.part, operation=NOT_MODELLED)
    return {
        "name": f"{contract.part}: not modelled",
        "priority": _LAST - len(path),  # of two that fit the longer one answers
        "request": {"method": "ANY", "urlPathPattern": f"{path}.*"},
        "response": {
            "status": 404,
            "headers": {"Content-Type": "application/json"},
            "jsonBody": {"peakproof": {"code": NOT_MODELLED, "message": text}},
            "transformers": ["response-template"],
        },
        "metadata": {_MARK: msgspec.to_builtins(mark)},
    }


class _Admin(RestClient):  # type: ignore[misc]  # the client has no types
    """One WireMock's admin API; the client itself knows only one for the whole process."""

    def __init__(self, url: str, bundle: str, password: str) -> None:
        super().__init__(timeout=20, base_url=f"{url}/__admin", requests_verify=bundle)
        self._more = {
            "auth": ("peakproof", password),
            "proxies": {"http": None, "https": None, "all": None},  # never by the machine's proxy
        }

    def get(self, uri: str, **kwargs: Any) -> Any:
        return self._asked(super().get, uri, kwargs)

    def post(self, uri: str, **kwargs: Any) -> Any:
        return self._asked(super().post, uri, kwargs)

    def put(self, uri: str, **kwargs: Any) -> Any:
        return self._asked(super().put, uri, kwargs)

    def _asked(self, call: Callable[..., Any], uri: str, kwargs: dict[str, Any]) -> Any:
        try:
            return call(uri, **kwargs, **self._more)
        except (ApiException, RequestException) as error:
            raise WorldFailed("partners", f"WireMock no longer answers: {error}") from error

    @staticmethod
    def handle_response(response: Any) -> Any:
        try:
            return RestClient.handle_response(response)
        except ApiException as error:
            raise WorldFailed("partners", f"WireMock refused a call: {error}") from error


class Partners:
    """Drives the WireMock of one world; usable from several threads."""

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        drawn: Mapping[str, Mapping[str, str]],
        url: str,
        bundle: str,
        password: str,
        clock: Clock,
    ) -> None:
        """``drawn`` are the credentials of each part, ``bundle`` whom to trust at ``url``."""
        self.contracts = contracts
        self.url = url
        place = {"url": url, "host": url.removeprefix("https://")}
        self.values: dict[str, dict[str, str]] = {part: {**drawn[part], **place} for part in drawn}
        self._clock = clock
        self._admin = _Admin(url, bundle, password)
        self._mappings: Any = type("OurMappings", (Mappings,), {"REST_CLIENT": self._admin})
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def versions(self) -> dict[str, str]:
        """Which provider plays each part, and which version of it."""
        return {
            part: f"{contract.provider} {contract.version}".strip()
            for part, contract in self.contracts.items()
        }

    @property
    def not_modelled(self) -> dict[str, str]:
        """What each of them does not model."""
        return {
            f"{part} ({contract.provider})": " ".join(contract.not_modelled.split())
            for part, contract in self.contracts.items()
            if contract.not_modelled
        }

    @property
    def hosts(self) -> dict[str, str]:
        """The vendors' own host names, with the part that each stands for."""
        return {host: part for part, contract in self.contracts.items() for host in contract.hosts}

    def ready(self) -> bool:
        """Tell whether WireMock answers."""
        try:
            return bool(self._admin.get("/health").status_code == 200)
        except WorldFailed:
            return False

    def act(self, part: str, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a person does at a partner; raises UnknownName, SimulatorRefused."""
        actions = self.contracts[part].actions
        if action not in actions:
            raise UnknownName(f"{part} action", action, actions)
        deed = actions[action]
        word = str(arguments.get(deed.argument, ""))
        if word not in deed.states:
            raise SimulatorRefused("unknown_word", f"{deed.argument} is one of {[*deed.states]}")
        state = {"state": deed.states[word]}
        self._admin.handle_response(
            self._admin.put(f"/scenarios/{deed.scenario}/state", json=state)
        )
        return {deed.argument: word}

    # Faults.

    def inject(
        self, fault: str, part: str, operation: str, response: Mapping[str, Any], count: int = 0
    ) -> Rule:
        """Have calls of a part's operations (a glob) answered otherwise, ``count`` of them or all.

        ``response`` is laid over each mapping's own; with ``fault`` or ``status`` in it nothing
        of that is left. Raises UnknownName, UsageError when no operation fits.
        """
        if part not in self.contracts:
            raise UnknownName("partner", part, self.contracts, "this world")
        with self._lock:
            identity = f"{fault}-{next(self._ids)}"
        fitting = [
            stub
            for stub in self._stubs()
            if stub["metadata"][_MARK]["part"] == part
            and not stub["metadata"][_MARK]["rule"]
            and stub["metadata"][_MARK]["operation"] != NOT_MODELLED
            and fnmatchcase(stub["metadata"][_MARK]["operation"], operation)
        ]
        if not fitting:
            raise UsageError(f"{fault}: no operation of {part} is called {operation!r}.")
        for stub in fitting:
            for number in range(max(1, count)):
                self._add(_broken(stub, fault, identity, response, number if count else None))
        return Rule(identity)

    def heal(self, rule: Rule) -> None:
        """Take a fault away; doing so again does no harm."""
        pattern = {"expression": f"$.{_MARK}.rule", "equalTo": rule.identity}
        self._mappings.delete_mapping_by_metadata({"matchesJsonPath": pattern}, {})

    def fired(self, rule: Rule) -> int:
        """Return how many calls a fault has met, also after it was healed."""
        return sum(
            entry["stubMapping"]["metadata"][_MARK]["rule"] == rule.identity
            for entry in self._journal()
            if _MARK in entry.get("stubMapping", {}).get("metadata", {})
        )

    def _stubs(self) -> list[dict[str, Any]]:
        found = self._admin.handle_response(self._admin.get("/mappings")).json()["mappings"]
        return [stub for stub in found if _MARK in stub.get("metadata", {})]

    def _add(self, stub: dict[str, Any]) -> None:
        self._mappings.create_mapping(_Raw(stub), {})

    # The journal.

    def events(self) -> Iterator[Event]:
        """Yield what WireMock was asked, oldest first."""
        for entry in reversed(self._journal()):
            yield self._event(entry)

    def write_journal(self, folder: Path) -> None:
        """Write the events into a file for each part; raises WorldFailed if WireMock is gone."""
        lines: dict[str, list[bytes]] = {}
        for event in self.events():
            lines.setdefault(event.source, []).append(msgspec.json.encode(event) + b"\n")
        for part, found in lines.items():
            (folder / f"{part}.jsonl").write_bytes(b"".join(found))

    def _journal(self) -> list[dict[str, Any]]:
        answer = self._admin.handle_response(self._admin.get("/requests"))
        return list(answer.json()["requests"])

    def _event(self, entry: dict[str, Any]) -> Event:
        request, stub = entry["request"], entry.get("stubMapping", {})
        mark = msgspec.convert(
            stub.get("metadata", {}).get(_MARK, {"part": "partners", "operation": NOT_MODELLED}),
            Mark,
        )
        name, errors = mark.operation, []
        if name == NOT_MODELLED:
            name, errors = f"{request['method']} {urlsplit(request['url']).path}", [NOT_MODELLED]
        answered = entry.get("response", {})
        fault = answered.get("fault", "")
        status = 0 if fault == "CONNECTION_RESET_BY_PEER" else int(answered.get("status", 0))
        outcome = Outcome.OK if 200 <= status < 300 else Outcome.FAIL if status else Outcome.INFO
        contract = self.contracts.get(mark.part)
        places = _places(request, answered)
        if contract is not None and status >= 400 and not errors:
            errors = [str(code) for place in contract.errors if (code := _at(places, place))]
        value: dict[str, Any] = {
            "status": status,
            "duration_seconds": entry.get("timing", {}).get("totalTime", 0) / 1000,
            "client": _client(request),
            "api_version": contract.version if contract else "",
            "arguments": _facts(contract, mark.operation, places) if contract else {},
            "error_codes": errors,
            "fault": mark.fault,
        }
        return Event(
            time=self._clock.from_epoch(request["loggedDate"] / 1000),
            source=mark.part,
            kind="request",
            name=name,
            key=str(entry["id"]),
            outcome=outcome,
            value=value,
        )


class _Raw(Stub):  # type: ignore[misc]  # the client has no types
    """A mapping as it stands: the client's own model knows only some of WireMock's fields."""

    def __init__(self, stub: dict[str, Any]) -> None:
        super().__init__()
        self._stub = stub

    def get_json_data(self) -> dict[str, Any]:
        return self._stub


def _broken(
    stub: Mapping[str, Any],
    fault: str,
    identity: str,
    response: Mapping[str, Any],
    number: int | None,
) -> dict[str, Any]:
    """Return a copy of a mapping that goes before it and answers otherwise.

    With a ``number`` it takes the call of that number only: a scenario of its own counts them.
    """
    kept = {} if "fault" in response or "status" in response else stub["response"]
    mark = {**stub["metadata"][_MARK], "fault": fault, "rule": identity}
    copy = {
        **{name: stub[name] for name in ("name", "request")},
        "priority": stub["priority"] - _BEHIND_FAULTS + (_BEHIND_COUNTED if number is None else 0),
        "response": {**kept, **response},
        "metadata": {_MARK: mark},
    }
    if number is not None:
        copy["scenarioName"] = identity
        copy["requiredScenarioState"] = str(number) if number else _STARTED
        copy["newScenarioState"] = str(number + 1)
    elif "scenarioName" in stub:
        state = ("scenarioName", "requiredScenarioState", "newScenarioState")
        copy |= {name: stub[name] for name in state if name in stub}
    return copy


def _client(request: Mapping[str, Any]) -> str:
    """Return a short hash of the caller's credential, as simulators write it."""
    headers = {name.lower(): value for name, value in request.get("headers", {}).items()}
    credential = headers.get("authorization") or request.get("url", "")
    return sha256(str(credential).encode()).hexdigest()[:8]


def _places(request: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what facts are taken from: bodies, the form, the query."""

    def decoded(text: str) -> Any:
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return None

    def plain(fields: Mapping[str, list[str]]) -> dict[str, str]:
        return {name: values[0] for name, values in fields.items()}

    return {
        "request": decoded(request.get("body", "")),
        "form": plain(parse_qs(request.get("body", ""))),
        "query": plain(parse_qs(urlsplit(request["url"]).query)),
        "answer": decoded(answer.get("body", "")),
    }


def _facts(contract: Contract, operation: str, places: Mapping[str, Any]) -> dict[str, Any]:
    facts = {}
    for name, place in contract.facts.get(operation, {}).items():
        value = _at(places, place)
        if value is not None:
            facts[name] = contract.words.get(name, {}).get(str(value), value)
    return facts


def _at(value: Any, place: str) -> Any:
    """Return what stands at a place such as ``answer.errors.0.code``; None when nothing does."""
    for step in place.split("."):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
