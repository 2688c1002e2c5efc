"""Programs that the harness starts: watched, stopped by process id, their ends recorded.

``Supervised(...).start()`` runs a command with a log file. Every start and end reaches
``on_event(outcome, value)`` in the words of the history (started, stopped, crashed, killed,
paused, resumed), so that a crash is evidence and not a hang. A program's whole process group
goes with it, and all of them go with the harness, even a killed one (see warden.py).
"""

import abc
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from peakproof.errors import EnvironmentLacks, WaitExpired
from peakproof.runtime import warden
from peakproof.seed import wait_until

__all__ = [
    "LAST_LINES_COUNT",
    "OnEvent",
    "Supervised",
    "Watched",
    "ignore_event",
    "last_lines",
    "warden_forget",
    "warden_keep",
]

OnEvent = Callable[[str, dict[str, Any]], None]
LAST_LINES_COUNT = 40


def ignore_event(outcome: str, value: dict[str, Any]) -> None:
    """Record nothing: the default of ``on_event``."""


def last_lines(path: Path, count: int = LAST_LINES_COUNT) -> list[str]:
    """Return the last lines of a log file; none if there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 64 * 1024))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []


class _Warden:
    """The warden process, started with the first thing to keep an eye on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def tell(self, verb: str, kind: str, name: object) -> None:
        with self._lock:
            if self._process is None or self._owner != os.getpid():
                self._owner = os.getpid()
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", warden.__file__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    cwd="/",
                    text=True,
                    start_new_session=True,
                )
            pipe = self._process.stdin
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.write(f"{verb} {kind} {name}\n")
                pipe.flush()


_WARDEN = _Warden()


def warden_keep(kind: str, name: object) -> None:
    """Have the warden stop a ``group`` or ``leader`` or remove a ``folder`` if we die."""
    _WARDEN.tell("keep", kind, name)


def warden_forget(kind: str, name: object) -> None:
    """Take back ``warden_keep``."""
    _WARDEN.tell("forget", kind, name)


class Watched(abc.ABC):
    """A running process group, however it was started; ``ended(code)`` is called at its end.

    What Supervised (a child of ours) and Odoo (a child of its warm parent) have in common.
    """

    def __init__(self, name: str, log_path: Path, on_event: OnEvent = ignore_event) -> None:
        self.name = name
        self.log_path = log_path
        self.pid = 0
        self.exit_code: int | None = None
        self._on_event = on_event
        self._intent = ""
        self._gone = threading.Event()
        self._gone.set()
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether the process is there (paused counts)."""
        return not self._gone.is_set()

    @abc.abstractmethod
    def start(self) -> None:
        """Start (again)."""

    def last_lines(self, count: int = LAST_LINES_COUNT) -> list[str]:
        """Return the last lines of the log."""
        return last_lines(self.log_path, count)

    def begun(self, pid: int) -> None:
        """Note that the process runs now."""
        self._intent, self.exit_code, self.pid = "", None, pid
        self._gone.clear()
        self._guard()
        self._on_event("started", {"pid": pid})

    def ended(self, exit_code: int) -> None:
        """Note the end of the process (negative: the signal that ended it)."""
        with self._lock:
            outcome = self._intent or ("stopped" if exit_code == 0 else "crashed")
            self.exit_code = exit_code
            value = {
                "pid": self.pid,
                "exit_code": exit_code,
                "expected": bool(self._intent),
                "last_lines": [] if self._intent else self.last_lines(),
            }
            self._unguard()
        self._on_event(outcome, value)
        self._gone.set()

    def stop(self, grace_seconds: float = 10.0) -> None:
        """Ask the process to end (SIGTERM), insist after the grace, and wait for it."""
        self._end("stopped", signal.SIGTERM, grace_seconds)

    def interrupt(self, grace_seconds: float = 10.0) -> None:
        """Like ``stop`` with SIGINT to the leader alone (PostgreSQL: end connections, write)."""
        self._end("stopped", signal.SIGINT, grace_seconds, leader_only=True)

    def quit(self, grace_seconds: float = 10.0) -> None:
        """Like ``kill`` with SIGQUIT to the leader alone (PostgreSQL: end as in a crash)."""
        self._end("killed", signal.SIGQUIT, grace_seconds, leader_only=True)

    def kill(self) -> None:
        """End the process group at once (SIGKILL) and wait for it."""
        self._end("killed", signal.SIGKILL, 10.0)

    def pause(self) -> None:
        """Freeze the process group: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)
        self._on_event("paused", {"pid": self.pid})

    def resume(self) -> None:
        """Let a paused process group go on."""
        self._signal(signal.SIGCONT)
        self._on_event("resumed", {"pid": self.pid})

    def wait(self, limit_seconds: float) -> int:
        """Wait for the end and return the exit code; raises WaitExpired."""
        if not self._gone.wait(limit_seconds):
            raise WaitExpired(f"{self.name} (pid {self.pid}) still runs after {limit_seconds:g} s.")
        assert self.exit_code is not None
        return self.exit_code

    def _end(
        self,
        intent: str,
        number: signal.Signals,
        grace_seconds: float,
        *,
        leader_only: bool = False,
    ) -> None:
        if not self.running:
            return
        with self._lock:
            if self.exit_code is None:
                self._intent = intent
        self._signal(number, leader_only=leader_only)
        self._signal(signal.SIGCONT)
        if not self._gone.wait(grace_seconds):
            self._signal(signal.SIGKILL)
            self.wait(10.0)
        self._signal(signal.SIGKILL, even_if_gone=True)

    def _guard(self) -> None:
        """Have the warden end it if we die."""
        warden_keep("group", self.pid)

    def _unguard(self) -> None:
        """Take that back at its end."""
        warden_forget("group", self.pid)

    def _signal(
        self, number: signal.Signals, *, even_if_gone: bool = False, leader_only: bool = False
    ) -> None:
        if self.running or even_if_gone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                (os.kill if leader_only else os.killpg)(self.pid, number)


class Supervised(Watched):
    """A program started by the harness, in a process group of its own.

    ``env`` replaces the environment when given. With ``want_output`` the standard output is
    kept for ``first_line()`` (a simulator's ready line) and everything else goes to the log.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: int | None = None,
        want_output: bool = False,
        on_event: OnEvent = ignore_event,
    ) -> None:
        super().__init__(name, log_path, on_event)
        self.command = list(command)
        self.env = env
        self.cwd = cwd
        self.user = user
        self.want_output = want_output
        self._output_lines: list[str] = []

    def start(self) -> None:
        """Start (again); raises EnvironmentLacks if there is no such program."""
        assert not self.running, f"{self.name} runs already (pid {self.pid})"
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            try:
                process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if self.want_output else log,
                    stderr=log,
                    env=None if self.env is None else dict(self.env),
                    cwd=self.cwd,
                    user=self.user,
                    group=self.user,
                    extra_groups=None if self.user is None else [],
                    start_new_session=True,
                )
            except (FileNotFoundError, PermissionError) as error:
                raise EnvironmentLacks(
                    f"{self.name}: cannot start {self.command[0]!r} ({error.strerror}). "
                    "Next step: install it, or correct the command."
                ) from error
        self._output_lines = []
        if process.stdout is not None:
            threading.Thread(
                target=self._read, args=[process.stdout], name=f"read {self.name}", daemon=True
            ).start()
        self.begun(process.pid)
        threading.Thread(
            target=lambda: self.ended(process.wait()), name=f"watch {self.name}", daemon=True
        ).start()

    def first_line(self, limit_seconds: float) -> str:
        """Wait for the first line of standard output and return it.

        Returns "" if the program ended without one; raises WaitExpired.
        """
        assert self.want_output, "make it with want_output=True"
        what = f"the first line of {self.name}"
        return wait_until(lambda: self._output_lines, limit_seconds, what, 0.01)[0]

    def _read(self, output: IO[bytes]) -> None:
        with output:
            self._output_lines.append(output.readline().decode(errors="replace"))
            for _ in output:
                pass
