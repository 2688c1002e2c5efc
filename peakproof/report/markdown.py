"""``summary.md``: the gate's answer for a pull request or a job's summary page, in Markdown.

A table of scenarios, the first findings of whatever is not a pass, the command that repeats it.
Short enough for a comment on GitHub. What comes from the run stands in code spans, so that an
order's "#1001" becomes no link to somebody's issue.
"""

from collections.abc import Iterator
from pathlib import Path

from peakproof.outcomes import Verdict
from peakproof.report import words
from peakproof.report.headline import headline, run_names
from peakproof.report.records import GateRecord, ResultRecord, RunRecord
from peakproof.store import write_atomically

__all__ = ["summary", "write_summary"]

CHARACTERS_MAX = 60_000  # a comment on GitHub holds 65 536
TEXT_MAX = 300
FINDINGS_SHOWN = 3


def write_summary(gate: GateRecord, path: Path) -> None:
    """Write the file, whole or not at all."""
    write_atomically(path, summary(gate).encode())


def summary(gate: GateRecord) -> str:
    """Return the page; what does not fit any more is left to the report."""
    name = f"{gate.connector.name} {gate.connector.version}".strip()
    lines = [f"## {_said(gate.verdict)}: {_plain(name)}", "", headline(gate), ""]
    lines += ["| scenario | verdict | what was found | took |", "| --- | --- | --- | --- |"]
    for run_name, run in zip(run_names(gate), gate.runs, strict=True):
        took = words.duration(sum(run.durations_seconds.values()))
        lines.append(f"| {run_name} | {_said(run.verdict)} | {_found(run)} | {took} |")
    end = ["", f"Again: {_code(gate.reproduce)}"]
    if gate.not_applicable:
        left_out = ", ".join(item.scenario for item in gate.not_applicable)
        end = ["", f"Left out, as the connector does not claim their flows: {left_out}.", *end]
    room = CHARACTERS_MAX - sum(len(line) + 1 for line in [*lines, *end])
    for part in _explained(gate):
        room -= len(part) + 1
        if room < 0:
            lines += ["", "There is more in the report."]
            break
        lines.append(part)
    return "\n".join([*lines, *end, ""])


def _found(run: RunRecord) -> str:
    """Say in a cell which invariants did not hold, and how often."""
    parts = [
        f"{result.invariant} {max(result.findings_total, len(result.findings)) or ''}".strip()
        for result in run.results
        if result.verdict not in (Verdict.PASS, Verdict.NOT_CLAIMED)
    ]
    return ", ".join([*parts, *["not to be trusted as a whole"] * bool(run.notes)])


def _explained(gate: GateRecord) -> Iterator[str]:
    """Give the paragraphs about whatever is not a pass."""
    for run_name, run in zip(run_names(gate), gate.runs, strict=True):
        for note in run.notes:
            yield f"\n**{run_name}**: {_code(note)}"
        for result in run.results:
            if result.verdict in (Verdict.PASS, Verdict.NOT_CLAIMED):
                continue
            yield f"\n**{run_name}: {result.invariant} {words.WORDS[result.verdict]}**\n"
            yield f"{_plain(result.statement)}\n"
            yield from _findings(result)


def _findings(result: ResultRecord) -> Iterator[str]:
    """Give a line for each of the first findings."""
    if not result.findings:
        yield f"- {_code(result.reason or result.summary)}"
    for finding in result.findings[:FINDINGS_SHOWN]:
        about = f"{finding.what}: {finding.subject}" if finding.what else finding.subject
        yield f"- {_code(about)}: expected {_code(finding.expected)}, found {_code(finding.found)}"
    more = max(result.findings_total, len(result.findings)) - FINDINGS_SHOWN
    if more > 0:
        yield f"- and {more} more"


def _said(verdict: Verdict) -> str:
    return f"{words.SYMBOLS[verdict]} {words.WORDS[verdict]}"


def _code(text: str) -> str:
    """Return a text as a code span, in which nothing is Markdown; empty stays empty."""
    short = " ".join(text.split()).replace("`", "'")
    if len(short) > TEXT_MAX:
        short = short[: TEXT_MAX - 3] + "..."
    return f"`{short}`" if short else ""


def _plain(text: str) -> str:
    """Return a connector's or invariant's own words with nothing that is Markdown or HTML."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in text)
