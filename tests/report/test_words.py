"""How durations, shares and names are said, and how events are told."""

import pytest

from peakproof.history import KINDS, Event
from peakproof.outcomes import ExitCode, Verdict
from peakproof.report import words
from peakproof.report.telling import DETAIL_CHARACTERS, tell
from tests.report.story_events import flash_sale_events


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"),
        (0.2401, "240 ms"),
        (0.9999, "1.0 s"),
        (1.84, "1.8 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (9000, "2 h 30 min"),
        (None, words.NOTHING),
        (float("inf"), words.NOTHING),
    ],
)
def test_duration(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "100 %"), (0.9999, ">99.9 %"), (0.0, "0 %"), (0.0001, "<0.1 %"), (0.981, "98.1 %")],
)
def test_share_is_whole_only_when_it_is(value, said):
    assert words.share(value) == said


def test_figures_say_their_unit():
    assert words.figure(None, "seconds") == "not exercised"
    assert words.figure(3, "count") == "3"
    assert words.figure(12345, "") == "12\u202f345"
    assert words.figure(96.4, "per minute") == "96.4 per minute"


def test_names_become_words():
    assert words.title("api_discipline") == "API discipline"
    assert words.title("orders_exactly_once") == "Orders exactly once"


def test_every_verdict_and_exit_code_has_words():
    assert set(words.SYMBOLS) == set(words.WORDS) == set(Verdict)
    assert set(words.EXIT_MEANING) == set(ExitCode)
    assert len(set(words.SYMBOLS.values())) == len(Verdict)


def test_webhook_is_told():
    value = {"status": 200, "duration_seconds": 0.084, "attempt": 2, "tag": "duplicate"}
    step = tell(Event(time=4.0, source="shopify", kind="delivery", name="orders/create",
                      outcome="ok", value=value))  # fmt: skip
    assert step.what == "webhook orders/create, attempt 2"
    assert step.detail == "answered 200 in 84 ms; duplicate"
    assert (step.system, step.outcome, step.time) == ("shopify", "ok", 4.0)


def test_stock_is_told_with_its_cause():
    value = {"available": 3, "delta": -1, "cause": {"kind": "order", "id": "gid://x/1"}}
    step = tell(Event(time=4.0, source="shopify", kind="state", name="inventory_level",
                      key="TEE@MAIN", value=value))  # fmt: skip
    assert step.what == "available 3 (-1) of TEE@MAIN"
    assert step.detail == "because of order; gid://x/1"


def test_row_is_told_by_its_telling_columns():
    row = {"id": 5, "name": "S5", "state": "sale", "amount_total": "12.50", "write_uid": 2}
    step = tell(Event(time=4.0, source="odoo", kind="change", name="sale_order", key="5",
                      outcome="insert", value={"row": row, "transaction": 9}))  # fmt: skip
    assert step.what == "sale_order 5 insert"
    assert step.detail == "name S5, state sale, amount_total 12.50; transaction 9"


@pytest.mark.parametrize("kind", [*KINDS, "something new"])
@pytest.mark.parametrize("value", [{}, {"row": None, "cause": None, "x": "y" * 5000}])
def test_no_event_is_too_odd_to_tell(kind, value):
    step = tell(Event(time=1.0, source="s", kind=kind, name="n", value=value))
    assert step.what
    assert len(step.detail) <= DETAIL_CHARACTERS


def test_every_event_of_a_run_is_told():
    assert all(tell(event).what for event in flash_sale_events())
