"""The container runtime: the same worlds in docker, behind the same interface.

    with ContainerRuntime() as runtime:
        template = runtime.prepare()          # minutes once, then a second
        with runtime.site(template, "world_1", folder) as site: ...

Every world has a network that nothing leaves, in it a database server (a copy of the template
image), Odoo, a container for each simulator and proxy, and the connector: an image of its own,
or its program in the harness's image, or modules inside Odoo. We reach all of them at their
addresses in that network, which an engine on this same Linux machine allows; nothing is
published. On another system run the harness itself in its image (docs/containers.md).
"""

import contextlib
import os
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from peakproof.runtime import images
from peakproof.runtime.access import LOGIN
from peakproof.runtime.contained import Contained, Recipe
from peakproof.runtime.container_clock import ContainerClock
from peakproof.runtime.container_postgres import ContainerCluster
from peakproof.runtime.container_rights import listener_of
from peakproof.runtime.container_template import (
    ODOO_MEMORY_BYTES,
    ContainerTemplate,
    OdooImage,
    addons_option,
    find_template,
    odoo_environment,
    odoo_image,
)
from peakproof.runtime.engine import Engine, Network
from peakproof.runtime.odoo import Database, OdooProcess, server_options
from peakproof.runtime.progress import Progress, silent
from peakproof.runtime.supervise import OnEvent
from peakproof.runtime.template import DATABASE

__all__ = ["CODE_FOLDER", "ContainerRuntime", "ContainerSite"]

CODE_FOLDER = "/opt/peakproof"
_ODOO_PORT = 8069
_CONNECTOR_PORT = 8080
_CLOCKED = ("odoo", "connector")
_KIT_MEMORY_BYTES = 512 * 2**20


class ContainerRuntime:
    """Makes templates and sites; ``close()`` removes every container and network of ours."""

    name = "container"

    def __init__(self, progress: Progress = silent) -> None:
        self._progress = progress
        self.engine = Engine()
        self._lock = threading.Lock()
        self._harness = ""

    def __enter__(self) -> "ContainerRuntime":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(
        self,
        modules: Sequence[str] = (),
        addons_requirements: Path | None = None,
        addons_paths: Sequence[Path] = (),
    ) -> ContainerTemplate:
        """Return the template image with the modules, made first if absent.

        Raises EnvironmentLacks (no engine, no image) or WorldFailed (a module that cannot be
        installed).
        """
        with self._lock:
            odoo = odoo_image(self.engine, addons_requirements, addons_paths, self._progress)
            return find_template(self.engine, odoo, modules, self._progress)

    def site(
        self, template: ContainerTemplate, name: str, folder: Path, needs: Collection[str] = ()
    ) -> "ContainerSite":
        """Open a network for a world; its run's folder is what its parts may write to."""
        return ContainerSite(self.engine, template, name, folder, self.harness(), needs)

    def harness(self) -> str:
        """Return the image of simulators and harness, built first if it is out of date."""
        with self._lock:
            if not self._harness:
                self._harness = self.engine.pinned(images.ensure("harness", self._progress))
            return self._harness

    def close(self) -> None:
        """Remove what is left."""
        self.engine.close()


class ContainerSite:
    """One world in containers; when it is left, all of them are removed, latest first."""

    code = CODE_FOLDER

    def __init__(
        self,
        engine: Engine,
        template: ContainerTemplate,
        name: str,
        folder: Path,
        harness: str,
        needs: Collection[str],
    ) -> None:
        self._engine, self._template, self._name = engine, template, name
        self._folder, self._harness, self._needs = folder, harness, needs
        self._stack = contextlib.ExitStack()
        self.network = Network(engine, name)
        self._stack.callback(self.network.close)
        self.containers: dict[str, Contained] = {}
        self.database_server: ContainerCluster | None = None

    def __enter__(self) -> "ContainerSite":
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the world."""
        self._stack.close()

    def host(self, name: str) -> str:
        """Return a part's address in the world's network."""
        return self.network.address(name)

    def port(self, _name: str) -> int:
        """Return the port of a connector, which has an address of its own."""
        return _CONNECTOR_PORT

    def kit(
        self,
        name: str,
        module: str,
        config_path: Path,
        env: Mapping[str, str],
        log_path: Path,
        on_event: OnEvent,
    ) -> Contained:
        """Return a simulator or proxy in the harness's image."""
        recipe = self._ours(["python", "-m", module, str(config_path)], _KIT_MEMORY_BYTES)
        out_path = log_path.with_suffix(".out.log")
        return self._contained(name, recipe, env, log_path, on_event, out_path)

    def program(
        self,
        name: str,
        words: Sequence[str],
        env: Mapping[str, str] | None,
        log_path: Path,
        on_event: OnEvent,
        folder: Path,
        image: str = "",
    ) -> Contained:
        """Return a program of the connector's: its image, or a command in the harness's."""
        if image:
            bundle = self._folder / "certificates" / "ca.pem"
            recipe = Recipe(image=image, words=words, read=[bundle])
        else:
            recipe = self._ours(words, Recipe(image="").memory_bytes, [folder])
        return self._contained(name, recipe, env, log_path, on_event)

    def wiremock(
        self,
        name: str,
        options: Sequence[str],
        folder: Path,
        log_path: Path,
        on_event: OnEvent,
    ) -> Contained:
        """Return a WireMock in its own image."""
        recipe = Recipe(
            image=self._engine.require(images.ensure("wiremock")),
            words=options,
            write=[self._folder],
            memory_bytes=_KIT_MEMORY_BYTES,
            user=f"{os.geteuid()}:{os.getegid()}",
            folder=str(folder),
        )
        env = {"JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m"}
        return self._contained(name, recipe, env, log_path, on_event)

    def odoo(
        self,
        log_path: Path,
        env: Mapping[str, str],
        load: Sequence[str],
        on_event: OnEvent,
        on_database_event: OnEvent,
        read: Sequence[Path] = (),
    ) -> OdooProcess:
        """Start a copy of the template's database server, then Odoo; wait until it answers."""
        cluster = ContainerCluster(
            self._engine,
            self.network,
            self._template.image,
            self._template.password,
            log_path.with_name("postgres.log"),
            on_database_event,
            small_disk="small_disk" in self._needs,
        )
        self._stack.callback(cluster.close)
        self.database_server = cluster
        self.containers["postgres"] = cluster.process
        cluster.start()
        address = self.host("odoo")
        with cluster.connect() as connection:
            for statement in (
                f"alter database {DATABASE} is_template false allow_connections true",
                f"alter database {DATABASE} rename to {self._name}",
            ):
                connection.execute(statement.encode())
        url = f"http://{address}:{_ODOO_PORT}"
        with cluster.connect(self._name) as connection:
            connection.execute(
                "update ir_config_parameter set value = %s where key = 'web.base.url'", [url]
            )
        image: OdooImage = self._template.odoo
        listener = listener_of(env, self._folder)
        words = ["odoo", *addons_option(image, listener.read)]
        words += server_options(self._name, [*load, *listener.load])
        recipe = Recipe(
            image=image.name,
            words=[*words, "--http-interface=0.0.0.0", f"--http-port={_ODOO_PORT}"],
            read=[*image.read, *read, *listener.read],
            write=listener.write,
            memory_bytes=ODOO_MEMORY_BYTES,
        )
        environment = {**odoo_environment(cluster), **env}
        server = self._contained("odoo", recipe, environment, log_path, on_event)
        note = self._template.note
        dsn = cluster.dsn(self._name)
        place = Database(self._name, dsn, LOGIN, note.api_key, self._template.key)
        odoo = OdooProcess(server, place, url)
        odoo.start()
        odoo.wait_ready()
        return odoo

    def storage(self, name: str) -> str:
        """Return the address of a new database on the world's server."""
        assert self.database_server is not None, "Odoo comes first"
        place = f"{name}_{self._name}"
        self.database_server.create_database(place, "template0")
        return self.database_server.dsn(place)

    def _ours(self, words: Sequence[str], memory_bytes: int, read: Sequence[Path] = ()) -> Recipe:
        """Return a recipe of the harness's image, run as the user that we are."""
        return Recipe(
            image=self._harness,
            words=words,
            read=read,
            write=[self._folder],
            memory_bytes=memory_bytes,
            user=f"{os.geteuid()}:{os.getegid()}",
            folder=CODE_FOLDER,
        )

    def _contained(
        self,
        name: str,
        recipe: Recipe,
        env: Mapping[str, str] | None,
        log_path: Path,
        on_event: OnEvent,
        out_path: Path | None = None,
    ) -> Contained:
        place = name if name not in self.containers else f"{name}-{len(self.containers)}"
        program = Contained(
            self._engine, self.network, name, recipe, env, log_path, on_event, out_path, place
        )
        if "clock" in self._needs and name in _CLOCKED:
            program.clock = ContainerClock(self._engine, self._folder / "clocks" / name)
        self.containers[place] = program
        self._stack.callback(program.remove)
        return program
