"""A container as a watched program: the same words for its starts and ends as for a process.

``Contained(...).start()`` makes the container and starts it; started again it is the same
container with the files that it wrote, unless its environment is another one by then.
"""

import contextlib
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from docker.errors import APIError, NotFound
from docker.types import EndpointConfig

from peakproof.runtime import images
from peakproof.runtime.container_clock import ContainerClock
from peakproof.runtime.engine import Engine, Network
from peakproof.runtime.supervise import (
    OnEvent,
    Watched,
    ignore_event,
    warden_forget,
    warden_keep,
)
from peakproof.seed import wait_until

__all__ = ["Contained", "Recipe"]

_KILLED_ABOVE = 128  # an exit code above it: ended by the signal of that number


class Recipe(msgspec.Struct, kw_only=True, frozen=True):
    """What a container is made of.

    ``read`` and ``write`` are files and folders of this machine, found in it at the same paths.
    ``memory_bytes`` is the most that it may use. ``user`` "" is the image's own.
    """

    image: str
    words: Sequence[str] = ()
    entrypoint: Sequence[str] = ()
    read: Sequence[Path] = ()
    write: Sequence[Path] = ()
    memory_bytes: int = 1024 * 2**20
    user: str = ""
    folder: str = ""
    aliases: Sequence[str] = ()
    shared_memory_bytes: int = 0
    binds: Mapping[str, str] = {}  # further folders: path here -> path in it
    capabilities: bool = False  # the image's own start needs to change users


class Contained(Watched):
    """One container at one address of a world's network."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        name: str,
        recipe: Recipe,
        env: Mapping[str, str] | None,
        log_path: Path,
        on_event: OnEvent = ignore_event,
        out_path: Path | None = None,
        place: str = "",
    ) -> None:
        super().__init__(name, log_path, on_event)
        self.env = env
        self.recipe = recipe
        self.network = network
        self.place = place or name  # its name in the network
        self.address = network.address(self.place)
        self.docker: Any = None
        self.clock: ContainerClock | None = None  # its own; None: the machine's
        self._engine = engine
        self._out_path = out_path
        self._made_with: Mapping[str, str] | None = None
        self._paused = False
        self._first_line = ""

    def start(self) -> None:
        """Start (again); raises EnvironmentLacks when the image is nowhere."""
        assert not self.running, f"{self.name} runs already"
        if self.docker is not None and self.env != self._made_with:
            self.remove()
        if self.docker is None:
            self._create()
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log_path.touch()
        self._paused, self._first_line = False, ""
        output = self.docker.attach(stdout=True, stderr=True, stream=True, demux=True)
        self.docker.start()
        self.docker.reload()
        self.begun(self.docker.attrs["State"]["Pid"])
        threading.Thread(
            target=self._watch, args=[output], name=f"watch {self.name}", daemon=True
        ).start()

    def first_line(self, limit_seconds: float) -> str:
        """Wait for the first line of standard output; "" if the program ended first."""

        def line() -> str | None:
            running = self.running
            return self._first_line or (None if running else " ")

        found = wait_until(line, limit_seconds, f"the first line of {self.name}", 0.01)
        return (found or "").strip(" ")

    def pause(self) -> None:
        """Freeze the container: it keeps its connections and answers nothing."""
        if not self._paused:
            super().pause()

    def resume(self) -> None:
        """Let a paused container go on; doing so again does no harm."""
        if self._paused:
            super().resume()

    def remove(self) -> None:
        """End the container and remove it with all that it wrote."""
        if self.docker is None:
            return
        self.stop()
        with contextlib.suppress(NotFound):
            self.docker.remove(force=True, v=True)
        warden_forget("container", self.docker.id)
        self.docker = None

    def run(self, words: Sequence[str]) -> str:
        """Run a command in the running container as its administrator; return what it printed.

        Raises OSError when it fails.
        """
        code, output = self.docker.exec_run(list(words), user="0")
        if code != 0:
            raise OSError(f"{words[0]} in {self.name} ended with {code}: {output.decode()[-300:]}")
        return str(output.decode(errors="replace"))

    def cut(self) -> None:
        """Take the container off its network: nobody finds it, it finds nobody."""
        self.network.docker.disconnect(self.docker)

    def rejoin(self) -> None:
        """Put the container back where it was, under the same names and address."""
        self.network.docker.connect(
            self.docker,
            ipv4_address=self.address,
            aliases=[self.place, *self.recipe.aliases],
        )

    def in_network(self, words: Sequence[str]) -> tuple[int, str]:
        """Run a tool of the nettools image in the container's network; return its code and words.

        The container itself is not touched. It must be running.
        """
        image = self._engine.require(images.ensure("nettools"))
        tool = self._engine.docker.containers.run(
            image,
            list(words),
            network_mode=f"container:{self.docker.id}",
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN", "NET_RAW"],
            labels=self._engine.labels(image),
            detach=True,
        )
        try:
            code = int(tool.wait()["StatusCode"])
            return code, tool.logs().decode(errors="replace")
        finally:
            tool.remove(force=True)

    def _create(self) -> None:
        recipe = self.recipe
        self._engine.require(recipe.image)
        env = dict(self.env or {})
        write = list(recipe.write)
        if self.clock is not None:
            env = self.clock.environment(env)
            write += self.clock.write
        binds = [f"{path}:{path}:ro" for path in recipe.read]
        binds += [f"{path}:{path}:rw" for path in write]
        binds += [f"{here}:{there}:rw" for here, there in recipe.binds.items()]
        place = EndpointConfig(
            self._engine.docker.api.api_version,
            ipv4_address=self.address,
            aliases=[self.place, *recipe.aliases],
        )
        options: dict[str, Any] = {} if recipe.capabilities else {"cap_drop": ["ALL"]}
        if recipe.shared_memory_bytes:
            options["shm_size"] = recipe.shared_memory_bytes
        if recipe.entrypoint:
            options["entrypoint"] = list(recipe.entrypoint)
        self.docker = self._engine.docker.containers.create(
            recipe.image,
            list(recipe.words) or None,
            environment=env,
            network=self.network.docker.name,
            networking_config={self.network.docker.name: place},
            volumes=binds,
            labels=self._engine.labels(recipe.image),
            mem_limit=recipe.memory_bytes,
            user=recipe.user or None,
            working_dir=recipe.folder or None,
            security_opt=["no-new-privileges"],
            init=True,
            hostname=self.place,
            **options,
        )
        self._made_with = self.env
        warden_keep("container", self.docker.id)

    def _watch(self, output: Any) -> None:
        """Keep what the container says, and tell of its end."""
        with self.log_path.open("ab") as log, (self._out_path or self.log_path).open("ab") as out:
            line = b""
            for said, complained in output:
                if said:
                    out.write(said)
                    out.flush()
                    line += b"" if self._first_line else said
                    if b"\n" in line and not self._first_line:
                        self._first_line = line.partition(b"\n")[0].decode() + "\n"
                if complained:
                    log.write(complained)
                    log.flush()
        output._response.close()  # the stream's own close() leaves its socket half open
        try:
            code = int(self.docker.wait()["StatusCode"])
        except (APIError, NotFound):
            code = -signal.SIGKILL
        self.ended(_KILLED_ABOVE - code if code > _KILLED_ABOVE else code)

    def _guard(self) -> None:
        """The warden knows the container from its making to its removal."""

    def _unguard(self) -> None:
        """See ``_guard``."""

    def _signal(
        self, number: signal.Signals, *, even_if_gone: bool = False, leader_only: bool = False
    ) -> None:
        """Send a signal by way of the engine, which freezes and thaws by other means.

        It goes to the container's first process, which passes it on to its child.
        """
        del leader_only
        if not self.running or even_if_gone:
            return
        with contextlib.suppress(APIError):
            if number is signal.SIGSTOP:
                self.docker.pause()
                self._paused = True
            elif number is signal.SIGCONT:
                if self._paused:
                    self._paused = False
                    self.docker.unpause()
            else:
                self.docker.kill(signal=int(number))
