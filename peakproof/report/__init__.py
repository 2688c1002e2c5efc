"""Reports from stored runs: console table, verdict.json, junit.xml, report.html, summary.md.

``write_reports`` writes the four files, ``peakproof.report.console.print_gate`` prints. Records
are defined in peakproof.report.records; nothing here needs Odoo, a simulator or a network.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from peakproof.history import History
from peakproof.report.html import write_html
from peakproof.report.junit import write_junit
from peakproof.report.markdown import write_summary
from peakproof.report.records import GateRecord, ReportPaths
from peakproof.report.scrub import scrub
from peakproof.report.verdict import write_verdict

__all__ = ["ReportPaths", "write_reports"]


def write_reports(
    gate: GateRecord,
    histories: Sequence[History | None],
    folder: Path,
    secrets: Iterable[str] = (),
) -> ReportPaths:
    """Write report.html, junit.xml, verdict.json and summary.md, each whole or not at all.

    ``histories`` stand in the order of ``gate.runs``. ``secrets`` are the run's tokens, keys and
    passwords: they are replaced wherever they appear, as is whatever looks like one.
    """
    clean = scrub(gate, secrets)
    folder.mkdir(parents=True, exist_ok=True)
    paths = ReportPaths(
        html=folder / "report.html",
        junit=folder / "junit.xml",
        verdict=folder / "verdict.json",
        summary=folder / "summary.md",
    )
    write_verdict(clean, paths.verdict)
    write_junit(clean, paths.junit)
    write_summary(clean, paths.summary)
    write_html(clean, histories, paths.html)
    return paths
