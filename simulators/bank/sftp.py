"""The folder of statements over SFTP, on the loopback address; one user with a password.

The port is taken at once, so that it can be told before the server runs. The host key is drawn
from the run's seed: a throw-away, like the password.

Not modelled: keys of users, several users, quotas.
"""

import asyncio
import contextlib
import hmac
import socket
from pathlib import Path

import asyncssh
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from peakproof.simkit import Kit

__all__ = ["StatementServer"]


class StatementServer:
    """Serves a folder once the simulator's loop runs; ``values`` are what a client needs."""

    def __init__(self, kit: Kit, folder: Path) -> None:
        self._folder = folder
        self.host = str(kit.config.options.get("sftp_host") or kit.config.host)
        self.user = str(kit.config.options.get("sftp_user") or "statements")
        self._password = str(
            kit.config.options.get("sftp_password") or kit.seed.token("bank|sftp|password")
        )
        secret = bytes.fromhex(kit.seed.token("bank|sftp|host key", 64))
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((kit.config.host, int(kit.config.options.get("sftp_port") or 0)))
        self._socket.listen()
        self.port = int(self._socket.getsockname()[1])
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._starting: asyncio.Task[None] | None = None
        self._connections: list[asyncssh.SSHServerConnection] = []
        kit.later(0, self._start)

    def __repr__(self) -> str:
        return f"StatementServer(port={self.port})"

    def values(self) -> dict[str, str]:
        """Return address and credentials, and the line for a client's known hosts."""
        public = self._key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        return {
            "sftp_host": self.host,
            "sftp_port": str(self.port),
            "sftp_user": self.user,
            "sftp_password": self._password,
            "sftp_known_host": f"[{self.host}]:{self.port} {public.decode()}",
        }

    def close(self) -> None:
        """Stop serving."""
        if self._starting is not None:
            self._starting.cancel()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.abort()
        if self._acceptor is not None:
            self._acceptor.close()
        self._socket.close()

    def _start(self) -> None:
        self._starting = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        self._acceptor = await asyncssh.listen(
            sock=self._socket,
            server_factory=lambda: _Door(self.user, self._password, self._connections),
            server_host_keys=[asyncssh.import_private_key(pem)],
            sftp_factory=self._files,
            allow_scp=False,
        )

    def _files(self, channel: "asyncssh.SSHServerChannel[bytes]") -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(self._folder).encode())


class _Door(asyncssh.SSHServer):
    """Lets the one user in."""

    def __init__(
        self, user: str, password: str, connections: list[asyncssh.SSHServerConnection]
    ) -> None:
        self._user, self._password, self._connections = user, password, connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that it can be ended."""
        self._connections.append(conn)

    def password_auth_supported(self) -> bool:
        """Passwords are what it takes."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Tell whether user and password are right."""
        right = hmac.compare_digest(password.encode(), self._password.encode())
        return username == self._user and right
