"""A seeded DHL Parcel simulator over real TCP, and a customer of it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from peakproof.plan import CarrierAccount, CarrierService, Shop
from peakproof.seed import Clock
from peakproof.simkit import Hosted, SimulatorConfig
from simulators.dhl_parcel import create
from tests.simulators.dhl_parcel.customer import Customer

PLAN = Shop(
    currency="EUR",
    country="ES",
    days_ago=3,
    carrier_accounts=[
        CarrierAccount(
            carrier="DHL Parcel",
            currency="EUR",
            services=[
                CarrierService(name="B2B", price="7.10"),
                CarrierService(name="B2C", price="5.05"),
            ],
        )
    ],
)


class Depot:
    """A running simulator with a customer who knows the credentials of its seed."""

    def __init__(self, hosted: Hosted, journal: Path, plan: Shop) -> None:
        self.client, self.journal = hosted.client, journal
        self.values: dict[str, str] = self.client.seed(plan)["values"]
        self.customer = Customer(hosted.url, self.values)

    def records(self, entity: str) -> list[dict[str, Any]]:
        """Return the final records of an entity."""
        return list(self.client.snapshot()[entity].values())

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Do what the carrier's people do."""
        return self.client.act(action, arguments, "driver")


@pytest.fixture
def open_depot(tmp_path: Path) -> Iterator[Callable[..., Depot]]:
    """Return a function that opens a carrier's depot; the vendor's time runs 600-fold."""
    running: list[tuple[Hosted, Depot]] = []

    def start(plan: Shop = PLAN, time_scale: float = 600.0, **options: Any) -> Depot:
        clock = Clock.start()
        journal = tmp_path / f"journal-{len(running)}.jsonl"
        config = SimulatorConfig(
            name="dhl_parcel",
            journal_path=str(journal),
            control_token="control",
            seed=7,
            clock_origin_monotonic_ns=clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=clock.origin_epoch_seconds,
            time_scale=time_scale,
            options=options,
        )
        hosted = Hosted(create, config)
        hosted.__enter__()
        depot = Depot(hosted, journal, plan)
        running.append((hosted, depot))
        return depot

    yield start
    for hosted, depot in running:
        depot.customer.session.close()
        hosted.__exit__(None, None, None)


@pytest.fixture
def depot(open_depot: Callable[..., Depot]) -> Depot:
    """Return an open depot."""
    return open_depot()


@pytest.fixture
def customer(depot: Depot) -> Customer:
    """Return the depot's customer."""
    return depot.customer


def events(journal: Path, kind: str) -> list[dict[str, Any]]:
    """Return what a journal holds of a kind so far."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return [event for event in lines if event["kind"] == kind]
