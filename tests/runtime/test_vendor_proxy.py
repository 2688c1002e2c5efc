"""The proxy that poses as vendors, as unmodified clients see it."""

import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from peakproof.errors import UsageError, WorldFailed
from peakproof.runtime import vendor_proxy
from peakproof.runtime.certificates import Authority
from peakproof.simkit import Hosted
from peakproof.simkit.server import BODY_BYTES_MAX
from tests.runtime.conftest import PARROT, SHOP, Street
from tests.simkit.worlds import make_config

SECRET = "sk_test_0123456789"
# A reset inside of TLS shows as a reset or as the end of the stream, by the client's library.
CUT_OFF = (httpx.ReadError, httpx.RemoteProtocolError)


# Clients as connectors use them: the address is hard-coded, the environment does the rest.


def by_requests(url: str, body: bytes | None) -> Any:
    return requests.request("GET" if body is None else "POST", url, data=body, timeout=5).json()


def by_urllib(url: str, body: bytes | None) -> Any:
    with urllib.request.urlopen(url, body, timeout=5) as answer:
        return json.load(answer)


def by_httpx(url: str, body: bytes | None) -> Any:
    return httpx.request("GET" if body is None else "POST", url, content=body, timeout=5).json()


@pytest.mark.usefixtures("connector_environment")
@pytest.mark.parametrize("call", [by_requests, by_urllib, by_httpx])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_clients_reach_the_simulator_at_the_vendors_address(
    street: Street, call: Callable[[str, bytes | None], Any], scheme: str
) -> None:
    url = f"{scheme}://api.vendor.test/orders"
    assert call(url, b'{"a": 1}') == {"id": 1, "a": 1}
    assert call(url, b'{"a": 2}') == {"id": 2, "a": 2}
    assert call(url + "?x=1", None) == [{"id": 1, "a": 1}, {"id": 2, "a": 2}]
    assert street.written() == [], "the simulator writes down its calls itself"


@pytest.fixture
def client(street: Street) -> Iterator[httpx.Client]:
    with street.client() as client:
        yield client


def test_a_connection_is_kept_for_many_calls(street: Street) -> None:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", street.proxy.port, timeout=5, context=street.tls()
    )
    connection.set_tunnel("api.vendor.test", 443)
    connection.connect()
    kept = connection.sock
    for number in range(1, 6):
        connection.request("POST", "/orders", b"{}")
        assert json.load(connection.getresponse())["id"] == number
        assert connection.sock is kept
    connection.request("GET", "/orders", headers={"Connection": "close"})
    answer = connection.getresponse()
    assert answer.getheader("connection") == "close"
    assert len(json.load(answer)) == 5
    connection.close()


def test_many_connections_at_once(street: Street) -> None:
    def shopper(number: int) -> list[int]:
        with street.client() as client:
            return [
                client.post(f"{SHOP}/orders", json={"shopper": number}).json()["id"]
                for _ in range(5)
            ]

    with ThreadPoolExecutor(10) as pool:
        ids = [identity for some in pool.map(shopper, range(10)) for identity in some]
    assert sorted(ids) == list(range(1, 51))


def test_large_bodies_go_through_byte_for_byte(street: Street, client: httpx.Client) -> None:
    large = bytes(range(256)) * 4096 * 5
    assert client.post(f"{PARROT}/file", content=large).content == large
    pieces = [large[:1], large[1:70_000], large[70_000:]]
    answer = client.post(f"{PARROT}/file", content=iter(pieces))
    assert answer.content == large
    assert "transfer-encoding" not in street.parrot.heard[1].headers, "known to be whole by now"
    answer = client.post("http://parrot.vendor.test/file", content=iter(pieces))
    assert answer.content == large


def test_a_body_beyond_the_limit_is_refused(street: Street, client: httpx.Client) -> None:
    piece = b"x" * (1024 * 1024)
    answer = client.post(
        f"{PARROT}/file", content=(piece for _ in range(BODY_BYTES_MAX // len(piece) + 1))
    )
    assert answer.status_code == 413
    assert not street.parrot.heard


def test_headers_pass_except_those_of_the_connection(street: Street, client: httpx.Client) -> None:
    answer = client.get(
        f"{PARROT}/a%2Fb?q=%20&q=2",
        headers={
            "Authorization": f"Bearer {SECRET}",
            "X-Forwarded-Host": "forged.test",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
            "Proxy-Authorization": "Basic eDp5",
        },
    )
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "keep-alive" not in answer.headers
    (heard,) = street.parrot.heard
    assert (heard.raw_path, heard.query_string) == ("/a%2Fb", "q=%20&q=2")
    assert heard.header("host") == heard.header("x-forwarded-host") == "parrot.vendor.test"
    assert heard.header("authorization") == f"Bearer {SECRET}"
    assert "x-hop" not in heard.headers
    assert "proxy-authorization" not in heard.headers


def test_the_address_outranks_the_host_header_and_its_port_counts(street: Street) -> None:
    request = b"GET http://Parrot.Vendor.Test:80/?x HTTP/1.1\r\nHost: api.vendor.test\r\n"
    with socket.create_connection(("127.0.0.1", street.proxy.port), timeout=5) as plain:
        plain.sendall(request + b"Connection: close\r\n\r\n")
        assert plain.recv(65536).startswith(b"HTTP/1.1 200 OK")
    (heard,) = street.parrot.heard
    assert (heard.path, heard.query_string) == ("/", "x")
    assert heard.header("x-forwarded-host") == "Parrot.Vendor.Test:80"


@pytest.mark.parametrize("status", [201, 204, 302, 304, 404, 503, 599])
def test_every_status_comes_back(client: httpx.Client, status: int) -> None:
    answer = client.post(f"{PARROT}/status/{status}", content=b"x")
    assert (answer.status_code, answer.headers["location"]) == (status, "/elsewhere")


def test_a_head_request_is_told_the_length(client: httpx.Client) -> None:
    client.post(f"{SHOP}/orders", json={"a": "b" * 100})
    whole, head = client.get(f"{SHOP}/orders"), client.head(f"{SHOP}/orders")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))
    assert client.get(f"{SHOP}/orders/1").status_code == 200, "the connection is still in step"


# Fault rules at ``request``


@pytest.mark.parametrize(
    ("options", "seen", "orders"),
    [
        ({"effect": "refuse"}, CUT_OFF, 0),
        ({"effect": "lost_acknowledgement"}, CUT_OFF, 1),
        ({"effect": "lost_acknowledgement", "how": "close"}, CUT_OFF, 1),
        ({"effect": "lost_acknowledgement", "how": "hang"}, httpx.ReadTimeout, 1),
        ({"effect": "delay", "delay_seconds": 60}, httpx.ReadTimeout, 0),
        ({"effect": "slow_answer", "delay_seconds": 60}, httpx.ReadTimeout, 1),
        ({"effect": "malformed"}, json.JSONDecodeError, 1),
        ({"effect": "malformed", "how": "truncate"}, httpx.RemoteProtocolError, 1),
    ],
)
def test_what_the_caller_sees_and_what_really_happened(
    street: Street, options: dict[str, Any], seen: Any, orders: int
) -> None:
    match = "api.vendor.test POST /ord*"
    rule = street.proxy.client.inject("request", {**options, "match": match, "count": 1})
    with street.client(timeout=0.5) as client:
        assert client.get(f"{SHOP}/orders").json() == []
        with pytest.raises(seen):
            client.post(
                f"{SHOP}/orders",
                json={"secret": SECRET},
                headers={"Authorization": f"Bearer {SECRET}", "Idempotency-Key": "k-1"},
            ).json()
        assert street.orders() == orders
        assert client.post(f"{SHOP}/orders", json={}).json() == {"id": orders + 1}
    assert street.proxy.client.fired(rule) == 1
    written = street.written()
    # A call that was still waited for at the end is not over, so that it was not written down.
    assert [event.name for event in written] == ["api.vendor.test POST /orders"] * (
        "delay_seconds" not in options
    )
    for event in written:
        assert (event.kind, event.source) == ("request", "vendor_proxy")
        assert event.value["fault"] == options["effect"]
        assert event.value["idempotency_key"] == "k-1"
        expected = {"refuse": "fail", "malformed": "info" if "how" in options else "ok"}
        assert event.outcome == expected.get(options["effect"], "info")
    assert SECRET not in Path(street.config.journal_path).read_text()


@pytest.mark.parametrize("effect", ["delay", "slow_answer"])
def test_a_slow_way_is_slow(street: Street, client: httpx.Client, effect: str) -> None:
    street.proxy.client.inject("request", {"effect": effect, "delay_seconds": 0.3, "count": 1})
    begin = time.monotonic()
    assert client.post(f"{SHOP}/orders", json={}).status_code == 201
    assert time.monotonic() - begin >= 0.3
    (event,) = street.written()
    assert (event.outcome, event.value["fault"]) == ("ok", effect)


def test_errors_in_the_vendors_name(street: Street, client: httpx.Client) -> None:
    street.proxy.client.inject("request", {"effect": "error", "status": 500, "count": 1})
    street.proxy.client.inject("request", {"effect": "throttle", "count": 1})
    assert client.get(f"{SHOP}/orders").status_code == 500
    assert client.get(f"{SHOP}/orders").status_code == 429
    assert client.get(f"{SHOP}/orders").status_code == 200
    assert [event.outcome for event in street.written()] == ["fail", "fail"]


# Fault rules at ``connect``


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ({"effect": "refuse"}, CUT_OFF),
        ({"effect": "refuse", "how": "status"}, httpx.ProxyError),
        ({"effect": "hang"}, httpx.ReadTimeout),
        ({"effect": "tls_failure"}, httpx.ConnectError),
    ],
)
def test_no_connection_comes_about(street: Street, options: dict[str, Any], seen: Any) -> None:
    inject, fired = street.proxy.client.inject, street.proxy.client.fired
    rule = inject("connect", {**options, "match": "api.*", "count": 2, "fault": "outage"})
    for _ in range(2):
        with street.client(timeout=0.3) as client:
            assert client.post(PARROT).status_code == 200, "another host"
            with pytest.raises(seen) as caught:
                client.post(f"{SHOP}/orders", json={})
            if options["effect"] == "tls_failure":
                assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value)
    with street.client() as client:
        assert client.get(f"{SHOP}/orders").json() == []
    assert fired(rule) == 2
    for event in street.written():
        assert (event.name, event.outcome) == ("api.vendor.test CONNECT", "fail")
        assert event.value["fault"] == "outage"


@pytest.mark.parametrize(("effect", "seen"), [("refuse", CUT_OFF), ("hang", httpx.ReadTimeout)])
def test_a_kept_connection_fares_like_a_new_one(street: Street, effect: str, seen: Any) -> None:
    with street.client(timeout=0.3) as client:
        client.get(f"{SHOP}/orders")
        rule = street.proxy.client.inject("connect", {"effect": effect})
        for fired in (1, 2):
            with pytest.raises(seen):
                client.post(f"{SHOP}/orders", json={})
            assert street.proxy.client.fired(rule) == fired
        street.proxy.client.heal(rule)
        assert client.get(f"{SHOP}/orders").json() == []
    names = [event.name for event in street.written()]
    assert names == ["api.vendor.test POST /orders", "api.vendor.test CONNECT"]


def test_skip_counts_a_call_on_a_new_connection_once(street: Street) -> None:
    rule = street.proxy.client.inject("connect", {"effect": "refuse", "skip": 2})
    with street.client() as client:
        for _ in range(2):
            client.get(f"{SHOP}/orders")
        with pytest.raises(CUT_OFF):
            client.get(f"{SHOP}/orders")
    assert street.proxy.client.fired(rule) == 1


def test_plain_http_is_refused_too(street: Street, client: httpx.Client) -> None:
    options = {"effect": "refuse", "how": "status", "count": 1}
    street.proxy.client.inject("connect", options)
    answer = client.get("http://api.vendor.test/orders")
    assert (answer.status_code, "fault of the plan" in answer.text) == (502, True)
    assert client.get("http://api.vendor.test/orders").status_code == 200


def test_an_unknown_effect_is_explained(street: Street) -> None:
    with pytest.raises(UsageError, match="Did you mean 'refuse'"):
        street.proxy.client.inject("connect", {"effect": "refused"})


# What a simulator itself does to its answers reaches the client as it was meant


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ({"effect": "lost_acknowledgement"}, CUT_OFF),
        ({"effect": "lost_acknowledgement", "how": "close"}, CUT_OFF),
        ({"effect": "lost_acknowledgement", "how": "hang"}, httpx.ReadTimeout),
        ({"effect": "malformed"}, json.JSONDecodeError),
        ({"effect": "malformed", "how": "truncate"}, httpx.RemoteProtocolError),
    ],
)
def test_a_simulators_own_faults_pass(street: Street, options: dict[str, Any], seen: Any) -> None:
    street.shop.client.inject("request", {**options, "match": "createOrder", "count": 1})
    with street.client(timeout=0.5) as client:
        with pytest.raises(seen) as caught:
            client.post(f"{SHOP}/orders", json={"note": "n" * 100}).json()
        if options.get("how") == "truncate":
            assert "incomplete" in str(caught.value) or "complete message" in str(caught.value)
        assert client.post(f"{SHOP}/orders", json={}).json() == {"id": 2}
    assert street.written() == []


# Hosts that nobody stands for


def test_a_host_that_nobody_stands_for(street: Street) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere, street.client() as client:
        elsewhere.setblocking(False)
        place = f"127.0.0.1:{elsewhere.getsockname()[1]}"
        with pytest.raises(httpx.ProxyError, match=f"no simulator of this run stands for {place}"):
            client.get(f"https://{place}/v1/x")
        answer = client.post(f"http://{place}/v1/x", content=SECRET)
        assert answer.status_code == 502
        for word in (place, "real internet", "api.vendor.test", "Next step", "NO_PROXY"):
            assert word in answer.text
        with pytest.raises(httpx.ProxyError, match=r"stands for api\.vendor\.test:8443"):
            client.get("https://api.vendor.test:8443/")
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    written = street.written()
    assert [event.name for event in written] == [
        f"{place} CONNECT",
        f"{place} POST /v1/x",
        "api.vendor.test:8443 CONNECT",
    ]
    for event in written:
        assert (event.kind, event.outcome) == ("request", "fail")
        assert event.value["error_codes"] == ["unmapped_host"]
        assert event.value["status"] == 502
    assert SECRET not in Path(street.config.journal_path).read_text()


@pytest.mark.usefixtures("connector_environment")
def test_every_client_shows_which_host_it_was(street: Street) -> None:
    url = "https://api.forgotten.test/v1"
    with pytest.raises(requests.exceptions.ProxyError, match=r"stands for api\.forgotten\.test"):
        requests.get(url, timeout=5)
    with pytest.raises(urllib.error.URLError, match=r"stands for api\.forgotten\.test"):
        urllib.request.urlopen(url, timeout=5)


def test_no_fault_rule_is_used_up_by_a_host_that_is_not_there(
    street: Street, client: httpx.Client
) -> None:
    rule = street.proxy.client.inject("connect", {"effect": "hang"})
    assert client.get("http://nobody.test/").status_code == 502
    with pytest.raises(httpx.ProxyError):
        client.get("https://nobody.test/")
    assert street.proxy.client.fired(rule) == 0


def test_a_simulator_that_is_gone_is_written_down(street: Street, client: httpx.Client) -> None:
    client.get(f"{SHOP}/orders")
    street.shop.__exit__(None, None, None)
    with pytest.raises(CUT_OFF):
        client.post(f"{SHOP}/orders", json={})
    (event,) = street.written()
    assert (event.outcome, event.value["error_codes"]) == ("fail", ["simulator_unreachable"])


# The proxy's own side


def test_its_control_api_is_out_of_the_tunnels_reach(street: Street, client: httpx.Client) -> None:
    health = street.proxy.client.health()
    assert health["hosts"] == ["api.vendor.test", "parrot.vendor.test"]
    headers = {"Authorization": f"Bearer {street.config.control_token}"}
    for scheme in ("https", "http"):
        answer = client.get(f"{scheme}://parrot.vendor.test/_peakproof/pending", headers=headers)
        assert answer.json() == {}, "the parrot's: it has nothing pending"
    own = httpx.get(f"{street.proxy.url}/_peakproof/pending", headers=headers, trust_env=False)
    assert own.json() == {"calls": 0}
    lost = httpx.get(f"{street.proxy.url}/orders", trust_env=False)
    assert (lost.status_code, "HTTPS_PROXY" in lost.text) == (400, True)
    assert street.written() == []


def test_it_tells_which_hosts_a_simulator_stands_for(street: Street) -> None:
    act = street.proxy.client.act
    assert act("hosts", {"simulator": "parrot"}) == {"hosts": ["parrot.vendor.test"]}
    with pytest.raises(UsageError, match="Did you mean 'parrot'"):
        act("hosts", {"simulator": "parot"})


def test_calls_under_way_are_pending(street: Street) -> None:
    with street.client(timeout=0.2) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{PARROT}/slow")
        assert street.proxy.client.pending() == {"calls": 1}


def test_a_wrong_configuration_is_explained(tmp_path: Path) -> None:
    issued = Authority(tmp_path / "authority").issue("x.test")
    good = vendor_proxy.vendor_host("bank", "http://127.0.0.1:1", issued)
    for hosts, message in (
        (None, "hosts must say"),
        ({"x.test": {**good, "extra": ""}}, "extra"),
        ({"x.test": {**good, "upstream": "127.0.0.1:1"}}, "must be a URL"),
        ({"x.test": {**good, "key_path": "no.key"}}, "no certificate for x.test"),
    ):
        config = make_config(tmp_path, options={"hosts": hosts})
        with pytest.raises(WorldFailed, match=message), Hosted(vendor_proxy.create, config):
            pass
