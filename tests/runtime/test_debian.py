"""The private apt: where the mirror comes from, what is refused, what a person is told."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from peakproof.errors import EnvironmentLacks
from peakproof.runtime import debian
from peakproof.runtime.debian import Mirror, PrivateApt, find_mirror, unpack

DEB822 = """# a comment
Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /keys/security.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Signed-By: /keys/off.gpg

Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Signed-By: /keys/debian.gpg
"""
ONE_LINE = """
# deb http://commented.example/debian sid main
deb [arch=amd64 signed-by=/keys/one.gpg] http://one.example/debian/ bookworm main
deb https://vendor.example/apt stable main
"""


@pytest.fixture
def without_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose apt lists were removed, as in many container images."""
    monkeypatch.setattr(debian, "_indexed_address", lambda: "")
    monkeypatch.setattr(debian.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.delenv("PEAKPROOF_DEBIAN_MIRROR", raising=False)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("debian.sources", DEB822, Mirror("http://mirror.example/debian", "/keys/debian.gpg")),
        ("debian.list", ONE_LINE, Mirror("http://one.example/debian/", "/keys/one.gpg")),
    ],
)
def test_the_mirror_and_its_key_come_from_the_machines_own_sources(
    tmp_path: Path, without_index: None, name: str, text: str, expected: Mirror
) -> None:
    (tmp_path / name).write_text(text)
    assert find_mirror([str(tmp_path)]) == expected


def test_the_indexed_mirror_wins_and_gets_its_own_entrys_key(
    tmp_path: Path, without_index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.sources").write_text(DEB822)
    monkeypatch.setattr(debian, "_indexed_address", lambda: "http://mirror.example/debian/")
    assert find_mirror([str(tmp_path)]).signed_by == "/keys/debian.gpg"


def test_a_machine_of_another_distribution_is_told_what_to_do(
    tmp_path: Path, without_index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ubuntu.list").write_text("deb http://archive.example/ubuntu noble main\n")
    with pytest.raises(EnvironmentLacks, match=r"ubuntu\)\. Next step: set PEAKPROOF_DEBIAN_MIRR"):
        find_mirror([str(tmp_path)])
    monkeypatch.setenv("PEAKPROOF_DEBIAN_MIRROR", "http://named.example/debian")
    assert find_mirror([str(tmp_path)]).address == "http://named.example/debian"


def test_a_machine_without_apt_is_told_about_the_other_ways(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentLacks, match=r"no apt-get and dpkg-deb.*--odoo-source"):
        find_mirror()


def make_package(folder: Path, name: str) -> Path:
    """Build a small package with one script and one translation."""
    root = folder / name
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: A <a@b.example>\n"
        "Description: test\n"
    )
    (root / "usr" / "i18n").mkdir(parents=True)
    (root / "usr" / "program.py").write_text("print(1)\n")
    (root / "usr" / "i18n" / "fr.po").write_text("x\n")
    file = folder / f"{name}_1.0_all.deb"
    subprocess.run(["dpkg-deb", "-b", str(root), str(file)], check=True, capture_output=True)
    return file


@pytest.mark.odoo
def test_unpacking_leaves_out_what_it_is_told_and_names_a_broken_package(tmp_path: Path) -> None:
    package = make_package(tmp_path, "small")
    target = tmp_path / "target"
    target.mkdir()
    unpack(package, target, ("*.po",))
    assert sorted(file.name for file in target.rglob("*") if file.is_file()) == ["program.py"]
    package.write_bytes(package.read_bytes()[:-200])
    with pytest.raises(EnvironmentLacks, match=r"small_1\.0_all\.deb could not be unpacked"):
        unpack(package, target)


@pytest.mark.odoo
def test_an_archive_without_signature_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "archive" / "dists" / "sid" / "main" / "binary-amd64"
    archive.mkdir(parents=True)
    package = make_package(tmp_path, "odoo-19")
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    (archive / "Packages").write_text(
        f"Package: odoo-19\nVersion: 1.0\nArchitecture: all\nFilename: {package.name}\n"
        f"Size: {package.stat().st_size}\nSHA256: {digest}\n"
    )
    apt = PrivateApt(tmp_path / "private", Mirror(f"file:{tmp_path / 'archive'}", ""))
    with pytest.raises(EnvironmentLacks, match=r"apt-get update .*failed against file:"):
        apt.update()


@pytest.mark.odoo
def test_a_mirror_that_is_not_there_is_named(tmp_path: Path) -> None:
    apt = PrivateApt(tmp_path, Mirror("http://127.0.0.1:9/debian", find_mirror().signed_by))
    with pytest.raises(
        EnvironmentLacks, match=r"(?s)127\.0\.0\.1:9.*Next step: see that this mach"
    ):
        apt.update()


@pytest.mark.odoo
def test_a_package_of_the_real_archive_is_fetched_and_checked(tmp_path: Path) -> None:
    apt = PrivateApt(tmp_path / "private", find_mirror())
    apt.update()
    wanted = apt.find("libjs-jquery-form")
    (file,) = apt.download(["libjs-jquery-form"], tmp_path / "packages")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == wanted.sha256
    with pytest.raises(EnvironmentLacks, match="Unable to locate package odoo-3000"):
        apt.find("odoo-3000")
