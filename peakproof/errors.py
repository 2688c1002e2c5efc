"""Errors that peakproof raises on purpose.

Each message says what was expected, what came, where, and the next step::

    PeakproofError
      UsageError            the caller's words are off (exit 64)
        UnknownName         a name that no registry holds; the nearest one is offered
        BadFile             a file (connector.toml, plan.json ...) that cannot be used
      EnvironmentLacks      the machine lacks something: apt, disk, a port, a Python
      WorldFailed           a part of the world did not start or died (evidence attached)
      WaitExpired           a condition did not come true within its limit
      SimulatorRefused      a simulator's control API said no, definitely
      OdooRefused           Odoo answered a call with an error, definitely
"""

import difflib
from collections.abc import Iterable

__all__ = [
    "BadFile",
    "EnvironmentLacks",
    "OdooRefused",
    "PeakproofError",
    "SimulatorRefused",
    "UnknownName",
    "UsageError",
    "WaitExpired",
    "WorldFailed",
]


class PeakproofError(Exception):
    """Base of every deliberate error; ``str()`` is fit to show to a person."""


class UsageError(PeakproofError):
    """The caller asked for something that cannot be: exit code 64."""


class UnknownName(UsageError):
    """A name that no registry holds.

    ``kind`` is what the name stands for (scenario, fault ...), ``known`` the choices.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        choices = sorted(known)
        near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        place = f" in {where}" if where else ""
        listing = ", ".join(choices) or "none"
        super().__init__(f"There is no {kind} called {name!r}{place}.{hint} Known: {listing}.")


class BadFile(UsageError):
    """A file that cannot be used: says which, where in it, what was expected and what came."""


class EnvironmentLacks(PeakproofError):
    """The machine lacks something that peakproof needs; the message names the next step."""


class WorldFailed(PeakproofError):
    """A part of the world did not start, or died.

    ``component`` names it, ``last_lines`` are its last log lines (secrets removed).
    """

    def __init__(self, component: str, message: str, last_lines: Iterable[str] = ()) -> None:
        self.component = component
        self.last_lines = list(last_lines)
        tail = "".join(f"\n    {line}" for line in self.last_lines)
        super().__init__(f"{component}: {message}{tail}")


class WaitExpired(PeakproofError):
    """A condition did not come true within its limit; the message says what was waited for."""


class SimulatorRefused(PeakproofError):
    """A simulator's control API refused an action: it definitely did not happen.

    ``code`` is a stable word such as ``sold_out``.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")


class OdooRefused(PeakproofError):
    """Odoo answered a call with an error (``status`` is the HTTP one): it did not commit."""

    def __init__(self, call: str, status: int, name: str, message: str) -> None:
        self.call, self.status, self.name = call, status, name
        super().__init__(f"Odoo refused {call} with {status} {name}: {message}")
