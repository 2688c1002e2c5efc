"""The harness's side of a warm parent (launcher.py): orders servers from it.

A forked server is up in well under a second, where a fresh Python spends one to three seconds
on imports. ``Server(zygote, ...)`` can be started, stopped, killed, paused and restarted like
any supervised program. Odoo's servers come from one parent, simulators from another.
"""

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from peakproof.errors import WorldFailed
from peakproof.runtime import launcher
from peakproof.runtime.supervise import (
    LAST_LINES_COUNT,
    OnEvent,
    Watched,
    ignore_event,
    last_lines,
    warden_forget,
    warden_keep,
)
from peakproof.seed import wait_until

__all__ = ["OdooServer", "Server", "Zygote"]

READY_SECONDS = 120.0
FORK_SECONDS = 20.0


class Zygote:
    """A process with everything imported, ready to fork servers.

    ``first`` is what to import, in the words of launcher.py; ``name`` is whose parent it is.
    """

    def __init__(
        self,
        python: Path,
        python_path: Sequence[Path],
        first: Mapping[str, Any],
        log_path: Path,
        name: str = "odoo",
    ) -> None:
        self.name = name
        self.log_path = log_path
        self._lock = threading.Lock()
        self._replies: dict[int, int] = {}
        self._servers: dict[int, Server] = {}
        self._early_ends: dict[int, int] = {}
        self._ready = False
        self._last_id = 0
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(map(str, python_path))
        environment["PYTHONUNBUFFERED"] = "1"
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [str(python), "-s", launcher.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                cwd=log_path.parent,
                start_new_session=True,
                bufsize=0,
            )
        warden_keep("group", self._process.pid)
        self._send(first)
        threading.Thread(target=self._listen, name="zygote", daemon=True).start()

    def wait_ready(self) -> None:
        """Wait until Odoo is imported; raises WorldFailed."""

        def ready() -> bool:
            if self._process.poll() is not None:
                raise WorldFailed(
                    self.name, "the warm parent process ended", last_lines(self.log_path)
                )
            return self._ready

        wait_until(ready, READY_SECONDS, f"the modules of {self.name} to be imported", 0.01)

    def close(self) -> None:
        """End the parent and every server it forked."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        warden_forget("group", self._process.pid)

    def fork(self, server: "Server") -> int:
        """Fork a server and return its process id; raises WorldFailed."""
        self.wait_ready()
        with self._lock:
            self._last_id += 1
            number = self._last_id
        order = {
            "id": number,
            "arguments": server.arguments,
            "env": server.env,
            "log": str(server.log_path),
            "out": str(server.out_path),
            "folder": str(server.log_path.parent),
            "program": server.program,
        }
        self._send(order)

        def forked() -> int | None:
            if self._process.poll() is not None:
                raise WorldFailed(
                    self.name, "the warm parent process ended", last_lines(self.log_path)
                )
            return self._replies.pop(number, None)

        pid = wait_until(forked, FORK_SECONDS, f"a forked {self.name} server", 0.002)
        assert pid is not None
        return pid

    def watch(self, server: "Server", pid: int) -> None:
        """Tell the server when its process ends."""
        with self._lock:
            code = self._early_ends.pop(pid, None)
            if code is None:
                self._servers[pid] = server
        if code is not None:
            server.ended(code)

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            with self._lock:
                self._process.stdin.write(json.dumps(dict(message)).encode() + b"\n")
        except BrokenPipeError as error:
            raise WorldFailed(
                self.name, "the warm parent process ended", last_lines(self.log_path)
            ) from error

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as replies:
            for line in replies:
                self._hear(json.loads(line))
        with self._lock:
            orphans = list(self._servers.values())
            self._servers.clear()
        for server in orphans:
            server.ended(-9)

    def _hear(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._ready = True
        elif "id" in message:
            self._replies[message["id"]] = message["pid"]
        else:
            with self._lock:
                server = self._servers.pop(message["pid"], None)
                if server is None:
                    self._early_ends[message["pid"]] = message["exit_code"]
            if server is not None:
                server.ended(message["exit_code"])


class Server(Watched):
    """A process forked from a zygote; can be started again after its end.

    ``program`` is a module to run ("" is Odoo); its standard output goes to ``out_path``.
    """

    def __init__(
        self,
        name: str,
        zygote: Zygote,
        arguments: Sequence[str],
        env: Mapping[str, str],
        log_path: Path,
        on_event: OnEvent = ignore_event,
        program: str = "",
        out_path: Path | None = None,
    ) -> None:
        super().__init__(name, log_path, on_event)
        self._zygote = zygote
        self.arguments = list(arguments)
        self.env = dict(env)
        self.program = program
        self.out_path = out_path or log_path

    def last_lines(self, count: int = LAST_LINES_COUNT) -> list[str]:
        """Return the last lines of the log; the parent's while the server has written none."""
        return super().last_lines(count) or last_lines(self._zygote.log_path, count)

    def start(self) -> None:
        """Start (again); returns once the process exists."""
        assert not self.running, f"{self.name} runs already (pid {self.pid})"
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        pid = self._zygote.fork(self)
        self.begun(pid)
        self._zygote.watch(self, pid)

    def first_line(self, limit_seconds: float) -> str:
        """Wait for the first whole line of standard output; "" if the program ended first."""

        def line() -> str | None:
            running = self.running
            text = self.out_path.read_text() if self.out_path.exists() else ""
            if "\n" in text:
                return text.partition("\n")[0] + "\n"
            return None if running else " "

        found = wait_until(line, limit_seconds, f"the first line of {self.name}", 0.005)
        assert found is not None
        return found.strip(" ")


class OdooServer(Server):
    """An Odoo server process."""

    def __init__(
        self,
        zygote: Zygote,
        arguments: Sequence[str],
        env: Mapping[str, str],
        log_path: Path,
        on_event: OnEvent = ignore_event,
    ) -> None:
        super().__init__("odoo", zygote, arguments, env, log_path, on_event)
