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

import os
from pathlib import Path

import msgspec

from peakproof.errors import BadFile
from peakproof.report.records import SCHEMA, GateRecord

__all__ = ["read_verdict", "write_atomically", "write_verdict"]


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


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
