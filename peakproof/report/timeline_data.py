"""Reads from a History what the timeline draws; no drawing here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from peakproof.history import Event, History

__all__ = ["Band", "FaultRow", "Process", "Stage", "Story", "read"]

Point = tuple[float, float]
HARNESS_PHASES = frozenset({"prepare", "world", "settle", "kick", "reads", "judge"})
# Told apart by most colour-blind readers, and readable on light and on dark ground.
PALETTE = ("#e69f00", "#4aa3df", "#cc79a7", "#d55e00", "#3aa981", "#8f7fe0", "#b8a01e", "#7d8b99")
ACCIDENTS = ("crashed", "killed")


@dataclass
class Stage:
    """A stretch of the story, or of the harness's own work around it."""

    name: str
    begin: float
    end: float
    harness: bool


@dataclass
class Band:
    """One injection of a fault, until healed, and when it fired."""

    begin: float
    end: float
    fired: list[float]


@dataclass
class FaultRow:
    """A fault by name, with every injection of it."""

    name: str
    colour: str
    bands: list[Band] = field(default_factory=list)


@dataclass
class Process:
    """A process that had an accident: when it was up or paused, and each accident."""

    name: str
    spans: list[tuple[float, float, str]]
    accidents: list[tuple[float, str, int | None]]


@dataclass
class Story:
    """All that the timeline shows."""

    begin: float
    end: float
    stages: list[Stage]
    fault_rows: list[FaultRow]
    placed: list[Point]
    in_odoo: list[Point]
    pending: list[Point]
    failed: list[Point]
    deliveries_ok: list[float]
    deliveries_bad: list[float]
    requests_ok: list[float]
    requests_bad: list[float]
    processes: list[Process]

    @property
    def faults(self) -> list[Band]:
        """Every injection of every fault."""
        return [band for row in self.fault_rows for band in row.bands]

    @property
    def in_odoo_end(self) -> float:
        """How many orders stood in Odoo at the end."""
        return self.in_odoo[-1][1] if self.in_odoo else 0.0


def read(history: History, colours: dict[str, str]) -> Story | None:
    """Return what there is to draw, or None where nothing happened in time."""
    moments = [event.time for event in history.events if event.kind not in ("final", "process")]
    phases = [event.time for event in history.of("phase", outcome="begin")]
    if not moments:
        return None
    begin = min(phases) if phases else min(moments)
    end = max(max(moments), begin + 1.0)
    inside = [event for event in history.events if event.time >= begin]
    requests = [e for e in inside if e.kind == "request" and e.source != "odoo"]
    deliveries = [e for e in inside if e.kind == "delivery"]
    samples = [e for e in inside if e.kind == "sample" and e.name == "queue_depth"]
    return Story(
        begin=begin,
        end=end,
        stages=_stages(history, end),
        fault_rows=_faults(history, colours, begin, end),
        placed=_running(begin, _placed(history)),
        in_odoo=_running(begin, _in_odoo(inside)),
        pending=[(e.time, float(e.value.get("pending") or 0)) for e in samples],
        failed=[(e.time, float(e.value.get("failed") or 0)) for e in samples],
        deliveries_ok=[e.time for e in deliveries if e.outcome == "ok"],
        deliveries_bad=[e.time for e in deliveries if e.outcome != "ok"],
        requests_ok=[e.time for e in requests if e.outcome == "ok"],
        requests_bad=[e.time for e in requests if e.outcome != "ok"],
        processes=_processes(history, begin, end),
    )


def _stages(history: History, end: float) -> list[Stage]:
    """Pair the begin and end of each phase."""
    stages: list[Stage] = []
    for event in history.of("phase"):
        if event.outcome == "begin":
            stages.append(Stage(event.name, event.time, end, event.name in HARNESS_PHASES))
        else:
            still = [s for s in stages if s.name == event.name and s.end == end]
            if still:
                still[-1].end = event.time
    # A kick happens inside settle: drawn over it, it would hide it.
    return [
        s for s in stages
        if not any(o is not s and o.begin <= s.begin and s.end < o.end for o in stages)
    ]  # fmt: skip


def _faults(history: History, colours: dict[str, str], begin: float, end: float) -> list[FaultRow]:
    """Return a row per fault, in order of first injection; colours repeat after eight."""
    by_key: dict[str, list[Event]] = {}
    for event in history.of("fault"):
        by_key.setdefault(event.key or event.name, []).append(event)
    rows: dict[str, FaultRow] = {}
    for events in by_key.values():
        injected = [e.time for e in events if e.outcome == "injected"]
        healed = [e.time for e in events if e.outcome == "healed"]
        name = events[0].name
        if not injected:
            continue
        band = Band(
            max(injected[0], begin),
            max(healed[-1] if healed else end, injected[0]),
            [e.time for e in events if e.outcome == "fired"],
        )
        rows.setdefault(name, FaultRow(name, "")).bands.append(band)
    ordered = sorted(rows.values(), key=lambda row: row.bands[0].begin)
    for index, row in enumerate(ordered):
        given = colours.get(row.name, "")
        fits = re.fullmatch(r"#[0-9a-fA-F]{6}", given)
        row.colour = given if fits else PALETTE[index % len(PALETTE)]
    return ordered


def _placed(history: History) -> list[tuple[float, int]]:
    """Return when orders came to be on a channel, wherever they were placed."""
    created = [
        (e.time, 1) for e in history.of("state", "order") if e.value.get("change") == "create"
    ]
    return created or [(e.time, 1) for e in history.of("operation", "checkout", outcome="ok")]


def _in_odoo(events: Iterable[Event]) -> list[tuple[float, int]]:
    """Return when sales orders came to be in Odoo, and went."""
    steps = {"insert": 1, "delete": -1}
    return [
        (e.time, steps[e.outcome])
        for e in events
        if e.kind == "change" and e.name in ("sale_order", "sale.order") and e.outcome in steps
    ]


def _running(begin: float, steps: list[tuple[float, int]]) -> list[Point]:
    """Turn steps into a running count that starts at zero."""
    total = 0
    points: list[Point] = [(begin, 0.0)] if steps else []
    for time, step in steps:
        total += step
        points.append((time, float(total)))
    return points


def _processes(history: History, begin: float, end: float) -> list[Process]:
    """Return the processes that had an accident or were paused."""
    found: list[Process] = []
    names = dict.fromkeys(event.name for event in history.of("process"))
    for name in names:
        events = history.of("process", name)
        if not any(e.outcome in (*ACCIDENTS, "paused") for e in events):
            continue
        spans: list[tuple[float, float, str]] = []
        states = {"started": "up", "resumed": "up", "paused": "held"}
        for index, event in enumerate(events):
            until = events[index + 1].time if index + 1 < len(events) else end
            state = states.get(event.outcome)
            if state and until > begin:
                spans.append((max(event.time, begin), until, state))
        accidents = [
            (e.time, e.outcome, e.value.get("exit_code")) for e in events if e.outcome in ACCIDENTS
        ]
        found.append(Process(name, spans, accidents))
    return found
