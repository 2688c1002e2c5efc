"""Small SVG pictures written by hand: scales, ticks, step lines, areas, bands.

Colours come from classes, so that a picture follows the light or dark scheme of its page.
A line never has more points than four a pixel column (first, least, greatest, last): the size
is bounded whatever the history holds, and no spike is lost.
"""

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = [
    "Scale",
    "area_path",
    "columns",
    "element",
    "linear_ticks",
    "log_ticks",
    "n",
    "reduce_points",
    "step_path",
    "text_width",
    "time_ticks",
]

Point = tuple[float, float]
_TIME_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600)
_LOG_STEPS = (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 36000.0)


class Scale:
    """Maps a domain to pixels, straight or by logarithm; values outside are clamped."""

    def __init__(
        self, low: float, high: float, start: float, end: float, logarithmic: bool = False
    ) -> None:
        self.low, self.high = low, high if high > low else low + 1
        self.start, self.end, self.logarithmic = start, end, logarithmic

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        if self.logarithmic:
            part = math.log(inside / self.low) / math.log(self.high / self.low)
        else:
            part = (inside - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def n(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, *children: str, text: str = "", title: str = "", **attributes: Any) -> str:
    """Write an element; ``class_`` stands for class, ``_`` inside a name for ``-``.

    ``text``, ``title`` (shown when pointed at) and attribute values are escaped; ``children``
    are elements and taken as written. Attributes that are None or empty are left out.
    """
    written = []
    for key, value in attributes.items():
        if value is not None and value != "":
            shown = n(value) if isinstance(value, float) else str(value)
            attribute = key.rstrip("_").replace("_", "-")
            written.append(f' {attribute}="{html.escape(shown)}"')
    head = f"<title>{html.escape(title, quote=False)}</title>" if title else ""
    body = head + "".join(children) + html.escape(text, quote=False)
    return f"<{name}{''.join(written)}>{body}</{name}>" if body else f"<{name}{''.join(written)}/>"


def text_width(text: str, size_pixels: float = 11) -> float:
    """Estimate the width of a text in the page's sans-serif type."""
    return len(text) * size_pixels * 0.56


def time_ticks(low: float, high: float, about: int = 8) -> list[float]:
    """Return round moments between two times in seconds."""
    step = next((s for s in _TIME_STEPS if (high - low) / s <= about), 86400)
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]


def linear_ticks(high: float, about: int = 3) -> list[float]:
    """Return round values from 0 to at most ``high`` in steps of 1, 2 or 5 times a power of ten."""
    if high <= 0:
        return [0.0]
    rough = high / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * 0.999)
    step = max(step, 1.0) if high >= 1 else step
    return [index * step for index in range(int(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return the powers of ten (and minutes) between two durations in seconds."""
    return [step for step in _LOG_STEPS if low <= step <= high]


def reduce_points(points: Sequence[Point], xs: Scale) -> list[Point]:
    """Keep first, least, greatest and last of each pixel column, in order."""
    kept: list[Point] = []
    column: list[Point] = []
    at = None
    for point in points:
        pixel = int(xs(point[0]))
        if pixel != at and column:
            kept.extend(_extremes(column))
            column = []
        at = pixel
        column.append(point)
    if column:
        kept.extend(_extremes(column))
    return kept


def _extremes(column: list[Point]) -> list[Point]:
    """Return at most four telling points of a pixel column."""
    if len(column) <= 4:
        return column
    indexes = range(len(column))
    least = min(indexes, key=lambda index: column[index][1])
    greatest = max(indexes, key=lambda index: column[index][1])
    return [column[index] for index in sorted({0, least, greatest, len(column) - 1})]


def step_path(points: Sequence[Point], xs: Scale, ys: Scale, end: float) -> str:
    """Return the path of a value that stays until the next point, held until time ``end``."""
    kept = reduce_points(points, xs)
    if not kept:
        return ""
    parts = [f"M{n(xs(kept[0][0]))} {n(ys(kept[0][1]))}"]
    height = n(ys(kept[0][1]))
    for time, value in kept[1:]:
        parts.append(f"H{n(xs(time))}")
        if n(ys(value)) != height:
            height = n(ys(value))
            parts.append(f"V{height}")
    parts.append(f"H{n(xs(end))}")
    return "".join(parts)


def area_path(points: Sequence[Point], xs: Scale, ys: Scale, end: float) -> str:
    """Return the closed path between a step line and zero."""
    line = step_path(points, xs, ys, end)
    return f"{line}V{n(ys(0))}H{n(xs(points[0][0]))}Z" if line else ""


def columns(times: Iterable[float], xs: Scale, width_pixels: int = 2) -> list[tuple[float, int]]:
    """Count events by pixel column: (left edge, how many), left to right."""
    counts: dict[int, int] = {}
    for time in times:
        column = int(xs(time) // width_pixels)
        counts[column] = counts.get(column, 0) + 1
    return [(column * float(width_pixels), count) for column, count in sorted(counts.items())]
