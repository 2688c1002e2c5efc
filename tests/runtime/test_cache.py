"""The cache: whole or not there at all, also when the builder is killed."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from peakproof.errors import EnvironmentLacks
from peakproof.runtime.cache import build_folder, cache_folder, digest_of, require_space
from peakproof.seed import wait_until

BUILDER = """
import sys, pathlib
from peakproof.runtime.cache import build_folder
def build(folder):
    (folder / "first").write_text("half")
    print("half", flush=True)
    sys.stdin.readline()
    (folder / "second").write_text("whole")
build_folder(pathlib.Path(sys.argv[1]), build, "a thing")
"""


def start_builder(target: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(target)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    return process


def test_a_killed_builder_leaves_nothing_that_counts(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with start_builder(target) as killed:
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate()
    assert not target.exists()
    built = build_folder(target, lambda folder: (folder / "x").touch(), "a thing")
    assert [file.name for file in built.iterdir()] == ["x"]
    assert not list(tmp_path.glob(".thing.building-*")), "the killed builder's rest is swept"


def test_a_second_builder_waits_and_takes_the_first_ones_work(tmp_path: Path) -> None:
    target, told = tmp_path / "thing", []
    with start_builder(target) as first:
        second = threading.Thread(
            target=build_folder,
            args=(target, lambda folder: told.append("built twice"), "a thing"),
            kwargs={"progress": lambda text, fraction: told.append(text)},
        )
        second.start()
        wait_until(lambda: told, 10, "the second builder to wait")
        first.communicate("go on\n")
        second.join(10)
    assert (target / "second").read_text() == "whole"
    assert told == ["waiting for another process that builds .thing"]


def test_a_failed_build_is_removed_and_its_error_raised(tmp_path: Path) -> None:
    def build(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        build_folder(tmp_path / "thing", build, "a thing")
    assert [path.name for path in tmp_path.iterdir()] == [".thing.lock"]


def test_a_full_disk_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentLacks, match=r"A moon needs .* MiB free\. Next step: free some"):
        require_space(tmp_path, 2**60, "A moon")

    def build(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(EnvironmentLacks, match="is full"):
        build_folder(tmp_path / "thing", build, "a thing")


def test_the_folder_is_where_the_variables_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PEAKPROOF_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "peakproof"
    monkeypatch.setenv("PEAKPROOF_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    (tmp_path / "file").touch()
    monkeypatch.setenv("PEAKPROOF_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(EnvironmentLacks, match="set PEAKPROOF_CACHE"):
        cache_folder()


def test_digests_tell_parts_apart() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert len(digest_of("a")) == 12


def test_what_cannot_be_removed_at_once_is_removed_a_little_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed builder's unpacker lives on for a while and fills the folder again."""
    stale = tmp_path / ".thing.building-old"
    stale.mkdir()
    real, tries = shutil.rmtree, []

    def rmtree(path: Path, **options: bool) -> None:
        tries.append(path)
        if tries.count(stale) > 2:
            real(path, **options)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    build_folder(tmp_path / "thing", lambda folder: (folder / "whole").touch(), "a thing")
    assert tries.count(stale) == 3
    assert not stale.exists()
