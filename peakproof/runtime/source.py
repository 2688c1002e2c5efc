"""Odoo's program text: from the Debian archive, or from a folder or archive that is given.

``find_source(None, progress)`` returns the cached tree or installs it first: odoo-19 from
Debian, translations left out, with the fonts and script libraries that its links point to.

Not here: a newer package version. The first one installed stays until the cache is deleted,
so that runs can be compared.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

import msgspec

from peakproof.errors import BadFile, EnvironmentLacks
from peakproof.runtime.cache import build_folder, cache_folder, digest_of, locked
from peakproof.runtime.debian import PrivateApt, find_mirror, unpack
from peakproof.runtime.progress import Progress, silent

__all__ = ["SERIES", "OdooSource", "find_source", "mend_links"]

SERIES = "19.0"
PACKAGE = "odoo-19"
NEEDED_BYTES = 900 * 2**20
LEFT_OUT = ("*.po", "*.pot", "./usr/share/doc")
HELPER_PACKAGE = re.compile(r"\b((?:fonts|libjs)-[a-z0-9.+-]+)")
# Where a font has been renamed upstream since the package's links were made.
RENAMED_FONTS = {
    "fontawesome-webfont": "fa-solid-900",
    "FontAwesome": "fa-solid-900",
    "Inconsolata": "Inconsolata-Regular",
}


class OdooSource(msgspec.Struct, frozen=True):
    """An Odoo tree: ``python_path`` goes on Python's path, ``key`` stands for its content."""

    python_path: Path
    addons_paths: tuple[Path, ...]
    version: str
    key: str
    warnings: tuple[str, ...] = ()


class _Note(msgspec.Struct):
    """What is remembered beside an installed tree."""

    version: str
    sha256: str
    warnings: list[str]


def find_source(given: Path | None, progress: Progress = silent) -> OdooSource:
    """Return Odoo's source: the given folder or archive, else the cached Debian package.

    Raises EnvironmentLacks (cannot be installed here) or BadFile (not an Odoo 19).
    """
    if given is not None:
        return _from_given(given, progress)
    installed = sorted((cache_folder() / "odoo").glob("debian-*/note.json"))
    folder = installed[-1].parent if installed else _install(progress)
    note = msgspec.json.decode((folder / "note.json").read_bytes(), type=_Note)
    python_path = folder / "tree" / "usr" / "lib" / "python3" / "dist-packages"
    _require_series(python_path)
    return OdooSource(
        python_path,
        (python_path / "odoo" / "addons",),
        note.version,
        digest_of(note.version, note.sha256),
        tuple(note.warnings),
    )


def _install(progress: Progress) -> Path:
    mirror = find_mirror()
    apt_folder = cache_folder() / "apt"
    apt_folder.mkdir(exist_ok=True)
    with locked(cache_folder() / ".apt.lock", progress):
        for stale in apt_folder.iterdir():
            shutil.rmtree(stale, ignore_errors=True)
        done = sorted((cache_folder() / "odoo").glob("debian-*/note.json"))
        if done:
            return done[-1].parent
        with tempfile.TemporaryDirectory(dir=apt_folder) as private:
            return _install_from(PrivateApt(Path(private), mirror), progress)


def _install_from(apt: PrivateApt, progress: Progress) -> Path:
    progress("reading the index of the Debian archive", None)
    apt.update()
    package = apt.find(PACKAGE)
    if not package.version.startswith(f"{SERIES}."):
        raise EnvironmentLacks(
            f"The archive {apt.mirror.address} offers {PACKAGE} {package.version}; this "
            f"peakproof needs Odoo {SERIES}. Next step: give an Odoo {SERIES} with "
            "--odoo-source."
        )

    def build(folder: Path) -> None:
        progress(f"downloading {PACKAGE} {package.version}", None)
        (file,) = apt.download([PACKAGE], folder / "packages")
        if hashlib.sha256(file.read_bytes()).hexdigest() != package.sha256:
            raise EnvironmentLacks(f"{file.name} is not what the signed index names.")
        tree = folder / "tree"
        tree.mkdir()
        progress(f"unpacking {PACKAGE}", None)
        unpack(file, tree, LEFT_OUT)
        warnings = _add_helpers(apt, file, folder, progress)
        warnings += mend_links(tree)
        shutil.rmtree(folder / "packages")
        note = _Note(package.version, package.sha256, warnings)
        (folder / "note.json").write_bytes(msgspec.json.encode(note))

    version = package.version.replace("/", "_").replace(":", "_")
    target = cache_folder() / "odoo" / f"debian-{version}-{package.sha256[:12]}"
    return build_folder(target, build, f"Odoo {SERIES}", NEEDED_BYTES, progress)


def _add_helpers(apt: PrivateApt, package: Path, folder: Path, progress: Progress) -> list[str]:
    """Unpack the fonts and script libraries that the package depends on beside it."""
    depends = subprocess.run(
        ["dpkg-deb", "-f", str(package), "Depends"], capture_output=True, text=True, check=True
    ).stdout
    first_choices = " ".join(part.split("|")[0] for part in depends.split(","))
    names = sorted(set(HELPER_PACKAGE.findall(first_choices)))
    progress(f"fetching {len(names)} fonts and script libraries", None)
    try:
        files = apt.download(names, folder / "packages")
    except EnvironmentLacks as error:
        return [f"Odoo's web pages may fail, its interfaces work: {error}"]
    for file in files:
        unpack(file, folder / "tree", ("./usr/share/doc",))
    return []


def mend_links(tree: Path) -> list[str]:
    """Point links to renamed fonts at the new name, remove other dead ones; return warnings."""
    warnings = []
    for link in sorted(tree.rglob("*")):
        if not link.is_symlink() or link.exists():
            continue
        stem = RENAMED_FONTS.get(link.readlink().stem, link.readlink().stem)
        choices = [
            file
            for suffix in (link.suffix, ".ttf", ".otf", ".woff2", ".woff")
            for file in sorted((tree / "usr" / "share").rglob(f"{stem}{suffix}"))
            if file.is_file()
        ]
        target = link.readlink()
        link.unlink()
        if choices:
            link.symlink_to(os.path.relpath(choices[0], link.parent))
        else:
            warnings.append(f"{link.relative_to(tree)} is missing: no package has {target}")
    return warnings


def _from_given(given: Path, progress: Progress) -> OdooSource:
    if given.is_dir():
        root, key = given.resolve(), ""
    elif given.is_file():
        key = hashlib.sha256(given.read_bytes()).hexdigest()[:12]
        target = cache_folder() / "odoo" / f"archive-{key}"
        progress(f"unpacking {given.name}", None)
        root = build_folder(
            target, lambda folder: _extract(given, folder), given.name, NEEDED_BYTES, progress
        )
    else:
        raise BadFile(f"{given}: expected an Odoo source folder or archive; there is no such file.")
    release = next(iter(sorted(root.glob("**/odoo/release.py"), key=lambda p: len(p.parts))), None)
    if release is None:
        raise BadFile(
            f"{given}: expected an Odoo source with odoo/release.py in it, found none. "
            f"Give a checkout or archive of Odoo {SERIES}."
        )
    python_path = release.parent.parent
    addons = [path for path in (python_path / "addons", release.parent / "addons") if path.is_dir()]
    version = _require_series(python_path)
    return OdooSource(python_path, tuple(addons), version, key or _tree_digest(python_path))


def _extract(archive: Path, folder: Path) -> None:
    if archive.suffix == ".deb":
        unpack(archive, folder, LEFT_OUT)
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)  # noqa: S202  (zipfile keeps paths inside)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as packed_tar:
            packed_tar.extractall(folder, filter="data")
    else:
        raise BadFile(f"{archive}: expected a .deb, .zip or .tar archive of Odoo {SERIES}.")


def _require_series(python_path: Path) -> str:
    """Return the version in odoo/release.py; raises BadFile unless it is of our series."""
    release = python_path / "odoo" / "release.py"
    match = re.search(r"^version_info\s*=\s*\((\d+),\s*(\d+)", release.read_text(), re.MULTILINE)
    found = f"{match[1]}.{match[2]}" if match else "unknown"
    if found != SERIES:
        raise BadFile(f"{release}: expected Odoo {SERIES}, found {found}.")
    return found


def _tree_digest(root: Path) -> str:
    """Return digits that change when a program file of the tree changes."""
    parts = []
    for file in sorted(root.rglob("*")):
        if file.suffix in (".py", ".xml", ".csv") and file.is_file():
            status = file.stat()
            parts.append(f"{file.relative_to(root)} {status.st_size} {status.st_mtime_ns}")
    return digest_of(*parts)
