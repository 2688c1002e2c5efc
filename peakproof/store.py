"""Where runs lie: ``runs/<scenario>/<time>/`` with plan, history, verdict, report and logs.

A stored run can be judged and reported again without Odoo or any simulator. ``latest`` in the
scenario's folder always points to the newest run.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from peakproof.errors import BadFile
from peakproof.history import Event, History, read_events
from peakproof.plan import Plan
from peakproof.seed import Clock

__all__ = ["RunFolder", "RunMeta", "write_atomically"]

_CREDENTIAL = re.compile(r"token|secret|password|(^|_)key$|dsn")


class RunMeta(msgspec.Struct, kw_only=True):
    """What a stored run says about itself (``run.json``).

    ``phases`` is seconds by phase; ``versions`` by part; ``flows`` and ``service_levels`` are
    the connector's claims at the time, ``operations`` what it says of its operation,
    ``systems`` which simulator played a part, ``partners`` what those that WireMock played do not
    model; ``failure`` is why the run broke off, if it did.
    """

    scenario: str
    seed: int
    connector: str
    connector_version: str
    connector_folder: str
    flows: list[str]
    service_levels: dict[str, dict[str, float]]
    reproduce: str
    started_at: str
    phases: dict[str, float] = {}
    versions: dict[str, str] = {}
    failure: str = ""
    settled: bool = True
    external: bool = True
    operations: dict[str, Any] = {}
    systems: dict[str, str] = {}
    partners: dict[str, str] = {}


class RunFolder:
    """One run's folder. ``create`` makes a new one, ``open`` an existing one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, root: Path, scenario: str, clock: Clock) -> "RunFolder":
        """Make ``root/<scenario>/<time>/`` and point ``latest`` to it."""
        stamp = clock.wall(0).strftime("%Y%m%dT%H%M%S")
        parent = root.resolve() / scenario
        for number in range(1000):
            path = parent / (stamp if not number else f"{stamp}-{number}")
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                continue
            break
        else:
            raise BadFile(f"{parent}: a thousand runs began in the same second; clean it up.")
        for name in ("logs", "parts"):
            (path / name).mkdir()
        link = parent / f".latest-{path.name}"
        link.symlink_to(path.name)
        link.replace(parent / "latest")
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Open a stored run; BadFile when the folder holds none."""
        if not (path / "plan.json").is_file() or not (path / "run.json").is_file():
            raise BadFile(
                f"Expected the folder of a run (with plan.json and run.json), found {path}. "
                "Runs lie in runs/<scenario>/<time>/; `latest` is the newest."
            )
        return cls(path.resolve())

    def part(self, name: str) -> Path:
        """Return the file that one part of the world appends its events to."""
        return self.path / "parts" / f"{name}.jsonl"

    def log(self, name: str) -> Path:
        """Return the log file of one process."""
        return self.path / "logs" / f"{name}.log"

    def write_plan(self, plan: Plan) -> None:
        """Store the plan (seed, every drawn option and step)."""
        self._write_json("plan.json", plan)

    def write_meta(self, meta: RunMeta) -> None:
        """Store what the run says about itself."""
        self._write_json("run.json", meta)

    def write_values(self, name: str, values: Any) -> Path:
        """Store a JSON file that holds secrets of the run, readable by the owner only."""
        path = self.path / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(values)))
        return path

    def plan(self) -> Plan:
        """Read the stored plan."""
        plan: Plan = self._read("plan.json", Plan)
        return plan

    def meta(self) -> RunMeta:
        """Read what the run says about itself."""
        meta: RunMeta = self._read("run.json", RunMeta)
        return meta

    def merge(self, extra: Iterable[Event] = ()) -> History:
        """Merge the parts (and more events) into history.jsonl, in order of time."""
        events = [
            event
            for part in sorted((self.path / "parts").glob("*.jsonl"))
            for event in read_events(part)
        ]
        history = History([*events, *extra])
        encode = msgspec.json.Encoder().encode
        lines = b"".join(encode(event) + b"\n" for event in history.events)
        write_atomically(self.path / "history.jsonl", lines)
        return history

    def history(self) -> History:
        """Read the stored history."""
        return History.load(self.path / "history.jsonl")

    def secrets(self) -> list[str]:
        """Return every credential of the run's world, to be kept out of reports."""
        found: list[str] = []
        for path in sorted(self.path.glob("*.json")):
            if path.stat().st_mode & 0o077 == 0:
                _collect(msgspec.json.decode(path.read_bytes()), found)
        return found

    def _write_json(self, name: str, value: Any) -> None:
        text = msgspec.json.format(msgspec.json.encode(value))
        write_atomically(self.path / name, text + b"\n")

    def _read(self, name: str, kind: Any) -> Any:
        path = self.path / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError) as error:
            raise BadFile(f"{path}: expected what peakproof wrote there: {error}.") from error


def _collect(value: Any, found: list[str], name: str = "") -> None:
    """Gather the strings whose key says that they are credentials."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _collect(inner, found, str(key))
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, found, name)
    elif isinstance(value, str) and value and _CREDENTIAL.search(name):
        found.append(value)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    temporary.replace(path)
