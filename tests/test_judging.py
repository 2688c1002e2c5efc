"""What makes a run as a whole doubtful: planned faults that never fired."""

from pathlib import Path
from typing import Any

import pytest

from peakproof.history import Event, HistoryWriter
from peakproof.judging import judge_run
from peakproof.run import draw_plan, load_scenario
from peakproof.seed import Clock
from peakproof.store import RunFolder, RunMeta


def notes(folder_path: Path, options: dict[str, Any], *events: Event) -> list[str]:
    """Return the notes on a stored run in which a planned fault never fired."""
    folder = RunFolder.create(folder_path, "bank_outage", Clock.start())
    folder.write_plan(draw_plan(load_scenario("bank_outage"), 1, {}, external=False))
    folder.write_meta(RunMeta(
        scenario="bank_outage", seed=1, connector="one", connector_version="1",
        connector_folder="one", flows=["bank"], service_levels={}, reproduce="", started_at="",
    ))  # fmt: skip
    planned = Event(
        time=1.0, source="harness", kind="fault", name="api_errors", key="fault-1",
        outcome="planned", value={"options": options, "must_fire": True},
    )  # fmt: skip
    writer = HistoryWriter(folder.part("harness"))
    for event in (planned, *events):
        writer.append(event)
    writer.close()
    folder.merge([])
    return judge_run(folder).notes


def asked(part: str) -> Event:
    return Event(time=0.5, source=part, kind="request", name="accounts.list", outcome="ok",
                 value={"error_codes": []})  # fmt: skip


@pytest.mark.parametrize(
    ("options", "part", "doubtful"),
    [
        ({"simulator": "bank"}, "bank", True),
        ({"simulator": "bank"}, "gateway", False),
        ({}, "gateway", True),
    ],
    ids=["of a part it uses", "of a part it never asks", "of no part"],
)
def test_a_fault_that_never_fired_is_a_doubt_where_it_could_have(
    tmp_path: Path, options: dict[str, Any], part: str, doubtful: bool
) -> None:
    told = [note for note in notes(tmp_path, options, asked(part)) if "never fired" in note]
    assert bool(told) == doubtful
