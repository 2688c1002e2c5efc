"""The partner that docs/partners.md shows is read, served, asked and written down as it says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from peakproof.connector import ConnectorSpec
from peakproof.errors import BadFile
from peakproof.worldpartners import chosen_by
from tests.partners.served import Served, served

PAGE = (Path(__file__).parents[2] / "docs" / "partners.md").read_text()
TABLES = """
[connector]
name = "example"
version = "1"
flows = []
[start]
command = ["python"]
[settled]
url = "http://127.0.0.1"
"""


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Served]:
    """The page's connector, whose partner is served."""
    connector, partner = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    (mapping,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    place = tmp_path / "connector" / "stubs" / "loyalty"
    (place / "mappings").mkdir(parents=True)
    (place / "partner.toml").write_text(partner)
    (place / "mappings" / "points.json").write_text(mapping)
    (tmp_path / "connector" / "connector.toml").write_text(TABLES + connector)
    spec = ConnectorSpec.load(tmp_path / "connector")
    yield from served(tmp_path / "run", chosen_by(spec, []))


def test_it_answers_and_is_written_down(example: Served) -> None:
    headers = {"X-Key": example.values["loyalty"]["key"]}
    answer = example.http.get("/points/ada", headers=headers)
    assert answer.json() == {"customer": "ada", "points": 7}
    (event,) = example.partners.events()
    assert (event.source, event.name) == ("loyalty", "points.read")
    assert event.value["arguments"] == {"customer": "ada", "points": 7}
    assert example.partners.act("loyalty", "close", {"door": "shut"}) == {"door": "shut"}
    assert example.http.get("/points/ada", headers=headers).json() == {"error": "closed"}
    example.partners.act("loyalty", "close", {"door": "open"})
    assert example.http.get("/points/ada", headers=headers).status_code == 200


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "connector.toml").write_text(f'{TABLES}[partners]\ntax = "stubs/tax"\n')
    with pytest.raises(BadFile, match="names 'stubs/tax', which is not there"):
        chosen_by(ConnectorSpec.load(tmp_path), [])
