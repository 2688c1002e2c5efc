"""What invariants are made of: claims, findings, facts drawn from a history, a stock ledger.

Pure: reads a History and a Plan, writes nothing. ``story`` builds histories by hand for the
examples that every invariant carries.
"""

from peakproof.evidence.chain import Chain
from peakproof.evidence.claims import SYNC_WINDOW_SECONDS, Claims, ServiceLevel
from peakproof.evidence.example import Example, example_claims
from peakproof.evidence.facts import LIVE, Facts, Operation, Record
from peakproof.evidence.result import Finding, Findings, Result, summarise, unknown
from peakproof.evidence.story import Story
from peakproof.evidence.trail import trail

__all__ = [
    "LIVE",
    "SYNC_WINDOW_SECONDS",
    "Chain",
    "Claims",
    "Example",
    "Facts",
    "Finding",
    "Findings",
    "Operation",
    "Record",
    "Result",
    "ServiceLevel",
    "Story",
    "example_claims",
    "summarise",
    "trail",
    "unknown",
]
