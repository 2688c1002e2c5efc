"""Schedules are triggered one after the other, each when the one before has done its work."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from peakproof.connector import Kick
from peakproof.errors import WorldFailed
from peakproof.history import History, HistoryWriter
from peakproof.runtime import reads
from peakproof.seed import Clock
from peakproof.settle import Settler

DAY = 86400.0


class Office:
    """A world with schedules that leave work behind: two looks' worth each."""

    def __init__(self, *, ends: bool = True) -> None:
        names = (("hourly", 3600.0), ("orders", DAY), ("broken", DAY), ("stock", DAY))
        kicks = [
            SimpleNamespace(name=name, url=name, cron="", authorization="", period_seconds=period)
            for name, period in names
        ]
        self.spec = SimpleNamespace(kick=kicks, settled=object())
        self.simulators: dict[str, Any] = {}
        self.left, self.ends = 0, ends
        self.told: list[tuple[str, int]] = []

    def kick(self, kick: Kick) -> None:
        url = kick.url
        self.told.append((url, self.left))
        if url == "broken":
            raise WorldFailed("odoo", "no such schedule")
        self.left = 2

    def ask(self, _probe: object, _what: str) -> list[dict[str, int]]:
        self.left = max(0, self.left - self.ends)
        return [{"pending": self.left, "failed": 0}]

    def odoo_dsn(self) -> str:
        return ""


def kick(office: Office, path: Path, daily: bool, limit_seconds: float) -> tuple[list[str], bool]:
    """Trigger the schedules of an office, with a history at that path."""
    writer = HistoryWriter(path)
    world: Any = office
    try:
        return Settler(world, Clock.start(), writer).kick(daily, limit_seconds)
    finally:
        writer.close()


@pytest.fixture(autouse=True)
def _quiet_odoo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "activity", lambda _dsn: 1)


def test_a_schedule_waits_for_the_one_before(tmp_path: Path) -> None:
    office, path = Office(), tmp_path / "harness.jsonl"
    failures, rested = kick(office, path, daily=True, limit_seconds=20)
    assert office.told == [("orders", 0), ("broken", 0), ("stock", 0)], "nothing was left over"
    assert rested
    assert failures == ["kick broken: odoo: no such schedule"]
    phases = History.load(path).of("phase")
    assert [f"{one.name} {one.outcome}" for one in phases if one.name.startswith("kick")] == [
        "kick orders begin",
        "kick orders end",
        "kick broken begin",
        "kick broken failed",
        "kick stock begin",
        "kick stock end",
    ]


def test_ordinary_schedules_only(tmp_path: Path) -> None:
    office = Office()
    assert kick(office, tmp_path / "harness.jsonl", False, 20) == ([], True)
    assert office.told == [("hourly", 0)]


def test_a_world_that_does_not_come_to_rest(tmp_path: Path) -> None:
    office = Office(ends=False)
    assert kick(office, tmp_path / "harness.jsonl", False, 0.5) == ([], False)


def test_what_never_rests_gets_one_long_wait_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peakproof.settle._RESTLESS_LIMIT_SECONDS", 3.0)
    office: Any = Office(ends=False)
    office.left, clock = 1, Clock.start()
    writer = HistoryWriter(tmp_path / "harness.jsonl")
    try:
        settler = Settler(office, clock, writer)
        assert not settler.settle(0.5)
        begin = clock.now()
        assert not settler.settle(300.0)
        assert clock.now() - begin < 60
        office.ends = True
        assert settler.settle(60.0), "and if it does come to rest after all, all is well"
        office.ends, office.left, begin = False, 1, clock.now()
        assert not settler.settle(4.0)
        assert clock.now() - begin >= 4.0, "so the next wait is a long one again"
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("writes", "rests"),
    [(0, False), (8, True), (1_000_000, False)],
    ids=["idle", "slow", "endless"],
)
def test_work_that_goes_on_is_waited_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int, rests: bool
) -> None:
    office: Any = Office(ends=False)
    office.left, looks = 1, iter(range(10_000_000))

    def activity(_dsn: str) -> int:
        number = next(looks)
        office.ends = rests and number >= writes
        return min(number, writes)

    monkeypatch.setattr(reads, "activity", activity)
    writer, clock = HistoryWriter(tmp_path / "harness.jsonl"), Clock.start()
    try:
        begin = clock.now()
        assert Settler(office, clock, writer).settle(1.5) is rests
        if writes == 1_000_000:
            assert clock.now() - begin < 60, "what never ends is given up all the same"
    finally:
        writer.close()
