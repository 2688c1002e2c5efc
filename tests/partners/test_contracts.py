"""A folder of mappings is read, checked and filled in; a connector's own takes the part over."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peakproof.contracts import Contract, chosen, operation_of, parts
from peakproof.errors import BadFile, UnknownName
from peakproof.seed import Seed
from tests.partners.served import served

MAPPING = {
    "name": "points.read: everybody has some",
    "request": {"method": "GET", "urlPath": "/points", "headers": {"X-Key": {"equalTo": "${key}"}}},
    "response": {"status": 200, "jsonBody": {"points": 7}},
}

KEY = '[values]\nkey = "{hex:8}"\n'


def folder(place: Path, mapping: object = MAPPING, partner: str = KEY) -> Path:
    """Lay out a partner."""
    (place / "mappings").mkdir(parents=True)
    (place / "mappings" / "points.json").write_text(json.dumps(mapping))
    if partner:
        (place / "partner.toml").write_text(partner)
    return place


def filled(place: Path) -> list[dict[str, Any]]:
    """Return the mappings of a folder with the values of a run."""
    contract = Contract.load(place, "loyalty")
    return contract.mappings(contract.draw(Seed(1)))


def test_values_are_drawn_from_the_seed(tmp_path: Path) -> None:
    contract = Contract.load(folder(tmp_path / "points"), "loyalty")
    drawn = contract.draw(Seed(1))
    assert drawn == contract.draw(Seed(1)) != contract.draw(Seed(2))
    (mapping,) = contract.mappings(drawn)
    assert mapping["request"]["headers"]["X-Key"]["equalTo"] == drawn["key"]
    assert operation_of(mapping) == "points.read"
    number = Contract(part="x", values={"id": "{digits:6}"}).draw(Seed(3))["id"]
    assert (len(number), number.isdigit()) == (6, True)


def test_a_folder_of_plain_mappings_will_do(tmp_path: Path) -> None:
    plain = {**MAPPING, "request": {"method": "GET", "urlPath": "/points"}}
    (contract,) = chosen([], {}, {"loyalty": folder(tmp_path / "points", plain, "")})
    assert (contract.part, contract.provider, contract.paths) == ("loyalty", "points", ("/",))


@pytest.mark.parametrize(
    ("mapping", "partner", "message"),
    [
        ({**MAPPING, "name": ""}, KEY, "each mapping to have a name"),
        ({"name": "x", "request": {}}, "", "a request and a response"),
        (MAPPING, "parts = 1", "unknown field"),
        (MAPPING, "[values", "expected a partner"),
        (MAPPING, '[values]\nkeys = "x"', r"holds no 'key'. Did you mean \$\{keys\}"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(
    tmp_path: Path, mapping: object, partner: str, message: str
) -> None:
    place = folder(tmp_path / "points", mapping, partner)
    with pytest.raises(BadFile, match=message):
        filled(place)


def test_no_mappings_and_no_json_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadFile, match="found none"):
        Contract.load(tmp_path / "empty", "loyalty")
    place = folder(tmp_path / "points")
    (place / "mappings" / "points.json").write_text("{no")
    with pytest.raises(BadFile, match=r"points\.json: expected WireMock mappings"):
        Contract.load(place, "loyalty").mappings()
    with pytest.raises(BadFile, match="expected part"):
        Contract.load(place)


def test_parts_are_found_by_name(tmp_path: Path) -> None:
    assert parts()["tax"] == "avalara"
    assert [one.provider for one in chosen(["tax", "email"], {}, {})] == ["avalara", "sendgrid"]
    with pytest.raises(UnknownName, match="Did you mean 'tax'"):
        chosen(["taxes"], {}, {})
    with pytest.raises(UnknownName, match="Did you mean 'avalara'"):
        chosen(["tax"], {"tax": "avalar"}, {})
    own = {"tax": folder(tmp_path / "ours", {**MAPPING, "request": {"method": "GET"}})}
    assert [one.provider for one in chosen(["tax"], {}, own)] == ["ours"]


def test_two_partners_at_one_address_are_refused(tmp_path: Path) -> None:
    own = {name: folder(tmp_path / name) for name in ("points", "stamps")}
    with pytest.raises(BadFile, match=r"points and stamps both answer at /\."):
        chosen([], {}, own)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[object]:
    """A WireMock with a partner of a connector's own beside one of ours."""
    found = chosen(["email"], {}, {"loyalty": folder(tmp_path / "points")})
    yield from served(tmp_path / "run", found)


def test_a_connectors_own_partner_is_served_beside_ours(own: object) -> None:
    key = own.values["loyalty"]["key"]
    assert own.http.get("/points", headers={"X-Key": key}).json() == {"points": 7}
    assert own.http.get("/points", headers={"X-Key": "no"}).status_code == 404
    assert own.http.get("/v3/lists").status_code == 404, "the longer path answers for itself"
    told = [(event.source, event.name) for event in own.partners.events()]
    assert told == [
        ("loyalty", "points.read"),
        ("loyalty", "GET /points"),
        ("email", "GET /v3/lists"),
    ]
    assert set(own.partners.not_modelled) == {"email (sendgrid)"}
    assert [outcome for outcome, _ in own.events] == ["started"]
