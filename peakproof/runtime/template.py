"""Template databases: modules installed once, kept in the cache, cloned for every run.

A template is a stopped PostgreSQL data folder in one archive, keyed by Odoo's version, the
modules, the addons' content and this file's own version. It holds one database, ``template``,
with no demo data, an API key for ``admin``, the change-capture triggers, and attachments
inside the database (so that a clone is complete). Wizards and senders that would stop a
connector's call for a reason of their own (text messages on delivery) are off.
"""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import psycopg

from peakproof.errors import WaitExpired, WorldFailed
from peakproof.runtime import capture
from peakproof.runtime.access import grant_access
from peakproof.runtime.cache import build_folder, cache_folder, digest_of
from peakproof.runtime.postgres import Cluster, server_version
from peakproof.runtime.progress import Progress, silent
from peakproof.runtime.source import OdooSource
from peakproof.runtime.supervise import Supervised, Watched
from peakproof.seed import wait_until

__all__ = [
    "BASE_MODULES",
    "DATABASE",
    "Addons",
    "Template",
    "TemplateNote",
    "fill",
    "find_template",
    "finish",
    "install_options",
    "remove_unused",
    "switch_off",
    "watch_install",
]

BASE_MODULES = ("sale_management", "sale_stock", "stock_delivery", "account")
DATABASE = "template"
FORMAT = "4"
NEEDED_BYTES = 400 * 2**20
INSTALL_SECONDS = 900.0
UNUSED_SECONDS = 30 * 86_400
LOADING = re.compile(r"Loading module \S+ \((\d+)/(\d+)\)")
SWITCHED_OFF = {
    "res_company": {"stock_text_confirmation": False, "has_received_warning_stock_sms": True}
}


class Addons(msgspec.Struct, frozen=True):
    """Folders of a connector's Odoo modules, of their Python packages, and their content key."""

    paths: tuple[Path, ...] = ()
    python_paths: tuple[Path, ...] = ()
    key: str = ""


class TemplateNote(msgspec.Struct):
    """What is kept beside the archive."""

    modules: list[str]
    installed: list[str]
    watched_tables: list[str]
    odoo_version: str
    api_key: str

    def __repr__(self) -> str:
        return f"TemplateNote(modules={self.modules!r}, odoo_version={self.odoo_version!r})"


class Template(msgspec.Struct, frozen=True):
    """A template in the cache."""

    key: str
    folder: Path
    addons: Addons
    note: TemplateNote

    @property
    def archive(self) -> Path:
        """The archive of the data folder."""
        return self.folder / "cluster.tar"


def find_template(
    source: OdooSource,
    python: Path,
    modules: Sequence[str],
    addons: Addons,
    watch_tables: Sequence[str] = (),
    progress: Progress = silent,
) -> Template:
    """Return the template with the modules (and the base ones) installed, made if absent.

    Raises WorldFailed with Odoo's last log lines if a module cannot be installed.
    """
    wanted = sorted({*BASE_MODULES, *modules})
    base_key = digest_of(FORMAT, server_version(), source.key, str(capture.WATCHED))
    key = digest_of(base_key, addons.key, *wanted, "watch", *sorted(watch_tables))
    plain = wanted == sorted(BASE_MODULES) and not addons.paths and not watch_tables
    base = None if plain else find_template(source, python, (), Addons(), (), progress)

    def build(folder: Path) -> None:
        cluster = Cluster(base.archive if base else None)
        try:
            cluster.start()
            install = _Installer(cluster, source, python, addons, folder, progress)
            note = fill(cluster, install, wanted, base.note if base else None, folder)
            note.odoo_version = source.version
            note.watched_tables = finish(cluster, note, watch_tables, base is None)
            cluster.stop()
            cluster.save(folder / "cluster.tar")
            shutil.rmtree(folder / "data", ignore_errors=True)
        finally:
            cluster.close()
        (folder / "note.json").write_bytes(msgspec.json.encode(note))
        (folder / "note.json").chmod(0o600)

    templates = cache_folder() / "templates"
    target = templates / f"odoo-{source.version.split('+')[0]}-{key}"
    known = target.is_dir()
    folder = build_folder(target, build, "An Odoo database", NEEDED_BYTES, progress)
    os.utime(folder / "note.json")
    if not known:
        remove_unused(templates, newest=folder)
    note = msgspec.json.decode((folder / "note.json").read_bytes(), type=TemplateNote)
    return Template(key, folder, addons, note)


def remove_unused(templates: Path, newest: Path) -> None:
    """Remove the templates that nobody used for a month before the newest was made."""
    oldest_use = (newest / "note.json").stat().st_mtime - UNUSED_SECONDS
    for note in templates.glob("odoo-*/note.json"):
        if note.stat().st_mtime < oldest_use:
            shutil.rmtree(note.parent, ignore_errors=True)


class Server(Protocol):
    """The database server that a template is made in."""

    def connect(
        self, database: str = "postgres", role: str = "peakproof"
    ) -> psycopg.Connection[Any]:
        """Return an autocommit connection."""

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create a database owned by ``odoo`` as a copy of the template."""


def fill(
    cluster: Server,
    install: Callable[[list[str]], None],
    modules: list[str],
    base: TemplateNote | None,
    folder: Path,
) -> TemplateNote:
    """Install the modules into the template database, which ``base`` tells of if it exists.

    ``install`` does it and leaves its log (install.log) and Odoo's data folder (data) in
    ``folder``. Raises WorldFailed if one of the modules is not there afterwards.
    """
    if base is None:
        cluster.create_database(DATABASE, "template0")
    else:
        with cluster.connect() as connection:
            connection.execute(
                f"alter database {DATABASE} is_template false allow_connections true"
            )
    new = [name for name in modules if base is None or name not in base.modules]
    if new:
        install(new)
    with cluster.connect(DATABASE) as connection:
        installed = [
            name
            for (name,) in connection.execute(
                "select name from ir_module_module where state = 'installed' order by id"
            )
        ]
        missing = sorted(set(modules) - set(installed))
        if missing:
            raise WorldFailed(
                "odoo", f"modules {', '.join(missing)} were not installed",
                (folder / "install.log").read_text().splitlines()[-30:],
            )  # fmt: skip
        _attachments_into(connection, folder / "data")
    api_key = base.api_key if base else secrets.token_hex(20)
    return TemplateNote(modules, installed, [], "", api_key)


class _Installer:
    """Installs modules by a process of Odoo."""

    def __init__(
        self,
        cluster: Cluster,
        source: OdooSource,
        python: Path,
        addons: Addons,
        folder: Path,
        progress: Progress,
    ) -> None:
        self._cluster, self._source, self._python = cluster, source, python
        self._addons, self._folder, self._progress = addons, folder, progress

    def __call__(self, modules: list[str]) -> None:
        source, addons, folder = self._source, self._addons, self._folder
        paths = ",".join(map(str, (*addons.paths, *source.addons_paths)))
        python_paths = (source.python_path, *addons.python_paths)
        program = Supervised(
            "odoo",
            [
                str(self._python), "-s", "-m", "odoo", "server", f"--addons-path={paths}",
                *self._cluster.odoo_arguments(), f"--data-dir={folder / 'data'}",
                *install_options(modules),
            ],
            folder / "install.log",
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": str(folder),
                "PYTHONPATH": os.pathsep.join(map(str, python_paths)),
                "TZ": "UTC",
            },
            cwd=folder,
        )  # fmt: skip
        watch_install(program, modules, self._progress)


def install_options(modules: Sequence[str]) -> list[str]:
    """Return the options with which Odoo installs modules into the template and ends."""
    return [
        f"--database={DATABASE}",
        f"--init={','.join(modules)}",
        "--stop-after-init",
        "--no-http",
        "--max-cron-threads=0",
        "--log-handler=odoo.modules.loading:INFO",
    ]


def watch_install(program: Watched, modules: Sequence[str], progress: Progress) -> None:
    """Start Odoo and wait until it has installed the modules; raises WorldFailed."""
    log = program.log_path
    program.start()

    def installed() -> bool:
        counts = LOADING.findall(log.read_text(errors="replace"))
        done, of = map(int, counts[-1]) if counts else (0, 1)
        progress("installing Odoo modules", done / of if of > 1 else None)
        return not program.running

    try:
        wait_until(installed, INSTALL_SECONDS, f"Odoo to install {', '.join(modules)}", 0.5)
    except WaitExpired as expired:
        program.kill()
        raise WorldFailed("odoo", str(expired), program.last_lines(15)) from expired
    except BaseException:
        program.kill()
        raise
    if program.exit_code != 0:
        raise WorldFailed(
            "odoo", f"installing {', '.join(modules)} failed (exit {program.exit_code})",
            program.last_lines(30),
        )  # fmt: skip


def _attachments_into(connection: psycopg.Connection[Any], data: Path) -> None:
    """Move attachment files into the database, and have Odoo keep them there from now on."""
    rows = connection.execute(
        "select id, store_fname from ir_attachment where store_fname is not null"
    ).fetchall()
    for number, name in rows:
        file = data / "filestore" / DATABASE / name
        content = file.read_bytes() if file.is_file() else b""
        connection.execute(
            "update ir_attachment set db_datas = %s, store_fname = null where id = %s",
            [content, number],
        )
    for name, value in (("ir_attachment.location", "db"), ("web.base.url.freeze", "True")):
        connection.execute(
            "insert into ir_config_parameter (key, value) values (%s, %s) "
            "on conflict (key) do update set value = excluded.value",
            [name, value],
        )


def finish(
    cluster: Server, note: TemplateNote, watch_tables: Sequence[str], first: bool
) -> list[str]:
    """Add the API key and the triggers, and close the template to everyone; return tables."""
    with cluster.connect(DATABASE, "odoo") as connection:
        if first:
            grant_access(connection, note.api_key)
        switch_off(connection)
        watched = capture.install(connection, watch_tables)
        connection.execute("truncate peakproof.change")
    with cluster.connect(DATABASE) as connection:
        connection.execute("vacuum (freeze, analyze)")
    with cluster.connect() as connection:
        connection.execute(f"alter database {DATABASE} is_template true allow_connections false")
    return watched


def switch_off(connection: psycopg.Connection[Any]) -> None:
    """Switch off what would stop a connector's call for a reason of its own."""
    for table, values in SWITCHED_OFF.items():
        for column, value in values.items():
            if connection.execute(
                "select 1 from information_schema.columns "
                "where table_name = %s and column_name = %s", [table, column],
            ).fetchone():  # fmt: skip
                connection.execute(f"update {table} set {column} = %s", [value])  # noqa: S608
