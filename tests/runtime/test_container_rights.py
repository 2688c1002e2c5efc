"""The listener for access rights as a module that an Odoo of any kind can load."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from peakproof.runtime.container_rights import Listener, listener_of
from peakproof.runtime.rights_listener import VARIABLE


def test_the_module_begins_to_listen_when_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "parts" / "heard.jsonl"
    settings = {"file": str(file), "origin_monotonic_ns": 0, "modules": []}
    found = listener_of({VARIABLE: json.dumps(settings)}, tmp_path)
    (place,) = found.read
    assert (found.write, found.load) == ([file], ["peakproof_rights"])
    assert file.stat().st_mode & 0o777 == 0o666, "another user is to write to it"
    manifest = place / "peakproof_rights" / "__manifest__.py"
    assert "base" in manifest.read_text()
    assert manifest.stat().st_mode & 0o777 == 0o644
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.delenv(VARIABLE, raising=False)
    importlib.import_module("peakproof_rights")
    monkeypatch.setenv(VARIABLE, "not JSON: it is read")
    for name in ("peakproof_rights", "peakproof_rights.rights_listener"):
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(json.JSONDecodeError):
        importlib.import_module("peakproof_rights")


def test_nothing_is_loaded_where_nobody_listens(tmp_path: Path) -> None:
    assert listener_of({}, tmp_path) == Listener()
    assert list(tmp_path.iterdir()) == []
