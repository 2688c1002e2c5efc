"""Tunnels through the vendors' proxy, over plain sockets where a client would hide what happens."""

import gc
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from peakproof.runtime.vendor_tunnel import authority
from peakproof.seed import wait_until
from peakproof.simkit import SimulatorClient
from tests.runtime.conftest import PARROT, SHOP, Street
from tests.simkit.worlds import TOKEN, events, make_config

ROOT = Path(__file__).parents[2]
CONNECT = b"CONNECT api.vendor.test:443 HTTP/1.1\r\nHost: api.vendor.test:443\r\n\r\n"
GET = b"GET /orders HTTP/1.1\r\nHost: api.vendor.test\r\n\r\n"
OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


def dialled(street: Street, *said: bytes) -> socket.socket:
    """Return a connection to the proxy on which something was said."""
    connection = socket.create_connection(("127.0.0.1", street.proxy.port), timeout=5)
    for words in said:
        connection.sendall(words)
    return connection


def opened(street: Street) -> socket.socket:
    """Return a connection with a tunnel that is open and not yet secured."""
    connection = dialled(street, CONNECT)
    assert connection.recv(65536) == OPEN
    return connection


def secured(street: Street, name: str = "api.vendor.test") -> ssl.SSLSocket:
    return street.tls().wrap_socket(opened(street), server_hostname=name)


def everything(connection: socket.socket) -> bytes:
    """Return all that comes until the end."""
    answer = b""
    with connection:
        while part := connection.recv(65536):
            answer += part
    return answer


def works(street: Street) -> bool:
    with street.client() as client:
        return client.get(f"{SHOP}/orders").status_code == 200


def test_requests_in_one_packet_are_answered_in_order(street: Street) -> None:
    post = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with secured(street) as connection:
        connection.sendall(post + post + last)
        answer = everything(connection)
    assert answer.index(b'{"id":1}') < answer.index(b'{"id":2}') < answer.index(b"[")


def test_words_sent_with_the_end_of_the_handshake_are_not_lost(street: Street) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = street.tls().wrap_bio(incoming, outgoing, server_hostname="api.vendor.test")
    with opened(street) as connection:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65536))
        tls.write(GET)
        connection.sendall(outgoing.read())  # "finished" and the request in one packet
        answer = b""
        while not answer.endswith(b"]"):
            try:
                answer += tls.read(65536)
            except ssl.SSLWantReadError:
                incoming.write(connection.recv(65536))
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_the_certificate_is_the_hosts_and_http_2_is_not_spoken(street: Street) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        secured(street, "parrot.vendor.test")
    context = street.tls()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with context.wrap_socket(opened(street), server_hostname="api.vendor.test") as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize(
    "said",
    [CONNECT + b"\x16\x03\x01", b"GET http://parrot.vendor.test/slow HTTP/1.1\r\n\r\n" + CONNECT],
)
def test_a_tunnel_opens_only_when_nothing_else_is_under_way(street: Street, said: bytes) -> None:
    assert everything(dialled(street, said)).startswith(b"HTTP/1.1 400 Bad Request")


def test_a_request_may_come_before_the_tunnel(street: Street) -> None:
    plain = GET.replace(b"/orders", b"http://api.vendor.test/orders")
    with dialled(street, plain) as connection:
        assert connection.recv(65536).endswith(b"[]")
        connection.sendall(CONNECT)
        assert connection.recv(65536) == OPEN


@pytest.mark.parametrize("target", [b"nobody.test:443", b"[::1]:443", b"x", b"api.vendor.test:0"])
def test_a_refusal_names_the_host_in_its_status_line(street: Street, target: bytes) -> None:
    said = CONNECT.replace(b"api.vendor.test:443", target, 1)
    first, _, rest = everything(dialled(street, said)).partition(b"\r\n")
    name = target.removesuffix(b":443")
    assert first == b"HTTP/1.1 502 peakproof: no simulator of this run stands for " + name
    assert b"Next step" in rest


def test_clients_that_vanish_or_speak_no_tls_do_no_harm(street: Street) -> None:
    dialled(street, CONNECT).close()
    opened(street).close()
    with opened(street) as connection:
        connection.sendall(b"SSH-2.0-peakproof\r\n")
        connection.settimeout(5)
        assert connection.recv(65536)[:1] in (b"\x15", b""), "a TLS alert, or the end"
    for _ in range(3):
        secured(street).close()
    with secured(street) as connection:
        connection.sendall(GET[:20])
    assert works(street)
    assert street.written() == []


def open_files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("effect", ["", "hang", "delay"])
def test_the_end_leaves_nothing_behind(street: Street, effect: str) -> None:
    """Idle, half-open, hanging and waiting connections all go when the proxy does."""
    before = open_files()
    with street.client(timeout=0.2) as client:
        client.get(f"{SHOP}/orders")
        if effect:
            point = "connect" if effect == "hang" else "request"
            street.proxy.client.inject(point, {"effect": effect, "delay_seconds": 300})
            with pytest.raises(httpx.ReadTimeout):
                client.get(f"{SHOP}/orders")
            street.proxy.client.heal("fault-1")
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{PARROT}/slow")
        idle, half, open_, plain = secured(street), opened(street), dialled(street), dialled(street)
        plain.sendall(GET.replace(b"/orders", b"http://parrot.vendor.test/slow"))
        wait_until(lambda: street.proxy.client.pending()["calls"] == 2, 5, "two calls under way")
        begin = time.monotonic()
        street.close()
        assert time.monotonic() - begin < 1.0, "nobody is waited for"
        for connection in (idle, half, open_, plain):
            assert everything(connection) == b""
    # The proxy's loop is gone with its own sockets; the parrot notices that its callers went.
    wait_until(lambda: open_files() < before, 5, "every socket to be closed")


def test_an_authority_is_a_host_and_an_unusual_port() -> None:
    assert authority("API.Vendor.Test:443", 443) == "api.vendor.test"
    assert authority("api.vendor.test:0443", 443) == "api.vendor.test"
    assert authority("api.vendor.test:443", 80) == "api.vendor.test:443"
    assert authority("api.vendor.test", 443) == "api.vendor.test"
    assert authority("[::1]", 443) == "[::1]"


# As a process of its own, with the event loop that it has there


@pytest.fixture
def process(street: Street) -> Iterator["subprocess.Popen[str]"]:
    """The proxy as the harness starts it: whom to trust is in the environment."""
    hosts = street.config.options["hosts"]
    config = make_config(street.folder, "process", options={"hosts": hosts})
    path = street.folder / "config.json"
    path.write_bytes(msgspec.json.encode(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "peakproof.runtime.vendor_proxy", str(path)],
        cwd=ROOT,
        env={**os.environ, "SSL_CERT_FILE": street.bundle},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        street.close()
        street.proxy.port = msgspec.json.decode(process.stdout.readline())["port"]
        street.proxy.url = f"http://127.0.0.1:{street.proxy.port}"
        yield process
        process.kill()


def test_a_process_of_its_own_serves_fails_and_ends(
    street: Street, process: "subprocess.Popen[str]"
) -> None:
    control = SimulatorClient(street.proxy.url, TOKEN)
    cut_off = (httpx.ReadError, httpx.RemoteProtocolError)
    faults = [
        ("request", {"effect": "lost_acknowledgement"}, cut_off),
        ("request", {"effect": "malformed", "how": "truncate"}, httpx.RemoteProtocolError),
        ("connect", {"effect": "refuse"}, cut_off),
        ("connect", {"effect": "tls_failure"}, httpx.ConnectError),
        ("connect", {"effect": "hang"}, httpx.ReadTimeout),
    ]
    for point, options, seen in faults:
        with street.client(timeout=1.0) as client:
            rule = control.inject(point, {**options, "count": 1})
            with pytest.raises(seen):
                client.post(f"{SHOP}/orders", json={})
            large = b"x" * 3_000_000
            assert client.post(f"{PARROT}/file", content=large).content == large
            assert control.fired(rule) == 1
    assert street.orders() == 2
    test_words_sent_with_the_end_of_the_handshake_are_not_lost(street)
    with opened(street) as half, secured(street) as idle, secured(street) as waiting:
        waiting.sendall(GET)
        assert waiting.recv(65536).startswith(b"HTTP/1.1 200 OK")
        control.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        for connection in (half, idle):
            assert everything(connection) == b""
    written = events(make_config(street.folder, "process"))
    assert [event.value["fault"] for event in written] == [str(o["effect"]) for _, o, _ in faults]
