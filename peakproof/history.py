"""The history of a run: an append-only list of events, one JSON object a line.

What happened, whoever saw it: shoppers and stores (``operation``), requests that a simulator
received (``request``), webhooks it delivered (``delivery``), its own state (``state``), rows
that Odoo committed (``change``), faults (``fault``), processes (``process``), queue samples
(``sample``), stages (``phase``), the records read at a checkpoint (``final``), and what of
secrets was found where it does not belong (``disclosure``), what the connector's credentials
may do (``grant``) and which rights Odoo asked of it (``access``).

docs/history.md lists the value fields of every kind. Invariants read a History and nothing else.
"""

import contextlib
import gc
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from peakproof.archive import Archive, Events, Records, bad_line
from peakproof.sidebyside import side_by_side

__all__ = [
    "KINDS",
    "Event",
    "History",
    "HistoryWriter",
    "StoredHistory",
    "as_stored",
    "collector_paused",
    "read_events",
]

LONG_BYTES = 1 << 26  # a longer file is indexed instead of decoded: some 150,000 events

Record = dict[str, Any]
Place = tuple[str, str, str]  # source, name (of a final record: its entity), outcome

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


def as_stored(text: str) -> str:
    """Return a text as it stands in a stored line."""
    return _ENCODER.encode(text)[1:-1].decode()


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
                raise bad_line(path, number, line, error) from error


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's collector of cycles from going through millions of objects again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class History:
    """The events of a run in order of time, with the look-ups that invariants need."""

    events: Sequence[Event]

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = sorted(events, key=lambda event: event.time)
        self._kinds: dict[str, list[Event]] = {kind: [] for kind in KINDS}
        self._finals: dict[Place, dict[str, Record]] = {}
        for event in self.events:
            self._kinds.setdefault(event.kind, []).append(event)
        for event in self._kinds["final"]:
            place = (event.source, event.name, event.outcome)
            self._finals.setdefault(place, {})[event.key] = event.value

    @classmethod
    def load(cls, *paths: Path) -> "History":
        """Read and merge the event files of a stored run; a single long one is only indexed."""
        if len(paths) == 1 and paths[0].stat().st_size >= LONG_BYTES:
            archive = Archive(paths[0])
            if archive.in_order:
                return StoredHistory(archive)
        with collector_paused():
            return cls(event for path in paths for event in read_events(path))

    def work_through(self, jobs: Sequence[Callable[[], Any]]) -> list[Any]:
        """Return what each of some pure jobs about it returns; of a long one, in two processes."""
        with collector_paused():
            return [job() for job in jobs]

    def twin(self) -> "History":
        """Return another object with the same events."""
        return History(self.events)

    def of(
        self,
        kind: str,
        name: str | None = None,
        source: str | None = None,
        outcome: str | None = None,
        without: Collection[str] = (),
    ) -> Sequence[Event]:
        """Return the events of a kind, narrowed by name, source, outcome; ``without`` sources."""
        return [
            event
            for event in self._kinds.get(kind, [])
            if (name is None or event.name == name)
            and (source is None or event.source == source)
            and (outcome is None or event.outcome == outcome)
            and event.source not in without
        ]

    def mentioning(
        self,
        kind: str,
        texts: Iterable[str],  # noqa: ARG002
        name: str | None = None,
    ) -> Iterable[Event]:
        """Return at least those events of a kind in whose stored line one of some texts stands.

        A sieve for who looks for few among many: what comes through is to be looked at again.
        """
        return self.of(kind, name)

    def shapes(
        self,
        kind: str,
        source: str,
        member: str,  # noqa: ARG002
    ) -> Iterable[Event]:
        """Return at least one event of each shape: forms and values of a member but for numbers.

        For who asks what there was, not how often.
        """
        return self.of(kind, source=source)

    def forms(self, kind: str) -> set[Place]:
        """Return what there is of a kind: source, name and outcome of its events."""
        return {(event.source, event.name, event.outcome) for event in self._kinds.get(kind, [])}

    def final(self, source: str, entity: str, checkpoint: str = "settled") -> Mapping[str, Record]:
        """Return the records of an entity as read at a checkpoint, by key."""
        return self._finals.get((source, entity, checkpoint), {})

    def __len__(self) -> int:
        return len(self.events)


class StoredHistory(History):
    """The same of a file that is too long for memory: events are read when they are asked for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._records: dict[Place, Records] = {}
        self.events = self._events(range(len(archive)))

    def _events(self, rows: Sequence[int]) -> Sequence[Event]:
        return cast("Sequence[Event]", Events(self._archive, rows))

    def work_through(self, jobs: Sequence[Callable[[], Any]]) -> list[Any]:
        """Return what each of some pure jobs about it returns; they are done side by side."""
        with collector_paused():
            return side_by_side(jobs)

    def twin(self) -> History:
        """Return another object with the same events."""
        return StoredHistory(self._archive)

    def of(
        self,
        kind: str,
        name: str | None = None,
        source: str | None = None,
        outcome: str | None = None,
        without: Collection[str] = (),
    ) -> Sequence[Event]:
        """Return the events of a kind, narrowed by name, source, outcome; ``without`` sources."""
        return self._events(self._archive.find(kind, name, source, outcome, without))

    def mentioning(
        self, kind: str, texts: Iterable[str], name: str | None = None
    ) -> Iterable[Event]:
        """Return those events of a kind in whose stored line one of some texts stands."""
        sought = [text.encode() for text in texts]
        rows = self._archive.find(kind, name) if sought else ()
        return cast("Iterable[Event]", self._archive.events(rows, sought))

    def shapes(self, kind: str, source: str, member: str) -> Iterable[Event]:
        """Return one event of each shape: forms and values of a member but for numbers."""
        rows = self._archive.find(kind, source=source)
        found = self._archive.shapes(rows, f'"{member}":'.encode())
        return cast("Iterable[Event]", found)

    def forms(self, kind: str) -> set[Place]:
        """Return what there is of a kind: source, name and outcome of its events."""
        return {form[1:] for form in self._archive.forms if form[0] == kind}

    def final(self, source: str, entity: str, checkpoint: str = "settled") -> Mapping[str, Record]:
        """Return the records of an entity as read at a checkpoint, by key."""
        place = (source, entity, checkpoint)
        if place not in self._records:
            rows = self._archive.find("final", entity, source, checkpoint)
            self._records[place] = Records(self._archive, rows)
        return self._records[place]
