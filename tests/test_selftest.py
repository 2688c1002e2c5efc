"""The self-test's judgement: what counts as caught, what fails it, what the page says."""

import importlib
import io
from pathlib import Path

import pytest
from rich.console import Console

from connectors.defects import REGISTRY
from peakproof.errors import BadFile, UnknownName
from peakproof.outcomes import ExitCode, Verdict
from peakproof.plan import Plan, Shop
from peakproof.report.detection import (
    CAUGHT,
    MISSED,
    UNRELATED,
    DetectionRecord,
    SelftestRecord,
    page,
    print_selftest,
    selftest_code,
)
from peakproof.report.records import ConnectorRecord, FindingRecord, ResultRecord, RunRecord
from peakproof.selftest import SelftestRequest, chosen, detection, stored

DEFECT = importlib.import_module("connectors.defects.pushes_on_hand").DEFECT


def run(seed: int, verdicts: dict[str, Verdict]) -> RunRecord:
    finding = FindingRecord(subject="TEE", expected="3", found="5", what="oversold", time=12.0)
    return RunRecord(
        scenario=DEFECT.scenario,
        seed=seed,
        plan=Plan(scenario=DEFECT.scenario, seed=seed, options={}, shop=Shop(), stages=[]),
        verdict=Verdict.PASS,
        reproduce="",
        started="",
        connector=ConnectorRecord(name="c"),
        durations_seconds={"stages": 10.0, "settle": 5.0},
        results=[
            ResultRecord(
                invariant=name,
                verdict=verdict,
                findings=[finding] if verdict is Verdict.VIOLATED else [],
            )
            for name, verdict in verdicts.items()
        ],
    )


def found(verdicts: dict[str, Verdict], runs: int = 1) -> DetectionRecord:
    played = [run(seed, {}) for seed in range(1, runs)] + [run(runs, verdicts)]
    return detection("pushes_on_hand", DEFECT, played)


def record(reference: Verdict | None, *detections: DetectionRecord) -> SelftestRecord:
    return SelftestRecord(
        started="",
        seed=1,
        seeds=3,
        detections=list(detections),
        reference=reference,
        reference_scenarios=["quiet_day"],
        played_seconds=60.0,
    )


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ({"no_oversell": Verdict.VIOLATED, "api_manners": Verdict.VIOLATED}, CAUGHT),
        ({"stock_conserved": Verdict.SLOW}, CAUGHT),
        ({"api_manners": Verdict.VIOLATED, "no_oversell": Verdict.PASS}, UNRELATED),
        ({"no_oversell": Verdict.UNKNOWN}, MISSED),
        ({"no_oversell": Verdict.PASS}, MISSED),
    ],
)
def test_only_an_invariant_that_the_defect_names_catches_it(
    verdicts: dict[str, Verdict], outcome: str
) -> None:
    assert found(verdicts).outcome == outcome


def test_seeds_and_seconds_until_it_was_caught() -> None:
    seen = found({"no_oversell": Verdict.VIOLATED}, runs=3)
    assert (seen.seed, seen.runs, seen.run_seconds, seen.story_seconds) == (3, 3, 45.0, 12.0)
    assert seen.found == "oversold (TEE): 5"


@pytest.mark.parametrize(
    ("reference", "verdict", "code"),
    [
        (Verdict.PASS, Verdict.VIOLATED, ExitCode.PASS),
        (None, Verdict.VIOLATED, ExitCode.PASS),
        (Verdict.VIOLATED, Verdict.VIOLATED, ExitCode.VIOLATED),
        (Verdict.UNKNOWN, Verdict.VIOLATED, ExitCode.UNKNOWN),
        (Verdict.PASS, Verdict.PASS, ExitCode.VIOLATED),
    ],
)
def test_a_missed_defect_or_a_reference_that_trips_fails(
    reference: Verdict | None, verdict: Verdict, code: ExitCode
) -> None:
    assert selftest_code(record(reference, found({"no_oversell": verdict}))) == code


def test_the_page_and_the_table_tell_every_defect() -> None:
    told = record(Verdict.PASS, found({"no_oversell": Verdict.VIOLATED}), found({}))
    text = page(told)
    assert "1 of 2 defects caught" in text
    assert "| pushes_on_hand | ● | ◌ |" in text
    printed = io.StringIO()
    print_selftest(told, Console(file=printed, width=200))
    assert "expected no_oversell or stock_conserved in flash_sale, found nothing" in (
        printed.getvalue()
    )


def test_stored_runs_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="pushes_on_hand"):
        stored(SelftestRequest(defects=["pushes_on_hand"], runs=tmp_path))


def test_names_of_defects_are_checked() -> None:
    assert set(chosen([])) == set(REGISTRY)
    with pytest.raises(UnknownName, match="pushes_on_hand"):
        chosen(["pushes_on_hands"])
