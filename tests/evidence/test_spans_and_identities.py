"""Stretches of time against their plain definition, and identities inside texts of Odoo."""

from hypothesis import given
from hypothesis import strategies as st

from peakproof.evidence.faultwindows import FaultWindows
from peakproof.evidence.identities import borne, lines_by_identity
from peakproof.evidence.spans import Spans
from peakproof.history import Event, History

MOMENT = st.integers(0, 30).map(float)
STRETCHES = st.lists(st.tuples(MOMENT, MOMENT | st.just(float("inf"))).map(sorted).map(tuple))


@given(STRETCHES, MOMENT, MOMENT, MOMENT)
def test_touching_is_what_it_says(stretches, begun, lasts, grace):
    ended = begun + lasts
    plain = any(begin <= ended and begun <= end + grace for begin, end in stretches)
    assert Spans(stretches).touch(begun, ended, grace) == plain


@given(STRETCHES, MOMENT, MOMENT, MOMENT)
def test_a_deadline_moves_from_fault_to_fault(stretches, begun, window, recovery):
    events = [
        Event(time=time, source="harness", kind="fault", name="odoo_pause", key=str(key),
              outcome=outcome)
        for key, (begin, end) in enumerate(stretches)
        for time, outcome in ((begin, "injected"), (end, "healed"))
        if time != float("inf")
    ]  # fmt: skip
    plain = begun + window
    for begin, end in sorted(stretches):
        if begin <= plain and end + recovery > begun:
            plain = max(plain, end + recovery)
    assert FaultWindows(History(events)).deadline(begun, window, recovery, "orders") == plain


def test_identities_stand_between_separators():
    known = {"T1", "txn_9", "3fa8-77"}
    assert list(borne("T1", known)) == ["T1"]
    assert list(borne("US12-T1", known)) == ["T1"]
    assert list(borne("9-txn_9_fee", known)) == ["txn_9"]
    assert list(borne("acc/3fa8-77", known)) == ["3fa8-77"]
    assert not list(borne("T12-txn_90", known))


def test_lines_are_found_by_each_identity_that_they_bear_once():
    lines = {"1": {"unique_import_id": "T1-T1"}, "2": {"unique_import_id": "T1-T2"}}
    found = lines_by_identity(lines, {"T1", "T2", "T3"})
    assert [key for key, _ in found["T1"]] == ["1", "2"]
    assert [key for key, _ in found["T2"]] == ["2"]
    assert "T3" not in found
