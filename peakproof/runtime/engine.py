"""The docker engine, and what the harness makes in it: networks and containers, all labelled.

Whatever is made carries the session and its owner as labels, so that nothing stays behind: it
is removed at the end; by the warden where the harness is killed; by testcontainers' reaper
(Ryuk) where its image is at hand; and the next session sweeps what even they left.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import Reaper
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.labels import create_labels

from peakproof.errors import EnvironmentLacks
from peakproof.runtime.supervise import warden_forget, warden_keep

__all__ = ["OWNER_LABEL", "Engine", "Network"]

OWNER_LABEL = "peakproof.owner"
_SUBNET_TRIES = 200
_NEXT_STEP = (
    "Next step: start it (`systemctl start docker`, or as root `setsid dockerd`), see that "
    "`docker info` answers, or leave --runtime container away: processes need no engine."
)


class Engine:
    """A connection to the engine. Raises EnvironmentLacks where none answers."""

    def __init__(self) -> None:
        try:
            self.docker: docker.DockerClient = DockerClient().client
            self.docker.ping()
        except DockerException as error:
            raise EnvironmentLacks(f"No docker engine answers ({error}). {_NEXT_STEP}") from error
        self.owner = f"{os.getpid()}:{_born(os.getpid())}"
        self._sweep()
        self._reaped_by_ryuk()

    def labels(self, image: str = "") -> dict[str, str]:
        """Return the labels of everything that this session makes."""
        return create_labels(image, {OWNER_LABEL: self.owner})

    def require(self, image: str) -> str:
        """Return an image after fetching it if it is not here; raises EnvironmentLacks."""
        try:
            self.docker.images.get(image)
        except ImageNotFound:
            try:
                self.docker.images.pull(image)
            except (APIError, NotFound) as error:
                raise EnvironmentLacks(
                    f"There is no image {image} here, and it cannot be fetched "
                    f"({error.explanation}). Next step: `make images` builds every image "
                    "without a registry."
                ) from error
        return image

    def pinned(self, image: str) -> str:
        """Return the identity of an image: its name may mean another one a moment later."""
        return str(self.docker.images.get(self.require(image)).id)

    def close(self) -> None:
        """Remove what is left of this session."""
        self._remove(self.owner)
        self.docker.close()

    def _sweep(self) -> None:
        """Remove what sessions left whose harness is gone."""
        owners = {
            thing.attrs.get("Labels", {}).get(OWNER_LABEL)
            or thing.attrs.get("Config", {}).get("Labels", {}).get(OWNER_LABEL, "")
            for thing in self._all(OWNER_LABEL)
        }
        for owner in owners:
            pid, _, born = owner.partition(":")
            if pid and _born(int(pid)) != born:
                self._remove(owner)

    def _all(self, label: str) -> Iterator[Any]:
        wanted: dict[str, str | list[str] | bool] = {"label": label}
        with contextlib.suppress(NotFound):  # something went while it was listed
            yield from self.docker.containers.list(all=True, filters=wanted)
        yield from self.docker.networks.list(filters=wanted)

    def _remove(self, owner: str) -> None:
        for thing in self._all(f"{OWNER_LABEL}={owner}"):
            with contextlib.suppress(APIError):
                thing.remove(**({} if "Containers" in thing.attrs else {"force": True, "v": True}))

    def _reaped_by_ryuk(self) -> None:
        """Have Ryuk watch over us where its image is here; the warden does in any case."""
        if testcontainers_config.ryuk_disabled:
            return
        with contextlib.suppress(ImageNotFound):
            self.docker.images.get(testcontainers_config.ryuk_image)
            Reaper.get_instance()


class Network:
    """A network of one world: nothing in it reaches the outside, but we reach what is in it.

    Every part has an address of its own that it keeps when it is started again.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._addresses: dict[str, str] = {}
        self.prefix, self.docker = self._made(name)
        warden_keep("network", self.docker.id)

    def _made(self, name: str) -> tuple[str, Any]:
        """Make the network in a range that nobody uses."""
        clash: APIError | None = None
        for _ in range(_SUBNET_TRIES):
            prefix = f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(256)}"
            pool = docker.types.IPAMPool(subnet=f"{prefix}.0/24")
            try:
                return prefix, self._engine.docker.networks.create(
                    f"peakproof-{name}-{secrets.token_hex(3)}",
                    driver="bridge",
                    internal=True,
                    ipam=docker.types.IPAMConfig(pool_configs=[pool]),
                    labels=self._engine.labels(),
                )
            except APIError as error:
                if "overlap" not in str(error):
                    raise
                clash = error
        raise EnvironmentLacks(
            "No range of addresses from 10.200.0.0 to 10.249.255.255 is free for a network "
            f"({clash}). Next step: `docker network prune`."
        )

    def address(self, name: str) -> str:
        """Return the address of a part."""
        return self._addresses.setdefault(name, f"{self.prefix}.{len(self._addresses) + 2}")

    def close(self) -> None:
        """Remove the network; what was in it must be gone."""
        with contextlib.suppress(NotFound):
            self.docker.remove()
        warden_forget("network", self.docker.id)


def _born(pid: int) -> str:
    """Return when a process began, in ticks since the machine did; "" if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
