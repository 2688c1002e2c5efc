"""The process runtime: real Odoo and PostgreSQL as processes of this machine.

Nothing is installed into the machine and no root is needed::

    with ProcessRuntime(progress=show) as runtime:
        template = runtime.prepare()                       # minutes once, then a second
        database = runtime.new_database(template, "run1")  # a tenth of a second
        odoo = runtime.start_odoo(database, log_path=folder / "odoo.log")
        odoo.client().search_read("res.partner", fields=["name"])

Every template has a database server and a warm Odoo parent of its own, started at first use; a
database may have a server that no other shares.
"""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from peakproof import catalog
from peakproof.errors import UsageError
from peakproof.runtime.access import LOGIN
from peakproof.runtime.addons import fetch_addons, local_addons
from peakproof.runtime.environment import odoo_python
from peakproof.runtime.odoo import SERVER_WIDE_MODULES, Database, OdooProcess, server_options
from peakproof.runtime.ports import reserve_port
from peakproof.runtime.postgres import Cluster
from peakproof.runtime.process_site import ProcessSite
from peakproof.runtime.progress import Progress, silent
from peakproof.runtime.source import find_source
from peakproof.runtime.supervise import OnEvent, ignore_event, warden_forget, warden_keep
from peakproof.runtime.template import DATABASE, Addons, Template, find_template
from peakproof.runtime.zygote import OdooServer, Zygote

__all__ = ["ProcessRuntime"]

_PROXIES = ("peakproof.runtime.proxy", "peakproof.runtime.vendor_proxy")


class _Stage:
    """A template in use: its database server and its warm Odoo parent."""

    def __init__(self, cluster: Cluster, zygote: Zygote, addons_path: str) -> None:
        self.cluster = cluster
        self.zygote = zygote
        self.addons_path = addons_path
        self.servers: dict[str, OdooProcess] = {}

    def close(self) -> None:
        for server in self.servers.values():
            server.close()
        self.zygote.close()
        self.cluster.close()


class ProcessRuntime:
    """Makes databases and Odoo servers; ``close()`` ends and removes all of them.

    ``odoo_source`` is a folder or archive to use in place of the Debian package; ``on_event``
    is told what becomes of the database servers.
    """

    name = "process"

    def __init__(
        self,
        odoo_source: Path | None = None,
        progress: Progress = silent,
        on_event: OnEvent = ignore_event,
    ) -> None:
        self._given = odoo_source
        self._progress = progress
        self._on_event = on_event
        self._stages: dict[str, _Stage] = {}
        self._bare: Cluster | None = None
        self._programs: Zygote | None = None
        self._storages: dict[str, Cluster] = {}
        self._own: dict[str, Cluster] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> "ProcessRuntime":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(
        self,
        modules: Sequence[str] = (),
        addons_requirements: Path | None = None,
        addons_paths: Sequence[Path] = (),
        watch_tables: Sequence[str] = (),
    ) -> Template:
        """Return the template with the modules (and the base ones), made first if absent.

        ``addons_requirements`` pins wheels of a connector's modules, ``addons_paths`` are
        folders of them; ``watch_tables`` adds tables to the change capture. Raises
        EnvironmentLacks, BadFile or WorldFailed.
        """
        source = find_source(self._given, self._progress)
        python = odoo_python(self._progress)
        addons = local_addons(addons_paths)
        if addons_requirements is not None:
            fetched = fetch_addons(addons_requirements, self._progress)
            addons = Addons(
                (*addons.paths, *fetched.paths), fetched.python_paths, addons.key + fetched.key
            )
        return find_template(source, python, modules, addons, watch_tables, self._progress)

    def warm(self, template: Template) -> None:
        """Start the template's database server and the warm parents; later calls do nothing."""
        self.programs()
        self._stage(template)

    def site(
        self, template: Template, name: str, _folder: Path, needs: Collection[str] = ()
    ) -> ProcessSite:
        """Open a place for a world whose database has that name; its folder needs no preparing."""
        self.warm(template)
        return ProcessSite(self, template, name, needs)

    def new_database(
        self, template: Template, name: str, own_server: OnEvent | None = None
    ) -> Database:
        """Return a new database, cloned from the template.

        With ``own_server``, which is told what becomes of it, the database gets a server that no
        other shares, so that it may be killed: see ``server``.
        """
        cluster = self._stage(template).cluster
        if own_server is not None:
            cluster = self._own[name] = Cluster(template.archive, own_server)
            try:
                cluster.start()
            except BaseException:
                self._own.pop(name).close()
                raise
        cluster.create_database(name, DATABASE)
        return Database(name, cluster.dsn(name), LOGIN, template.note.api_key, template.key)

    def server(self, database: Database) -> Cluster:
        """Return the server that keeps the database (to stop, pause or restart it)."""
        return self._own.get(database.name) or self._stages[database.template_key].cluster

    def start_odoo(
        self,
        database: Database,
        log_path: Path,
        env: Mapping[str, str] | None = None,
        load: Sequence[str] = (),
        options: Sequence[str] = (),
        on_event: OnEvent = ignore_event,
        *,
        wait: bool = True,
    ) -> OdooProcess:
        """Start a server for the database and (with ``wait``) wait until it answers.

        ``load`` names more server-wide modules (``queue_job``), ``env`` adds to a minimal
        environment, ``options`` to Odoo's command line. Raises WorldFailed.
        """
        stage = self._stages[database.template_key]
        port = reserve_port()
        url = f"http://127.0.0.1:{port.number}"
        cluster = self.server(database)
        with cluster.connect(database.name) as connection:
            connection.execute(
                "update ir_config_parameter set value = %s where key = 'web.base.url'", [url]
            )
        folder = cluster.folder / f"odoo-{database.name}"
        folder.mkdir(exist_ok=True)
        arguments = [
            "server",
            f"--addons-path={stage.addons_path}",
            *server_options(database.name, load),
            *cluster.odoo_arguments(),
            "--http-interface=127.0.0.1",
            f"--http-port={port.number}",
            f"--data-dir={folder}",
            *options,
        ]
        minimal = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LANG": "C.UTF-8"}
        server = OdooServer(stage.zygote, arguments, {**minimal, **(env or {})}, log_path, on_event)
        odoo = OdooProcess(server, database, url, port)
        stage.servers[database.name] = odoo
        odoo.start()
        if wait:
            odoo.wait_ready()
        return odoo

    def drop(self, database: Database) -> None:
        """Stop the database's Odoo and drop the database, with a server of its own."""
        stage = self._stages[database.template_key]
        server = stage.servers.pop(database.name, None)
        if server is not None:
            server.close()
        if database.name in self._own:
            self._own.pop(database.name).close()
        else:
            stage.cluster.drop_database(database.name)

    def create_database(self, name: str, beside: Database | None = None) -> str:
        """Return the address of a new empty database: a connector's own storage.

        ``beside`` another database it shares the fate of that one's server.
        """
        with self._lock:
            cluster = next((stage.cluster for stage in self._stages.values()), self._bare)
            if beside is not None:
                cluster = self.server(beside)
            if cluster is None:
                cluster = self._bare = Cluster(on_event=self._on_event)
                cluster.start()
            self._storages[name] = cluster
        cluster.create_database(name, "template0")
        return cluster.dsn(name)

    def drop_storage(self, name: str) -> None:
        """Drop a database that ``create_database`` made; not if its server is gone."""
        cluster = self._storages.pop(name)
        if cluster.running:
            cluster.drop_database(name)

    def programs(self) -> Zygote:
        """Return the warm parent of simulators and proxies, started at first use."""
        with self._lock:
            if self._programs is None:
                folder = Path(tempfile.mkdtemp(prefix="peakproof-programs-"))
                warden_keep("folder", folder)
                names = [catalog.module("simulators", name) for name in catalog.names("simulators")]
                self._programs = Zygote(
                    Path(sys.executable),
                    [catalog.root()],
                    {"imports": [*_PROXIES, *names]},
                    folder / "parent.log",
                    "simulators",
                )
            return self._programs

    def close(self) -> None:
        """End every process and remove every database."""
        with self._lock:
            for stage in self._stages.values():
                stage.close()
            self._stages.clear()
            for cluster in self._own.values():
                cluster.close()
            self._own.clear()
            if self._bare is not None:
                self._bare.close()
                self._bare = None
            if self._programs is not None:
                self._programs.close()
                folder = self._programs.log_path.parent
                shutil.rmtree(folder, ignore_errors=True)
                warden_forget("folder", folder)
                self._programs = None

    def _stage(self, template: Template) -> _Stage:
        with self._lock:
            if template.key not in self._stages:
                self._stages[template.key] = self._open(template)
            return self._stages[template.key]

    def _open(self, template: Template) -> _Stage:
        source = find_source(self._given, self._progress)
        paths = (*template.addons.paths, *source.addons_paths)
        if not all(path.is_dir() for path in paths):
            raise UsageError(f"The addons of template {template.key} are gone. Prepare it again.")
        addons_path = ",".join(map(str, paths))
        self._progress("starting PostgreSQL and Odoo", None)
        cluster = Cluster(template.archive, self._on_event)
        core = [
            name
            for name in template.note.installed
            if any((path / name).is_dir() for path in source.addons_paths)
        ]
        zygote = Zygote(
            odoo_python(self._progress),
            (source.python_path, *template.addons.python_paths),
            {
                "options": [
                    f"--addons-path={addons_path}",
                    f"--data-dir={cluster.folder / 'odoo'}",
                ],
                "modules": [*SERVER_WIDE_MODULES, *core],
            },
            cluster.folder / "odoo-parent.log",
        )
        try:
            cluster.start()
        except BaseException:
            zygote.close()
            cluster.close()
            raise
        return _Stage(cluster, zygote, addons_path)
