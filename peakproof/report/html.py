"""``report.html``: one self-contained page that asks the network for nothing.

Try it on a stored run with ``peakproof check RUN``. Everything that comes from a run is escaped
by the template engine; pictures are SVG drawn here; a content security policy names the hash of
the one small script, so that nothing else could run. Its size is bounded: see the limits below.
The same records give the same bytes.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from peakproof.history import History
from peakproof.outcomes import ExitCode, Verdict
from peakproof.report import words
from peakproof.report.headline import headline, run_names
from peakproof.report.latency import LatencyStrips, level_verdict
from peakproof.report.outlook import outlook
from peakproof.report.records import (
    FIVE_FIGURES,
    FigureRecord,
    FindingRecord,
    GateRecord,
    ResultRecord,
    RunRecord,
)
from peakproof.report.scrub import clean_text
from peakproof.report.timeline import Mark, timeline
from peakproof.store import write_atomically

__all__ = ["render_html", "write_html"]

FINDINGS_SHOWN = 12  # of one invariant in one run
TRAIL_SHOWN = 60
EVIDENCE_SHOWN = 40
CRASHES_SHOWN = 12
CRASH_LINES_SHOWN = 40
TEXT_SHOWN = 600  # characters of one value
CLASSES = {
    Verdict.PASS: "pass",
    Verdict.VIOLATED: "violated",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_CLAIMED: "unclaimed",
    Verdict.SLOW: "slow",
}


def write_html(gate: GateRecord, histories: Sequence[History | None], path: Path) -> None:
    """Write the page, whole or not at all."""
    write_atomically(path, render_html(gate, histories).encode())


def render_html(gate: GateRecord, histories: Sequence[History | None]) -> str:
    """Return the page. ``histories`` stand in the order of ``gate.runs``; a run without one
    has no timeline and the page says so. Secrets are the caller's to remove: write_reports does.
    """
    padded = [*histories, *[None] * len(gate.runs)]
    environment = _environment()
    style = _file("report.css")
    script = _file("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(
        gate=gate,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=f"sha256-{digest}",
        headline=headline(gate),
        matrix=_matrix(gate),
        scenarios=[
            _scenario(name, run, history, index)
            for index, (name, run, history) in enumerate(
                zip(run_names(gate), gate.runs, padded, strict=False), 1
            )
        ],
        outlook=outlook(gate),
        not_simulated=list(dict.fromkeys(t for run in gate.runs for t in run.not_simulated)),
        exit_meaning=words.EXIT_MEANING.get(ExitCode(gate.exit_code), ""),
    )


def _environment() -> jinja2.Environment:
    """Return the template engine: escapes everything, refuses unknown names."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("peakproof.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=words.duration,
        share=words.share,
        number=words.number,
        title_words=words.title,
        brief=_brief,
        verdict_class=lambda verdict: CLASSES[verdict],
        verdict_word=lambda verdict: words.WORDS[verdict],
        verdict_symbol=lambda verdict: words.SYMBOLS[verdict],
        level_verdict=level_verdict,
    )
    environment.globals.update(count_of=words.count_of, CLASSES=CLASSES, Verdict=Verdict)
    return environment


def _file(name: str) -> str:
    """Read a file that lies beside the templates."""
    return (Path(__file__).parent / "templates" / name).read_text()


def _brief(value: Any) -> str:
    """Return a value as text of bounded length."""
    text = clean_text(value if isinstance(value, str) else str(value))
    return text if len(text) <= TEXT_SHOWN else text[: TEXT_SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _slug(text: str) -> str:
    """Return a text as an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def _matrix(gate: GateRecord) -> list[tuple[str, str, list[tuple[ResultRecord | None, str]]]]:
    """Return a row per invariant: name, statement, a result (or None) and link per run."""
    statements: dict[str, str] = {}
    for run in gate.runs:
        for result in run.results:
            statements[result.invariant] = statements.get(result.invariant) or result.statement
    rows = []
    for name, statement in statements.items():
        cells = []
        for index, run in enumerate(gate.runs, 1):
            found = next((r for r in run.results if r.invariant == name), None)
            cells.append((found, f"#run-{index}-{_slug(name)}"))
        rows.append((name, statement, cells))
    return rows


def _scenario(name: str, run: RunRecord, history: History | None, index: int) -> dict[str, Any]:
    """Return what the template needs of one run."""
    marks = [
        Mark(finding.time, f"{finding.what or result.invariant}: {finding.subject}")
        for result in run.results
        if result.verdict is Verdict.VIOLATED
        for finding in result.findings
        if finding.time is not None
    ]
    picture = ""
    if history is not None:
        picture = timeline(history, run.fault_colours, name, f"tl{index}", marks)
    strips = LatencyStrips(run.latencies)
    measured = [(latency, Markup(strips.strip(latency))) for latency in run.latencies]  # noqa: S704
    return {
        "run": run,
        "name": name,
        "id": f"run-{index}",
        "timeline": Markup(picture),  # noqa: S704 - drawn here, texts escaped there
        "latencies": measured,
        "axis": Markup(strips.axis()),  # noqa: S704
        "cards": _cards(run),
        "others": [figure for figure in run.figures if figure.name not in FIVE_FIGURES],
        "results": [(result, f"run-{index}-{_slug(result.invariant)}") for result in run.results],
        "broken": [_broken(result, index) for result in run.results if _is_broken(result)],
        "crashes": run.crashes[:CRASHES_SHOWN],
        "crashes_left": max(len(run.crashes) - CRASHES_SHOWN, 0),
        "crash_lines": CRASH_LINES_SHOWN,
        "figure_text": words.figure,
        "total_seconds": sum(run.durations_seconds.values()),
    }


def _is_broken(result: ResultRecord) -> bool:
    """Tell whether a result has findings to show."""
    return result.verdict in (Verdict.VIOLATED, Verdict.SLOW)


def _cards(run: RunRecord) -> list[FigureRecord]:
    """Return the five business figures in their order, empty where nothing exercised them."""
    by_name = {figure.name: figure for figure in run.figures}
    cards = []
    for name, label in FIVE_FIGURES.items():
        figure = by_name.get(name) or FigureRecord(name=name, value=None, unit="")
        figure.label = figure.label or label
        cards.append(figure)
    return cards


def _broken(result: ResultRecord, index: int) -> dict[str, Any]:
    """Return the findings of a violated or slow invariant, cut to the page's limits."""
    shown = result.findings[:FINDINGS_SHOWN]
    total = max(result.findings_total, len(result.findings))
    return {
        "result": result,
        "id": f"run-{index}-{_slug(result.invariant)}-findings",
        "findings": [_finding(finding) for finding in shown],
        "left": total - len(shown),
        "total": total,
    }


def _finding(finding: FindingRecord) -> dict[str, Any]:
    """Return a finding with its evidence as a table: columns in order of appearance."""
    rows = finding.evidence[:EVIDENCE_SHOWN]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return {
        "finding": finding,
        "columns": columns,
        "rows": [[_brief(row.get(column, "")) for column in columns] for row in rows],
        "rows_left": len(finding.evidence) - len(rows),
        "trail": finding.trail[:TRAIL_SHOWN],
        "trail_left": max(len(finding.trail) - TRAIL_SHOWN, 0),
    }
