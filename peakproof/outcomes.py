"""Outcomes of operations, verdicts of invariants and exit codes, each in one table.

An operation that was sent and not answered is ``info``: it may have happened. Only ``ok``
and ``fail`` are definite (the Jepsen vocabulary).
"""

from enum import IntEnum, StrEnum

__all__ = ["ExitCode", "Outcome", "Verdict", "exit_code", "worst"]


class Outcome(StrEnum):
    """What became of an operation, a request or a delivery."""

    INVOKE = "invoke"  # was started
    OK = "ok"  # definitely happened
    FAIL = "fail"  # definitely did not happen
    INFO = "info"  # may have happened: a time-out, a reset, a lost answer


class Verdict(StrEnum):
    """What an invariant says of a history. ``unknown`` is not a pass."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    NOT_CLAIMED = "not claimed"  # the connector does not claim the flow
    SLOW = "service level missed"  # right, but later than promised
    UNKNOWN = "unknown"  # nothing was tested, or the check failed
    VIOLATED = "violated"


class ExitCode(IntEnum):
    """Exit codes of every peakproof command."""

    PASS = 0
    VIOLATED = 1
    UNKNOWN = 2
    SERVICE_LEVEL_MISSED = 3
    USAGE = 64
    CRASHED = 70


_EXIT = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.NOT_CLAIMED: ExitCode.PASS,
    Verdict.SLOW: ExitCode.SERVICE_LEVEL_MISSED,
    Verdict.UNKNOWN: ExitCode.UNKNOWN,
    Verdict.VIOLATED: ExitCode.VIOLATED,
}
_ORDER = list(Verdict)


def worst(verdicts: "list[Verdict]") -> Verdict:
    """Merge verdicts: violated beats unknown beats slow beats pass; none at all is unknown.

    A list in which nothing but ``not claimed`` stands tested nothing, so it is unknown too.
    """
    tested = [verdict for verdict in verdicts if verdict is not Verdict.NOT_CLAIMED]
    return max(tested, key=_ORDER.index) if tested else Verdict.UNKNOWN


def exit_code(verdict: Verdict) -> ExitCode:
    """Return the exit code that stands for a verdict."""
    return _EXIT[verdict]
