"""A stored history too long for memory: an index of its lines, each read when it is asked for.

A decoded event takes a kilobyte or two, and ten million of them more than a machine has. So only
where each line begins is kept, and what it is (kind, name, source, outcome): some twenty bytes an
event. Whoever goes through events gets them decoded on the way; what he keeps of one gives its
values back, and reads them again when they are asked for again.
"""

import functools
import itertools
import os
import re
import sys
import weakref
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import msgspec

from peakproof.errors import BadFile
from peakproof.sidebyside import side_by_side

__all__ = ["Archive", "Events", "Records", "StoredEvent", "bad_line"]

BLOCK_BYTES = 1 << 23
PARTS = 2  # of a file that are gone through side by side
BATCH = 64  # lines that are read together, unless more than
SPREAD = 12  # lines were read for each that is wanted
RECORDS_BLOCK_BYTES = 1 << 15
KEPT_BYTES = 80 << 20  # of JSON that is kept decoded, in four times as much memory
SHAPES_MAX = 200_000  # that are remembered; of further ones every event is told
RECENT_MAX = 256  # records beyond it that are kept, for they are asked for several times over

Record = dict[str, Any]
Form = tuple[str, str, str, str]  # kind, source, name, outcome


class _Head(msgspec.Struct, gc=False):
    kind: str
    name: str
    source: str
    time: float
    outcome: str = ""


class _Key(msgspec.Struct, gc=False):
    key: str = ""


class _Value(msgspec.Struct, gc=False):
    value: Record = {}


class StoredEvent(msgspec.Struct, gc=False):
    """An event of an archive: like any other, but for its values, which may be read again."""

    time: float
    source: str
    kind: str
    name: str
    key: str = ""
    outcome: str = ""
    loaded: Record | None = msgspec.field(name="value", default_factory=dict)
    place: int = msgspec.field(name="_place", default=-1)
    archive: Any = msgspec.field(name="_archive", default=None)

    @property
    def value(self) -> Record:
        """The event's values."""
        if self.loaded is None:
            value: Record = self.archive.value(self.place)
            return value
        return self.loaded


def bad_line(path: Path, number: int, line: bytes, error: Exception) -> BadFile:
    """Return the error about a line that is no event."""
    return BadFile(
        f"{path}:{number}: expected one history event as JSON, found "
        f"{line[:80]!r} ({error}). Judge a run that peakproof wrote."
    )


_NUMBER = re.compile(rb"\b[0-9]+")  # street2 is a name, not a number
_HEAD = msgspec.json.Decoder(_Head).decode
_KEY = msgspec.json.Decoder(_Key).decode
_VALUE = msgspec.json.Decoder(_Value).decode
_EVENT = msgspec.json.Decoder(StoredEvent).decode


class Index:
    """Where the lines of a file begin, or of a part of it, and what events they are."""

    def __init__(self) -> None:
        self.forms: list[Form] = []
        self.form = array("I")  # of each event: its place in ``forms``
        self.begins = array("Q")
        self.end = 0  # where the last line ends
        self.rows: dict[tuple[str, str | None], array[int]] = {}  # by kind, and by kind and name
        self.in_order = True  # of time, as all that was merged is
        self.first_seconds, self.last_seconds = float("inf"), float("-inf")

    @classmethod
    def scanned(cls, path: Path, first: int, last: int) -> "Index":
        """Go through the lines that begin between two places of a file.

        A torn last line is left out. Raises BadFile for another one that is no event.
        """
        index = cls()
        forms: dict[Form, tuple[int, Any, Any]] = {}  # its number, and where its rows are noted
        latest = float("-inf")
        note_form, note_begin = index.form.append, index.begins.append
        with path.open("rb", buffering=BLOCK_BYTES) as file:
            if first:
                file.seek(first - 1)
                file.readline()
            begin = file.tell()
            for row, line in enumerate(file):
                if begin >= last:
                    break
                try:
                    head = _HEAD(line)
                except msgspec.DecodeError as error:
                    if not line.endswith(b"\n"):
                        break
                    raise _bad_line_at(path, begin, line, error) from error
                form = (head.kind, head.source, head.name, head.outcome)
                known = forms.get(form)
                if known is None:
                    by_kind, by_name = (
                        index.rows.setdefault((head.kind, name), array("I")).append
                        for name in (None, head.name)
                    )
                    known = forms[form] = (len(forms), by_kind, by_name)
                number, by_kind, by_name = known
                note_form(number)
                note_begin(begin)
                by_kind(row)
                by_name(row)
                begin += len(line)
                if head.time < latest:
                    index.in_order = False
                latest = head.time
                if not row:
                    index.first_seconds = latest
        index.forms, index.end, index.last_seconds = list(forms), begin, latest
        return index

    def join(self, other: "Index") -> None:
        """Put the index of the following part behind."""
        shift = len(self.form)
        numbers = {form: number for number, form in enumerate(self.forms)}
        ours = [numbers.setdefault(_interned(form), len(numbers)) for form in other.forms]
        self.forms = list(numbers)
        self.form.extend(map(ours.__getitem__, other.form))
        self.begins.extend(other.begins)
        self.end = max(self.end, other.end)
        for what, rows in other.rows.items():
            self.rows.setdefault(what, array("I")).extend(row + shift for row in rows)
        follows = other.first_seconds >= self.last_seconds
        self.in_order = self.in_order and other.in_order and follows
        self.last_seconds = max(self.last_seconds, other.last_seconds)


def _interned(form: Form) -> Form:
    kind, source, name, outcome = map(sys.intern, form)
    return kind, source, name, outcome


def _bad_line_at(path: Path, begin: int, line: bytes, error: Exception) -> BadFile:
    with path.open("rb") as file:
        before = itertools.takewhile(lambda end: end <= begin, itertools.accumulate(map(len, file)))
        return bad_line(path, sum(1 for _ in before) + 1, line, error)


class Archive:
    """A file of events in order of time, with its index."""

    def __init__(self, path: Path) -> None:
        """Read through the file once. Raises BadFile for a line that is no event."""
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        size = path.stat().st_size
        ends = [size * part // PARTS for part in range(PARTS + 1)]
        index, *others = side_by_side([
            functools.partial(Index.scanned, path, first, last)
            for first, last in itertools.pairwise(ends)
        ])  # fmt: skip
        index.forms = [*map(_interned, index.forms)]
        for other in others:
            index.join(other)
        self.forms, self.form, self.rows = index.forms, index.form, index.rows
        self.in_order = index.in_order
        self.kept_bytes = 0  # of JSON, by all Records together
        self._begins = index.begins
        self._begins.append(index.end)

    def __len__(self) -> int:
        return len(self.form)

    def span(self, row: int) -> tuple[int, int]:
        """Return where a line begins and ends in the file."""
        return self._begins[row], self._begins[row + 1]

    def read(self, begin: int, size: int) -> bytes:
        """Return some bytes of the file."""
        return os.pread(self._file, size, begin)

    def line(self, row: int) -> bytes:
        """Return one line as it is stored."""
        begin, end = self.span(row)
        return self.read(begin, end - begin)

    def lines(self, rows: Sequence[int]) -> Iterator[bytes]:
        """Yield lines; those that lie close to each other are read together."""
        begins = self._begins
        for first in range(0, len(rows), BATCH):
            batch = rows[first : first + BATCH]
            begin, end = begins[batch[0]], begins[batch[-1] + 1]
            if len(batch) * SPREAD < batch[-1] - batch[0]:
                yield from map(self.line, batch)
                continue
            block = self.read(begin, end - begin)
            for row in batch:
                yield block[begins[row] - begin : begins[row + 1] - begin]

    def events(self, rows: Sequence[int], texts: Sequence[bytes] = ()) -> Iterator[StoredEvent]:
        """Yield events, those with one of some texts in their line if any are given.

        Their values are given back as soon as the next one is asked for.
        """
        forms, form = self.forms, self.form
        for row, line in zip(rows, self.lines(rows), strict=True):
            if texts:
                for text in texts:
                    if text in line:
                        break
                else:
                    continue
            event = _EVENT(line)
            event.kind, event.source, event.name, event.outcome = forms[form[row]]
            event.place, event.archive = row, self
            yield event
            event.loaded = None

    def shapes(self, rows: Sequence[int], after: bytes) -> Iterator[StoredEvent]:
        """Yield events, but of those of one form whose lines differ in numbers only (in what
        stands ``after`` a text) the first alone.
        """
        form, without_numbers = self.form, _NUMBER.sub
        seen: set[int] = set()  # hashes: the lines themselves would fill the memory
        wanted = array("I")
        for row, line in zip(rows, self.lines(rows), strict=True):
            shape = hash((form[row], without_numbers(b"", line.partition(after)[2])))
            if shape in seen:
                continue
            if len(seen) < SHAPES_MAX:
                seen.add(shape)
            wanted.append(row)
        return self.events(wanted)

    def value(self, row: int) -> Record:
        """Return the values of one event."""
        return _VALUE(self.line(row)).value

    def keys(self, rows: Sequence[int]) -> Iterator[str]:
        """Yield the keys of events."""
        for line in self.lines(rows):
            yield _KEY(line).key

    def find(
        self,
        kind: str,
        name: str | None = None,
        source: str | None = None,
        outcome: str | None = None,
        without: Collection[str] = (),
    ) -> Sequence[int]:
        """Return the rows of a kind, narrowed as in ``History.of``."""
        rows = self.rows.get((kind, name), array("I"))
        if source is None and outcome is None and not without:
            return rows
        fits = bytearray(
            (source is None or form[1] == source)
            and (outcome is None or form[3] == outcome)
            and form[1] not in without
            for form in self.forms
        )
        form = self.form
        return array("I", (row for row in rows if fits[form[row]]))


class Events(Sequence[StoredEvent]):
    """Events of an archive, decoded while somebody goes through them."""

    def __init__(self, archive: Archive, rows: Sequence[int]) -> None:
        self._archive, self._rows = archive, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[StoredEvent]:
        return self._archive.events(self._rows)

    @overload
    def __getitem__(self, place: int) -> StoredEvent: ...
    @overload
    def __getitem__(self, place: slice) -> "Events": ...
    def __getitem__(self, place: int | slice) -> "StoredEvent | Events":
        if isinstance(place, slice):
            return Events(self._archive, self._rows[place])
        (event,) = self._archive.events([self._rows[place]])
        return event


class Records(Mapping[str, Record]):
    """The values of events by their keys, the last of each key: final records, say.

    They are asked for again and again, mostly in order: so they are read in blocks, and stay
    decoded as long as all that an archive keeps so is not more than ``KEPT_BYTES`` of JSON.
    """

    def __init__(self, archive: Archive, rows: Sequence[int]) -> None:
        self._archive = archive
        self._rows = dict(zip(archive.keys(rows), rows, strict=True))
        self._kept: dict[str, Record] = {}
        self._recent: dict[str, Record] = {}
        self._block, self._block_begin = b"", 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __getitem__(self, key: str) -> Record:
        record = self._kept.get(key)
        if record is None:
            record = self._recent.get(key)
        return self._read(key) if record is None else record

    def _read(self, key: str) -> Record:
        begin, end = self._archive.span(self._rows[key])
        first = begin - self._block_begin
        if first < 0 or first + end - begin > len(self._block):
            size = max(end - begin, RECORDS_BLOCK_BYTES)
            self._block, self._block_begin, first = self._archive.read(begin, size), begin, 0
        line = self._block[first : first + end - begin]
        record = _VALUE(line).value
        if self._archive.kept_bytes + len(line) <= KEPT_BYTES:
            self._archive.kept_bytes += len(line)
            self._kept[key] = record
        else:
            if len(self._recent) >= RECENT_MAX:
                self._recent.clear()
            self._recent[key] = record
        return record
