"""``junit.xml``: a test suite per scenario, a test case per invariant.

violated is a failure of type ``violated``, slow one of type ``service_level``, unknown an
error, not claimed a skip with its reason. The case ``run_is_sound`` is an error where the run as
a whole cannot be trusted (it broke off, a planned fault never fired). The seed and the reproduce
command are properties.
"""

import xml.etree.ElementTree as ElementTree  # only written here, never parsed
from pathlib import Path

from peakproof.outcomes import Verdict
from peakproof.report.headline import run_names
from peakproof.report.records import FindingRecord, GateRecord, ResultRecord, RunRecord
from peakproof.report.scrub import clean_text
from peakproof.report.words import count_of
from peakproof.store import write_atomically

__all__ = ["junit_xml", "write_junit"]

FINDINGS_SHOWN = 10


def write_junit(gate: GateRecord, path: Path) -> None:
    """Write the file, whole or not at all."""
    write_atomically(path, junit_xml(gate))


def junit_xml(gate: GateRecord) -> bytes:
    """Return the document; valid XML whatever characters the records hold."""
    suites = _node("testsuites", name=f"peakproof {gate.connector.name}")
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for name, run in zip(run_names(gate), gate.runs, strict=True):
        suite, counts = _suite(name, run)
        suites.append(suite)
        for key, value in counts.items():
            totals[key] += value
    for key, value in totals.items():
        suites.set(key, str(value))
    suites.set("time", f"{gate.duration_seconds:.3f}")
    ElementTree.indent(suites, " ")
    document: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(name: str, run: RunRecord) -> tuple[ElementTree.Element, dict[str, int]]:
    """Return the suite of a scenario and its counts."""
    doubtful = bool(run.notes) and run.verdict is Verdict.UNKNOWN
    counts = {
        "tests": len(run.results) + 1,
        "failures": sum(r.verdict in (Verdict.VIOLATED, Verdict.SLOW) for r in run.results),
        "errors": sum(r.verdict is Verdict.UNKNOWN for r in run.results) + doubtful,
        "skipped": sum(r.verdict is Verdict.NOT_CLAIMED for r in run.results),
    }
    suite = _node(
        "testsuite",
        name=name,
        timestamp=run.started.removesuffix("Z"),
        time=f"{sum(run.durations_seconds.values()):.3f}",
        **{key: str(value) for key, value in counts.items()},
    )
    properties = _node("properties")
    told = {
        "seed": str(run.seed),
        "reproduce": run.reproduce,
        "connector": f"{run.connector.name} {run.connector.version}".strip(),
        "verdict": run.verdict.value,
        **{f"version.{name}": version for name, version in run.versions.items()},
    }
    for key, value in told.items():
        properties.append(_node("property", name=key, value=value))
    suite.append(properties)
    suite.append(_soundness(name, run, doubtful))
    for result in run.results:
        suite.append(_case(name, run, result))
    return suite, counts


def _soundness(name: str, run: RunRecord, doubtful: bool) -> ElementTree.Element:
    """Return the case that stands for the run as a whole: an error where it cannot be trusted."""
    case = _node("testcase", classname=name, name="run_is_sound", time="0")
    if doubtful:
        error = _node("error", message=run.notes[0], type="unknown")
        error.text = clean_text("\n".join([*run.notes, "", run.reproduce, ""]))
        case.append(error)
    return case


def _case(name: str, run: RunRecord, result: ResultRecord) -> ElementTree.Element:
    """Return the test case of an invariant."""
    case = _node("testcase", classname=name, name=result.invariant, time="0")
    total = max(result.findings_total, len(result.findings))
    if result.verdict is Verdict.NOT_CLAIMED:
        case.append(_node("skipped", message=f"not claimed: {result.reason}"))
    elif result.verdict is Verdict.UNKNOWN:
        error = _node("error", message=result.reason or "nothing was tested", type="unknown")
        error.text = clean_text(f"{result.statement}\n{result.reason}\n\n{run.reproduce}\n")
        case.append(error)
    elif result.verdict is not Verdict.PASS:
        first = result.findings[0] if result.findings else None
        told = f"{first.subject}: {first.found}" if first else result.reason
        more = f" (and {total - 1} more)" if total > 1 else ""
        kind = "service_level" if result.verdict is Verdict.SLOW else "violated"
        failure = _node("failure", message=told + more, type=kind)
        shown = result.findings[:FINDINGS_SHOWN]
        body = "\n".join(_finding(finding) for finding in shown)
        rest = total - len(shown)
        tail = f"\n{count_of(rest, 'further finding')} in verdict.json" if rest > 0 else ""
        failure.text = clean_text(f"\n{result.statement}\n{body}{tail}\n\n{run.reproduce}\n")
        case.append(failure)
    return case


def _finding(finding: FindingRecord) -> str:
    """Say a finding in plain lines."""
    lines = [
        "",
        f"{finding.what}: {finding.subject}" if finding.what else finding.subject,
        f"  expected: {finding.expected}",
        f"  found:    {finding.found}",
    ]
    for row in finding.evidence:
        lines.append("  - " + ", ".join(f"{key}: {value}" for key, value in row.items()))
    for step in finding.trail:
        when = "   at the end" if step.time is None else f"{step.time:11.3f} s"
        said = " ".join(part for part in (step.what, step.outcome, step.detail) if part)
        lines.append(f"  {when}  {step.system}: {said}")
    return "\n".join(lines)


def _node(tag: str, /, **attributes: str) -> ElementTree.Element:
    """Return an element whose attributes hold no character that XML forbids."""
    return ElementTree.Element(tag, {key: clean_text(value) for key, value in attributes.items()})
