"""A seeded carrier simulator over real TCP, and EasyPost's own client for it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import easypost
import httpx
import pytest
from easypost.errors import ApiError

from peakproof.seed import Clock, wait_until
from peakproof.simkit import CarrierAccount, CarrierService, Hosted, Shop, SimulatorConfig
from simulators.carrier import create
from tests.simulators.shopify.receiver import Receiver

KEY = "EZAK" + "k" * 54
FROM = {
    "name": "Warehouse", "company": "Peak Demo", "street1": "388 Townsend St",
    "city": "San Francisco", "state": "CA", "zip": "94107", "country": "US",
}  # fmt: skip
TO = {
    "name": "Elizabeth Swan", "street1": "179 N Harbor Dr", "city": "Redondo Beach",
    "state": "CA", "zip": "90277", "country": "US", "email": "swan@example.com",
}  # fmt: skip
PARCEL = {"length": 10, "width": 8, "height": 4, "weight": 15.4}


class Desk:
    """A running simulator: ``api`` is the official client, ``control`` the harness's side."""

    def __init__(self, hosted: Hosted, seeded: dict[str, Any], journal: Path) -> None:
        self.hosted, self.seeded, self.journal = hosted, seeded, journal
        self.url, self.control = hosted.url, hosted.client
        self.api = easypost.EasyPostClient(KEY, api_base=f"{hosted.url}/v2", timeout=20)
        self.http = httpx.Client(
            base_url=hosted.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=20
        )

    def close(self) -> None:
        self.api._requests_session.close()
        self.http.close()

    def shipment(self, **changes: Any) -> Any:
        """Create a shipment of one pound or less."""
        wanted = {"to_address": TO, "from_address": FROM, "parcel": PARCEL, **changes}
        return self.api.shipment.create(**wanted)

    def bought(self, **changes: Any) -> Any:
        """Create a shipment and buy its cheapest label."""
        made = self.shipment(**changes)
        return self.api.shipment.buy(made.id, rate=made.lowest_rate())

    def snapshot(self, entity: str) -> list[dict[str, Any]]:
        """Return the final records of an entity."""
        return list(self.control.snapshot()[entity].values())

    def quiet(self) -> None:
        """Wait until nothing is under way."""
        wait_until(lambda: not any(self.control.pending().values()), 10, "the desk to be quiet")

    def events(self, kind: str, **values: Any) -> list[dict[str, Any]]:
        """Return what the journal holds of a kind with these fields, once it is flushed."""
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return [
            line
            for line in lines
            if line["kind"] == kind and all(line.get(k) == v for k, v in values.items())
        ]


def two_carriers() -> list[CarrierAccount]:
    """Return a plan's carriers with fixed prices."""
    return [
        CarrierAccount(
            carrier="USPS",
            services=[
                CarrierService(name="GroundAdvantage", price="5.93", days=3),
                CarrierService(name="Priority", price="6.95", days=2),
            ],
        ),
        CarrierAccount(carrier="FedEx", services=[CarrierService(name="GROUND", price="9.10")]),
    ]


def refusal(call: Callable[[], Any]) -> ApiError:
    """Return the error that the official client raises."""
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Return a function that opens a desk; ``shop`` is its plan, the rest are options."""
    running: list[tuple[Hosted, Desk]] = []

    def start(shop: Shop | None = None, **options: Any) -> Desk:
        clock = Clock.start()
        journal = tmp_path / f"journal-{len(running)}.jsonl"
        config = SimulatorConfig(
            name="carrier",
            journal_path=str(journal),
            control_token="control",
            seed=7,
            clock_origin_monotonic_ns=clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=clock.origin_epoch_seconds,
            time_scale=options.pop("time_scale", 600.0),
            options={"api_key": KEY, "refund_seconds": 0.1, **options},
        )
        hosted = Hosted(create, config)
        hosted.__enter__()
        seeded = hosted.client.seed(shop or Shop(carrier_accounts=two_carriers()))
        desk = Desk(hosted, seeded, journal)
        running.append((hosted, desk))
        return desk

    yield start
    for hosted, desk in running:
        desk.close()
        hosted.__exit__(None, None, None)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """Return an open desk."""
    return open_desk()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a place where webhooks arrive."""
    made = Receiver()
    yield made
    made.close()
