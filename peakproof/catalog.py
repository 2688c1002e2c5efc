"""Finds the catalogue (simulators, contracts, scenarios, connectors) in a checkout or the wheel.

In a checkout the folders lie beside ``peakproof`` and are imported by their plain names; the
wheel carries them as ``peakproof/_catalog/...``, so that no generic name lands in a stranger's
site-packages. The wheel's copy is looked for first: something else may be called
``simulators`` on a stranger's machine.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType

from peakproof.errors import EnvironmentLacks, UnknownName

__all__ = ["KINDS", "connector", "folder", "load", "module", "names", "root"]

KINDS = ("simulators", "contracts", "scenarios", "connectors")

_PACKAGE = Path(__file__).resolve().parent
_WHEEL = _PACKAGE / "_catalog"


def root() -> Path:
    """Return the folder that must be on a child's Python path for ``module`` to be found."""
    return _PACKAGE.parent


def folder(kind: str) -> Path:
    """Return the folder of a kind. Raises UnknownName, or EnvironmentLacks if it is not there."""
    if kind not in KINDS:
        raise UnknownName("kind of catalogue entry", kind, KINDS)
    for place in (_WHEEL / kind, _PACKAGE.parent / kind):
        if place.is_dir():
            return place
    raise EnvironmentLacks(
        f"Expected the folder {kind!r} beside peakproof or inside its wheel, at {_WHEEL / kind} "
        f"or {_PACKAGE.parent / kind}. Install peakproof again, or run it from a checkout."
    )


def connector(path: Path) -> Path:
    """Return a connector's folder: the path, or the one of that name that comes with peakproof."""
    if path.exists():
        return path
    bundled = folder("connectors") / path.name
    return bundled if (bundled / "connector.toml").is_file() else path


def names(kind: str) -> list[str]:
    """Return the names of a kind in alphabetical order, without importing anything."""
    entries = {path.stem for path in folder(kind).glob("*.py") if not path.stem.startswith("_")}
    entries |= {
        path.name
        for path in folder(kind).iterdir()
        if path.is_dir() and not path.name.startswith(("_", ".")) and any(path.iterdir())
    }
    return sorted(entries)


def module(kind: str, name: str) -> str:
    """Return the dotted path of an entry's module; raises UnknownName with the nearest name."""
    known = names(kind)
    if name not in known:
        raise UnknownName(kind.removesuffix("s"), name, known)
    prefix = "peakproof._catalog." if folder(kind).parent == _WHEEL else ""
    return f"{prefix}{kind}.{name}"


def load(kind: str, name: str) -> ModuleType:
    """Import an entry and return its module."""
    path = module(kind, name)
    place = str(root())
    if place not in sys.path:
        sys.path.insert(0, place)
    return importlib.import_module(path)
