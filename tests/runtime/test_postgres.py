"""The harness's own PostgreSQL: whole clusters, saved and restored, cleaned up."""

import os
import pwd
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import psycopg
import pytest

from peakproof.errors import EnvironmentLacks
from peakproof.runtime import postgres
from peakproof.runtime.postgres import Cluster
from peakproof.seed import wait_until

OWNER = """
from peakproof.runtime.postgres import Cluster
import signal, sys
cluster = Cluster()
cluster.start()
with cluster.connect() as session:
    if sys.argv[1] == "paused":
        cluster.pause()
    print(cluster.process.pid, session.info.backend_pid, cluster.folder, flush=True)
    signal.pause()
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A running empty cluster."""
    made = Cluster()
    made.start()
    yield made
    made.close()


def test_the_port_asks_for_the_password_and_the_server_is_not_root(cluster: Cluster) -> None:
    cluster.create_database("mine", "template0")
    with psycopg.connect(cluster.dsn("mine")) as connection:
        row = connection.execute("select current_user, inet_server_addr()::text").fetchone()
    assert row == ("odoo", "127.0.0.1/32")
    wrong = cluster.dsn("mine").replace("odoo:", "odoo:x")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    owner = Path(f"/proc/{cluster.process.pid}").stat().st_uid
    assert owner != 0
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700


def test_a_crash_loses_no_commit_and_a_restart_keeps_the_address(cluster: Cluster) -> None:
    cluster.create_database("mine", "template0")
    before = cluster.dsn("mine")
    with psycopg.connect(before, autocommit=True) as connection:
        connection.execute("create table kept (id int)")
        connection.execute("insert into kept values (1)")
    cluster.restart(crash=True)
    with psycopg.connect(before, autocommit=True) as connection:
        connection.execute("insert into kept values (2)")
    cluster.restart()
    with psycopg.connect(before) as connection:
        assert connection.execute("select id from kept order by id").fetchall() == [(1,), (2,)]


def test_a_paused_server_answers_nobody_and_goes_on_where_it_stood(cluster: Cluster) -> None:
    heard: Queue[str] = Queue()

    def ask() -> None:
        heard.put(str(session.execute("select 'here'").fetchone()))

    with cluster.connect() as session:
        ask()
        assert heard.get(timeout=5) == "('here',)"
        cluster.pause()
        asking = threading.Thread(target=ask)
        asking.start()
        with pytest.raises(psycopg.OperationalError, match="timeout"):
            psycopg.connect(cluster.dsn("postgres"), connect_timeout=2)
        assert heard.empty()
        for _ in range(2):
            cluster.resume()
        assert heard.get(timeout=5) == "('here',)"
        asking.join()


def test_a_paused_server_can_be_stopped_and_killed(cluster: Cluster) -> None:
    for end in (cluster.stop, cluster.kill):
        with cluster.connect() as session:
            session.execute("select 1")
            cluster.pause()
            begin = time.monotonic()
            end()
            assert time.monotonic() - begin < 10, "nobody had to be forced"
            assert not cluster.running
        cluster.start()


def test_a_saved_cluster_is_restored_whole(cluster: Cluster, tmp_path: Path) -> None:
    cluster.create_database("golden", "template0")
    with psycopg.connect(cluster.dsn("golden"), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    cluster.stop()
    cluster.save(tmp_path / "golden.tar")
    second = Cluster(tmp_path / "golden.tar")
    try:
        second.start()
        second.create_database("copy", "golden")
        with psycopg.connect(second.dsn("copy")) as connection:
            assert connection.execute("select answer from kept").fetchone() == (42,)
    finally:
        second.close()
    assert not second.folder.exists()


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_killed_harness_leaves_no_server_and_no_folder(state: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, state], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        *pids, folder = owner.stdout.readline().split()
        owner.kill()
        owner.communicate()
    for pid in pids:
        wait_until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), 10, f"{pid} to end")
    wait_until(lambda: not Path(folder).exists(), 10, "its folder to be removed")


def test_a_folder_whose_owner_is_gone_is_removed_and_a_live_one_kept(cluster: Cluster) -> None:
    stale = cluster.folder.parent / f"peakproof-cluster-{os.geteuid()}-stale"
    stale.mkdir()
    (stale / "lock").touch()
    assert postgres.clean_stale_folders() == [stale]
    assert not stale.exists()
    assert cluster.folder.exists()


def test_binaries_that_the_server_user_cannot_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        assert postgres.server_user() is None
        return
    assert postgres.server_user() is not None
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    (hidden / "pg").symlink_to(postgres.wheel_folder())
    monkeypatch.setattr(postgres, "wheel_folder", lambda: hidden / "pg")
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        monkeypatch.setattr(postgres, "data_place", lambda: Path(open_folder))
        binaries = postgres.binaries(pwd.getpwnam("nobody"))
        assert binaries.parent.parent == Path(open_folder)
        done = subprocess.run(
            [binaries / "postgres", "--version"], user="nobody", capture_output=True, check=True
        )
    assert b"PostgreSQL" in done.stdout


def test_without_room_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "MEMORY_BYTES", 2**60)
    assert postgres.data_place() != postgres.SHARED_MEMORY
    monkeypatch.setattr(postgres, "DISK_BYTES", 2**60)
    with pytest.raises(EnvironmentLacks, match="The database server needs"):
        postgres.data_place()
