"""What a world needs of whatever it lives in: the one interface of every runtime.

A ``Runtime`` prepares templates (an Odoo with its modules, kept for the next time) and opens a
``Site`` for each world; a site starts programs, the world's Odoo and its database server, and
ends all of them when it is left. Two exist: processes of this machine (process.py) and
containers (container.py). ``peakproof.worldbuild`` knows nothing else of them.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from peakproof.runtime.json2 import Odoo
from peakproof.runtime.supervise import OnEvent
from peakproof.simkit.targets import Target

__all__ = [
    "Note",
    "OdooServer",
    "Program",
    "Runtime",
    "Site",
    "Template",
]


class Program(Protocol):
    """Something that was started and is watched; its ends reach the history."""

    @property
    def running(self) -> bool: ...  # paused counts
    @property
    def exit_code(self) -> int | None: ...
    @property
    def log_path(self) -> Path: ...
    def start(self) -> None: ...
    def stop(self, grace_seconds: float = 10.0) -> None: ...
    def kill(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def wait(self, limit_seconds: float) -> int: ...
    def last_lines(self, count: int = 40) -> list[str]: ...


class Speaker(Program, Protocol):
    """A program that says on its first line of output where it listens."""

    def first_line(self, limit_seconds: float) -> str: ...


class Configured(Program, Protocol):
    """A program whose environment may be another one at its next start."""

    env: Mapping[str, str] | None


class OdooServer(Protocol):
    """A running Odoo with one database."""

    url: str
    database: str
    login: str
    api_key: str
    dsn: str

    @property
    def server(self) -> Program: ...
    def client(self, timeout_seconds: float = 60.0) -> Odoo: ...
    def start(self) -> None: ...
    def wait_ready(self, limit_seconds: float = 60.0) -> None: ...


class Note(Protocol):
    """What is known of a template."""

    @property
    def odoo_version(self) -> str: ...


class Template(Protocol):
    """An Odoo with modules installed, ready to be copied."""

    @property
    def note(self) -> Note: ...


class Site(Protocol):
    """The place of one world. Whatever was started in it ends with it."""

    @property
    def code(self) -> str:
        """Where peakproof's own code lies, for Python programs that import it."""

    @property
    def containers(self) -> Mapping[str, Any]:
        """The containers of the world by the names of its parts; none among processes."""

    def host(self, name: str, /) -> str:
        """Return the address of a part, the same for the other parts and for us."""

    def port(self, name: str, /) -> int:
        """Return a port at which a part may listen."""

    def kit(
        self,
        name: str,
        module: str,
        config_path: Path,
        env: Mapping[str, str],
        log_path: Path,
        on_event: OnEvent,
        /,
    ) -> Speaker:
        """Return a simulator or proxy of ours, not yet started."""

    def program(
        self,
        name: str,
        words: Sequence[str],
        env: Mapping[str, str] | None,
        log_path: Path,
        on_event: OnEvent,
        folder: Path,
        image: str = "",
        /,
    ) -> Configured:
        """Return a program of the connector's, not yet started.

        The word "python" stands for ours. ``folder`` is the connector's, for it to read.
        """

    def wiremock(
        self,
        name: str,
        options: Sequence[str],
        folder: Path,
        log_path: Path,
        on_event: OnEvent,
        /,
    ) -> Program:
        """Return a WireMock, not yet started; it reads its mappings in ``folder``.

        Raises EnvironmentLacks, naming the next step, where there is none to be had.
        """

    def odoo(
        self,
        log_path: Path,
        env: Mapping[str, str],
        load: Sequence[str],
        on_event: OnEvent,
        on_database_event: OnEvent,
        read: Sequence[Path] = (),
        /,
    ) -> OdooServer:
        """Start the world's Odoo on a fresh copy of the template and wait until it answers.

        ``read`` are files and folders that it must be able to read. Raises WorldFailed.
        """

    @property
    def database_server(self) -> Target | None:
        """The database server, where no other world shares it."""

    def storage(self, name: str) -> str:
        """Return the address of a new empty database beside Odoo's: a connector's own."""


class Runtime(Protocol):
    """Makes templates, and sites for worlds; ``name`` is that of choice.py."""

    @property
    def name(self) -> str: ...

    def prepare(
        self,
        modules: Sequence[str] = (),
        addons_requirements: Path | None = None,
        addons_paths: Sequence[Path] = (),
    ) -> Template:
        """Return the template with the modules, made first if absent."""

    def site(
        self, template: Any, name: str, folder: Path, needs: Collection[str] = (), /
    ) -> AbstractContextManager[Site]:
        """Open a place for a world of that name whose run is kept in ``folder``.

        ``needs`` are what the planned faults need: a "database_server" that no other world
        shares, a "small_disk" under it, a "clock" of its own in Odoo's and the connector's
        container.
        """
