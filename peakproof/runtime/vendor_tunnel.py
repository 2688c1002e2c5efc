"""Connections of a forward proxy: ``CONNECT host:443``, then TLS, then HTTP for that host.

A client's connection begins as ForwardConnection. Requests with a whole address
(``GET http://host/path``) are for that host, all others for the proxy itself. After CONNECT the
transport is upgraded to TLS and handed to a SecuredConnection, on which every request is for
the tunnel's host.

Not modelled: tunnels of anything but HTTP over TLS, and data that a client sends before its
tunnel is open (it is refused).
"""

import asyncio
import ssl
from typing import Any, Protocol

from peakproof.seed import Clock
from peakproof.simkit.messages import Request, Response
from peakproof.simkit.server import Connection, Serves, Shared

__all__ = ["CONNECTED", "HOST", "ForwardConnection", "ServesTunnels", "authority"]

HANDSHAKE_SECONDS_MAX = 30.0
# In a request's context: the host it is for, and whether its connection was just let through.
HOST = "forward to host"
CONNECTED = "connection was just opened"
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ServesTunnels(Serves, Protocol):
    """What the connections need of the app behind them."""

    def tunnel(self, request: Request) -> ssl.SSLContext | Response:
        """Return with which certificate to pose as the host, or why there is no tunnel."""


def authority(text: str, port: int) -> str:
    """Return a host in lower case, with its port unless that is the usual one, ``port``."""
    host, colon, number = text.lower().rpartition(":")
    if not colon or not number.isdigit():
        return text.lower()
    return host if int(number) == port else f"{host}:{int(number)}"


class ForwardConnection(Connection):
    """A client's connection to the proxy."""

    def __init__(self, app: ServesTunnels, clock: Clock, shared: Shared) -> None:
        super().__init__(app, clock, shared)
        self._tunnels = app

    def on_message_complete(self) -> None:
        """Leave CONNECT to ``upgrade_offered``, which is told what came after it."""
        if self._parser.get_method() != b"CONNECT":
            super().on_message_complete()

    def request(self) -> Request:
        """Return the request; a whole address in it outranks its Host (RFC 9112, 3.2.2)."""
        scheme, separator, rest = self._url.partition(b"://")
        whole = bool(separator) and not scheme.startswith(b"/")
        if whole:
            host = rest.partition(b"/")[0].partition(b"?")[0].rpartition(b"@")[2]
            others = [(name, value) for name, value in self._headers if name.lower() != b"host"]
            self._headers = [(b"Host", host), *others]
        request = super().request()
        if whole:
            port = 443 if scheme.lower() == b"https" else 80
            request.context[HOST] = authority(host.decode("latin-1"), port)
        return request

    def upgrade_offered(self, rest: bytes) -> None:
        """Open a tunnel, if the offer was a CONNECT."""
        if self._parser.get_method() != b"CONNECT" or self._transport.is_closing():
            return
        if rest or self._task is not None:
            self._refuse(400, "This proxy opens a tunnel only when nothing else is under way.")
            return
        # A parser of requests knows no target without a path; the host is all that counts.
        target, self._url = self._url.decode("latin-1"), b"/"
        request = self.request()
        request.context[HOST] = authority(target, 443)
        permitted = self._tunnels.tunnel(request)
        if isinstance(permitted, ssl.SSLContext):
            self._transport.pause_reading()  # the next bytes are TLS
            self._transport.write(_ESTABLISHED)
            self._silent = True
            self._shared.task(self._secure(permitted, request.context[HOST]))
        elif permitted.ending:
            self._answer(request, permitted, keep_alive=False)
        else:
            self._refuse_tunnel(request, permitted)

    def _refuse_tunnel(self, request: Request, response: Response) -> None:
        """Refuse in the status line too: clients show nothing else of it."""
        reason = response.body.decode().partition("\n")[0]
        head = (
            f"HTTP/1.1 {response.status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Connection: close\r\nContent-Length: {len(response.body)}\r\n\r\n"
        )
        self._transport.write(head.encode("latin-1", "replace") + response.body)
        self._transport.close()
        self._tunnels.finish(request, response, True)

    async def _secure(self, context: ssl.SSLContext, host: str) -> None:
        inner = SecuredConnection(self._tunnels, self._clock, self._shared, host)
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport,
                inner,
                context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS_MAX,
            )
        except OSError:
            self._transport.abort()  # the client left, or does not trust the certificate
            return
        except BaseException:
            self._transport.abort()
            raise
        finally:
            self._shared.connections.discard(self)
        if secured is not None:
            inner.connection_made(secured)


class SecuredConnection(Connection):
    """What goes through one tunnel, in clear: HTTP for ``host``."""

    def __init__(self, app: Serves, clock: Clock, shared: Shared, host: str) -> None:
        super().__init__(app, clock, shared)
        self._host = host
        self._fresh = True
        self._lost = False
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; start_tls does not call this, and data may have come in before."""
        if self._lost:
            return
        super().connection_made(transport)
        early, self._early = self._early, []
        for data in early:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._lost = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        if self._transport is None:
            self._early.append(data)
        else:
            super().data_received(data)

    def request(self) -> Request:
        """Return the request that was just read, as one for the tunnel's host."""
        request = super().request()
        context: dict[str, Any] = request.context
        context[HOST] = self._host
        context[CONNECTED] = self._fresh
        self._fresh = False
        return request
