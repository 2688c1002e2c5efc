"""What a gate and its runs are called and what came out, in the same words in every report."""

from collections import Counter

from peakproof.outcomes import Verdict
from peakproof.report import words
from peakproof.report.records import GateRecord

__all__ = ["headline", "run_names"]


def headline(gate: GateRecord) -> str:
    """Say in one sentence what came out."""
    by_verdict = {
        verdict: sum(r.verdict is verdict for run in gate.runs for r in run.results)
        for verdict in Verdict
    }
    runs = words.count_of(len(gate.runs), "scenario")
    if not gate.runs:
        return "No scenario applies to what this connector claims, so nothing was tested."
    if gate.verdict is Verdict.PASS:
        return f"Every invariant that applies held in {runs}."
    parts = []
    for verdict, told in (
        (Verdict.VIOLATED, "violated"),
        (Verdict.UNKNOWN, "unknown"),
        (Verdict.SLOW, "slower than promised"),
    ):
        if by_verdict[verdict]:
            parts.append(f"{by_verdict[verdict]} {told}")
    doubtful = sum(bool(run.notes) and run.verdict is Verdict.UNKNOWN for run in gate.runs)
    if doubtful:
        parts.append(f"{words.count_of(doubtful, 'run')} not to be trusted as a whole")
    judged = sum(by_verdict.values()) - by_verdict[Verdict.NOT_CLAIMED]
    listed = ", ".join(parts) or "none broken"
    return f"Of {words.count_of(judged, 'judgement')} in {runs}: {listed}."


def run_names(gate: GateRecord) -> list[str]:
    """Name each run by its scenario, and by its seed too where a scenario was played again."""
    times = Counter(run.scenario for run in gate.runs)
    return [
        f"{run.scenario}_(seed_{run.seed})" if times[run.scenario] > 1 else run.scenario
        for run in gate.runs
    ]
