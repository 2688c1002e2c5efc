"""Turns a stored run into a judged one: history + plan + claims -> RunRecord.

Offline: needs nothing but the run's folder. What makes a run ``unknown`` besides an invariant
that says so: the world broke, it never came to rest, a planned fault never fired, or what was
slow was played on a crowded machine.
"""

import ast
from functools import partial

import msgspec

from peakproof import catalog, faults, invariants
from peakproof.deprecations import breaks_of, merged_breaks
from peakproof.evidence import Claims, Result, ServiceLevel, trail, unknown
from peakproof.evidence.contention import crowd, in_doubt
from peakproof.figures import Figures, figures
from peakproof.history import History
from peakproof.outcomes import Verdict, worst
from peakproof.plan import Plan
from peakproof.privileges import merged_scopes, merged_users, odoo_users_of, scopes_of
from peakproof.report.records import (
    ConnectorRecord,
    CrashRecord,
    FigureRecord,
    FindingRecord,
    GateRecord,
    LatencyRecord,
    ResultRecord,
    RunRecord,
)
from peakproof.report.telling import tell
from peakproof.run import load_scenario
from peakproof.store import RunFolder, RunMeta

__all__ = ["claims_of", "judge_run", "sum_up"]

# What a call that nobody simulates is marked with: an operation or parameter, a route, a host.
NOT_MODELLED = {"PEAKPROOF_NOT_MODELLED", "not_modelled", "unmapped_host"}

_APART = {"shipping", "bank", "payouts", "channel_payouts", "payments"}
_TRAIL_MAX = 60
_TRAILS_MAX = 5


def claims_of(meta: RunMeta) -> Claims:
    """Return what the connector claimed when the run was made."""
    return Claims(
        name=meta.connector,
        version=meta.connector_version,
        flows=set(meta.flows),
        service_levels={flow: ServiceLevel(**level) for flow, level in meta.service_levels.items()},
        operations=meta.operations,
    )


def judge_run(folder: RunFolder, history: History | None = None) -> RunRecord:
    """Judge a stored run; ``history`` saves reading it again."""
    plan, meta = folder.plan(), folder.meta()
    history = folder.history() if history is None else history
    claims = claims_of(meta)
    scenario = load_scenario(meta.scenario)
    crowded = crowd(history)
    told = bool(history.of("phase", plan.stages[0].name, outcome="begin"))

    def judged(name: str) -> ResultRecord:
        result = unknown(name, "The story never began.")
        if told:
            (result,) = invariants.judge(history, claims, plan, [name])
        return _record(in_doubt(result, crowded), history, claims, plan)

    in_turn = sorted(scenario.invariants, key=_place)
    measured, *results, notes, breaks, scopes, users = history.work_through(
        [
            partial(figures, history, claims, plan),
            *(partial(judged, name) for name in in_turn),
            partial(_doubts, history, meta),
            partial(breaks_of, history, meta.started_at[:10]),
            partial(scopes_of, history),
            partial(odoo_users_of, history, meta.external),
        ]
    )
    by_name = dict(zip(in_turn, results, strict=True))
    verdict = worst([result.verdict for result in results])
    if notes:
        verdict = worst([verdict, Verdict.UNKNOWN])
    return RunRecord(
        scenario=meta.scenario,
        seed=meta.seed,
        plan=plan,
        verdict=verdict,
        reproduce=meta.reproduce,
        started=meta.started_at,
        summary=scenario.summary,
        connector=ConnectorRecord(
            name=meta.connector,
            version=meta.connector_version,
            claims=meta.flows,
            source=meta.connector_folder,
        ),
        durations_seconds=meta.phases,
        versions=meta.versions,
        results=[by_name[name] for name in scenario.invariants],
        figures=_figures(measured),
        latencies=_latencies(measured),
        crashes=_crashes(history),
        fault_colours={name: module.COLOUR for name, module in faults.REGISTRY.items()},
        logs={path.stem: f"logs/{path.name}" for path in sorted(folder.path.glob("logs/*.log"))},
        folder=str(folder.path),
        not_simulated=_not_simulated([meta.systems.get(part, part) for part in scenario.simulators])
        + [f"{name}: {text}" for name, text in meta.partners.items()],
        notes=notes,
        scopes=scopes,
        odoo_users=users,
        breaks=breaks,
    )


def _place(name: str) -> int:
    """Return when an invariant's turn comes, so that two who share the work share little else.

    What looks at everything comes first, with the figures; what reads other books than orders',
    those of labels, bank and payouts, comes last: there the other one begins.
    """
    module = invariants.REGISTRY[name]
    flows = module.FLOWS or getattr(module, "FLOWS_ANY", ())
    if not flows:
        return 0
    return 2 if _APART.issuperset(flows) else 1


def sum_up(gate: GateRecord) -> None:
    """Say of all runs of a gate together what was used of what was granted, and what breaks."""
    gate.scopes = merged_scopes(run.scopes for run in gate.runs)
    gate.odoo_users = merged_users(run.odoo_users for run in gate.runs)
    gate.breaks = merged_breaks(run.breaks for run in gate.runs)


def _doubts(history: History, meta: RunMeta) -> list[str]:
    """Return why the run as a whole cannot be trusted; empty when it can."""
    doubts = []
    if meta.failure:
        doubts.append(f"The run broke off: {meta.failure}")
    elif not meta.settled:
        doubts.append("The world never came to rest: something was still under way at the end.")
    missing = sorted(
        {
            f"{event.source} does not model {event.name}"
            for event in history.mentioning("request", NOT_MODELLED)
            if NOT_MODELLED & set(event.value.get("error_codes", []))
        }
    )
    if missing:
        doubts.append(f"The connector asked for what is not simulated: {'; '.join(missing)}.")
    fired = {event.key for event in history.of("fault", outcome="fired")}
    # A connector that never speaks to a part (it reads files instead) cannot meet its faults.
    spoken_to = {source for source, _, _ in history.forms("request")}
    for event in history.of("fault", outcome="planned"):
        if event.key in fired or not event.value.get("must_fire", True):
            continue
        part = event.value.get("options", {}).get("simulator")
        if part is None or part in spoken_to:
            doubts.append(f"The planned fault {event.name} ({event.key}) never fired.")
    for event in history.of("process", outcome="crashed"):
        if event.name not in ("connector", "odoo", "setup"):
            doubts.append(f"A part of the harness crashed: {event.name}.")
    return doubts


def _record(result: Result, history: History, claims: Claims, plan: Plan) -> ResultRecord:
    invariant = invariants.REGISTRY[result.name]
    findings = []
    for number, finding in enumerate(result.findings):
        steps = trail(history, finding.subject, claims, plan) if number < _TRAILS_MAX else []
        findings.append(
            FindingRecord(
                subject=finding.subject,
                expected=finding.expected,
                what=finding.what,
                found=finding.found,
                time=finding.time_seconds,
                evidence=[{"what happened": line} for line in finding.trail],
                trail=[tell(event) for event in steps[:_TRAIL_MAX]],
            )
        )
    passed = result.verdict in (Verdict.PASS, Verdict.VIOLATED, Verdict.SLOW)
    return ResultRecord(
        invariant=result.name,
        verdict=result.verdict,
        statement=invariant.TITLE,
        flow=", ".join(invariant.FLOWS) or " or ".join(getattr(invariant, "FLOWS_ANY", ())),
        tested=result.tested,
        summary=result.summary,
        reason="" if passed else result.summary,
        findings=findings,
        findings_total=result.finding_count,
    )


def _crashes(history: History) -> list[CrashRecord]:
    return [
        CrashRecord(
            time=event.time,
            component=event.name,
            outcome=event.outcome,
            exit_code=event.value.get("exit_code"),
            last_lines=event.value.get("last_lines", []),
        )
        for event in history.of("process")
        if event.outcome in ("crashed", "killed")
    ]


def _figures(measured: Figures) -> list[FigureRecord]:
    recoveries = [
        FigureRecord(
            name=f"recovery_{recovery.fault}",
            value=recovery.seconds,
            unit="seconds",
            label=f"Recovery after {recovery.fault}",
            detail=("" if recovery.seconds is not None else "never recovered; ")
            + f"{recovery.held_up} changes were held up; healed at "
            f"{recovery.healed_seconds:.1f} s",
        )
        for recovery in measured.recoveries
    ]
    plain = [
        FigureRecord(name=figure.name, value=figure.value, unit=figure.unit, detail=figure.detail)
        for figure in [*measured.business, *measured.others]
    ]
    return [*plain, *recoveries]


def _latencies(measured: Figures) -> list[LatencyRecord]:
    return [
        msgspec.convert(msgspec.to_builtins(latency), LatencyRecord)
        for latency in measured.latencies
    ]


def _not_simulated(simulators: list[str]) -> list[str]:
    """Return the "Not modelled" part of every simulator's docstring."""
    parts = []
    for name in simulators:
        place = catalog.folder("simulators") / name
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        text = ast.get_docstring(ast.parse(file.read_text())) or ""
        _, found, rest = text.partition("Not modelled:")
        if found:
            parts.append(f"{name}: {' '.join(rest.split())}")
    return parts
