"""The explorer without a world: what counts as a new way to fail, how a discovery is kept."""

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from peakproof import explore as explorer
from peakproof.errors import UsageError
from peakproof.explore import ExploreRequest, explore, kinds
from peakproof.outcomes import Verdict
from peakproof.plan import Plan
from peakproof.report.discoveries import in_words, print_explored
from peakproof.report.records import ConnectorRecord, FindingRecord, ResultRecord, RunRecord
from peakproof.run import draw_plan, load_scenario, stored_plan

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "connectors" / "reference"


def judged(plan: Plan, found: dict[str, list[str]]) -> RunRecord:
    """Return a run in which invariants were violated, with these words in their findings."""
    return RunRecord(
        scenario=plan.scenario,
        seed=plan.seed,
        plan=plan,
        verdict=Verdict.VIOLATED if found else Verdict.PASS,
        reproduce="",
        started="",
        connector=ConnectorRecord(name="c"),
        results=[
            ResultRecord(
                invariant=name,
                verdict=Verdict.VIOLATED,
                findings=[
                    FindingRecord(subject="#1", expected="one", found="two", what=what)
                    for what in whats
                ],
            )
            for name, whats in found.items()
        ],
    )


class Worlds:
    """Stands for worlds: a story fails if a checkout of it meets a kill."""

    def __init__(self) -> None:
        self.played: list[Plan] = []

    def play(self, run: Any, *_: Any) -> tuple[RunRecord, None]:
        path = Path(run.scenario)
        if path.suffix:
            plan = stored_plan(path)
        else:
            plan = draw_plan(load_scenario(run.scenario), run.seed, {}, external=True)
        self.played.append(plan)
        killed = any(f.fault == "connector_kill" for s in plan.stages for f in s.faults)
        bought = any(step.action == "checkout" for s in plan.stages for step in s.steps)
        if not killed or not bought:
            return judged(plan, {}), None
        return judged(plan, {"orders_exactly_once": ["order lost: #1"]}), None


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> Worlds:
    made = Worlds()
    monkeypatch.setattr(explorer, "play", made.play)
    return made


def test_a_discovery_is_shortened_and_its_file_plays_again(worlds: Worlds, tmp_path: Path) -> None:
    request = ExploreRequest(
        connector=REFERENCE, scenarios=["random_trade"], runs=tmp_path, worlds=2, seed=1,
        minutes=0, shrink_runs=200,
    )  # fmt: skip
    seeds_with_a_kill = [
        seed
        for seed in range(1, 60)
        if any(
            fault.fault == "connector_kill"
            for stage in draw_plan(load_scenario("random_trade"), seed, {}, external=True).stages
            for fault in stage.faults
        )
    ]
    assert seeds_with_a_kill, "the dice never choose a kill"
    request.seed = seeds_with_a_kill[0]
    record = explore(request, None, Console(file=io.StringIO()))  # type: ignore[arg-type]
    (found,) = record.discoveries
    assert (found.invariant, found.what) == ("orders_exactly_once", "order lost")
    assert (found.steps, found.faults) == (1, ["connector_kill"])
    assert found.steps < found.steps_before
    plan = stored_plan(Path(found.file))
    assert found.command == f"peakproof run {found.file} --connector {REFERENCE}"
    text = "\n".join(in_words(plan))
    assert "checkout" in text
    assert "! connector_kill" in text
    printed = io.StringIO()
    print_explored(record, Console(file=printed, width=200))
    assert found.command in printed.getvalue()


def test_kinds_are_told_by_invariant_and_words_without_names() -> None:
    plan = draw_plan(load_scenario("random_trade"), 3, {}, external=True)
    record = judged(plan, {"a": ["order lost: #1", "order lost: #2", "late"], "b": ["late"]})
    assert set(kinds(record)) == {("a", "order lost"), ("a", "late"), ("b", "late")}
    record.results[0].verdict = Verdict.SLOW
    assert set(kinds(record)) == {("b", "late")}


def test_a_connector_without_a_random_story_is_told_so(tmp_path: Path) -> None:
    text = (REFERENCE / "connector.toml").read_text()
    flows = text[text.index("flows = ") : text.index("\n", text.index("flows = "))]
    (tmp_path / "connector.toml").write_text(text.replace(flows, 'flows = ["catalog"]'))
    with pytest.raises(UsageError, match="random_trade"):
        explore(ExploreRequest(connector=tmp_path), None, Console())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["random_trade", "random_money"])
def test_random_stories_differ_and_are_not_for_gates(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.random
    plans = [draw_plan(scenario, seed, {}, external=True) for seed in range(12)]
    assert len({msgspec.json.encode(plan.stages) for plan in plans}) == len(plans)
    faults = {fault.fault for plan in plans for stage in plan.stages for fault in stage.faults}
    actions = {step.action for plan in plans for stage in plan.stages for step in stage.steps}
    assert len(faults) > 3
    assert len(actions) > 8


def test_random_trade_sends_parcels_and_takes_pieces_back() -> None:
    plans = [
        draw_plan(load_scenario("random_trade"), seed, {}, external=True) for seed in range(30)
    ]
    deeds = [[step.action for stage in one.stages for step in stage.steps] for one in plans]
    often = {
        name: sum(name in one for one in deeds) for name in ("ship", "refund_order", "cancel_order")
    }
    assert all(count >= 20 for count in often.values()), often
