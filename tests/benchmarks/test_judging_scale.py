"""The generated peak is healthy, and what is broken in it on purpose is found."""

import itertools

import pytest

from benchmarks.judging_scale import judged, shortcomings
from benchmarks.peak import PLANTED, Peak
from peakproof.outcomes import Verdict

EVENTS = 20_000


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    return Peak(EVENTS).store(tmp_path_factory.mktemp("peak") / "healthy")


def test_every_invariant_judges_a_healthy_peak_and_passes(healthy):
    record = judged(healthy)
    assert shortcomings(record, planted=False) == []
    assert record.verdict is Verdict.PASS
    assert record.notes == []
    figures = {figure.name: figure.value for figure in record.figures}
    assert figures["order_creation_success_rate"] == 1.0
    assert figures["reconciliation_exceptions"] == 0


def test_it_has_about_the_events_that_were_asked_for(healthy):
    assert 0.8 * EVENTS < len(healthy.history()) < 1.2 * EVENTS


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(tmp_path, what):
    record = judged(Peak(EVENTS, planted=[what]).store(tmp_path / "run"))
    found = {one.invariant: one.findings_total for one in record.results}
    assert found[PLANTED[what]] > 0
    assert set(PLANTED.values()) & {name for name, count in found.items() if count} == {
        PLANTED[what]
    }


def test_all_planted_things_are_found_at_once(tmp_path):
    record = judged(Peak(EVENTS, planted=PLANTED).store(tmp_path / "run"))
    assert shortcomings(record, planted=True) == []
    assert record.verdict is Verdict.VIOLATED


def test_the_same_seed_gives_the_same_lines():
    first, again, other = (
        list(itertools.islice(Peak(EVENTS, seed=seed).lines(), 8000)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_what_cannot_be_planted_is_refused():
    with pytest.raises(ValueError, match="lost order"):
        Peak(EVENTS, planted=["lost orders"])
