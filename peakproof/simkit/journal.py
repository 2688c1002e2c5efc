"""What a simulator writes down: history events as JSON lines, cheaply.

Lines are encoded at once and written by a thread of the journal, at the latest
``FLUSH_SECONDS`` later and at the end of the process, so that no request waits for the disk.
A simulator that is killed loses at most that much.
"""

import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from peakproof.history import Event
from peakproof.seed import Clock

__all__ = ["FLUSH_SECONDS", "DeliveryRecord", "Journal", "RequestRecord"]

FLUSH_SECONDS = 0.05


class RequestRecord(msgspec.Struct, kw_only=True):
    """What is written down of a request; the simulator fills what it knows.

    ``client`` is a short hash of the credential, never the credential. ``arguments`` are the
    call's variables with secrets removed. ``status`` 0 means that nothing was answered. ``scopes``
    are those that it needed; one of ``a|b`` is enough. ``breaks`` names what it uses that goes
    away, with the version that breaks it and when; ``sunset`` is the day on which the version
    that it asked for ends.
    """

    status: int = 0
    duration_seconds: float = 0.0
    api_version: str = ""
    requested_version: str = ""
    client: str = ""
    operation_type: str = ""
    arguments: Any = None
    error_codes: list[str] = []
    user_errors: list[Any] = []
    cost: dict[str, Any] | None = None
    fault: str = ""
    deprecated: list[str] = []
    scopes: list[str] = []
    breaks: dict[str, list[str]] = {}
    sunset: str = ""
    idempotency_key: str = ""
    document: str = ""


class DeliveryRecord(msgspec.Struct, kw_only=True):
    """What is written down of one attempt to deliver a webhook (or of dropping it)."""

    event_id: str = ""
    attempt: int = 0
    status: int = 0
    duration_seconds: float = 0.0
    uri: str = ""
    resource: str = ""
    updated_at: str = ""
    triggered_at_seconds: float = 0.0
    tag: str = ""
    fault: str = ""
    gave_up: bool = False
    payload_sha256: str = ""
    error: str = ""
    subscription: str = ""


class _RequestLine(msgspec.Struct):
    time: float
    source: str
    kind: str
    name: str
    key: str
    outcome: str
    value: RequestRecord


class _DeliveryLine(msgspec.Struct):
    time: float
    source: str
    kind: str
    name: str
    key: str
    outcome: str
    value: DeliveryRecord


class _StateLine(msgspec.Struct, omit_defaults=True):
    time: float
    source: str
    kind: str
    name: str
    key: str = ""
    value: Mapping[str, Any] = {}


class Journal:
    """Appends the events of one ``source`` to a file; any thread may call it."""

    def __init__(self, path: Path, source: str, clock: Clock) -> None:
        self.source = source
        self.clock = clock
        self._encode = msgspec.json.Encoder(enc_hook=str).encode
        self._file = path.open("ab", buffering=0)
        self._lines: deque[bytes] = deque()
        self._append = self._lines.append
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_writing, name="journal", daemon=True)
        self._thread.start()

    def event(self, event: Event) -> None:
        """Write down any history event."""
        self._append(self._encode(event))

    def request(
        self, time: float, name: str, key: str, outcome: str, record: RequestRecord
    ) -> None:
        """Write down a request that arrived at ``time`` (seconds of the run)."""
        line = _RequestLine(time, self.source, "request", name, key, outcome, record)
        self._append(self._encode(line))

    def delivery(
        self, time: float, topic: str, webhook_id: str, outcome: str, record: DeliveryRecord
    ) -> None:
        """Write down one attempt to deliver a webhook."""
        line = _DeliveryLine(time, self.source, "delivery", topic, webhook_id, outcome, record)
        self._append(self._encode(line))

    def state(self, entity: str, key: str, value: dict[str, Any]) -> None:
        """Write down that a record of the simulator's own state changed, just now."""
        line = _StateLine(self.clock.now(), self.source, "state", entity, key, value)
        self._append(self._encode(line))

    def process(self, outcome: str, value: Mapping[str, Any]) -> None:
        """Write down something that befell this process, such as a handler that crashed."""
        self.event(
            Event(
                time=self.clock.now(),
                source=self.source,
                kind="process",
                name=self.source,
                outcome=outcome,
                value=dict(value),
            )
        )

    def flush(self) -> None:
        """Write every line to the file now."""
        with self._writing:
            lines: list[bytes] = []
            while self._lines:
                lines.append(self._lines.popleft())
            if lines:
                lines.append(b"")
                view = memoryview(b"\n".join(lines))
                while view:
                    view = view[self._file.write(view) :]

    def close(self) -> None:
        """Write what is left and close the file; may be called twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._thread.join()
        self.flush()
        self._file.close()

    def _keep_writing(self) -> None:
        while not self._closing.wait(FLUSH_SECONDS):
            self.flush()
