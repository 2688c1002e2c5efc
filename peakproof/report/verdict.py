"""``verdict.json``: a GateRecord as JSON, the stable machine-readable answer of a gate.

::

    {"schema": 1, "verdict": "violated", "exit_code": 1, "connector": {...}, "started": "...",
     "reproduce": "peakproof gate ...", "duration_seconds": 316.0, "harness_share": 0.08,
     "versions": {"Odoo": "19.0 ..."}, "not_applicable": [{"scenario", "reason"}],
     "runs": [{"scenario", "seed", "plan", "verdict", "reproduce", "durations_seconds",
               "results": [{"invariant", "verdict", "statement", "tested", "reason",
                            "findings": [{"subject", "expected", "found", "evidence": [{}],
                                          "trail": [{"time", "system", "what", "outcome"}]}]}],
               "figures": [{"name", "value", "unit"}], "latencies": [...], "crashes": [...]}]}

Verdicts are the words of peakproof.outcomes.Verdict. A single run is a gate of one. Every field
is documented where it is defined, in peakproof.report.records.
"""

from pathlib import Path

import msgspec

from peakproof.errors import BadFile
from peakproof.report.records import SCHEMA, GateRecord
from peakproof.store import write_atomically

__all__ = ["read_verdict", "write_verdict"]


def write_verdict(gate: GateRecord, path: Path) -> None:
    """Write the record, whole or not at all; the same record gives the same bytes."""
    raw = msgspec.json.encode(gate, order="deterministic")
    write_atomically(path, msgspec.json.format(raw, indent=1) + b"\n")


def read_verdict(path: Path) -> GateRecord:
    """Read a record back. Raises BadFile when it is no verdict.json of this schema."""
    try:
        gate = msgspec.json.decode(path.read_bytes(), type=GateRecord)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadFile(f"{path}: expected a verdict.json that peakproof wrote ({error}).") from error
    if gate.schema > SCHEMA:
        raise BadFile(
            f"{path}: written with schema {gate.schema}, this peakproof reads up to {SCHEMA}. "
            "Use the newer peakproof."
        )
    return gate
