"""Whatever people do in whatever order, labels and money come out right."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peakproof.seed import Clock
from peakproof.simkit import Kit, Shop, SimulatorConfig, SimulatorRefused
from simulators.carrier.acts import Acts
from simulators.carrier.errors import Refusal
from simulators.carrier.records import Shipment
from simulators.carrier.simulator import CarrierSimulator
from simulators.carrier.tracking import STATUSES

ALLOWED = {
    None: {"bought"},
    "bought": {"refund_submitted"},
    "refund_submitted": {"refunded", "refund_rejected"},
}
ADDRESS = {"street1": "1 St", "city": "Reno", "state": "NV", "zip": "89501", "country": "US"}
which = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.integers(1, 900)),
        st.tuples(st.just("rerate"), which),
        st.tuples(st.just("buy"), which, which),
        st.tuples(st.just("begin"), which, which),
        st.tuples(st.just("foreign"), which, which),
        st.tuples(st.just("refund"), which),
        st.tuples(st.just("void"), which),
        st.tuples(st.just("scan"), which, st.sampled_from(STATUSES)),
        st.tuples(st.just("outage"), st.booleans()),
        st.tuples(st.just("price"), st.integers(1, 99)),
        st.tuples(st.just("time")),
    ),
    min_size=6,
    max_size=40,
)


class HandKit(Kit):
    """A kit whose timers run when the test says so."""

    due: list[Callable[[], None]]

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.due.append(call)


class World:
    """The business without HTTP, with what the journal was told."""

    def __init__(self, folder: Path) -> None:
        clock = Clock.start()
        config = SimulatorConfig(
            name="carrier",
            journal_path=str(folder / "journal.jsonl"),
            control_token="control",
            seed=7,
            clock_origin_monotonic_ns=clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=clock.origin_epoch_seconds,
        )
        self.kit = HandKit(config)
        self.kit.due = []
        self.told: dict[str, list[str]] = {}
        self.kit.journal.state = self.note  # type: ignore[method-assign]
        self.simulator = CarrierSimulator(config, self.kit)
        self.simulator.seed(Shop())
        self.carriers, self.books = self.simulator.carriers, self.simulator.books
        self.acts = Acts(self.carriers, self.simulator.events)
        self.open: list[tuple[Shipment, Any]] = []

    def note(self, entity: str, key: str, value: dict[str, Any]) -> None:
        if entity == "label":
            self.told.setdefault(key, []).append(value["status"])

    def shipment(self, number: int) -> Shipment:
        found = list(self.books.shipments.values())
        if not found:
            raise SimulatorRefused("none", "no shipment yet")
        return found[number % len(found)]

    def create(self, ounces: int) -> None:
        address = self.carriers.add_address(ADDRESS)
        self.carriers.add_shipment(
            to_address=address,
            from_address=address,
            return_address=address,
            buyer_address=address,
            parcel=self.carriers.add_parcel({"weight": Decimal(ounces)}),
            options={},
            reference=f"S{ounces}",
            is_return=False,
            customs_info=None,
            accounts=list(self.books.accounts),
        )

    def rerate(self, number: int) -> None:
        self.carriers.rerate(self.shipment(number))

    def begin(self, number: int, rate: int) -> None:
        shipment = self.shipment(number)
        if not shipment.rates:
            raise SimulatorRefused("none", "no carrier answered")
        chosen = shipment.rates[rate % len(shipment.rates)].id
        self.open.append((shipment, self.carriers.begin_purchase(shipment, chosen)))

    def foreign(self, number: int, rate: int) -> None:
        """Try a rate of whatever shipment, its own or not, replaced or not."""
        shipment, rates = self.shipment(number), list(self.books.rates.values())
        chosen = self.carriers.begin_purchase(shipment, rates[rate % len(rates)].id)
        assert chosen in shipment.rates
        self.open.append((shipment, chosen))

    def buy(self, number: int, rate: int) -> None:
        self.begin(number, rate)
        self.carriers.finish_purchase(*self.open.pop())

    def refund(self, number: int) -> None:
        self.carriers.request_refund(self.shipment(number))

    def void(self, number: int) -> None:
        self.acts.void_at_carrier({"shipment_id": self.shipment(number).id}, "clerk")

    def scan(self, number: int, status: str) -> None:
        self.acts.scan({"shipment_id": self.shipment(number).id, "status": status}, "driver")

    def outage(self, down: bool) -> None:
        for account in self.books.accounts:
            account.down = down

    def price(self, cents: int) -> None:
        given = {"carrier": "USPS", "service": "Priority", "price": str(Decimal(cents) / 100)}
        self.acts.change_price(given, "carrier")

    def time(self) -> None:
        """Let purchases and timers come to their end."""
        while self.open:
            with suppress(Refusal):  # the carrier is down: nothing was bought
                self.carriers.finish_purchase(*self.open.pop(0))
        waiting, self.kit.due = self.kit.due, []
        for call in waiting:
            call()

    def check(self) -> None:
        snapshot = self.simulator.snapshot()
        labels = list(snapshot["label"].values())
        shipments = [label["shipment_id"] for label in labels]
        assert len(set(shipments)) == len(shipments)
        assert len({label["tracking_code"] for label in labels}) == len(labels)
        for label in labels:
            before = None
            for status in self.told[label["id"]]:
                assert status in ALLOWED.get(before, set()), self.told[label["id"]]
                before = status
            assert before == label["status"]
        sign = {"postage": 1, "refund": -1}
        spent = sum(
            sign[row["kind"]] * Decimal(row["amount"])
            for row in snapshot["carrier_charge"].values()
        )
        kept = [Decimal(row["price"]) for row in labels if row["status"] != "refunded"]
        assert spent == sum(kept)
        for tracker in snapshot["tracker"].values():
            times = [scan["at"] for scan in tracker["scans"]]
            assert times == sorted(times)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("carrier")


@settings(max_examples=200, deadline=None)
@given(steps=STEPS)
def test_labels_and_money_come_out_right(folder: Path, steps: list[tuple[Any, ...]]) -> None:
    world = World(folder)
    try:
        for name, *arguments in [("create", 10), ("create", 200), *steps, ("time",)]:
            with suppress(Refusal, SimulatorRefused):
                getattr(world, name)(*arguments)
            world.check()
        while world.kit.due:
            world.time()
        world.check()
        assert not any(world.books.under_way.values())
    finally:
        world.kit.journal.close()


def test_a_dispatched_parcel_is_never_refunded(folder: Path) -> None:
    world = World(folder)
    try:
        world.create(10)
        world.buy(0, 0)
        world.refund(0)
        world.scan(0, "in_transit")
        world.time()
        world.check()
        [label] = world.simulator.snapshot()["label"].values()
        assert label["status"] == "refund_rejected"
    finally:
        world.kit.journal.close()
