"""A small, fast HTTP/1.1 server on asyncio and httptools, for one App.

Why not a general one: a simulator must be able to reset, hang or cut a connection at a chosen
point, and must never be the harness's bottleneck. Handlers run inside the protocol callback,
without a task for each request; a request that has to wait pauses its connection only.

Not modelled: HTTP/2, upgrades, trailers, streaming of bodies (a request is handed over whole,
at most BODY_BYTES_MAX long).
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, Protocol

import httptools

from peakproof.seed import Clock
from peakproof.simkit.messages import Ending, Handled, Request, Response, resolved

__all__ = ["BODY_BYTES_MAX", "Connection", "Serves", "Shared", "reset"]

BODY_BYTES_MAX = 64 * 1024 * 1024
_LINGER_ZERO = struct.pack("ii", 1, 0)
_STATUS_LINES = {
    status: f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    for status in (item.value for item in HTTPStatus)
}


class Serves(Protocol):
    """What the server needs of an App."""

    def handle(self, request: Request) -> Handled:
        """Return the answer, or what to wait for."""

    def finish(self, request: Request, response: Response, answered: bool) -> None:
        """Take note that the answer left, or could not."""

    def crashed(self, request: Request, error: BaseException) -> Response:
        """Return the answer that stands for a failure of ours."""


def reset(transport: asyncio.BaseTransport) -> None:
    """End a connection with a TCP reset: the peer sees "connection reset by peer"."""
    plain = transport.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()  # type: ignore[attr-defined]


class Shared:
    """What the connections of one server share: who they are, and the requests' numbers."""

    def __init__(self, prefix: str) -> None:
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()  # answers that are still waited for
        self.requests = 0
        self._prefix = prefix

    def next_id(self) -> str:
        """Return the next request's id; ``prefix`` tells a restarted server's apart."""
        self.requests += 1
        return f"{self._prefix}{self.requests}"

    def task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Have work done beside the connections; it is cancelled when the server ends."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


class Connection(asyncio.Protocol):
    """One client's connection: parses requests, answers them in order."""

    def __init__(self, app: Serves, clock: Clock, shared: "Shared") -> None:
        self._app = app
        self._clock = clock
        self._shared = shared
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._arrived_seconds = 0.0
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._silent = False  # hangs: nothing more is answered on this connection

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: asyncio has accepted the client."""
        self._transport = transport
        self._shared.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio names it
        """End: the client, or we, closed. A request under way goes on, unanswered."""
        self._shared.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes; may answer one or several requests before it returns."""
        if self._silent:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.upgrade_offered(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(400, f"This is not HTTP/1.1: {error}")

    def upgrade_offered(self, rest: bytes) -> None:
        """Ignore an offer such as h2c: the request itself was parsed. ``rest`` came after it."""

    # httptools calls these

    def on_message_begin(self) -> None:
        """Forget the request before."""
        self._url = b""
        self._headers = []
        self._body = []
        self._body_bytes = 0
        self._arrived_seconds = self._clock.now()

    def on_url(self, url: bytes) -> None:
        """Take (a part of) the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header line."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Encourage a client that asks before it sends its body."""
        for name, value in self._headers:
            if len(name) == 6 and name.lower() == b"expect" and value.lower() == b"100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body_bytes += len(body)
        if self._body_bytes <= BODY_BYTES_MAX:
            self._body.append(body)
        else:
            self._body.clear()

    def on_message_complete(self) -> None:
        """Answer the request, or queue it behind one of this connection that still waits."""
        if self._body_bytes > BODY_BYTES_MAX:
            self._refuse(413, f"The body is longer than {BODY_BYTES_MAX} bytes.")
            return
        request = self.request()
        keep_alive = self._parser.should_keep_alive()
        if self._task is not None:
            self._waiting.append((request, keep_alive))
        else:
            self._begin(request, keep_alive)

    def request(self) -> Request:
        """Return the request that was just read, whole."""
        path, _, query = self._url.decode("latin-1").partition("?")
        if not path.startswith("/"):
            path = "/" + path.partition("//")[2].partition("/")[2]
        return Request(
            self._parser.get_method().decode("latin-1"),
            path,
            query,
            self._headers,
            b"".join(self._body),
            self._arrived_seconds,
            self._shared.next_id(),
        )

    # answering

    def _begin(self, request: Request, keep_alive: bool) -> None:
        handled = self._app.handle(request)
        if isinstance(handled, Response) and not handled.delay_seconds:
            self._answer(request, handled, keep_alive)
        else:
            self._task = self._shared.task(self._answer_later(request, handled, keep_alive))

    async def _answer_later(self, request: Request, handled: Handled, keep_alive: bool) -> None:
        try:
            response = await resolved(handled)
        except Exception as error:  # noqa: BLE001  a defect of ours must not end the run
            response = self._app.crashed(request, error)
        if response.delay_seconds:
            await asyncio.sleep(response.delay_seconds)
        self._answer(request, response, keep_alive)
        self._task = None
        while self._waiting and self._task is None and not self._ended():
            self._begin(*self._waiting.popleft())

    def _ended(self) -> bool:
        return self._silent or bool(self._transport.is_closing())

    def _answer(self, request: Request, response: Response, keep_alive: bool) -> None:
        transport = self._transport
        answered = not transport.is_closing()
        if answered:
            if response.ending:
                self._end_badly(request, response)
            else:
                transport.write(_encoded(request, response, keep_alive))
                if not keep_alive:
                    transport.close()
        try:
            self._app.finish(request, response, answered)
            request.sent()
        except Exception as error:  # noqa: BLE001  a defect of ours must not end the run
            self._app.crashed(request, error)

    def _end_badly(self, request: Request, response: Response) -> None:
        if response.ending == Ending.RESET:
            reset(self._transport)
        elif response.ending == Ending.CLOSE:
            self._transport.close()
        elif response.ending == Ending.PARTIAL:
            self._transport.write(_encoded(request, response, False))
            self._transport.close()
        elif response.ending == Ending.TRUNCATE:
            encoded = _encoded(request, response, True)
            self._transport.write(encoded[: len(encoded) - (len(response.body) + 1) // 2])
            self._transport.close()
        else:
            self._silent = True
            asyncio.get_running_loop().call_later(response.hang_seconds, self._transport.abort)

    def _refuse(self, status: int, text: str) -> None:
        if not self._transport.is_closing():
            request = Request("GET", "/")
            self._transport.write(_encoded(request, Response.text(text, status), False))
            self._transport.close()

    def close(self) -> None:
        """Close the connection, at once if everything written has left."""
        if self._transport is None:
            return
        if self._transport.get_write_buffer_size():
            self._transport.close()
        else:
            self._transport.abort()  # an orderly end of TLS would wait for the client

    def abort(self) -> None:
        """Close the connection now."""
        if self._transport is not None:
            self._transport.abort()


def _encoded(request: Request, response: Response, keep_alive: bool) -> bytes:
    lines = [_STATUS_LINES.get(response.status) or f"HTTP/1.1 {response.status} \r\n"]
    for name, value in response.headers:
        lines.append(f"{name}: {value}\r\n")
    if not keep_alive:
        lines.append("Connection: close\r\n")
    if response.status in (204, 304):
        lines.append("\r\n")
        return "".join(lines).encode("latin-1", "replace")
    if not _announced(request, response):
        lines.append(f"Content-Length: {len(response.body)}\r\n")
    lines.append("\r\n")
    head = "".join(lines).encode("latin-1", "replace")
    return head if request.method == "HEAD" else head + response.body


def _announced(request: Request, response: Response) -> bool:
    """Say whether the headers tell the length already, as those of a body not sent here may."""
    if request.method != "HEAD" and response.ending != Ending.PARTIAL:
        return False
    return any(name.lower() == "content-length" for name, _ in response.headers)
