"""The history of a run: an append-only list of events, one JSON object a line.

What happened, whoever saw it: shoppers and stores (``operation``), requests that a simulator
received (``request``), webhooks it delivered (``delivery``), its own state (``state``), rows
that Odoo committed (``change``), faults (``fault``), processes (``process``), queue samples
(``sample``), stages (``phase``), the records read at a checkpoint (``final``), and what of
secrets was found where it does not belong (``disclosure``), what the connector's credentials
may do (``grant``) and which rights Odoo asked of it (``access``).

docs/history.md lists the value fields of every kind. Invariants read a History and nothing else.
"""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from peakproof.errors import BadFile

__all__ = ["KINDS", "Event", "History", "HistoryWriter", "read_events"]

KINDS = (
    "operation",
    "request",
    "delivery",
    "state",
    "change",
    "fault",
    "process",
    "sample",
    "phase",
    "final",
    "disclosure",
    "grant",
    "access",
)


class Event(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One thing that happened.

    ``time`` is in seconds since the run began; ``key`` joins events of the same thing (an
    operation's invoke with its end, a webhook's attempts, a row's changes).
    """

    time: float
    source: str
    kind: str
    name: str
    key: str = ""
    outcome: str = ""
    value: dict[str, Any] = {}


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Event)


class HistoryWriter:
    """Appends events to a file, whole lines only, from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab")
        self._lock = threading.Lock()

    def append(self, event: Event) -> None:
        """Append one event and hand it to the operating system."""
        line = _ENCODER.encode(event) + b"\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        """Close the file; nothing may be appended afterwards."""
        with self._lock:
            self._file.close()


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a file; a torn last line (a killed writer) is left out.

    Raises BadFile for any other line that is not an event.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield _DECODER.decode(line)
            except msgspec.DecodeError as error:
                if not line.endswith(b"\n"):
                    return
                raise BadFile(
                    f"{path}:{number}: expected one history event as JSON, found "
                    f"{line[:80]!r} ({error}). Judge a run that peakproof wrote."
                ) from error


class History:
    """The events of a run in order of time, with the look-ups that invariants need."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = sorted(events, key=lambda event: event.time)
        self._kinds: dict[str, list[Event]] = {kind: [] for kind in KINDS}
        for event in self.events:
            self._kinds.setdefault(event.kind, []).append(event)

    @classmethod
    def load(cls, *paths: Path) -> "History":
        """Read and merge the event files of a stored run."""
        return cls(event for path in paths for event in read_events(path))

    def of(
        self,
        kind: str,
        name: str | None = None,
        source: str | None = None,
        outcome: str | None = None,
    ) -> list[Event]:
        """Return the events of a kind, narrowed by name, source and outcome."""
        return [
            event
            for event in self._kinds.get(kind, [])
            if (name is None or event.name == name)
            and (source is None or event.source == source)
            and (outcome is None or event.outcome == outcome)
        ]

    def final(
        self, source: str, entity: str, checkpoint: str = "settled"
    ) -> dict[str, dict[str, Any]]:
        """Return the records of an entity as read at a checkpoint, by key."""
        return {event.key: event.value for event in self.of("final", entity, source, checkpoint)}

    def __len__(self) -> int:
        return len(self.events)
