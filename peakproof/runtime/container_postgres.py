"""PostgreSQL in a container: what Cluster is among processes.

The official image's contract: a superuser and a password by environment, the data where PGDATA
says. That is outside of the image's volume, so that a filled database can become an image.
"""

import os
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from peakproof.errors import WorldFailed
from peakproof.runtime.contained import Contained, Recipe
from peakproof.runtime.engine import Engine, Network
from peakproof.runtime.postgres import SETTINGS
from peakproof.runtime.supervise import OnEvent, ignore_event
from peakproof.seed import wait_until

__all__ = ["PORT", "ContainerCluster"]

PORT = 5432
START_SECONDS = 60.0
_DATA = "/pgdata"
_SHARED_BYTES = 256 * 2**20
_MEMORY_BYTES = 1024 * 2**20
SMALL_FOLDER = "/small"
SMALL_BYTES = 420 * 2**20
_FILLER = f"{SMALL_FOLDER}/filler"
# The image's own entry point, after the template's data was put on the small disk once.
_COPY_FIRST = (
    "-c",
    f"[ -d {SMALL_FOLDER}/data ] || cp -a {_DATA} {SMALL_FOLDER}/data; "
    'exec docker-entrypoint.sh "$@"',
    "sh",
)


class ContainerCluster:
    """A database server of one world; ``password`` is that of both roles."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        image: str,
        password: str,
        log_path: Path,
        on_event: OnEvent = ignore_event,
        small_disk: bool = False,
    ) -> None:
        self.password = password
        self._disk = SmallDisk(engine, network, image) if small_disk else None
        settings = {**SETTINGS, "dynamic_shared_memory_type": "posix"}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        recipe = Recipe(
            image=image,
            words=[*(_COPY_FIRST if small_disk else ()), "postgres", *options],
            entrypoint=["sh"] if small_disk else [],
            binds={self._disk.volume.name: SMALL_FOLDER} if self._disk else {},
            memory_bytes=_MEMORY_BYTES,
            shared_memory_bytes=_SHARED_BYTES,
            capabilities=True,
            aliases=["db"],
        )
        env = {
            "POSTGRES_USER": "peakproof",
            "POSTGRES_PASSWORD": password,
            "POSTGRES_DB": "postgres",
            "POSTGRES_INITDB_ARGS": "--encoding=UTF8 --locale=C --no-sync",
            "PGDATA": f"{SMALL_FOLDER}/data" if small_disk else _DATA,
        }
        self.process = Contained(engine, network, "postgres", recipe, env, log_path, on_event)

    def __repr__(self) -> str:
        return f"ContainerCluster(address={self.process.address!r})"

    @property
    def running(self) -> bool:
        """Whether the server is there (paused counts)."""
        return self.process.running

    def dsn(self, database: str, role: str = "odoo") -> str:
        """Return a connection address with the role's password."""
        return f"postgresql://{role}:{self.password}@{self.process.address}:{PORT}/{database}"

    def connect(
        self, database: str = "postgres", role: str = "peakproof"
    ) -> psycopg.Connection[Any]:
        """Return an autocommit connection."""
        return psycopg.connect(self.dsn(database, role), autocommit=True)

    def start(self) -> None:
        """Start the server and wait until it answers; raises WorldFailed."""
        self.process.start()
        wait_until(self._answers, START_SECONDS, "PostgreSQL to answer", 0.05)

    def _answers(self) -> bool:
        if not self.process.running:
            raise WorldFailed("postgres", "the server did not start", self.process.last_lines())
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Stop the server in order: connections are ended, everything is written."""
        self.process.resume()
        self.process.interrupt(20.0)

    def kill(self) -> None:
        """End the server as in a crash: it writes nothing more, and recovers at its start."""
        self.process.resume()
        self.process.quit(20.0)

    def pause(self) -> None:
        """Freeze the server: it takes connections, answers nothing."""
        self.process.pause()

    def resume(self) -> None:
        """Let a paused server go on; doing so again does no harm."""
        self.process.resume()

    def create_role(self) -> None:
        """Make Odoo's role, once for a new server."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("create role odoo login createdb password {}").format(
                    sql.Literal(self.password)
                )
            )

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create a database owned by ``odoo`` as a copy of the template."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("create database {} owner odoo template {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )

    def fill_disk(self) -> None:
        """Leave no room on the server's small disk."""
        assert self._disk is not None, "it has no disk of its own"
        self._disk.fill()

    def clear_disk(self) -> None:
        """Make room again."""
        assert self._disk is not None, "it has no disk of its own"
        self._disk.clear()

    def close(self) -> None:
        """Remove the server with its data."""
        self.process.remove()
        if self._disk is not None:
            self._disk.close()


class SmallDisk:
    """A small disk in memory that outlives the server which keeps its data there.

    A container of its own holds it: it would be gone with the last one that uses it.
    """

    def __init__(self, engine: Engine, network: Network, image: str) -> None:
        self.volume = engine.docker.volumes.create(
            driver="local",
            driver_opts={
                "type": "tmpfs",
                "device": "tmpfs",
                "o": f"size={SMALL_BYTES},mode=1777",
            },
            labels=engine.labels(),
        )
        recipe = Recipe(
            image=image,
            entrypoint=["sleep"],
            words=["infinity"],
            binds={self.volume.name: SMALL_FOLDER},
        )
        folder = Path(os.devnull)
        self._holder = Contained(engine, network, "disk", recipe, None, folder)
        self._holder.start()

    def fill(self) -> None:
        """Write a file until nothing more can be written."""
        self._holder.run(["sh", "-c", f"dd if=/dev/zero of={_FILLER} bs=64k; sync; true"])

    def clear(self) -> None:
        """Remove that file."""
        self._holder.run(["rm", "-f", _FILLER])

    def close(self) -> None:
        """Remove the disk."""
        self._holder.remove()
        self.volume.remove(force=True)
