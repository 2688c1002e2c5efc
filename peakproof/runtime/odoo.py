"""One Odoo server with one database: what a world holds of Odoo.

Made by a runtime. It restarts at the same address and database, so that a connector meets it
again where it left it.
"""

from collections.abc import Sequence

import msgspec

from peakproof.errors import OdooRefused, WaitExpired, WorldFailed
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.ports import ReservedPort
from peakproof.runtime.supervise import Watched

__all__ = ["SERVER_WIDE_MODULES", "Database", "OdooProcess", "server_options"]

READY_SECONDS = 60.0
SERVER_WIDE_MODULES = ("base", "web", "rpc")


def server_options(database: str, load: Sequence[str]) -> list[str]:
    """Return the options of a server with one database, wherever it runs.

    ``load`` names more server-wide modules. One process with threads and no crons of its own:
    what a schedule does is triggered by the harness.
    """
    return [
        f"--database={database}",
        f"--db-filter=^{database}$",
        f"--load={','.join(dict.fromkeys((*SERVER_WIDE_MODULES, *load)))}",
        "--workers=0",
        "--max-cron-threads=0",
        "--limit-time-real=3600",
        "--limit-memory-soft=0",
        "--limit-memory-hard=0",
        "--no-database-list",
        "--log-handler=odoo.addons.rpc:ERROR",
    ]


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
    """A running Odoo: ``url``, ``database``, ``login``, ``api_key`` and ``dsn`` lead to it.

    ``port``, if given, is kept from others for as long as this exists.
    """

    def __init__(
        self,
        server: Watched,
        place: Database,
        url: str,
        port: ReservedPort | None = None,
    ) -> None:
        self.database = place.name
        self.dsn = place.dsn
        self.login = place.login
        self.api_key = place.api_key
        self.url = url
        self.server = server
        self._port = port

    def __repr__(self) -> str:
        return f"OdooProcess(url={self.url!r}, database={self.database!r}, pid={self.server.pid})"

    def client(self, timeout_seconds: float = 60.0) -> Odoo:
        """Return a new JSON-2 client of the administrator."""
        return Odoo(self.url, self.database, self.api_key, timeout_seconds)

    def start(self) -> None:
        """Start the server without waiting for it to answer."""
        if self._port is not None:
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
        if self._port is not None:
            self._port.close()
