"""As much of a world as faults touch: an example channel, a proxy before Odoo, real processes."""

import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg

from peakproof.partners import Partners
from peakproof.runtime import vendor_proxy
from peakproof.runtime.certificates import Authority
from peakproof.runtime.postgres import Cluster
from peakproof.runtime.supervise import Supervised
from peakproof.seed import wait_until
from peakproof.simkit import Hosted, SimulatorClient, SimulatorConfig
from tests.simkit.worlds import Receiver, make_config

__all__ = ["PULSE", "VENDOR", "World", "vendors_config"]

VENDOR = "https://api.vendor.test/orders"
PULSE = """
import pathlib, sys, time
count = 0
while True:
    count += 1
    pathlib.Path(sys.argv[1]).write_text(str(count))
    time.sleep(0.01)
"""


class World:
    """As much of a world as faults touch."""

    def __init__(
        self,
        shop: Hosted,
        odoo: Hosted,
        vendors: Hosted,
        receiver: Receiver,
        folder: Path,
        shared: Callable[[str], Any],
    ) -> None:
        self.shop = shop
        self.receiver = receiver
        self.folder = folder
        self.odoo_url = odoo.url
        self.odoo_proxy: SimulatorClient | None = odoo.client
        self.vendor_proxy: SimulatorClient | None = vendors.client
        self.vendor = httpx.Client(
            proxy=vendors.url,
            verify=ssl.create_default_context(cafile=folder / "authority" / "ca.pem"),
            trust_env=False,
            timeout=2,
        )
        self._shared = shared
        self.proxied = True
        self.session: psycopg.Connection[Any] | None = None
        self.odoo_process = self.pulse("odoo")
        self.connector: Any = self.pulse("connector")

    def simulator(self, name: str) -> SimulatorClient:
        assert name == "shopify"
        return self.shop.client

    def behind_proxy(self, _part: str) -> bool:
        return self.proxied

    @property
    def database_server(self) -> Cluster:
        return self._shared("server")

    @property
    def partners(self) -> Partners:
        return self._shared("every").partners

    def score(self) -> httpx.Response:
        """Ask the partner for fraud about an order."""
        served, asked = self._shared("every"), {"event": {"transaction_id": "1"}}
        credentials = served.values["fraud"]
        auth = (credentials["account_id"], credentials["license_key"])
        return served.http.post("/minfraud/v2.0/score", json=asked, auth=auth)

    def odoo_dsn(self) -> str:
        return self.database_server.dsn("postgres")

    def new_session(self) -> "psycopg.Connection[Any]":
        """Connect as Odoo does, which says who it is."""
        session = self.database_server.connect(role="odoo")
        session.execute("set application_name to 'odoo-42'")
        session.commit()
        return session

    def close(self) -> None:
        for process in (self.odoo_process, self.connector):
            process.stop()
        self.vendor.close()
        if self.session is not None:
            self.session.close()

    def pulse(self, name: str) -> Supervised:
        path = self.folder / f"{name}.pulse"
        command = [sys.executable, "-c", PULSE, str(path)]
        return Supervised(name, command, self.folder / f"{name}.log")

    def beats(self, name: str) -> bool:
        """Say whether a process's pulse moves within a second."""
        path = self.folder / f"{name}.pulse"
        begin = path.read_text() if path.exists() else ""
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            now = path.read_text() if path.exists() else ""
            if now not in ("", begin):
                return True
            time.sleep(0.02)
        return False

    def settle(self) -> None:
        wait_until(lambda: not self.shop.client.pending()["deliveries"], 20, "the deliveries")


def vendors_config(folder: Path, shop: Hosted) -> SimulatorConfig:
    issued = Authority(folder / "authority").issue("api.vendor.test")
    hosts = {"api.vendor.test": vendor_proxy.vendor_host("shopify", shop.url, issued)}
    return make_config(folder, "vendor_proxy", options={"hosts": hosts})


# A symptom says whether the world is ill, and is asked before, during and after.
