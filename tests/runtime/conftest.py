"""A street of vendors: the example simulator and a parrot behind the proxy that poses as them."""

import contextlib
import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from peakproof.history import Event
from peakproof.runtime import vendor_proxy
from peakproof.runtime.certificates import Authority
from peakproof.simkit import (
    Hosted,
    Kit,
    Later,
    Request,
    Response,
    Route,
    Shop,
    Simulator,
    SimulatorConfig,
)
from tests.simkit.example import create
from tests.simkit.worlds import events, make_config

SHOP = "https://api.vendor.test"
PARROT = "https://parrot.vendor.test"


class Parrot(Simulator):
    """Says what it heard; keeps the requests."""

    def __init__(self) -> None:
        self.heard: list[Request] = []

    def routes(self) -> Sequence[Route]:
        return [
            Route("*", "/status/{status}", self.status),
            Route("GET", "/slow", lambda request: Later(30.0, Response)),
            Route("*", "/{path:path}", self.say),
        ]

    def say(self, request: Request) -> Response:
        self.heard.append(request)
        headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Keep-Alive", "timeout=5")]
        return Response(200, request.body, headers, "application/octet-stream")

    def status(self, request: Request) -> Response:
        return Response(int(request.params["status"]), b"", [("Location", "/elsewhere")])

    def actions(self) -> Mapping[str, Any]:
        return {}

    def seed(self, shop: Shop) -> None:
        return None

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        return {}

    def pending(self) -> Mapping[str, int]:
        return {}

    def create(self, config: SimulatorConfig, kit: Kit) -> Simulator:
        return self


class Street:
    """The vendors, the proxy before them, clients of it, and a way to read its journal."""

    def __init__(
        self, folder: Path, bundle: str, shop: Hosted, parrot: Parrot, config: SimulatorConfig
    ) -> None:
        self.folder = folder
        self.bundle = bundle
        self.shop = shop
        self.parrot = parrot
        self.config = config
        self.proxy = Hosted(vendor_proxy.create, config)
        self.proxy.__enter__()

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.bundle)

    def client(self, timeout: float = 5.0) -> httpx.Client:
        return httpx.Client(
            proxy=self.proxy.url, verify=self.tls(), trust_env=False, timeout=timeout
        )

    def orders(self) -> int:
        """Return how many orders the vendor really took."""
        return len(self.shop.client.snapshot()["order"])

    def close(self) -> None:
        """End the proxy, unless a test did."""
        if self.proxy.running:
            self.proxy.__exit__(None, None, None)

    def written(self) -> list[Event]:
        """End the proxy and return what it wrote down."""
        self.close()
        return events(self.config)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    authority = Authority(tmp_path / "authority")
    bundle, own, parrot = str(authority.bundle_path), authority.issue(), Parrot()
    secure = {
        "tls_certificate_path": str(own.certificate_path),
        "tls_key_path": str(own.key_path),
    }
    shop = Hosted(create, make_config(tmp_path, "shop", **secure), bundle)
    with Hosted(parrot.create, make_config(tmp_path, "parrot")) as other:
        shop.__enter__()
        hosts = {
            name: vendor_proxy.vendor_host(simulator, url, authority.issue(name))
            for name, simulator, url in (
                ("api.vendor.test", "shop", shop.url),
                ("parrot.vendor.test", "parrot", other.url),
            )
        }
        options = {"hosts": hosts, "ca_bundle_path": bundle}
        config = make_config(tmp_path, "vendor_proxy", options=options)
        street = Street(tmp_path, bundle, shop, parrot, config)
        try:
            yield street
        finally:
            street.close()
            if shop.running:
                shop.__exit__(None, None, None)


@pytest.fixture
def connector_environment(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what a connector is started with, and nothing else that concerns proxies."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, street.proxy.url)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, street.bundle)
    with contextlib.suppress(AttributeError):  # urllib keeps an opener of earlier days
        monkeypatch.setattr("urllib.request._opener", None)
