"""Requests and answers as a simulator's handlers see them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote

import msgspec

from peakproof.simkit.journal import RequestRecord

__all__ = [
    "Answer",
    "Ending",
    "Handled",
    "Handler",
    "Headers",
    "Later",
    "Request",
    "Response",
    "resolved",
]

HANG_SECONDS_MAX = 600.0
_decode_json = msgspec.json.Decoder().decode
_encode_json = msgspec.json.Encoder(enc_hook=str).encode


class Headers:
    """Header lines in the order they came; names are looked up in any case."""

    __slots__ = ("raw",)

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self.raw = raw  # names as they came

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of that name, or ``default``."""
        wanted = name.lower().encode("latin-1")
        length = len(wanted)
        for key, value in self.raw:
            if len(key) == length and key.lower() == wanted:
                return value.decode("latin-1")
        return default

    def __getitem__(self, name: str) -> str:
        value = self.get(name, "\0")
        if value == "\0":
            raise KeyError(name)
        return value

    def __contains__(self, name: str) -> bool:
        return self.get(name, "\0") != "\0"

    def items(self) -> list[tuple[str, str]]:
        """Return every header as (lower-case name, value)."""
        return [(key.decode("latin-1").lower(), v.decode("latin-1")) for key, v in self.raw]


class Request:
    """One HTTP request, whole.

    ``name`` and ``outcome`` go into the history with ``record``: a route names its operation;
    ``outcome`` left empty follows from the status (2xx is ok, anything else fail), so a handler
    that refuses inside a 200 sets it to ``"fail"``. ``context`` is the handlers' own space.
    ``path`` is decoded, ``raw_path`` as it came; ``arrived_seconds`` is run time.
    """

    __slots__ = (
        "_after", "_query", "arrived_seconds", "body", "context", "headers", "id", "method",
        "name", "outcome", "params", "path", "query_string", "raw_path", "record", "route",
    )  # fmt: skip

    def __init__(
        self,
        method: str,
        path: str,
        query_string: str = "",
        headers: list[tuple[bytes, bytes]] | None = None,
        body: bytes = b"",
        arrived_seconds: float = 0.0,
        identity: str = "",
    ) -> None:
        self.method = method
        self.raw_path = path
        self.path = unquote(path) if "%" in path else path
        self.query_string = query_string
        self.headers = Headers([] if headers is None else headers)
        self.body = body
        self.arrived_seconds = arrived_seconds
        self.id = identity
        self.params: dict[str, str] = {}
        self.name = ""
        self.outcome = ""
        self.record = RequestRecord()
        self.context: dict[str, Any] = {}
        self.route: Any = None  # the app's
        self._query: dict[str, str] | None = None
        self._after: list[Callable[[], None]] | None = None

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last value."""
        if self._query is None:
            self._query = dict(parse_qsl(self.query_string, keep_blank_values=True))
        return self._query

    def header(self, name: str, default: str = "") -> str:
        """Return a header's value (name in any case), or ``default``."""
        return self.headers.get(name, default)

    def json(self) -> Any:
        """Return the body decoded; raises Answer 400 (vendor-neutral text) if it is not JSON."""
        try:
            return _decode_json(self.body)
        except msgspec.DecodeError as error:
            raise Answer(
                Response.json({"error": f"The body is not JSON: {error}"}, status=400)
            ) from error

    def form(self) -> dict[str, str]:
        """Return the body as an HTML form; of a repeated field the last value."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def after_send(self, call: Callable[[], None]) -> None:
        """Have ``call`` run once the answer has been handed to the network."""
        if self._after is None:
            self._after = []
        self._after.append(call)

    def sent(self) -> None:
        """Run what was registered with ``after_send`` (the server does this)."""
        if self._after:
            for call in self._after:
                call()


class Ending:
    """How an answer leaves: whole, or in one of the ways in which networks lose it."""

    WHOLE = ""
    RESET = "reset"  # a TCP reset instead of the answer
    HANG = "hang"  # nothing at all until the client gives up, or for hang_seconds
    CLOSE = "close"  # an orderly close instead of the answer
    TRUNCATE = "truncate"  # full headers, half the body, then close
    PARTIAL = "partial"  # all there is of a body whose headers announce more, then close


class Response:
    """An answer. ``headers`` are (name, value) text pairs; Content-Length is added."""

    __slots__ = ("body", "delay_seconds", "ending", "hang_seconds", "headers", "status")

    def __init__(
        self,
        status: int = 200,
        body: bytes | str = b"",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        content_type: str = "",
    ) -> None:
        self.status = status
        self.body = body.encode() if isinstance(body, str) else body
        self.headers: list[tuple[str, str]] = []
        if headers:
            self.headers += headers.items() if isinstance(headers, Mapping) else headers
        if content_type:
            self.headers.append(("Content-Type", content_type))
        self.ending = Ending.WHOLE
        self.delay_seconds = 0.0
        self.hang_seconds = HANG_SECONDS_MAX

    @classmethod
    def json(
        cls,
        value: Any,
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> "Response":
        """Return a JSON answer (Decimals become decimal strings)."""
        return cls(status, _encode_json(value), headers, "application/json; charset=utf-8")

    @classmethod
    def text(cls, text: str, status: int = 200) -> "Response":
        """Return a plain text answer."""
        return cls(status, text, (), "text/plain; charset=utf-8")


class Answer(Exception):
    """Raised by a handler to answer at once, for instance when the token is unknown."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Later:
    """Returned by a handler: wait ``seconds``, then answer with what ``then()`` returns."""

    __slots__ = ("seconds", "then")

    def __init__(self, seconds: float, then: "Callable[[], Handled]") -> None:
        self.seconds = seconds
        self.then = then


Handled: TypeAlias = Response | Later | Awaitable[Response]
Handler: TypeAlias = Callable[[Request], Handled]


async def resolved(handled: Handled) -> Response:
    """Wait until there is an answer and return it."""
    while not isinstance(handled, Response):
        if isinstance(handled, Later):
            await asyncio.sleep(handled.seconds)
            handled = handled.then()
        else:
            handled = await handled
    return handled
