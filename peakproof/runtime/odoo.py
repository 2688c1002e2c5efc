"""One Odoo server with one database: what a world holds of Odoo.

Made by ProcessRuntime.start_odoo. It restarts on the same port and database, so that a
connector meets it again where it left it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from peakproof.errors import OdooRefused, WaitExpired, WorldFailed
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.ports import ReservedPort
from peakproof.runtime.supervise import OnEvent, ignore_event
from peakproof.runtime.zygote import OdooServer, Zygote

__all__ = ["Database", "OdooProcess"]

READY_SECONDS = 60.0


class Database(msgspec.Struct, frozen=True):
    """A database cloned from a template; ``dsn`` leads to it over the loopback port."""

    name: str
    dsn: str
    login: str
    api_key: str
    template_key: str

    def __repr__(self) -> str:
        return f"Database(name={self.name!r}, login={self.login!r})"


class OdooProcess:
    """A running Odoo: ``url``, ``database``, ``login``, ``api_key`` and ``dsn`` lead to it."""

    def __init__(
        self,
        zygote: Zygote,
        place: Database,
        port: ReservedPort,
        arguments: Sequence[str],
        env: Mapping[str, str],
        log_path: Path,
        on_event: OnEvent = ignore_event,
    ) -> None:
        self.database = place.name
        self.dsn = place.dsn
        self.login = place.login
        self.api_key = place.api_key
        self.url = f"http://127.0.0.1:{port.number}"
        self._port = port
        self.server = OdooServer(zygote, arguments, env, log_path, on_event)

    def __repr__(self) -> str:
        return f"OdooProcess(url={self.url!r}, database={self.database!r}, pid={self.server.pid})"

    def client(self, timeout_seconds: float = 60.0) -> Odoo:
        """Return a new JSON-2 client of the administrator."""
        return Odoo(self.url, self.database, self.api_key, timeout_seconds)

    def start(self) -> None:
        """Start the server without waiting for it to answer."""
        self._port.require_free("Odoo")
        self.server.start()

    def wait_ready(self, limit_seconds: float = READY_SECONDS) -> None:
        """Wait until Odoo answers JSON-2; raises WorldFailed with its last log lines."""
        with self.client() as client:
            try:
                client.wait_ready(limit_seconds, alive=lambda: self.server.running)
            except (WaitExpired, OdooRefused) as error:
                code = self.server.exit_code
                ended = "" if code is None else f" Its exit code is {code}."
                raise WorldFailed("odoo", f"{error}{ended}", self.server.last_lines()) from error

    def restart(self, *, graceful: bool = True) -> None:
        """End the server (killed unless graceful), start it again and wait for it."""
        if graceful:
            self.server.stop()
        else:
            self.server.kill()
        self.start()
        self.wait_ready()

    def close(self) -> None:
        """End the server and give its port back."""
        self.server.stop(grace_seconds=3.0)
        self._port.close()
