"""Passing a request on to the server behind a proxy, and that server's answer back.

What the recording proxy before Odoo and the proxy for vendors' hosts have in common. Everything
that belongs to one connection (RFC 9110, 7.6.1) stays on it, everything else goes through as it
came. Not passed on: web sockets, HTTP/2, trailers, an answer in pieces (it is handed over
whole), the server's own wording of a status.
"""

import hashlib

from peakproof.outcomes import Outcome
from peakproof.simkit.messages import Ending, Request, Response
from peakproof.simkit.outbound import AnswerCut, Outbound, Reply

__all__ = ["Forwarder", "answer", "cut", "lost", "passed_on", "short_hash", "target"]

CONNECT_SECONDS = 5.0
CALL_SECONDS_MAX = 900.0
_HOP_BY_HOP = frozenset(
    (
        b"connection", b"content-length", b"expect", b"keep-alive", b"proxy-authorization",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    )
)  # fmt: skip


class Forwarder:
    """Sends requests on over ``outbound``; ``in_flight`` counts those that wait for an answer."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self.in_flight = 0

    async def send(self, request: Request, url: str, headers: list[tuple[str, str]]) -> Reply:
        """Send the request to ``url`` and return the answer; raises as Outbound.send does."""
        self.in_flight += 1
        try:
            return await self._outbound.send(
                request.method, url, headers, request.body, CONNECT_SECONDS, CALL_SECONDS_MAX
            )
        finally:
            self.in_flight -= 1

    def close(self) -> None:
        """Close the idle connections."""
        self._outbound.close()


def target(request: Request) -> str:
    """Return path and query as they came."""
    return request.raw_path + (f"?{request.query_string}" if request.query_string else "")


def passed_on(headers: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return the headers without those that concern one connection only."""
    left_out: set[bytes] | frozenset[bytes] = _HOP_BY_HOP
    for name, value in headers:
        if name.lower() == b"connection":
            left_out = left_out | {word.strip().lower() for word in value.split(b",")}
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name.lower() not in left_out
    ]


def answer(request: Request, reply: Reply) -> Response:
    """Return a server's answer as the proxy's own."""
    response = Response(reply.status, reply.body)
    response.headers = passed_on(reply.headers)
    if request.method == "HEAD":
        response.headers += _length(reply)
    return response


def cut(request: Request, error: OSError) -> Response:
    """Return what is left of an answer that was lost on its way, to be lost alike."""
    reply = error.reply if isinstance(error, AnswerCut) else None
    if reply is not None and _length(reply):
        response = answer(request, reply)
        response.headers += _length(reply)
        response.ending = Ending.PARTIAL
        return response
    response = Response(502)
    response.ending = Ending.CLOSE if isinstance(error, AnswerCut) else Ending.RESET
    return response


def lost(request: Request, outcome: Outcome, code: str, text: str) -> Response:
    """Return a reset in place of an answer, and note why there was none."""
    request.outcome = outcome
    request.record.error_codes = [code]
    response = Response.text(text, 502)
    response.ending = Ending.RESET
    return response


def short_hash(secret: str | bytes) -> str:
    """Return a word that tells secrets apart without revealing them."""
    encoded = secret.encode() if isinstance(secret, str) else secret
    return hashlib.sha256(encoded).hexdigest()[:8]


def _length(reply: Reply) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in reply.headers
        if name.lower() == b"content-length"
    ]
