"""A small load generator: some connections that send the same request again and again.

Each answer is parsed and checked (status 200, and a marker in the body), so that a server
cannot win by refusing. Bounded in time and in count. Closed model: a connection sends its next
request when the last one is answered, so latencies are those of a full server, not of a calm
one.

Not here: pacing, pipelining, TLS.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httptools
import msgspec
import uvloop

__all__ = ["Load", "Shot", "cpu_seconds", "fire"]


class Shot(msgspec.Struct, kw_only=True, frozen=True):
    """A request, sent with one of ``bodies`` after the other, and what must be in each answer."""

    name: str
    path: str
    headers: dict[str, str]
    bodies: list[bytes]
    marker: bytes

    def wires(self, host: str) -> list[bytes]:
        """Return the whole requests, as sent over a connection that is kept."""
        lines = [f"POST {self.path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        head = "\r\n".join(lines)
        return [
            f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body for body in self.bodies
        ]


class Load(msgspec.Struct, kw_only=True):
    """What came back in one stretch of load. ``wrong`` counts answers that were not right."""

    seconds: float
    answered: int
    wrong: int
    median_seconds: float
    p99_seconds: float
    body_bytes: int
    client_share: float  # of one core that this process used: near 1, the client is the limit
    first_wrong: str = ""
    server_cpu_seconds: float = 0.0  # of the server's process, filled in by whoever knows its id

    @property
    def per_second(self) -> float:
        """Right answers a second."""
        return (self.answered - self.wrong) / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """What one answer cost the server in processor time."""
        return self.server_cpu_seconds / max(self.answered, 1) * 1e6


class _Counter:
    """What all connections of a stretch share."""

    def __init__(self, count_max: int, deadline: float) -> None:
        self.left = count_max
        self.deadline = deadline
        self.latencies: list[float] = []
        self.wrong = 0
        self.first_wrong = ""
        self.body_bytes = 0


class _Client(asyncio.Protocol):
    """One connection: sends, reads the whole answer, checks it, sends again."""

    def __init__(self, wires: list[bytes], marker: bytes, counter: _Counter) -> None:
        self._wires, self._marker, self._counter = wires, marker, counter
        self._parser: Any = None
        self._body: list[bytes] = []
        self._sent = 0.0
        self._transport: Any = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = transport
        self._send()

    def _send(self) -> None:
        counter = self._counter
        if counter.left <= 0 or time.perf_counter() >= counter.deadline:
            self._transport.close()
            return
        counter.left -= 1
        self._body = []
        self._parser = httptools.HttpResponseParser(self)
        self._sent = time.perf_counter()
        self._transport.write(self._wires[counter.left % len(self._wires)])

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body (called by the parser)."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Check the answer and send the next request (called by the parser)."""
        counter = self._counter
        counter.latencies.append(time.perf_counter() - self._sent)
        body = b"".join(self._body)
        counter.body_bytes += len(body)
        status = self._parser.get_status_code()
        if status != 200 or self._marker not in body:
            counter.wrong += 1
            counter.first_wrong = counter.first_wrong or f"{status} {body[:300]!r}"
        # The parser may not be replaced while it is calling us.
        asyncio.get_running_loop().call_soon(self._send)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; a connection that the server cut counts its open request as wrong."""
        if exc is not None:
            self._counter.wrong += 1
            self._counter.first_wrong = self._counter.first_wrong or repr(exc)
        if not self.done.done():
            self.done.set_result(None)


def fire(shot: Shot, port: int, seconds: float, count_max: int, connections: int = 16) -> Load:
    """Send one request over and over to 127.0.0.1 for so long, or so often; return what came.

    Raises OSError when the server does not take connections.
    """
    begin, own = time.perf_counter(), time.process_time()
    counter = _Counter(count_max, begin + seconds)
    wires = shot.wires(f"127.0.0.1:{port}")
    uvloop.run(_run(lambda: _Client(wires, shot.marker, counter), port, connections, seconds))
    took = time.perf_counter() - begin
    latencies = sorted(counter.latencies) or [0.0]
    return Load(
        seconds=took,
        answered=len(counter.latencies),
        wrong=counter.wrong,
        median_seconds=latencies[len(latencies) // 2],
        p99_seconds=latencies[int(len(latencies) * 0.99)],
        body_bytes=counter.body_bytes // max(len(counter.latencies), 1),
        client_share=(time.process_time() - own) / took,
        first_wrong=counter.first_wrong,
    )


async def _run(make: Callable[[], _Client], port: int, connections: int, seconds: float) -> None:
    """Open the connections and wait until each has ended; a stuck one is cut off."""
    loop = asyncio.get_running_loop()
    pairs = [await loop.create_connection(make, "127.0.0.1", port) for _ in range(connections)]
    ends = [client.done for _, client in pairs]
    _, stuck = await asyncio.wait(ends, timeout=seconds + 30)
    for transport, client in pairs:
        if client.done in stuck:
            transport.abort()


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
