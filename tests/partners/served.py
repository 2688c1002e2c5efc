"""A WireMock with partners, as a run has one, and what a connector is told of it."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from peakproof.contracts import Contract, parts
from peakproof.partners import Partners
from peakproof.runtime.certificates import Authority
from peakproof.runtime.process_site import ProcessSite
from peakproof.seed import Clock, Seed
from peakproof.store import RunFolder
from peakproof.worldpartners import start_partners

PROVIDERS = sorted(parts().values())


class Served:
    """WireMock, how to reach it, and what the connectors are told."""

    def __init__(self, folder: Path, site: ProcessSite, contracts: list[Contract]) -> None:
        self.clock, self.folder = Clock.start(), RunFolder(folder)
        for name in ("logs", "parts"):
            (folder / name).mkdir(parents=True)
        self.authority = Authority(folder / "certificates")
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.partners: Partners = start_partners(
            contracts, site, self.folder, self.authority, self.clock, Seed(1),
            lambda *event: self.events.append(event),
        )  # fmt: skip
        self.values = self.partners.values
        self.password = Seed(1).token("control partners")
        self.url = self.partners.url
        self.bundle = str(self.authority.bundle_path)
        self.http = httpx.Client(
            base_url=self.url,
            verify=ssl.create_default_context(cafile=self.bundle),
            trust_env=False,
            timeout=5,
        )


def served(folder: Path, contracts: list[Contract]) -> Iterator[Served]:
    """Serve some contracts."""
    nothing: Any = SimpleNamespace()
    with ProcessSite(nothing, nothing, "partners", ()) as site:
        made = Served(folder, site, contracts)
        yield made
        made.http.close()
