"""Slow on a crowded machine is unknown; every other verdict stays what it is."""

import pytest

from peakproof.evidence.contention import CROWDED_PER_PROCESSOR, crowd, in_doubt
from peakproof.evidence.result import Result
from peakproof.history import Event, History
from peakproof.outcomes import Verdict


def history(*runnable: int) -> History:
    return History(
        Event(
            time=float(at),
            source="harness",
            kind="sample",
            name="machine",
            value={"runnable": number, "processors": 2},
        )
        for at, number in enumerate(runnable)
    )


def test_a_crowd_is_told_in_words() -> None:
    assert "17 programs wanted one of its 2 processors" in crowd(history(14, 20))
    assert crowd(history(2, 5, 3)) == ""
    assert crowd(history(*[int(CROWDED_PER_PROCESSOR * 2)] * 9)) == "", "as much as it bears"
    assert crowd(history(60, *[1] * 30)) == "", "one moment is no crowd"
    assert crowd(history()) == "", "who was not asked has not said so"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_slow_is_doubted(verdict: Verdict) -> None:
    result = Result(name="service_levels", verdict=verdict, summary="as it was", tested=3)
    doubted = in_doubt(result, "too crowded")
    if verdict is Verdict.SLOW:
        assert (doubted.verdict, doubted.summary) == (Verdict.UNKNOWN, "too crowded")
        assert doubted.tested == 3
    else:
        assert doubted is result
    assert in_doubt(result, "") is result
