"""The connector dies each time it comes up, ``count`` times (default 3), then it may live.

Whatever watches over it starts it again ``down_seconds`` (default 0.5) after each death, and it
lives for ``up_seconds`` (default 1) until the next. A heal that comes before the last death ends
the loop. A connector inside Odoo dies with Odoo.
"""

import threading
from collections.abc import Mapping
from typing import Any

from peakproof.errors import UsageError
from peakproof.simkit.targets import Background, Target, World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "connector_crash_loop"
LEVEL = "process"
COLOUR = "#1864ab"


class CrashLoop:
    """Kills a process and starts it again, in a thread of its own; ``kills`` counts."""

    def __init__(self, process: Target, count: int, up_seconds: float, down_seconds: float) -> None:
        self.kills = 0
        self._process = process
        self._count = count
        self._up_seconds = up_seconds
        self._down_seconds = down_seconds
        self._kill()  # the first death is there when the fault has been injected
        self.background = Background("crash loop", self._go_on)

    def _kill(self) -> None:
        self.kills += bool(self._process.running)
        self._process.kill()

    def _go_on(self, stop: threading.Event) -> None:
        for remaining in reversed(range(self._count)):
            stop.wait(self._down_seconds)
            if not self._process.running:
                self._process.start()
            if not remaining or stop.wait(self._up_seconds):
                break
            self._kill()


def inject(world: World, options: Mapping[str, Any]) -> CrashLoop:
    """Begin; return the token for heal and fired."""
    process = require(world.connector, "connector")
    count = int(options.get("count", 3))
    if count < 1:
        raise UsageError(f"{NAME}: count must be at least 1, not {count}.")
    up_seconds = float(options.get("up_seconds", 1.0))
    return CrashLoop(process, count, up_seconds, float(options.get("down_seconds", 0.5)))


def heal(world: World, token: CrashLoop) -> None:  # noqa: ARG001  the token knows
    """Let the connector live; doing so twice does no harm."""
    token.background.end()


def fired(world: World, token: CrashLoop) -> int:  # noqa: ARG001  the token knows
    """Return how often it was killed."""
    return token.kills
