"""The timeline of a run as one SVG: stages, faults, orders, queue, webhooks, calls, processes.

Everything is drawn from the History on one axis of run time, so that cause stands above effect:
a fault's band runs faintly through all lanes below it. Lanes without events are left out.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from peakproof.history import History
from peakproof.report import timeline_data as data
from peakproof.report.svg import (
    Scale,
    area_path,
    columns,
    element,
    linear_ticks,
    n,
    step_path,
    text_width,
    time_ticks,
)
from peakproof.report.words import duration, number

__all__ = ["Mark", "timeline"]

WIDTH, GUTTER, MARGIN = 1120, 168, 92
RIGHT = WIDTH - MARGIN
LANE_GAP = 16
LABEL_GAP = 13


class Mark(NamedTuple):
    """A moment to point out, such as when a violation became visible."""

    time: float
    text: str


class _Canvas:
    """Grows downwards: each lane draws at ``y`` and moves it on."""

    def __init__(self, story: data.Story) -> None:
        self.story = story
        self.xs = Scale(story.begin, story.end, GUTTER, RIGHT)
        self.y = 0.0
        self.parts: list[str] = []
        self.shades: list[tuple[float, float, float, str]] = []

    def add(self, name: str, title: str = "", **attributes: Any) -> None:
        """Draw an element with nothing inside."""
        self.parts.append(element(name, title=title, **attributes))

    def words(self, x: float, y: float, text: str, class_: str = "", title: str = "") -> None:
        """Write a text."""
        self.parts.append(element("text", x=x, y=y, class_=class_, text=text, title=title))

    def lane_name(self, middle: float, text: str, class_: str = "lane") -> None:
        """Name a lane in the gutter."""
        self.words(0.0, middle + 4, text, class_)


def timeline(
    history: History,
    colours: dict[str, str] | None = None,
    name: str = "run",
    prefix: str = "t",
    marks: Sequence[Mark] = (),
) -> str:
    """Return the SVG, or an empty text where the history holds nothing to draw.

    ``colours`` gives faults their colours (``#rrggbb``), ``prefix`` makes ids unique in a page,
    ``marks`` are the violations.
    """
    story = data.read(history, colours or {})
    if story is None:
        return ""
    canvas = _Canvas(story)
    _stages(canvas)
    _faults(canvas)
    top = canvas.y
    _orders(canvas)
    _queue(canvas)
    _ticks(canvas, "webhooks", story.deliveries_ok, story.deliveries_bad, "not taken")
    _ticks(canvas, "channel API calls", story.requests_ok, story.requests_bad, "refused")
    _processes(canvas)
    _marks(canvas, marks)
    behind = _axis(canvas, top)
    description = (
        f"{number(len(story.placed))} orders placed, {number(story.in_odoo_end)} in Odoo, "
        f"{number(len(story.faults))} faults, from {duration(story.begin)} "
        f"to {duration(story.end)}."
    )
    return element(
        "svg",
        element("title", id=f"{prefix}-title", text=f"Timeline of {name}"),
        element("desc", id=f"{prefix}-desc", text=description),
        *behind,
        *canvas.parts,
        viewBox=f"0 0 {WIDTH} {n(canvas.y + 4)}",
        role="img",
        class_="timeline",
        aria_labelledby=f"{prefix}-title {prefix}-desc",
    )


def _stages(canvas: _Canvas) -> None:
    """Draw the stages as a strip of names at the top."""
    y, height = canvas.y, 20.0
    for index, stage in enumerate(canvas.story.stages):
        left, right = canvas.xs(stage.begin), canvas.xs(stage.end)
        kind = "aside" if stage.harness else f"stage{index % 2}"
        note = f"{stage.name}: {duration(stage.begin)} to {duration(stage.end)}"
        width = max(right - left - 1, 1.0)
        box = {"x": left, "y": y, "width": width, "height": height, "rx": 3}
        canvas.add("rect", note, **box, class_=f"stage {kind}")
        shown = stage.name.replace("_", " ")
        if text_width(shown) + 12 <= width:
            canvas.words((left + right) / 2, y + 14, shown, "stage-name", note)
    canvas.lane_name(y + height / 2, "stages")
    canvas.y += height + 8


def _faults(canvas: _Canvas) -> None:
    """Draw one row per fault, its bands and a mark for each time that it fired."""
    height = 14.0
    for row in canvas.story.fault_rows:
        style = f"--c:{row.colour}"
        for band in row.bands:
            left, right = canvas.xs(band.begin), canvas.xs(band.end)
            width = max(right - left, 3.0)
            state = f"fired {_times(len(band.fired))}" if band.fired else "never fired"
            note = f"{row.name}: {duration(band.begin)} to {duration(band.end)}, {state}"
            box = {"x": left, "y": canvas.y, "width": width, "height": height, "rx": 3}
            kind = "fault" if band.fired else "fault idle"
            canvas.add("rect", note, **box, class_=kind, style=style)
            if band.fired:
                canvas.shades.append((left, canvas.y + height, width, style))
            for x, _count in columns(band.fired, canvas.xs):
                inside = min(max(x, left), left + width - 2)
                canvas.add("rect", x=inside, y=canvas.y + 3, width=2, height=8, class_="fired")
            after = left + width + 7
            fits = after + text_width(state, 10) < WIDTH
            x = after if fits else left - 7
            canvas.words(x, canvas.y + 11, state, "note" if fits else "note end")
        canvas.lane_name(canvas.y + height / 2, row.name.replace("_", " "))
        canvas.y += height + 5
    canvas.y += 9


def _times(count: int) -> str:
    """Say how often."""
    return "once" if count == 1 else f"{number(count)} times"


def _frame(canvas: _Canvas, name: str, high: float, height: float) -> Scale:
    """Draw a lane's value axis and return its scale."""
    ys = Scale(0, high * 1.06, canvas.y + height, canvas.y)
    for tick in linear_ticks(high):
        y = ys(tick)
        canvas.add("line", x1=GUTTER, x2=RIGHT, y1=y, y2=y, class_="grid" if tick else "base")
        canvas.words(GUTTER - 6.0, y + 3.5, number(tick), "tick end")
    canvas.lane_name(canvas.y + height / 2, name)
    return ys


def _end_labels(canvas: _Canvas, ys: Scale, labels: list[tuple[float, str, str]]) -> None:
    """Write what each curve is beside its end, kept apart where they meet, within the lane."""
    last = ys.start - LABEL_GAP * (len(labels) - 1) + 4
    floor = -1e9
    for y, text, class_ in sorted((ys(value) + 4, text, class_) for value, text, class_ in labels):
        floor = max(min(y, last), floor + LABEL_GAP)
        last += LABEL_GAP
        canvas.words(RIGHT + 7.0, floor, text, f"end-label {class_}")


def _orders(canvas: _Canvas) -> None:
    """Draw orders placed and orders in Odoo; the space between them is the backlog."""
    story = canvas.story
    if not story.placed and not story.in_odoo:
        return
    height = 118.0
    ys = _frame(canvas, "orders", max(v for _, v in [*story.placed, *story.in_odoo]), height)
    labels = []
    for points, word, class_ in ((story.in_odoo, "in Odoo", "odoo"), (story.placed, "placed", "")):
        if points:
            path = step_path(points, canvas.xs, ys, story.end)
            shown = number(points[-1][1])
            canvas.add("path", f"{shown} {word} at the end", d=path, class_=f"curve {class_}")
            labels.append((points[-1][1], f"{shown} {word}", class_))
    _end_labels(canvas, ys, labels)
    canvas.y += height + LANE_GAP


def _queue(canvas: _Canvas) -> None:
    """Draw the connector's own queue: what waits, and what it gave up on."""
    story, xs = canvas.story, canvas.xs
    if not story.pending:
        return
    height = 64.0
    high = max(1.0, *(value for _, value in [*story.pending, *story.failed]))
    ys = _frame(canvas, "queue", high, height)
    peak_time, peak = max(story.pending, key=lambda point: point[1])
    note = f"deepest: {number(peak)} at {duration(peak_time)}"
    canvas.add("path", note, d=area_path(story.pending, xs, ys, story.end), class_="area")
    canvas.add("path", note, d=step_path(story.pending, xs, ys, story.end), class_="curve queue")
    waiting, failed = story.pending[-1][1], story.failed[-1][1]
    labels = [(waiting, f"{number(waiting)} waiting", "queue")]
    if any(value for _, value in story.failed):
        canvas.add("path", d=step_path(story.failed, xs, ys, story.end), class_="curve bad")
        labels.append((failed, f"{number(failed)} failed", "bad"))
    _end_labels(canvas, ys, labels)
    canvas.y += height + LANE_GAP


def _ticks(canvas: _Canvas, name: str, good: list[float], bad: list[float], word: str) -> None:
    """Draw events as ticks: good ones above, bad ones below, stronger where there are many."""
    if not good and not bad:
        return
    for times, class_, top in ((good, "tick-ok", canvas.y), (bad, "tick-bad", canvas.y + 13)):
        counted = columns(times, canvas.xs)
        most = max((count for _, count in counted), default=1)
        for strength in (0.45, 0.7, 1.0):
            marks = [x for x, count in counted if _strength(count, most) == strength]
            path = "".join(f"M{n(x + 1)} {n(top)}v11" for x in marks)
            if path:
                canvas.add("path", d=path, class_=class_, opacity=strength)
    canvas.lane_name(canvas.y + 12, name)
    canvas.words(RIGHT + 7.0, canvas.y + 9, f"{number(len(good))} ok", "end-label")
    if bad:
        canvas.words(RIGHT + 7.0, canvas.y + 22, f"{number(len(bad))} {word}", "end-label bad")
    canvas.y += 26 + LANE_GAP


def _strength(count: int, most: int) -> float:
    """Return the opacity of a column of ticks."""
    if count >= most * 0.66:
        return 1.0
    return 0.7 if count >= most * 0.33 else 0.45


def _processes(canvas: _Canvas) -> None:
    """Draw when the processes that had an accident were up, and each accident."""
    for process in canvas.story.processes:
        y = canvas.y + 8
        for begin, end, state in process.spans:
            ends: dict[str, Any] = {"x1": canvas.xs(begin), "x2": canvas.xs(end), "y1": y, "y2": y}
            canvas.add("line", **ends, class_=f"life {state}")
        for time, outcome, exit_code in process.accidents:
            x = canvas.xs(time)
            code = "" if exit_code is None else f", exit code {exit_code}"
            note = f"{process.name} {outcome} at {duration(time)}{code}"
            canvas.add("path", note, d=f"M{n(x - 4)} {n(y - 4)}l8 8m0 -8l-8 8", class_="cross")
            canvas.words(x, y + 17, outcome, "note mid bad", note)
        canvas.lane_name(y, process.name)
        canvas.y += 30
    canvas.y += LANE_GAP - 8 if canvas.story.processes else 0


def _marks(canvas: _Canvas, marks: Sequence[Mark]) -> None:
    """Draw a cross for each violation; those that meet in one place share a cross."""
    places: dict[int, list[Mark]] = {}
    for mark in marks:
        places.setdefault(int(canvas.xs(mark.time) // 8), []).append(mark)
    if not places:
        return
    y = canvas.y + 8
    for together in places.values():
        x = canvas.xs(together[0].time)
        note = "\n".join(f"{duration(mark.time)}: {mark.text}" for mark in together[:5])
        more = len(together) - 5
        note += f"\nand {number(more)} more" if more > 0 else ""
        canvas.add("path", note, d=f"M{n(x - 4)} {n(y - 4)}l8 8m0 -8l-8 8", class_="cross")
    canvas.lane_name(y, "violations")
    canvas.words(RIGHT + 7.0, y + 4, f"{number(len(marks))} shown", "end-label bad")
    canvas.y += 20 + LANE_GAP


def _axis(canvas: _Canvas, top: float) -> list[str]:
    """Draw the time axis below everything; return what lies behind: shades and grid lines."""
    bottom = canvas.y - LANE_GAP + 6
    behind = [
        element("rect", x=x, y=y, width=w, height=bottom - y, class_="shade", style=style)
        for x, y, w, style in canvas.shades
    ]
    for tick in time_ticks(canvas.story.begin, canvas.story.end, 9):
        x = canvas.xs(tick)
        behind.append(element("line", x1=x, x2=x, y1=top - 4, y2=bottom, class_="grid"))
        canvas.words(x, bottom + 16, duration(tick), "tick mid")
    canvas.add("line", x1=GUTTER, x2=RIGHT, y1=bottom, y2=bottom, class_="base")
    canvas.lane_name(bottom + 12, "run time", "lane quiet")
    canvas.y = bottom + 22
    return behind
