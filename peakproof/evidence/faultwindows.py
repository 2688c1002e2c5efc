"""When something was broken on purpose, and until when lateness is excused.

A change that falls into a fault's window need not arrive before the heal plus the recovery
time that the connector claims. Faults that cannot hinder a flow excuse nothing there: a
webhook that arrives twice does not slow down stock going from Odoo to the channel.
"""

from itertools import islice
from typing import Any

import msgspec

from peakproof.evidence.spans import Spans
from peakproof.history import Event, History

__all__ = ["FaultWindow", "FaultWindows"]

FOREVER = float("inf")
# Faults of webhooks only: they hinder what the channel tells, not what it is told.
INBOUND_ONLY = ("webhook",)
# Flows that travel from the channel to Odoo.
INBOUND_FLOWS = ("orders", "returns", "customers", "payments")
# What a part of the world stands for: its outage is no excuse for the other flows.
FLOWS_OF_PART = {
    "carrier": ("shipping", "fulfilment"),
    "gateway": ("payments", "payouts"),
    "bank": ("bank", "payments", "payouts"),
    "pos": ("pos",),
    "tax": ("orders",),
    "fraud": ("screening", "orders"),
    "address": ("shipping",),
    "messages": ("messages",),
    "email": ("messages",),
}


class FaultWindow(msgspec.Struct, kw_only=True):
    """One injected fault; ``end_seconds`` is infinite if it was never healed."""

    key: str
    name: str
    begin_seconds: float
    end_seconds: float = FOREVER
    fired: int = 0
    options: dict[str, Any] = {}

    def hinders(self, flow: str) -> bool:
        """Say whether this fault can delay a flow at all."""
        if self.part in FLOWS_OF_PART and flow not in FLOWS_OF_PART[self.part]:
            return False
        return not self.name.startswith(INBOUND_ONLY) or flow in INBOUND_FLOWS

    @property
    def part(self) -> str:
        """The part of the world that was broken, empty where the fault names none."""
        return str(self.options.get("simulator", ""))


class FaultWindows:
    """The fault windows of a run, in order of their beginning."""

    def __init__(self, history: History) -> None:
        windows: dict[str, FaultWindow] = {}
        for event in history.of("fault"):
            _note(windows, event)
        self.windows = sorted(windows.values(), key=lambda window: window.begin_seconds)
        self._by_flow: dict[str, tuple[list[FaultWindow], Spans]] = {}

    def deadline(self, begun: float, window_seconds: float, recovery: float, flow: str) -> float:
        """Return until when a change made at ``begun`` has to have arrived.

        ``window_seconds`` is granted always; a fault that overlaps the wait prolongs it to
        ``recovery`` seconds after its heal, and so on for the next one.
        """
        deadline = begun + window_seconds
        windows, spans = self._hindering(flow)
        for window in islice(windows, spans.over(begun, recovery), None):
            if window.begin_seconds > deadline:
                break
            if window.end_seconds + recovery > begun:
                deadline = max(deadline, window.end_seconds + recovery)
        return deadline

    def active(self, name: str, at_seconds: float) -> FaultWindow | None:
        """Return the last begun fault of a name that was on at a moment."""
        for window in reversed(self.windows):
            if window.name == name and window.begin_seconds <= at_seconds <= window.end_seconds:
                return window
        return None

    def disturbed(self, begun: float, ended: float, recovery: float, flow: str) -> bool:
        """Say whether a fault, or the recovery from one, overlaps a stretch of time."""
        return self._hindering(flow)[1].touch(begun, ended, recovery)

    def _hindering(self, flow: str) -> tuple[list[FaultWindow], Spans]:
        """Return the windows that can delay a flow, as they are and as stretches of time."""
        if flow not in self._by_flow:
            windows = [window for window in self.windows if window.hinders(flow)]
            spans = Spans((window.begin_seconds, window.end_seconds) for window in windows)
            self._by_flow[flow] = windows, spans
        return self._by_flow[flow]


def _note(windows: dict[str, FaultWindow], event: Event) -> None:
    if event.outcome == "injected":
        windows.setdefault(
            event.key,
            FaultWindow(
                key=event.key,
                name=event.name,
                begin_seconds=event.time,
                options=event.value.get("options") or {},
            ),
        )
    elif event.key in windows:
        window = windows[event.key]
        if event.outcome == "fired":
            window.fired += int(event.value.get("count") or 1)
        elif event.outcome == "healed":
            window.end_seconds = min(window.end_seconds, event.time)
