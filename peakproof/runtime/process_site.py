"""A world's place among the processes of this machine: see site.py for what it offers.

Everything listens on 127.0.0.1, so the parts of a world differ by port alone. Simulators are
forked from a warm parent, Odoo from another one.
"""

import contextlib
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peakproof import catalog
from peakproof.errors import UsageError
from peakproof.runtime import wiremock
from peakproof.runtime.odoo import Database, OdooProcess
from peakproof.runtime.ports import reserve_port
from peakproof.runtime.supervise import OnEvent, Supervised
from peakproof.runtime.template import Template
from peakproof.runtime.zygote import Server
from peakproof.simkit.targets import Target

if TYPE_CHECKING:
    from peakproof.runtime.process import ProcessRuntime

__all__ = ["ProcessSite"]

_RUNTIME = "peakproof.runtime."  # its programs are modules, simulators are packages


class ProcessSite:
    """One world among processes; when it is left, what was started ends, latest first."""

    def __init__(
        self, runtime: "ProcessRuntime", template: Template, name: str, needs: Collection[str]
    ) -> None:
        self._runtime, self._template, self._name = runtime, template, name
        self._needs = needs
        self._stack = contextlib.ExitStack()
        self._database: Database | None = None
        self.database_server: Target | None = None
        self.code = str(catalog.root())
        self.containers: Mapping[str, Any] = {}

    def __enter__(self) -> "ProcessSite":
        return self

    def __exit__(self, *_: object) -> None:
        """End every program of the world and drop its databases."""
        self._stack.close()

    def host(self, _name: str) -> str:
        """Return the loopback address, which every part shares."""
        return "127.0.0.1"

    def port(self, _name: str) -> int:
        """Return a port that stays reserved for the part, whether it runs or not."""
        port = reserve_port()
        self._stack.callback(port.close)
        return port.number

    def kit(
        self,
        name: str,
        module: str,
        config_path: Path,
        env: Mapping[str, str],
        log_path: Path,
        on_event: OnEvent,
    ) -> Server:
        """Return a simulator or proxy, forked from the warm parent when it is started."""
        process = Server(
            name,
            self._runtime.programs(),
            [str(config_path)],
            {**_plain_environment(), **env, "PYTHONPATH": self.code},
            log_path,
            on_event,
            program=module if module.startswith(_RUNTIME) else f"{module}.__main__",
            out_path=log_path.with_suffix(".out.log"),
        )
        self._stack.callback(process.stop)
        return process

    def program(
        self,
        name: str,
        words: Sequence[str],
        env: Mapping[str, str] | None,
        log_path: Path,
        on_event: OnEvent,
        _folder: Path,
        image: str = "",
    ) -> "_Plain":
        """Return a program of the connector's; "python" is the one that runs us."""
        if image:
            raise UsageError(
                f"The {name} comes as an image ({image}). Next step: add --runtime container."
            )
        process = _Plain(
            name,
            [sys.executable if words[0] == "python" else words[0], *words[1:]],
            log_path,
            env=env,
            cwd=catalog.root(),
            on_event=on_event,
        )
        self._stack.callback(process.stop)
        return process

    def wiremock(
        self,
        name: str,
        options: Sequence[str],
        _folder: Path,
        log_path: Path,
        on_event: OnEvent,
    ) -> "_Plain":
        """Return a WireMock, run by a Java of this machine."""
        process = _Plain(name, wiremock.command(options), log_path, on_event=on_event)
        self._stack.callback(process.stop)
        return process

    def odoo(
        self,
        log_path: Path,
        env: Mapping[str, str],
        load: Sequence[str],
        on_event: OnEvent,
        on_database_event: OnEvent,
        _read: Sequence[Path] = (),
    ) -> OdooProcess:
        """Start Odoo on a clone of the template and wait until it answers."""
        own = on_database_event if "database_server" in self._needs else None
        database = self._runtime.new_database(self._template, self._name, own)
        self._stack.callback(self._runtime.drop, database)
        self._database = database
        if own is not None:
            self.database_server = self._runtime.server(database)
        return self._runtime.start_odoo(database, log_path, env, load, on_event=on_event)

    def storage(self, name: str) -> str:
        """Return the address of a new database on the server of Odoo's own."""
        place = f"{name}_{self._name}"
        address = self._runtime.create_database(place, self._database)
        self._stack.callback(self._runtime.drop_storage, place)
        return address


class _Plain(Supervised):
    """A program that gets the environment of this machine beside its own."""

    def start(self) -> None:
        own, self.env = self.env, {**_plain_environment(), **(self.env or {})}
        try:
            super().start()
        finally:
            self.env = own


def _plain_environment() -> dict[str, str]:
    """Return this machine's environment without its proxies and what is told to Python."""
    left_out = ("proxy", "pythonpath", "pythonhome", "virtual_env")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith(left_out) and not name.startswith("PEAKPROOF_")
    }
