"""What a simulator process is told when it starts, as one JSON file."""

from pathlib import Path
from typing import Any

import msgspec

from peakproof.seed import Clock, Seed

__all__ = ["SimulatorConfig"]


class SimulatorConfig(msgspec.Struct, kw_only=True):
    """Settings of one simulator process; ``port`` 0 takes a free one.

    ``time_scale`` is how many vendor seconds pass in a real second in retry calendars and
    token lifetimes; request and response times are always real.
    """

    name: str
    journal_path: str
    control_token: str
    seed: int
    clock_origin_monotonic_ns: int
    clock_origin_epoch_seconds: float
    host: str = "127.0.0.1"
    port: int = 0
    tls_certificate_path: str | None = None
    tls_key_path: str | None = None
    time_scale: float = 1.0
    options: dict[str, Any] = {}

    @classmethod
    def load(cls, path: Path) -> "SimulatorConfig":
        """Read the file that the harness wrote."""
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def clock(self) -> Clock:
        """Return the run's clock."""
        return Clock(self.clock_origin_monotonic_ns, self.clock_origin_epoch_seconds)

    def seeds(self) -> Seed:
        """Return the run's seed."""
        return Seed(self.seed)

    def __repr__(self) -> str:
        return f"SimulatorConfig(name={self.name!r}, host={self.host!r}, port={self.port})"
