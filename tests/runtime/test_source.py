"""Odoo's source: what is taken, what is refused, and dead links mended."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from peakproof.errors import BadFile, EnvironmentLacks
from peakproof.runtime import source
from peakproof.runtime.debian import Mirror, PackageFile, PrivateApt
from peakproof.runtime.source import find_source, mend_links
from peakproof.seed import wait_until


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("PEAKPROOF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def checkout(folder: Path, version: str = "19, 0") -> Path:
    """Make the outline of an Odoo checkout."""
    for place in ("odoo/addons/base", "addons/sale"):
        (folder / place).mkdir(parents=True)
        (folder / place / "__manifest__.py").write_text("{}")
    (folder / "odoo" / "release.py").write_text(f"version_info = ({version}, 0, FINAL, 0, '')\n")
    return folder


def test_a_folder_is_used_where_it_lies_and_keyed_by_content(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "odoo-src")
    found = find_source(folder)
    assert found.python_path == folder
    assert found.addons_paths == (folder / "addons", folder / "odoo" / "addons")
    assert found.version == "19.0"
    (folder / "addons" / "sale" / "models.py").write_text("x = 1\n")
    assert find_source(folder).key != found.key


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_an_archive_is_unpacked_once(tmp_path: Path, kind: str) -> None:
    folder = checkout(tmp_path / "odoo-19.0")
    archive = tmp_path / f"odoo.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for file in folder.rglob("*"):
                packed.write(file, file.relative_to(tmp_path))
    else:
        with tarfile.open(archive, "w:gz") as packed_tar:
            packed_tar.add(folder, folder.name)
    found = find_source(archive)
    assert (found.addons_paths[0] / "sale" / "__manifest__.py").exists()
    assert find_source(archive) == found


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path, "there is no such file"),
        (lambda path: path.mkdir() or path, "expected an Odoo source with odoo/release.py"),
        (lambda path: checkout(path, "18, 0"), r"expected Odoo 19\.0, found 18\.0"),
        (lambda path: path.write_text("text") and path, r"expected a \.deb, \.zip or \.tar"),
    ],
)
def test_what_is_not_an_odoo_19_is_refused(tmp_path: Path, make, message: str) -> None:
    with pytest.raises(BadFile, match=message):
        find_source(make(tmp_path / "given"))


def test_another_version_in_the_archive_is_refused(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "find_mirror", lambda: Mirror("http://m.example/debian", ""))
    monkeypatch.setattr(PrivateApt, "update", lambda self: None)
    monkeypatch.setattr(
        PrivateApt, "find", lambda self, name: PackageFile(name, "20.0-1", "0" * 64)
    )
    with pytest.raises(EnvironmentLacks, match=r"offers odoo-19 20\.0-1; .* needs Odoo 19\.0"):
        find_source(None)
    assert not list((own_cache / "odoo").glob("debian-*"))


def test_a_package_with_other_content_than_the_index_says_is_refused(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(self: PrivateApt, names: list[str], folder: Path) -> list[Path]:
        folder.mkdir()
        (folder / "odoo-19_19.0_all.deb").write_bytes(b"something else")
        return list(folder.iterdir())

    monkeypatch.setattr(source, "find_mirror", lambda: Mirror("http://m.example/debian", ""))
    monkeypatch.setattr(PrivateApt, "update", lambda self: None)
    monkeypatch.setattr(
        PrivateApt, "find", lambda self, name: PackageFile(name, "19.0.0-1", "0" * 64)
    )
    monkeypatch.setattr(PrivateApt, "download", download)
    with pytest.raises(EnvironmentLacks, match="is not what the signed index names"):
        find_source(None)
    assert [path.name for path in (own_cache / "odoo").iterdir() if path.is_dir()] == []


@pytest.mark.odoo
def test_a_killed_installation_leaves_nothing_and_the_next_one_is_whole(own_cache: Path) -> None:
    command = [sys.executable, "-c", "from peakproof.runtime.source import *; find_source(None)"]
    with subprocess.Popen(command) as installing:
        half = wait_until(
            lambda: next(iter(own_cache.glob("odoo/.debian-*.building-*/tree/usr/lib")), None),
            120,
            "the package to be unpacked",
            0.01,
        )
        installing.kill()
    assert half.exists()
    assert not list(own_cache.glob("odoo/debian-*"))
    told: list[str] = []
    found = find_source(None, lambda text, _: told.append(text))
    assert "unpacking odoo-19" in told
    assert not half.exists()
    assert found.version.startswith("19.0.")
    assert found.warnings == ()
    links = [path for path in found.python_path.rglob("*") if path.is_symlink()]
    assert len(links) > 30
    assert [link for link in links if not link.exists()] == []
    assert not any(own_cache.glob("apt/*"))
    told.clear()
    assert find_source(None, lambda text, _: told.append(text)) == found
    assert told == []


def test_links_are_mended_or_removed_and_told(tmp_path: Path) -> None:
    share, fonts = tmp_path / "usr" / "share" / "fonts", tmp_path / "usr" / "lib" / "static"
    share.mkdir(parents=True)
    fonts.mkdir(parents=True)
    for name in ("fa-solid-900.ttf", "fa-solid-900.woff2", "Montserrat-Black.otf", "fine.ttf"):
        (share / name).write_text(name)
    links = {
        "fontawesome-webfont.woff2": "../../share/old/fontawesome-webfont.woff2",
        "fontawesome-webfont.eot": "../../share/old/fontawesome-webfont.eot",
        "Montserrat-Black.ttf": "../../share/old/Montserrat-Black.ttf",
        "fine.ttf": "../../share/fonts/fine.ttf",
        "lost.js": "../../share/javascript/lost.js",
    }
    for name, target in links.items():
        (fonts / name).symlink_to(target)
    warnings = mend_links(tmp_path)
    assert {path.name: path.read_text() for path in fonts.iterdir()} == {
        "fontawesome-webfont.woff2": "fa-solid-900.woff2",
        "fontawesome-webfont.eot": "fa-solid-900.ttf",
        "Montserrat-Black.ttf": "Montserrat-Black.otf",
        "fine.ttf": "fine.ttf",
    }
    assert len(warnings) == 1
    assert "lost.js is missing" in warnings[0]
    assert not any(path.readlink().is_absolute() for path in fonts.iterdir())
