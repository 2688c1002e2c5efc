"""What the tests of simkit share: configurations, a place that webhooks arrive at."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from peakproof.history import Event, read_events
from peakproof.seed import Clock
from peakproof.simkit import (
    Ending,
    Handled,
    Kit,
    Later,
    Request,
    Response,
    Route,
    Shop,
    Simulator,
    SimulatorConfig,
)

TOKEN = "control-token"


def make_config(folder: Path, name: str = "example", **changes: Any) -> SimulatorConfig:
    """Return a configuration whose journal lies in ``folder``; a vendor hour is 6 s."""
    clock = Clock.start()
    values: dict[str, Any] = {
        "name": name,
        "journal_path": str(folder / f"{name}.jsonl"),
        "control_token": TOKEN,
        "seed": 7,
        "clock_origin_monotonic_ns": clock.origin_monotonic_ns,
        "clock_origin_epoch_seconds": clock.origin_epoch_seconds,
        "time_scale": 600.0,
    }
    return SimulatorConfig(**(values | changes))


def events(config: SimulatorConfig, kind: str = "") -> list[Event]:
    """Return what a simulator wrote down (after it was closed)."""
    return [e for e in read_events(Path(config.journal_path)) if not kind or e.kind == kind]


class Receiver(Simulator):
    """Takes webhooks; ``answers`` are used up one by one, then everything is 200.

    An answer is a status, or "hang", "reset", or a number of seconds to think.
    """

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int | str | float] = []

    def routes(self) -> Sequence[Route]:
        return [Route("POST", "/hook", self.take)]

    def take(self, request: Request) -> Handled:
        self.taken.append((dict(request.headers.items()), request.body))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, float):
            return Later(answer, lambda: Response())
        response = Response(answer if isinstance(answer, int) else 200)
        response.ending = {"hang": Ending.HANG, "reset": Ending.RESET}.get(str(answer), "")
        return response

    def ids(self) -> list[str]:
        return [headers["x-webhook-id"] for headers, _ in self.taken]

    def actions(self) -> Mapping[str, Any]:
        return {}

    def seed(self, shop: Shop) -> None:
        return None

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        return {}

    def pending(self) -> Mapping[str, int]:
        return {}

    def create(self, config: SimulatorConfig, kit: Kit) -> Simulator:
        return self
