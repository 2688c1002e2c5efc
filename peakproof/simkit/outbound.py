"""A lean HTTP/1.1 client on asyncio and httptools, for webhooks and for the proxy.

A general client costs about a millisecond a call; this one a tenth. Idle connections are kept
and used again when the caller asks for it. Not modelled: redirects (a webhook must not follow
them), cookies, compression, proxies.
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httptools

__all__ = ["AnswerCut", "NotSent", "Outbound", "Reply"]

IDLE_CONNECTIONS_MAX = 64
# Servers close idle connections after some seconds; one that is younger is surely still open.
IDLE_SECONDS_MAX = 1.0


class NotSent(OSError):
    """No connection could be made: the request definitely never reached the server."""


class Reply:
    """What came back: ``status``, ``headers`` as (name, value) bytes, ``body``."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class AnswerCut(ConnectionResetError):
    """The server closed before its answer ended; ``reply`` is what came, None if no headers did."""

    def __init__(self, message: str, reply: Reply | None) -> None:
        super().__init__(message)
        self.reply = reply


class Outbound:
    """Sends requests. ``tls`` verifies https servers; None means the machine's own CAs.

    With ``reuse`` connections that were idle for less than IDLE_SECONDS_MAX are used again. A
    server that closes one even sooner makes it look like a reset; a caller that must never
    confuse the two leaves it off.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, reuse: bool = True) -> None:
        self._tls = tls
        self._reuse = reuse
        self._idle: dict[tuple[str, str, int], list[_Exchange]] = {}

    async def send(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes = b"",
        connect_seconds: float = 1.0,
        total_seconds: float = 5.0,
    ) -> Reply:
        """Send one request and return the whole answer.

        Raises NotSent if no connection came about; later on TimeoutError (``total_seconds``
        counts from the beginning) or OSError, and then the server may have acted.
        """
        parts = urlsplit(url)
        place = _place(parts)
        async with asyncio.timeout(total_seconds):
            exchange = self._take(place)
            if exchange is None:
                exchange = await self._connect(place, connect_seconds)
            try:
                reply = await exchange.send(_encoded(method, parts, headers, body), method)
            except BaseException:
                exchange.abort()
                raise
        if self._reuse and exchange.reusable:
            idle = self._idle.setdefault(place, [])
            if len(idle) < IDLE_CONNECTIONS_MAX:
                exchange.idle_since = asyncio.get_running_loop().time()
                idle.append(exchange)
                return reply
        exchange.abort()
        return reply

    def close(self) -> None:
        """Close the idle connections."""
        for exchanges in self._idle.values():
            for exchange in exchanges:
                exchange.abort()
        self._idle.clear()

    def _take(self, place: tuple[str, str, int]) -> "_Exchange | None":
        idle = self._idle.get(place)
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS_MAX
        while idle:
            exchange = idle.pop()
            if exchange.reusable and exchange.idle_since >= oldest:
                return exchange
            exchange.abort()
        return None

    async def _connect(self, place: tuple[str, str, int], limit_seconds: float) -> "_Exchange":
        scheme, host, port = place
        context: ssl.SSLContext | None = None
        if scheme == "https":
            if self._tls is None:
                self._tls = ssl.create_default_context()
            context = self._tls
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit_seconds):
                _, exchange = await loop.create_connection(_Exchange, host, port, ssl=context)
        except OSError as error:  # TimeoutError is one
            raise NotSent(f"{host}:{port}: {error or type(error).__name__}") from error
        return exchange


class _Exchange(asyncio.Protocol):
    """One connection: a request out, a reply in, one after the other."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._parser: Any = None
        self._done: asyncio.Future[Reply] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._head = False
        self._headers_complete = False
        self._closed = False
        self._keep_alive = False
        self.idle_since = 0.0

    @property
    def reusable(self) -> bool:
        return self._keep_alive and not self._closed and not self._transport.is_closing()

    def send(self, encoded: bytes, method: str) -> "asyncio.Future[Reply]":
        self._parser = httptools.HttpResponseParser(self)
        self._headers = []
        self._body = []
        self._head = method == "HEAD"
        self._headers_complete = False
        self._keep_alive = False
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(encoded)
        return self._done

    def abort(self) -> None:
        self._closed = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        done = self._done
        if done is not None and not done.done():
            # An answer without a length ends with the connection.
            if exc is None and self._headers and not _has_length(self._headers):
                self._complete()
            else:
                done.set_exception(
                    exc or AnswerCut("closed before the answer ended", self._so_far())
                )

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, AttributeError) as error:
            if self._done is not None and not self._done.done():
                self._done.set_exception(ConnectionError(f"not an HTTP answer: {error}"))
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._headers_complete = True
        if self._head:
            self._complete()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() // 100 == 1:
            self._headers = []
            self._headers_complete = False
            return
        self._keep_alive = self._parser.should_keep_alive()
        self._complete()

    def _complete(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(self._reply())

    def _reply(self) -> Reply:
        return Reply(self._parser.get_status_code(), self._headers, b"".join(self._body))

    def _so_far(self) -> Reply | None:
        return self._reply() if self._headers_complete else None


def _has_length(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in headers)


def _place(parts: SplitResult) -> tuple[str, str, int]:
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise NotSent(f"not a URL that can be called: {parts.geturl()!r}")
    return parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80)


def _encoded(
    method: str, parts: SplitResult, headers: Iterable[tuple[str, str]], body: bytes
) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1\r\n"]
    has_host = False
    for name, value in headers:
        has_host = has_host or name.lower() == "host"
        lines.append(f"{name}: {value}\r\n")
    if not has_host:
        lines.insert(1, f"Host: {parts.netloc.rpartition('@')[2]}\r\n")
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "".join(lines).encode("latin-1") + body
