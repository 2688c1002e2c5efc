"""What a report is made of: plain records, and the content of ``verdict.json``.

A RunRecord is one scenario played once, a GateRecord is everything one command judged. They
hold results, not the history: whoever wants the timeline passes the History beside them. All
of them go to JSON and back without loss. Times are seconds since the run began unless a name
says otherwise; a figure that nothing exercised is None, never zero.

``schema`` counts up when a field changes its meaning or goes away; new fields may appear.
"""

from pathlib import Path
from typing import Any

import msgspec

from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = [
    "FIVE_FIGURES",
    "SCHEMA",
    "BreakRecord",
    "ConnectorRecord",
    "CrashRecord",
    "FigureRecord",
    "FindingRecord",
    "GateRecord",
    "LatencyRecord",
    "ModelUse",
    "NotApplicable",
    "OdooUserRecord",
    "ReportPaths",
    "ResultRecord",
    "RunRecord",
    "ScopeRecord",
    "TrailStep",
]

SCHEMA = 1

# The figures that every report shows as cards, in this order, with their labels.
FIVE_FIGURES = {
    "order_creation_success_rate": "Order creation success",
    "inventory_sync_delay_seconds": "Inventory sync delay",
    "refund_processing_seconds": "Refund processing time",
    "shipment_status_freshness_seconds": "Shipment status freshness",
    "reconciliation_exceptions": "Reconciliation exceptions",
}


class TrailStep(msgspec.Struct, kw_only=True):
    """One thing that happened to one order on its way through the systems."""

    time: float | None  # None where only the end state is known
    system: str  # shopper-3, shopify, connector, odoo, harness ...
    what: str
    outcome: str = ""  # ok, fail, info, or empty for a plain fact
    detail: str = ""


class FindingRecord(msgspec.Struct, kw_only=True):
    """One violation, with what anybody needs to believe it."""

    subject: str  # what it is about, such as "order #1001" or "TEE-M at MAIN"
    expected: str
    found: str
    what: str = ""  # the kind of violation in two or three words, such as "duplicate order"
    time: float | None = None  # when it became visible
    evidence: list[dict[str, Any]] = []  # rows of a table; keys are the columns
    trail: list[TrailStep] = []


class ResultRecord(msgspec.Struct, kw_only=True):
    """What one invariant says of one run."""

    invariant: str
    verdict: Verdict
    statement: str = ""  # what the invariant promises, in one sentence
    flow: str = ""
    tested: int = 0  # how many things it looked at; zero is never a pass
    summary: str = ""  # what it found, in one sentence, whatever the verdict
    reason: str = ""  # why it is unknown or not claimed
    findings: list[FindingRecord] = []
    findings_total: int = 0  # there may be more than are kept


class FigureRecord(msgspec.Struct, kw_only=True):
    """One measured figure. ``unit`` is seconds, share (0 to 1), count, or a short word."""

    name: str
    value: float | None
    unit: str
    label: str = ""
    detail: str = ""  # such as "p95 of 118 changes" or "no refund took place"


class LatencyRecord(msgspec.Struct, kw_only=True):
    """How long a flow took from cause to effect, against what the connector promises."""

    flow: str
    samples_seconds: list[float] = []  # at most some thousands
    count: int = 0  # of all samples, kept or not
    p50_seconds: float | None = None
    p95_seconds: float | None = None
    p99_seconds: float | None = None
    maximum_seconds: float | None = None
    level_p95_seconds: float | None = None  # the service level; None means none was given
    unfinished: int = 0  # causes whose effect never came


class CrashRecord(msgspec.Struct, kw_only=True):
    """A process that ended or was ended while the run needed it."""

    time: float
    component: str
    outcome: str  # crashed or killed
    exit_code: int | None = None
    last_lines: list[str] = []


class ConnectorRecord(msgspec.Struct, kw_only=True):
    """The program under test."""

    name: str
    version: str = ""
    claims: list[str] = []
    source: str = ""  # the folder or file it was named by
    summary: str = ""


class NotApplicable(msgspec.Struct, kw_only=True):
    """A scenario that was left out, and why."""

    scenario: str
    reason: str


class ScopeRecord(msgspec.Struct, kw_only=True):
    """What a vendor's credential was granted, against what the connector's calls needed.

    Of a need written ``a|b`` one is enough. ``least`` would have done, and no part of it can be
    left out; ``spare`` was granted and would not be missed.
    """

    system: str
    kind: str  # in the vendor's words, such as "OAuth permissions"
    granted: list[str]
    needs: list[str]
    least: list[str]
    spare: list[str]
    refused: list[str] = []  # needs that the grant did not meet
    instead: dict[str, list[str]] = {}  # what would do in place of one of the least
    includes: dict[str, list[str]] = {}  # what comes with a scope
    note: str = ""


class ModelUse(msgspec.Struct, kw_only=True):
    """What a connector did with one of Odoo's models.

    ``operations`` are the rights that Odoo asked for; methods and fields are those of calls.
    """

    model: str
    operations: list[str] = []
    methods: list[str] = []
    fields_read: list[str] = []
    fields_written: list[str] = []


class OdooUserRecord(msgspec.Struct, kw_only=True):
    """An Odoo user that a connector's work was done as: what he may do, and what was needed."""

    login: str
    superuser: bool = False  # Odoo refuses him nothing
    models_granted: int | None = None  # in which he may do anything at all; None: not known
    models: list[ModelUse] = []
    groups: list[str] = []  # that he was given
    groups_least: list[str] = []  # that would have done
    brings: dict[str, list[str]] = {}  # the groups that each of those brings with it
    note: str = ""  # what could be observed and what not


class BreakRecord(msgspec.Struct, kw_only=True):
    """Something the connector uses that goes away: with which version, and when."""

    system: str
    what: str
    breaks_with: str = ""  # the version; empty where none is announced
    when: str = ""  # a date, or the vendor's words
    uses: int = 0
    gone: bool = False  # it is not there any more
    note: str = ""


class RunRecord(msgspec.Struct, kw_only=True):
    """One scenario, played once and judged."""

    scenario: str
    seed: int
    plan: Plan
    verdict: Verdict
    reproduce: str  # the command that plays it again
    started: str  # wall time, ISO 8601 in UTC
    summary: str = ""
    connector: ConnectorRecord
    durations_seconds: dict[str, float] = {}  # prepare, world, stages, settle, reads, judge
    versions: dict[str, str] = {}  # peakproof, Odoo, PostgreSQL, simulators ...
    results: list[ResultRecord] = []
    figures: list[FigureRecord] = []
    latencies: list[LatencyRecord] = []
    crashes: list[CrashRecord] = []
    fault_colours: dict[str, str] = {}  # fault name -> "#rrggbb"
    logs: dict[str, str] = {}  # component -> path, relative to the run's folder
    folder: str = ""
    not_simulated: list[str] = []
    notes: list[str] = []  # such as "planned fault X never fired"
    scopes: list[ScopeRecord] = []
    odoo_users: list[OdooUserRecord] = []
    breaks: list[BreakRecord] = []


class GateRecord(msgspec.Struct, kw_only=True):
    """Everything that one command judged. ``harness_share`` is of the whole time, 0 to 1."""

    connector: ConnectorRecord
    verdict: Verdict
    runs: list[RunRecord]
    reproduce: str
    started: str
    exit_code: int
    schema: int = SCHEMA
    duration_seconds: float = 0.0
    harness_share: float | None = None
    versions: dict[str, str] = {}
    not_applicable: list[NotApplicable] = []
    scopes: list[ScopeRecord] = []  # this and the next two: of all runs together
    odoo_users: list[OdooUserRecord] = []
    breaks: list[BreakRecord] = []


class ReportPaths(msgspec.Struct, kw_only=True, frozen=True):
    """Where the reports of a gate lie."""

    html: Path
    junit: Path
    verdict: Path
    summary: Path
