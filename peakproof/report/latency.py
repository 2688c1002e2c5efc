"""Latency per flow as small strips on one shared logarithmic axis, with the service level."""

import math
from typing import Any

from peakproof.report.records import LatencyRecord
from peakproof.report.svg import Scale, element, log_ticks, n
from peakproof.report.words import duration

__all__ = ["LatencyStrips", "level_verdict"]

WIDTH, HEIGHT, AXIS_HEIGHT = 420, 34, 20
LEFT, RIGHT = 8.0, WIDTH - 8.0
BARS = 84


class LatencyStrips:
    """Draws every flow of a run on one axis, so that flows compare at a glance."""

    def __init__(self, records: list[LatencyRecord]) -> None:
        values = [value for record in records for value in _marks(record)]
        low = min((value for value in values if value > 0), default=0.1)
        high = max(values, default=10.0)
        self.low = min(10.0 ** math.floor(math.log10(low)), 1.0)
        self.high = max(high * 1.25, self.low * 10)
        self.xs = Scale(self.low, self.high, LEFT, RIGHT, logarithmic=True)

    def strip(self, record: LatencyRecord) -> str:
        """Return the distribution of one flow: bars, median, p95 and the service level."""
        parts = []
        base = HEIGHT - 5.0
        level = record.level_p95_seconds
        for tick in log_ticks(self.low, self.high):
            x = self.xs(tick)
            parts.append(element("line", x1=x, x2=x, y1=0, y2=base, class_="grid"))
        if level is not None:
            x = self.xs(level)
            parts.append(element("rect", x=x, y=0, width=RIGHT - x, height=base, class_="too-late"))
        parts += self._bars(record, base)
        parts.append(element("line", x1=LEFT, x2=RIGHT, y1=base, y2=base, class_="base"))
        for value, class_, word in (
            (record.p50_seconds, "median", "median"),
            (record.p95_seconds, "p95", "p95"),
        ):
            if value is not None:
                x = self.xs(value)
                note = f"{word} {duration(value)}"
                top = 10.0 if class_ == "median" else 3.0
                mark: dict[str, Any] = {"x1": x, "x2": x, "y1": top, "y2": base + 4}
                parts.append(element("line", title=note, class_=class_, **mark))
        if level is not None:
            x = self.xs(level)
            mark = {"x1": x, "x2": x, "y1": 0.0, "y2": base + 4}
            note = f"service level: p95 at most {duration(level)}"
            parts.append(element("line", title=note, class_="level", **mark))
        label = f"{record.flow}: median {duration(record.p50_seconds)}, p95 " + duration(
            record.p95_seconds
        )
        return element(
            "svg",
            *parts,
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
            class_="strip",
            aria_label=label,
        )

    def _bars(self, record: LatencyRecord, base: float) -> list[str]:
        """Return a histogram by place on the axis as one path; the tallest bar fills the strip."""
        if not record.samples_seconds:
            return []
        counts: dict[int, int] = {}
        size = (RIGHT - LEFT) / BARS
        for value in record.samples_seconds:
            place = min(int((self.xs(max(value, self.low)) - LEFT) / size), BARS - 1)
            counts[place] = counts.get(place, 0) + 1
        most = max(counts.values())
        path = ""
        for place, count in sorted(counts.items()):
            height = max((base - 8) * count / most, 2.0)
            x = LEFT + place * size
            path += f"M{n(x + 0.5)} {n(base)}v{n(-height)}h{n(size - 1)}v{n(height)}z"
        return [element("path", d=path, class_="bars")]

    def axis(self) -> str:
        """Return the axis that stands below the strips."""
        parts = []
        for tick in log_ticks(self.low, self.high):
            x = self.xs(tick)
            anchor = "tick" if x < LEFT + 20 else "tick end" if x > RIGHT - 20 else "tick mid"
            at = LEFT if anchor == "tick" else x
            parts.append(element("text", x=at, y=12.0, class_=anchor, text=duration(tick)))
        return element(
            "svg",
            *parts,
            viewBox=f"0 0 {WIDTH} {AXIS_HEIGHT}",
            class_="strip",
            aria_hidden="true",
        )


def _marks(record: LatencyRecord) -> list[float]:
    """Return every value of a flow that must fit on the axis."""
    named = (record.maximum_seconds, record.p50_seconds, record.level_p95_seconds)
    return [*record.samples_seconds, *(value for value in named if value is not None)]


def level_verdict(record: LatencyRecord) -> str:
    """Return met, missed, or empty where there is no level or nothing was measured."""
    if record.level_p95_seconds is None or record.p95_seconds is None:
        return ""
    return "met" if record.p95_seconds <= record.level_p95_seconds else "missed"
