"""Packages from the Debian archive without root: asked from the machine's own apt.

The mirror and the keyring come from what this machine's apt already uses; the sources list,
the lists and the downloads are private. apt checks the signature and the hashes.

``PEAKPROOF_DEBIAN_MIRROR`` names another mirror, for machines of another distribution (which
need Debian's keyring, package debian-archive-keyring).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from peakproof.errors import EnvironmentLacks

__all__ = ["Mirror", "PackageFile", "PrivateApt", "find_mirror", "unpack"]

KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)
SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")
WITHOUT_APT = (
    "Next step: give Odoo's source with --odoo-source FOLDER_OR_ARCHIVE, or use the "
    "containers (see docs/containers.md)."
)


class Mirror(msgspec.Struct, frozen=True):
    """Where the archive is, and the file or the name of the key that signs it ("" = apt's)."""

    address: str
    signed_by: str


class PackageFile(msgspec.Struct, frozen=True):
    """A package that can be downloaded: name, version and content hash."""

    name: str
    version: str
    sha256: str


def find_mirror(sources: Sequence[str] = SOURCES) -> Mirror:
    """Return the Debian mirror that this machine's apt uses.

    Raises EnvironmentLacks when there is no apt, or none of its archives is Debian's.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise EnvironmentLacks(f"This machine has no apt-get and dpkg-deb. {WITHOUT_APT}")
    keyring = next((name for name in KEYRINGS if Path(name).exists()), "")
    named = os.environ.get("PEAKPROOF_DEBIAN_MIRROR")
    if named:
        return Mirror(named, keyring)
    entries = _entries(sources)
    address = _indexed_address() or next(
        (uri for uri, _ in entries if uri.rstrip("/").endswith("/debian")), ""
    )
    if not address:
        known = ", ".join(sorted({uri for uri, _ in entries})) or "none"
        raise EnvironmentLacks(
            f"No archive of this machine's apt is Debian's (found: {known}). Next step: set "
            "PEAKPROOF_DEBIAN_MIRROR to the address of a Debian mirror and install the "
            f"package debian-archive-keyring. Or else: {WITHOUT_APT}"
        )
    signed_by = next(
        (key for uri, key in entries if key and uri.rstrip("/") == address.rstrip("/")), keyring
    )
    return Mirror(address, signed_by)


def _indexed_address() -> str:
    """Return the address of the Debian archive whose index apt has, or ""."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        origin, label, component, address = line.split("|", 3)
        if (origin, label, component) == ("Debian", "Debian", "main"):
            return address
    return ""


def _entries(sources: Sequence[str]) -> list[tuple[str, str]]:
    """Return (address, signed-by) of every entry of the machine's sources lists."""
    files = [
        file
        for source in map(Path, sources)
        for file in (sorted(source.iterdir()) if source.is_dir() else [source])
        if file.is_file()
    ]
    found = []
    for file in files:
        text = file.read_text(errors="replace")
        if file.suffix == ".sources":
            for stanza in re.split(r"\n\s*\n", text):
                fields = _fields(stanza)
                if fields.get("enabled", "yes") != "no":
                    key = fields.get("signed-by", "")
                    found += [(uri, key) for uri in fields.get("uris", "").split()]
        elif file.suffix == ".list":
            for match in re.finditer(r"^deb\s+(?:\[([^]]*)\]\s+)?(\S+)", text, re.MULTILINE):
                key_match = re.search(r"signed-by=(\S+)", match[1] or "")
                found.append((match[2], key_match[1] if key_match else ""))
    return found


def _fields(stanza: str) -> dict[str, str]:
    """Return the fields of a deb822 stanza, names in lower case, continuation lines kept."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in (" ", "\t") and name:
            fields[name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


class PrivateApt:
    """apt with sources, lists and downloads of its own under ``folder``."""

    def __init__(self, folder: Path, mirror: Mirror, suite: str = "sid") -> None:
        self.folder = folder
        self.mirror = mirror
        (folder / "sources").mkdir(parents=True, exist_ok=True)
        (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (folder / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        signed_by = f"Signed-By: {mirror.signed_by}\n" if mirror.signed_by else ""
        (folder / "sources" / "debian.sources").write_text(
            f"Types: deb\nURIs: {mirror.address}\nSuites: {suite}\nComponents: main\n{signed_by}"
        )

    def update(self) -> None:
        """Fetch the signed index of the archive (11 MB)."""
        self._run("update", "-o", "APT::Update::Error-Mode=any")

    def find(self, name: str) -> PackageFile:
        """Return what the archive offers under that name; raises EnvironmentLacks."""
        listing = self._run("download", "--print-uris", name)
        match = re.search(r"^'\S+' (\S+?)_(\S+?)_\S+ \d+ SHA256:(\w+)", listing, re.MULTILINE)
        if match is None:
            raise EnvironmentLacks(
                f"The archive {self.mirror.address} does not offer {name} with a SHA-256 hash "
                f"(apt said {listing.strip()[-200:]!r}). {WITHOUT_APT}"
            )
        return PackageFile(match[1], match[2].replace("%3a", ":"), match[3])

    def download(self, names: Sequence[str], folder: Path) -> list[Path]:
        """Download the packages into ``folder``, signature and hashes checked by apt."""
        folder.mkdir(parents=True, exist_ok=True)
        self._run("download", *names, cwd=folder)
        return [
            next(file for file in folder.glob("*.deb") if file.name.startswith(f"{name}_"))
            for name in names
        ]

    def _run(self, *arguments: str, cwd: Path | None = None) -> str:
        root = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
        command = [
            "apt-get",
            "-o", "Dir::Etc::SourceList=/dev/null",
            "-o", f"Dir::Etc::SourceParts={self.folder / 'sources'}",
            "-o", f"Dir::State::Lists={self.folder / 'lists'}",
            "-o", f"Dir::Cache={self.folder / 'cache'}",
            "-o", "Acquire::Retries=3",
            *root,
            *arguments,
        ]  # fmt: skip
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        if done.returncode != 0:
            said = "\n    ".join((done.stderr or done.stdout).strip().splitlines()[-6:])
            raise EnvironmentLacks(
                f"`apt-get {' '.join(arguments)}` failed against {self.mirror.address}:\n"
                f"    {said}\nNext step: see that this machine reaches that mirror "
                f"(`apt-get update`), or: {WITHOUT_APT}"
            )
        return done.stdout


def unpack(package: Path, folder: Path, leave_out: Sequence[str] = ()) -> None:
    """Unpack a package's files into ``folder`` without the paths that match a pattern."""
    patterns = [f"--exclude={pattern}" for pattern in leave_out]
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE
    ) as reader:
        done = subprocess.run(
            ["tar", "-x", "--no-same-owner", "-C", str(folder), *patterns],
            stdin=reader.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0 or reader.returncode != 0:
        raise EnvironmentLacks(
            f"{package.name} could not be unpacked into {folder}: "
            f"{done.stderr.strip()[-300:] or 'dpkg-deb failed'}. "
            "Next step: see that the disk has room."
        )
