"""Supervision: ends are recorded for what they were, and nothing outlives the harness."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from peakproof.errors import EnvironmentLacks, WaitExpired
from peakproof.runtime.supervise import Supervised, last_lines
from peakproof.seed import wait_until

PATIENT = "import time; print('up', flush=True); time.sleep(600)"
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
HARNESS = """
import sys, pathlib, signal
from peakproof.runtime.supervise import Supervised, warden_keep
folder = pathlib.Path(sys.argv[1])
warden_keep("folder", folder / "gone")
command = [sys.executable, "-c", sys.argv[2]]
program = Supervised("family", command, folder / "log", want_output=True)
program.start()
print(program.pid, program.first_line(10), flush=True)
signal.pause()
"""


class Heard:
    """Collects the events of a program."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, outcome: str, value: dict[str, Any]) -> None:
        self.events.append((outcome, value))

    @property
    def outcomes(self) -> list[str]:
        return [outcome for outcome, _ in self.events]


def alive(pid: int) -> bool:
    """Whether the process runs (one that only waits to be reaped does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def program(tmp_path: Path, code: str, heard: Heard, **options: Any) -> Supervised:
    return Supervised(
        "program", [sys.executable, "-c", code], tmp_path / "log", on_event=heard, **options
    )


def test_a_crash_is_an_event_with_the_last_lines(tmp_path: Path) -> None:
    heard = Heard()
    crashing = program(tmp_path, "import sys; print('last words'); sys.exit(3)", heard)
    crashing.start()
    assert crashing.wait(10) == 3
    assert heard.outcomes == ["started", "crashed"]
    assert heard.events[1][1] == {
        "pid": crashing.pid, "exit_code": 3, "expected": False, "last_lines": ["last words"],
    }  # fmt: skip


def test_an_end_from_outside_is_a_crash_and_ours_is_not(tmp_path: Path) -> None:
    heard = Heard()
    patient = program(tmp_path, PATIENT, heard)
    patient.start()
    os.kill(patient.pid, signal.SIGKILL)
    assert patient.wait(10) == -9
    patient.start()
    patient.kill()
    patient.start()
    patient.stop()
    assert heard.outcomes == ["started", "crashed", "started", "killed", "started", "stopped"]


def test_a_deaf_program_is_killed_after_the_grace(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + PATIENT
    deaf = program(tmp_path, code, Heard(), want_output=True)
    deaf.start()
    assert deaf.first_line(10) == "up\n"
    deaf.stop(grace_seconds=0.2)
    assert (deaf.running, deaf.exit_code) == (False, -9)


def test_pause_freezes_and_resume_goes_on(tmp_path: Path) -> None:
    heard = Heard()
    patient = program(tmp_path, PATIENT, heard)
    patient.start()

    def state() -> str:
        return Path(f"/proc/{patient.pid}/stat").read_text().rsplit(") ")[1][0]

    patient.pause()
    wait_until(lambda: state() == "T", 5, "the program to freeze")
    assert patient.running
    patient.resume()
    wait_until(lambda: state() in "SR", 5, "the program to go on")
    patient.pause()
    patient.stop()
    assert heard.outcomes == ["started", "paused", "resumed", "paused", "stopped"]


def test_stopping_takes_the_whole_group(tmp_path: Path) -> None:
    family = program(tmp_path, FAMILY, Heard(), want_output=True)
    family.start()
    child = int(family.first_line(10))
    family.stop()
    wait_until(lambda: not alive(child), 5, "the program's child to end")


def test_a_killed_harness_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(tmp_path), FAMILY], stdout=subprocess.PIPE, text=True
    ) as harness:
        assert harness.stdout is not None
        parent, child = map(int, harness.stdout.readline().split())
        assert alive(parent)
        harness.kill()
        harness.communicate()
    wait_until(lambda: not alive(parent) and not alive(child), 10, "the family to be ended")
    wait_until(lambda: not (tmp_path / "gone").exists(), 10, "the folder to be removed")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentLacks, match=r"'no-such-program'.*Next step: install it"):
        Supervised("thing", ["no-such-program"], tmp_path / "log").start()


def test_waiting_has_a_limit_and_no_output_is_empty(tmp_path: Path) -> None:
    patient = program(tmp_path, PATIENT, Heard())
    patient.start()
    with pytest.raises(WaitExpired, match="still runs"):
        patient.wait(0.05)
    patient.kill()
    silent = program(tmp_path, "pass", Heard(), want_output=True)
    silent.start()
    assert silent.first_line(10) == ""
    silent.wait(10)
    assert last_lines(tmp_path / "no such log") == []
