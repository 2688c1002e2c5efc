"""connector.toml: what is accepted, and how mistakes are explained."""

from pathlib import Path

import pytest

from peakproof import catalog
from peakproof.connector import ConnectorSpec
from peakproof.errors import BadFile
from peakproof.placeholders import render

GOOD = """
[connector]
name = "mine"
version = "1.0"
flows = ["orders"]
[start]
command = ["python", "-m", "mine"]
[settled]
url = "{connector.url}/settled"
[correlate]
odoo_sql = "select 1"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "connector.toml").write_text(text)
    return folder


def test_a_good_file_loads(tmp_path: Path) -> None:
    spec = ConnectorSpec.load(write(tmp_path, GOOD))
    assert spec.connector.flows == ["orders"]
    assert spec.folder == str(tmp_path.resolve())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("flows =", "flowz ="), "Did you mean 'flows'"),
        (("[settled]", "[setled]"), "Did you mean 'settled'"),
        (('"orders"', '"order"'), "Did you mean 'orders'"),
        (("[start]\ncommand =", "[addons]\nmodules ="), ""),
        (('command = ["python", "-m", "mine"]', "command = 5"), "Expected `array`"),
        (("[correlate]", "[dead_letters]"), r"expected \[correlate\]"),
        (("[connector]", "[connector"), "expected TOML"),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    text = GOOD.replace(*change)
    assert text != GOOD
    if not message:  # the other way to start is fine as well
        assert ConnectorSpec.load(write(tmp_path, text)).addons
        return
    with pytest.raises(BadFile, match=message):
        ConnectorSpec.load(write(tmp_path, text))


def test_neither_or_both_ways_to_start(tmp_path: Path) -> None:
    without = GOOD.replace('[start]\ncommand = ["python", "-m", "mine"]', "")
    with pytest.raises(BadFile, match="found neither"):
        ConnectorSpec.load(write(tmp_path, without))
    with pytest.raises(BadFile, match="found both"):
        ConnectorSpec.load(write(tmp_path, GOOD + '[addons]\nmodules = ["x"]\n'))


def test_no_file_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="peakproof list"):
        ConnectorSpec.load(tmp_path)


def test_an_extension_changes_what_it_says_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "mine").mkdir()
    write(tmp_path / "base", GOOD)
    own = 'extends = "../base"\nvariants = true\n[connector]\nname = "mine"\n'
    folder = write(tmp_path / "mine", own)
    (folder / "late.py").touch()
    spec = ConnectorSpec.load(folder / "late.py")
    assert (spec.connector.name, spec.variant) == ("mine/late", "late")
    assert spec.connector.flows == ["orders"]
    assert spec.folder == str(folder.resolve())
    for chosen in (folder, folder / "later.py"):
        with pytest.raises(BadFile, match="Such as: late"):
            ConnectorSpec.load(chosen)
    (tmp_path / "base" / "late.py").touch()
    with pytest.raises(BadFile, match="has no variants"):
        ConnectorSpec.load(tmp_path / "base" / "late.py")
    write(folder, own.replace("../base", "../nowhere"))
    with pytest.raises(BadFile, match="nowhere"):
        ConnectorSpec.load(folder / "late.py")


def test_placeholders() -> None:
    values = {"odoo": {"url": "http://x"}, "run": {"folder": "/f"}}
    assert render("{odoo.url}/a {not a one} {}", values, "here") == "http://x/a {not a one} {}"
    with pytest.raises(BadFile, match=r"Did you mean \{odoo\.url\}"):
        render("{odoo.uri}", values, "here")


@pytest.mark.parametrize(
    "folder",
    sorted(
        chosen
        for file in catalog.folder("connectors").glob("*/connector.toml")
        for chosen in ConnectorSpec.variants_in(file.parent) or [file.parent]
    ),
    ids=lambda path: path.name,
)
def test_every_bundled_connector_loads(folder: Path) -> None:
    spec = ConnectorSpec.load(folder)
    for named in (spec.addons and spec.addons.requirements, spec.setup and spec.setup.script):
        if named:
            assert spec.path(named).is_file()
