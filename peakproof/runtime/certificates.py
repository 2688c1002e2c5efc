"""A throw-away certificate authority a run, and server certificates signed by it.

``Authority(folder)`` writes ``ca.pem``; ``authority.issue("api.vendor.com")`` writes a
certificate and its key. Nothing is installed into the machine; keys are readable only by us.
"""

import os
import ssl
from pathlib import Path

import msgspec
import trustme

__all__ = ["LOCAL_NAMES", "Authority", "ServerCertificate", "stranger"]

LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")


class ServerCertificate(msgspec.Struct, frozen=True):
    """Paths of a certificate chain and of its private key, both PEM."""

    certificate_path: Path
    key_path: Path


class Authority:
    """The run's certificate authority; ``bundle_path`` is what clients are told to trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._authority = trustme.CA(organization_name="peakproof throw-away authority")
        self._issued: dict[tuple[str, ...], ServerCertificate] = {}
        self.bundle_path = folder / "ca.pem"
        self.bundle_path.write_bytes(self._authority.cert_pem.bytes())
        self.bundle_path.chmod(0o644)  # no secret, and a container's user is not ours

    def issue(self, *names: str) -> ServerCertificate:
        """Return a certificate for the names; for this machine's own names if none is given."""
        wanted = names or LOCAL_NAMES
        if wanted not in self._issued:
            leaf = self._authority.issue_cert(*wanted)
            stem = "".join(c if c.isalnum() or c in ".-" else "_" for c in wanted[0])
            place = ServerCertificate(
                self._folder / f"{stem}-{len(self._issued)}.pem",
                self._folder / f"{stem}-{len(self._issued)}.key",
            )
            chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
            _write_private(place.certificate_path, chain)
            _write_private(place.key_path, leaf.private_key_pem.bytes())
            self._issued[wanted] = place
        return self._issued[wanted]


def stranger(name: str) -> ssl.SSLContext:
    """Return a server's TLS with a certificate that nobody trusts: its authority is unknown."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority = trustme.CA(organization_name="an authority that nobody knows")
    authority.issue_cert(name.partition(":")[0]).configure_cert(context)
    return context


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
