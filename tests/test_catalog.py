"""The catalogue is found in a checkout and, first of all, inside the wheel."""

import subprocess
import sys
from pathlib import Path

import pytest

from peakproof import catalog
from peakproof.errors import EnvironmentLacks, UnknownName

ROOT = Path(__file__).parents[1]


def test_a_checkout_names_its_entries_without_importing_them() -> None:
    assert catalog.folder("simulators") == ROOT / "simulators"
    assert "shopify" in catalog.names("simulators")
    assert "flash_sale" in catalog.names("scenarios")
    assert catalog.module("simulators", "shopify") == "simulators.shopify"
    assert catalog.load("scenarios", "flash_sale").NAME == "flash_sale"


@pytest.mark.parametrize("kind", ["simulators", "scenarios"])
def test_names_are_those_of_the_registry(kind: str) -> None:
    registry = __import__(kind).REGISTRY
    assert catalog.names(kind) == sorted(registry)


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(UnknownName, match=r"no simulator called 'shopfy'.*'shopify'"):
        catalog.module("simulators", "shopfy")
    with pytest.raises(UnknownName, match="Did you mean 'simulators'"):
        catalog.folder("simulator")


def wheel(folder: Path) -> Path:
    """Lay peakproof out as the wheel does, beside somebody else's ``simulators``."""
    package = folder / "site-packages" / "peakproof"
    package.mkdir(parents=True)
    for name in ("__init__", "version", "errors", "catalog"):
        (package / f"{name}.py").write_text((ROOT / "peakproof" / f"{name}.py").read_text())
    for place, text in (
        (package / "_catalog" / "simulators", "ours"),
        (package.parent / "simulators", "somebody else's"),
    ):
        place.mkdir(parents=True)
        (place / "__init__.py").write_text("")
        (place / "bank.py").write_text(f"WHOSE = {text!r}\n")
    return package.parent


def test_the_wheels_copy_wins_over_a_strangers(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(wheel(tmp_path))!r}); "
        "from peakproof import catalog; print(catalog.module('simulators', 'bank'), "
        "catalog.load('simulators', 'bank').WHOSE, catalog.root().name)"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", code],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert result.stdout.strip() == "peakproof._catalog.simulators.bank ours site-packages"


def test_a_missing_folder_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_PACKAGE", tmp_path / "peakproof")
    monkeypatch.setattr(catalog, "_WHEEL", tmp_path / "peakproof" / "_catalog")
    with pytest.raises(EnvironmentLacks, match="Install peakproof again"):
        catalog.folder("scenarios")
