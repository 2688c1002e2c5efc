"""The player: order, references, outcomes, faults on time."""

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from peakproof.errors import SimulatorRefused, WaitExpired, WorldFailed
from peakproof.history import History, HistoryWriter
from peakproof.plan import PlannedFault, Stage, Step, reference
from peakproof.play import Nemesis, Stagehand
from peakproof.seed import Clock


def play(tmp_path: Path, steps: list[Step], act: Any) -> History:
    writer = HistoryWriter(tmp_path / "h.jsonl")
    try:
        Stagehand(Clock.start(), writer, act).play(Stage(name="s", steps=steps))
    finally:
        writer.close()
    return History.load(writer.path)


def step(at: float, actor: str, action: str, label: str = "", **arguments: Any) -> Step:
    return Step(
        at_seconds=at, actor=actor, system="shop", action=action, label=label, arguments=arguments
    )


def outcomes(history: History, action: str) -> list[str]:
    return [event.outcome for event in history.of("operation", action)]


def test_every_outcome_has_its_word(tmp_path: Path) -> None:
    def act(system: str, action: str, actor: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if action == "refuse":
            raise SimulatorRefused("sold_out", "none left")
        if action == "vanish":
            raise httpx.ReadTimeout("no answer")
        if action == "down":
            raise httpx.ConnectError("refused")
        return {"order_id": "7"}

    names = ("buy", "refuse", "vanish", "down")
    history = play(tmp_path, [step(0, "a", name) for name in names], act)
    assert [outcomes(history, name)[1] for name in names] == ["ok", "fail", "info", "fail"]
    assert history.of("operation", "refuse", outcome="fail")[0].value["code"] == "sold_out"


def test_references_wait_for_other_actors_and_fail_with_them(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    begun = threading.Event()

    def act(system: str, action: str, actor: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if action == "buy":
            begun.wait(0.2)  # the canceller is waiting meanwhile
            if arguments.get("fail"):
                raise SimulatorRefused("sold_out", "none left")
            return {"order_id": "7"}
        seen.append(arguments)
        return {}

    history = play(
        tmp_path,
        [
            step(0, "shopper", "buy", label="one"),
            step(0, "other", "buy", label="two", fail=True),
            step(0, "merchant", "cancel", order_id=reference("one", "order_id")),
            step(0, "merchant", "cancel", order_id=reference("two", "order_id")),
        ],
        act,
    )
    assert seen == [{"order_id": "7"}]
    failed = history.of("operation", "cancel", outcome="fail")
    assert [event.value["code"] for event in failed] == ["dependency"]


def test_a_mistake_of_the_harness_is_not_swallowed(tmp_path: Path) -> None:
    def act(*_: Any) -> dict[str, Any]:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        play(tmp_path, [step(0, "a", "buy")], act)


class Recorded:
    """A fault that notes when it was injected and healed."""

    def __init__(self, fires: int, sticks: bool = False) -> None:
        self.deeds: list[str] = []
        self.fires = fires
        self.sticks = sticks

    def inject(self, world: Any, options: Any) -> str:
        self.deeds.append("inject")
        return "token"

    def heal(self, world: Any, token: Any) -> None:
        self.deeds.append("heal")
        if self.sticks:
            raise WorldFailed("postgres", "does not start")

    def fired(self, world: Any, token: Any) -> int:
        return self.fires


@pytest.mark.parametrize("fires", [0, 2])
def test_faults_are_always_healed_and_say_whether_they_fired(tmp_path: Path, fires: int) -> None:
    fault = Recorded(fires)
    writer = HistoryWriter(tmp_path / "h.jsonl")
    nemesis = Nemesis(Clock.start(), writer, {"f": fault}, world=None)
    nemesis.begin(Stage(name="s", faults=[PlannedFault(fault="f")]))
    assert fault.deeds == ["inject"]
    nemesis.end()
    writer.close()
    assert fault.deeds == ["inject", "heal"]
    words = [event.outcome for event in History.load(writer.path).of("fault")]
    assert words == ["planned", "injected", *(["fired"] if fires else []), "healed"]


def test_a_fault_planned_after_the_last_step_still_happens(tmp_path: Path) -> None:
    fault = Recorded(1)
    writer = HistoryWriter(tmp_path / "h.jsonl")
    nemesis = Nemesis(Clock.start(), writer, {"f": fault}, None)
    planned = PlannedFault(fault="f", at_seconds=60, heal_at_seconds=90)
    nemesis.begin(Stage(name="s", faults=[planned]))
    nemesis.end()
    writer.close()
    assert fault.deeds == ["inject", "heal"]


class Late(Recorded):
    """Fires when it is asked for the third time."""

    def fired(self, world: Any, token: Any) -> int:
        self.deeds.append("look")
        return int(self.deeds.count("look") >= 3)


def test_a_call_that_comes_after_the_last_step_still_meets_its_fault(tmp_path: Path) -> None:
    late, optional = Late(0), Recorded(0)
    writer = HistoryWriter(tmp_path / "h.jsonl")
    nemesis = Nemesis(Clock.start(), writer, {"f": late, "o": optional}, None, 60.0)
    planned = [PlannedFault(fault="f"), PlannedFault(fault="o", must_fire=False)]
    nemesis.begin(Stage(name="s", faults=planned))
    nemesis.end()
    writer.close()
    assert late.deeds[:4] == ["inject", "look", "look", "look"]
    assert late.deeds[-1] == "heal"
    fired = History.load(writer.path).of("fault", outcome="fired")
    assert [event.name for event in fired] == ["f"]


def test_who_waited_in_vain_waits_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def never(_condition: Any, limit_seconds: float, *_: Any) -> None:
        waits.append(limit_seconds)
        raise WaitExpired("in vain")

    monkeypatch.setattr("peakproof.play.wait_until", never)
    writer = HistoryWriter(tmp_path / "h.jsonl")
    nemesis = Nemesis(Clock.start(), writer, {"f": Recorded(0)}, None, 9.0)
    for _ in range(3):
        nemesis.begin(Stage(name="s", faults=[PlannedFault(fault="f")]))
        nemesis.end()
    writer.close()
    assert waits == [9.0]


def test_a_fault_that_does_not_heal_keeps_no_other_from_it(tmp_path: Path) -> None:
    stuck, other = Recorded(1, sticks=True), Recorded(1)
    writer = HistoryWriter(tmp_path / "h.jsonl")
    nemesis = Nemesis(Clock.start(), writer, {"stuck": stuck, "other": other}, None)
    faults = [PlannedFault(fault="stuck"), PlannedFault(fault="other")]
    nemesis.begin(Stage(name="s", faults=faults))
    with pytest.raises(WorldFailed, match="does not start"):
        nemesis.end()
    writer.close()
    assert stuck.deeds == other.deeds == ["inject", "heal"]
