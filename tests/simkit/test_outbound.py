"""The lean client: what servers answer, correctly or not, and whom it trusts."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest
import trustme

from peakproof.simkit.outbound import NotSent, Outbound, Reply

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def says(*answers: bytes, stay: bool = False) -> Script:
    """Return a server that answers each request on a connection with the next of ``answers``."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                await reader.readexactly(length)
                writer.write(answer)
            if stay:
                await reader.read()
            writer.close()
            await writer.wait_closed()
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()  # the client left first

    return serve


async def exchange(
    script: Script,
    *,
    calls: int = 1,
    method: str = "POST",
    server_side: ssl.SSLContext | None = None,
    client_side: ssl.SSLContext | None = None,
) -> list[Reply]:
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        await script(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
    client = Outbound(client_side)
    scheme = "https" if server_side else "http"
    url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?x=1"
    try:
        return [
            await client.send(method, url, [("X-A", "1")], b"body", 1.0, 0.5) for _ in range(calls)
        ]
    finally:
        client.close()
        server.close()
        await asyncio.gather(*(task for task in serving if task))


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK, 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, b"ok"),
        (b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 302, b""),
    ],
)
def test_answers_of_every_kind(answer: bytes, status: int, body: bytes) -> None:
    (reply,) = asyncio.run(exchange(says(answer)))
    assert (reply.status, reply.body) == (status, body)


def test_a_head_request_has_no_body() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
    (reply,) = asyncio.run(exchange(says(answer, stay=True), method="HEAD"))
    assert (reply.status, reply.body) == (200, b"")


def test_a_connection_is_used_again_and_a_closed_one_is_not() -> None:
    assert len(asyncio.run(exchange(says(OK, OK, OK), calls=3))) == 3
    assert len(asyncio.run(exchange(says(OK), calls=1))) == 1
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert len(asyncio.run(exchange(says(closing), calls=3))) == 3


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"nonsense\r\n\r\n"]
)
def test_half_an_answer_is_none_and_may_have_been_acted_on(answer: bytes) -> None:
    with pytest.raises(ConnectionError):  # which NotSent is not
        asyncio.run(exchange(says(answer)))


def test_silence_ends_with_a_time_out() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(exchange(says(b"", stay=True)))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "ftp://x/", "nonsense", "http://"])
def test_what_cannot_be_reached_was_not_sent(url: str) -> None:
    with pytest.raises(NotSent):
        asyncio.run(Outbound().send("POST", url, []))


@pytest.mark.parametrize("trusted", [True, False])
def test_certificates_are_verified(trusted: bool) -> None:
    authority = trustme.CA()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    client_side = ssl.create_default_context()
    if trusted:
        authority.configure_trust(client_side)

    call = exchange(says(OK), server_side=server_side, client_side=client_side)
    if trusted:
        assert asyncio.run(call)[0].status == 200
    else:
        with pytest.raises(NotSent, match="certificate verify failed"):
            asyncio.run(call)
