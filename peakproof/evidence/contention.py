"""Whether the machine was too crowded for a word on speed: then slow says nothing of a connector.

The harness counts, twice a second, how many programs want a processor (samples ``machine``).
With one world a processor there are one to three of them for each. Where more than
``CROWDED_PER_PROCESSOR`` wait on average, somebody else's work is on the machine as well, and
what came late may have been late because of it.
"""

import msgspec

from peakproof.evidence.result import Result
from peakproof.history import History
from peakproof.outcomes import Verdict

__all__ = ["CROWDED_PER_PROCESSOR", "crowd", "in_doubt"]

CROWDED_PER_PROCESSOR = 4.0


def crowd(history: History) -> str:
    """Return in words how crowded the machine was, or "" when it was not."""
    samples = [event.value for event in history.of("sample", "machine")]
    if not samples:
        return ""
    wanted = sum(float(one["runnable"]) for one in samples) / len(samples)
    processors = int(samples[-1]["processors"])
    if wanted <= CROWDED_PER_PROCESSOR * processors:
        return ""
    return (
        f"The machine was too crowded to tell: on average {wanted:.0f} programs wanted one of its "
        f"{processors} processors. Play it on a quieter machine, or with fewer worlds at a time."
    )


def in_doubt(result: Result, crowded: str) -> Result:
    """Return the result, unknown where it says "slow" of a crowded machine."""
    if not crowded or result.verdict is not Verdict.SLOW:
        return result
    return msgspec.structs.replace(result, verdict=Verdict.UNKNOWN, summary=crowded)
