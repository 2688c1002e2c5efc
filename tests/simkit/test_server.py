"""The server, over plain sockets where an HTTP client would hide what happens."""

import socket
import struct

import httpx
import pytest

from peakproof.simkit import Hosted


def talk(example: Hosted, *chunks: bytes, until_close: bool = False) -> bytes:
    with socket.create_connection(("127.0.0.1", example.port), timeout=5) as connection:
        for chunk in chunks:
            connection.sendall(chunk)
        if not until_close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def test_requests_in_one_packet_are_answered_in_order(example: Hosted) -> None:
    one = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    last = b"GET /orders/2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = talk(example, one + one + last, until_close=True)
    assert answer.count(b"HTTP/1.1 201 Created") == 2
    assert answer.index(b'{"id":1}') < answer.index(b'{"id":2}') < answer.rindex(b'{"id":2}')


def test_a_delayed_answer_does_not_overtake_on_its_connection(example: Hosted) -> None:
    example.client.inject(
        "request", {"effect": "slow_answer", "match": "createOrder", "delay_seconds": 0.2}
    )
    post = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    get = b"GET /orders/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = talk(example, post + get, until_close=True)
    assert answer.index(b"201 Created") < answer.index(b"200 OK")


def test_a_body_in_chunks_and_pieces_arrives_whole(example: Hosted) -> None:
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    head += b"Connection: close\r\n\r\n"
    answer = talk(example, head, b'5\r\n{"a":\r\n', b"2\r\n7}\r\n0\r\n\r\n", until_close=True)
    assert b'{"id":1,"a":7}' in answer


def test_a_client_that_asks_first_is_told_to_continue(example: Hosted) -> None:
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
    answer = talk(example, head + b"Connection: close\r\n\r\n", b"{}", until_close=True)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created")


def test_what_is_not_http_is_refused(example: Hosted) -> None:
    assert talk(example, b"\x16\x03\x01 hello\r\n\r\n", until_close=True).startswith(
        b"HTTP/1.1 400 Bad Request"
    )


def test_an_offer_to_upgrade_is_ignored(example: Hosted) -> None:
    offer = b"GET /orders HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    assert talk(example, offer, until_close=False).startswith(b"HTTP/1.1 200 OK")


def test_a_head_request_gets_the_headers_only(http: httpx.Client) -> None:
    answer = http.head("/orders")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "2"


@pytest.mark.parametrize("how", ["reset", "hang", "close"])
def test_the_server_survives_a_client_that_vanishes(
    example: Hosted, http: httpx.Client, how: str
) -> None:
    example.client.inject("request", {"effect": "lost_acknowledgement", "how": how, "count": 1})
    with socket.create_connection(("127.0.0.1", example.port)) as connection:
        connection.sendall(b"GET /orders HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert http.get("/orders", headers={"x": "y"}).status_code in (200,)
