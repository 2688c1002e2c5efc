"""What the timeline reads from a history, and how it draws it."""

import re

from peakproof.history import Event, History
from peakproof.report import timeline_data
from peakproof.report.svg import Scale, linear_ticks, reduce_points, step_path, time_ticks
from peakproof.report.timeline import Mark, timeline
from tests.report.story_events import flash_sale_events


def event(time, kind, name, **rest):
    """Return an event of the harness."""
    return Event(time=time, source="harness", kind=kind, name=name, **rest)


def test_a_spike_within_a_pixel_is_kept_and_size_bounded():
    points = [(i / 1000, 1000.0 if i == 5_050 else float(i % 3)) for i in range(10_000)]
    xs = Scale(0, 10, 0, 100)
    kept = reduce_points(points, xs)
    assert len(kept) <= 4 * 101
    assert max(value for _, value in kept) == 1000.0
    assert kept == sorted(kept)


def test_step_line_holds_its_value_until_the_end():
    path = step_path([(0, 0), (5, 2)], Scale(0, 10, 0, 100), Scale(0, 2, 50, 0), 10)
    assert path == "M0 50H50V0H100"


def test_ticks_are_round():
    assert linear_ticks(140) == [0, 50, 100]
    assert linear_ticks(2) == [0, 1, 2]
    assert time_ticks(12, 104, 9) == [15, 30, 45, 60, 75, 90]


def test_fault_without_heal_lasts_until_the_end_and_idle_one_is_seen():
    history = History(
        [
            event(0, "phase", "sale", outcome="begin"),
            event(1, "fault", "webhook_drop", key="a", outcome="injected"),
            event(2, "fault", "webhook_drop", key="a", outcome="fired"),
            event(3, "fault", "odoo_pause", key="b", outcome="injected"),
            event(4, "fault", "odoo_pause", key="b", outcome="healed"),
            event(9, "phase", "sale", outcome="end"),
        ]
    )
    colours = {"webhook_drop": "#123456", "odoo_pause": "red;} body { display: none"}
    story = timeline_data.read(history, colours)
    drop, pause = story.fault_rows
    assert (drop.bands[0].begin, drop.bands[0].end, drop.colour) == (1, 9, "#123456")
    assert pause.colour in timeline_data.PALETTE
    picture = timeline(history, colours)
    assert "never fired" in picture
    assert "display" not in picture


def test_orders_deleted_in_odoo_come_off_the_curve():
    rows = [
        Event(time=t, source="odoo", kind="change", name="sale_order", key=str(k), outcome=o)
        for t, k, o in ((1, 1, "insert"), (2, 2, "insert"), (3, 2, "delete"), (3.5, 1, "update"))
    ]
    story = timeline_data.read(History(rows), {})
    assert [value for _, value in story.in_odoo] == [0, 1, 2, 1]


def test_process_without_accident_is_not_shown():
    history = History(flash_sale_events())
    assert [p.name for p in timeline_data.read(history, {}).processes] == ["connector"]


def test_names_of_a_run_are_escaped():
    picture = timeline(
        History([event(1, "phase", "<b>", outcome="begin"), event(60, "phase", "<b>")]),
        marks=[Mark(2.0, "</svg><script>")],
    )
    assert "<b>" not in picture
    assert "<script>" not in picture
    assert "&lt;b&gt;" in picture


def test_nothing_to_draw_is_no_picture():
    assert timeline(History([])) == ""


def test_coordinates_are_finite_and_inside():
    picture = timeline(History(flash_sale_events()))
    assert "nan" not in picture
    assert "inf" not in picture
    for x in re.findall(r' x="(-?[\d.]+)"', picture):
        assert -1 <= float(x) <= 1120
