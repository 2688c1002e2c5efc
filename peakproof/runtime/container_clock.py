"""A wall clock of a container's own, which can be wrong.

A container has the machine's clock. Where a world needs another one, libfaketime is put before
every program of a container (LD_PRELOAD), and reads from a file here by how much the clock is
wrong. Time-outs and sleeps keep to the true time, as on a machine whose clock is set anew.

Programs that are linked to no glibc, or statically, keep the true clock; an image with a glibc
older than the library's (2.38) does not start with it. The library comes with the nettools image.
"""

import os
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from docker.errors import NotFound

from peakproof.errors import EnvironmentLacks
from peakproof.runtime import images
from peakproof.runtime.engine import Engine

__all__ = ["ContainerClock"]

_LIBRARY = "/usr/local/lib/libfaketime.so"  # in the nettools image
_OFFSET = "offset"


class ContainerClock:
    """The clock of one container; ``folder`` is its own, and keeps the library and the offset."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._library = folder / Path(_LIBRARY).name
        _fetch(engine, self._library)
        self.set(0)

    @property
    def write(self) -> Sequence[Path]:
        """What the container must find at the same path; on a read-only one no reading is noted."""
        return [self._folder]

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a program with this clock."""
        return {
            **env,
            "LD_PRELOAD": " ".join(filter(None, [str(self._library), env.get("LD_PRELOAD", "")])),
            "FAKETIME_TIMESTAMP_FILE": str(self._folder / _OFFSET),
            "FAKETIME_NO_CACHE": "1",  # it looks again each time
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",  # what the disk says of its files is true
        }

    def set(self, offset_seconds: float) -> None:
        """Let the clock be ahead of the true one by so much, or behind it (negative)."""
        with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False) as file:
            file.write(f"{offset_seconds:+.0f}\n")
        # The kernel notes the first reading after a writing, also where it notes no others.
        os.utime(file.name, (0, Path(file.name).stat().st_mtime))
        Path(file.name).chmod(0o644)
        Path(file.name).rename(self._folder / _OFFSET)

    def read_since_set(self) -> bool:
        """Tell whether a program of the container has looked at the clock since it was set."""
        return (self._folder / _OFFSET).stat().st_atime > 0


def _fetch(engine: Engine, place: Path) -> None:
    """Copy the library out of the nettools image; raises EnvironmentLacks if it has none."""
    image = engine.require(images.ensure("nettools"))
    made = engine.docker.containers.create(image, labels=engine.labels(image))
    try:
        chunks, _ = made.get_archive(_LIBRARY)
        with tempfile.TemporaryFile() as file:
            file.writelines(chunks)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                member = archive.extractfile(place.name)
                assert member is not None, f"{_LIBRARY} is no file in {image}"
                place.write_bytes(member.read())
    except NotFound as error:
        raise EnvironmentLacks(
            f"The image {image} has no {_LIBRARY}, with which clocks are made wrong. "
            "Next step: build it from compose/nettools (`make images`)."
        ) from error
    finally:
        made.remove(force=True)
