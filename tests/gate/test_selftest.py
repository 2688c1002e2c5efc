"""The self-test for real, on a defect of each of some flows; `make selftest` plays all of them."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from peakproof.report.detection import CAUGHT
from peakproof.run import describe
from peakproof.runtime.process import ProcessRuntime
from peakproof.selftest import SelftestRequest, selftest, stored

PLAYED = ["pushes_on_hand", "signature_optional", "matches_lines_by_item", "label_again_on_retry"]

pytestmark = [pytest.mark.odoo, pytest.mark.timeout(900)]


def test_defects_are_caught_by_the_invariants_that_they_name(
    runtime: ProcessRuntime, tmp_path: Path
) -> None:
    console = Console(file=io.StringIO(), width=120)
    request = SelftestRequest(defects=PLAYED, runs=tmp_path)
    record = selftest(request, runtime, console, describe)
    assert {found.defect: found.outcome for found in record.detections} == dict.fromkeys(
        PLAYED, CAUGHT
    )
    assert record.reference is None, "the reference has a gate of its own"
    again = stored(request)
    told = [
        (found.defect, found.outcome, found.violated, found.found) for found in again.detections
    ]
    assert told == [
        (found.defect, found.outcome, found.violated, found.found) for found in record.detections
    ]
