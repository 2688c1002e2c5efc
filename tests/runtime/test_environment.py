"""Odoo's Python environment: its lock, its Python, and clear errors."""

import re
import sys
from pathlib import Path

import pytest

from peakproof.errors import EnvironmentLacks
from peakproof.runtime import environment
from peakproof.runtime.environment import REQUIREMENTS, find_python, install_into


def fake_python(folder: Path, name: str, version: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


def test_the_lock_pins_everything_by_hash_and_names_no_index() -> None:
    text = REQUIREMENTS.read_text()
    pinned = re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE)
    assert len(pinned) > 50
    blocks = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|--index|--extra|--find-links", text)
    wanted = set(REQUIREMENTS.with_suffix(".in").read_text().replace("<", " ").split())
    assert {"psycopg2-binary", "werkzeug", "lxml"} <= {name for name, _ in pinned} & wanted


def test_our_own_python_is_taken_when_it_fits() -> None:
    assert environment.OLDEST <= sys.version_info[:2] <= environment.NEWEST
    assert find_python() == Path(sys.executable)


def test_another_python_is_looked_for_when_ours_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sys, "executable", str(fake_python(tmp_path, "python3", "3 14")))
    older = fake_python(tmp_path, "python3.13", "3 13")
    assert find_python() == older


def test_no_fitting_python_is_named_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEAKPROOF_ODOO_PYTHON", str(fake_python(tmp_path, "python3", "3 14")))
    with pytest.raises(EnvironmentLacks, match=r"3\.10 to 3\.13; found .*\(3\.14\)\. Next step"):
        find_python()


@pytest.mark.odoo
def test_pip_does_it_where_uv_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_uv", lambda: None)
    text = REQUIREMENTS.read_text()
    block = next(b for b in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE) if "polib==" in b)
    (tmp_path / "lock.txt").write_text(block)
    arguments = [*environment.WHEELS_ONLY, "--target", str(tmp_path / "t")]
    install_into(Path(sys.executable), [*arguments, "-r", str(tmp_path / "lock.txt")])
    assert (tmp_path / "t" / "polib.py").exists()
    (tmp_path / "lock.txt").write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", block))
    with pytest.raises(EnvironmentLacks, match=r"(?i)hash"):
        install_into(Path(sys.executable), [*arguments, "-r", str(tmp_path / "lock.txt")])


def test_a_failed_installation_says_what_uv_and_pip_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentLacks) as lack:
        install_into(
            Path(sys.executable), ["--no-index", "--target", str(tmp_path / "t"), "no-such-thing"]
        )
    assert "Could not use pip" in str(lack.value)
    assert "no-such-thing" in str(lack.value)
    assert "Next step: see that this machine reaches its Python package index" in str(lack.value)
