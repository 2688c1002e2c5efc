"""The cache folder: built things keyed by content, whole or not there at all.

A folder is built beside its place and renamed into it, under a lock that dies with the
process, so that neither two processes at once nor a killed one leave a half-built folder.
``${PEAKPROOF_CACHE}``, else ``${XDG_CACHE_HOME:-~/.cache}/peakproof``. Deleting it is safe.

Not here: protection against a power cut (nothing is synced to the disk).
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from peakproof.errors import EnvironmentLacks
from peakproof.runtime.progress import Progress, silent
from peakproof.seed import wait_until

__all__ = ["build_folder", "cache_folder", "digest_of", "locked", "require_space"]

STALE_LIMIT_SECONDS = 60.0


def cache_folder() -> Path:
    """Return the cache folder, made if absent."""
    named = os.environ.get("PEAKPROOF_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (
        Path(named) if named else (Path(base) if base else Path.home() / ".cache") / "peakproof"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentLacks(
            f"The cache folder {folder} cannot be made ({error.strerror}). "
            "Next step: set PEAKPROOF_CACHE to a folder that you can write to."
        ) from error
    return folder.resolve()


def require_space(folder: Path, needed_bytes: int, what: str) -> None:
    """Raise EnvironmentLacks unless the folder's file system has the space for ``what``."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise EnvironmentLacks(
            f"{what} needs {needed_bytes / 2**20:.0f} MiB in {folder}, which has "
            f"{free_bytes / 2**20:.0f} MiB free. Next step: free some space, or set "
            "PEAKPROOF_CACHE to a folder on a larger disk."
        )


def digest_of(*parts: str) -> str:
    """Return twelve hexadecimal digits that stand for the parts, in order."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


@contextlib.contextmanager
def locked(path: Path, progress: Progress = silent) -> Iterator[None]:
    """Hold the lock file ``path``; another holder is waited for and told about.

    The operating system lets go of it when the process dies, however it dies.
    """
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another process that builds {path.stem}", None)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_folder(
    target: Path,
    build: Callable[[Path], None],
    what: str,
    needed_bytes: int = 0,
    progress: Progress = silent,
) -> Path:
    """Return the folder ``target``, built by ``build(empty folder)`` first if it is absent.

    ``what`` names the thing in errors. What a killed builder left is removed.
    """
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_name(f".{target.name}.lock"), progress):
        if target.is_dir():
            return target
        prefix = f".{target.name}.building-"
        for stale in target.parent.glob(f"{prefix}*"):
            _remove(stale)
        require_space(target.parent, needed_bytes, what)
        half = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        try:
            build(half)
            half.chmod(0o755)
            half.rename(target)
        except OSError as error:
            if error.errno == 28:
                raise EnvironmentLacks(
                    f"{what}: the disk of {target.parent} is full. Next step: free some space, "
                    "or set PEAKPROOF_CACHE to a folder on a larger disk."
                ) from error
            raise
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return target


def _remove(stale: Path) -> None:
    """Remove what a killed builder left; its children may outlive it and write on for a while."""

    def gone() -> bool:
        shutil.rmtree(stale, ignore_errors=True)
        return not stale.exists()

    wait_until(gone, STALE_LIMIT_SECONDS, f"{stale}, left by a killed process, to be removable")
