"""The gate's answer on a terminal: table, what went wrong and why, verdict, how to repeat it.

Symbols stand beside words, so that nothing rests on colour; a terminal that cannot show them
gets the words alone, a pipe or file gets no colour.
"""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from peakproof.outcomes import ExitCode, Verdict
from peakproof.report import words
from peakproof.report.headline import headline, run_names
from peakproof.report.outlook import outlook_lines
from peakproof.report.records import FindingRecord, GateRecord, ReportPaths, ResultRecord, RunRecord
from peakproof.report.scrub import scrub

__all__ = ["print_gate", "print_gates"]

STYLES = {
    Verdict.PASS: "green",
    Verdict.VIOLATED: "bold red",
    Verdict.UNKNOWN: "yellow",
    Verdict.NOT_CLAIMED: "dim",
    Verdict.SLOW: "magenta",
}
CELL_WIDTH = 13  # the longest cell: a symbol and "not claimed"
EVIDENCE_CHARACTERS = 300


def print_gate(
    gate: GateRecord,
    paths: ReportPaths | None,
    console: Console,
    secrets: Iterable[str] = (),
) -> None:
    """Print the gate's answer; the reproduce command comes last."""
    gate = scrub(gate, secrets)
    name = f"{gate.connector.name} {gate.connector.version}".strip()
    claims = ", ".join(gate.connector.claims) or "nothing"
    console.print()
    console.print(Text.assemble((name, "bold"), f"  claims {claims}"))
    for table in _tables(gate, console):
        console.print(table)
    for name, run in zip(run_names(gate), gate.runs, strict=True):
        for result in run.results:
            _explain(name, result, console)
        if run.notes:
            console.print()
        for note in run.notes:
            console.print(Text.assemble((f"{name}: ", "bold"), note))
    if gate.not_applicable:
        console.print()
    for item in gate.not_applicable:
        console.print(Text(f"left out: {item.scenario} ({item.reason})", style="dim"))
    for line in outlook_lines(gate):
        console.print(Text(line), soft_wrap=True)
    _end(gate, paths, console)


def print_gates(gates: Sequence[GateRecord], console: Console) -> None:
    """Print one line a connector, after the gates of several."""
    table = Table(box=None, title="every connector", title_justify="left")
    for heading in ("connector", "scenarios", "verdict", "seconds"):
        table.add_column(heading)
    for gate in gates:
        table.add_row(
            f"{gate.connector.name} {gate.connector.version}".strip(),
            str(len(gate.runs)),
            _said(gate.verdict, console),
            f"{gate.duration_seconds:.0f}",
        )
    console.print()
    console.print(table)


def _said(verdict: Verdict, console: Console) -> Text:
    """Say a verdict: symbol and word where the terminal can, else the word."""
    word = words.WORDS[verdict]
    if console.encoding.lower().startswith("utf"):
        word = f"{words.SYMBOLS[verdict]} {word}"
    return Text(word, style=STYLES[verdict], no_wrap=True)


def _tables(gate: GateRecord, console: Console) -> list[Table]:
    """Return the table scenario by invariant, in as many blocks of columns as the width needs."""
    names = list(dict.fromkeys(r.invariant for run in gate.runs for r in run.results))
    first = max((len(name) for name in names), default=0) + 2
    tables = []
    block: list[tuple[str, RunRecord]] = []
    used = first
    for run_name, run in zip(run_names(gate), gate.runs, strict=True):
        width = _column_width(run_name) + 2
        if block and used + width > console.width:
            tables.append(_table(names, block, console))
            block, used = [], first
        block.append((run_name, run))
        used += width
    if block:
        tables.append(_table(names, block, console))
    return tables


def _column_width(run_name: str) -> int:
    """Return the width of a run's column: its longest word, and no less than a cell."""
    return max(CELL_WIDTH, *(len(part) for part in run_name.split("_")))


def _table(names: list[str], runs: list[tuple[str, RunRecord]], console: Console) -> Table:
    """Return one block: invariants down, scenarios across, the run's verdict below."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    table.title = ""
    table.add_column("invariant", no_wrap=True)
    for run_name, _ in runs:
        heading = Text(run_name.replace("_", " "))
        table.add_column(heading, width=_column_width(run_name), vertical="bottom")
    for name in names:
        cells = []
        for _, run in runs:
            found = next((r for r in run.results if r.invariant == name), None)
            cells.append(Text("") if found is None else _said(found.verdict, console))
        table.add_row(Text(name), *cells)
    table.add_section()
    table.add_row(Text("in all", style="bold"), *[_said(r.verdict, console) for _, r in runs])
    return table


def _explain(run_name: str, result: ResultRecord, console: Console) -> None:
    """Print a paragraph about a result that is not a plain pass."""
    if result.verdict in (Verdict.PASS, Verdict.NOT_CLAIMED):
        return
    console.print()
    place = Text(f"  {run_name} / {result.invariant}", style="bold")
    console.print(Text.assemble(_said(result.verdict, console), place), soft_wrap=True)
    if result.statement:
        console.print(Text(f"  {result.statement}", style="dim"))
    if not result.findings:
        console.print(_indented([("reason", result.reason or result.summary)]))
        return
    console.print(_indented(_finding(result.findings[0])))
    more = max(result.findings_total, len(result.findings)) - 1
    if more > 0:
        console.print(Text(f"  and {words.count_of(more, 'further finding')}", style="dim"))


def _finding(finding: FindingRecord) -> list[tuple[str, str]]:
    """Return the lines about a finding: label and text."""
    about = f"{finding.what}: {finding.subject}" if finding.what else finding.subject
    lines = [("about", about), ("expected", finding.expected), ("found", finding.found)]
    if finding.evidence:
        row = ", ".join(f"{key}: {value}" for key, value in finding.evidence[0].items())
        short = row if len(row) <= EVIDENCE_CHARACTERS else row[: EVIDENCE_CHARACTERS - 3] + "..."
        lines.append(("evidence", short))
    return [(label, text) for label, text in lines if text]


def _indented(lines: list[tuple[str, str]]) -> Table:
    """Return labels and texts side by side, wrapped texts hanging."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=2)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for label, text in lines:
        grid.add_row("", label, Text(text))
    return grid


def _end(gate: GateRecord, paths: ReportPaths | None, console: Console) -> None:
    """Print the verdict line, what the exit code means, the paths, and how to repeat it."""
    console.print()
    said = _said(gate.verdict, console)
    console.print(Text.assemble(said, f"  {headline(gate)}"))
    meaning = words.EXIT_MEANING.get(ExitCode(gate.exit_code), "")
    console.print(Text(f"exit code {gate.exit_code}: {meaning}"))
    took = f"took {words.duration(gate.duration_seconds)}"
    if gate.harness_share is not None:
        took += f", {words.share(gate.harness_share)} of it the harness itself"
    console.print(Text(took))
    if paths is not None:
        for label, path in (
            ("report", paths.html),
            ("junit", paths.junit),
            ("verdict", paths.verdict),
        ):
            console.print(Text(f"{label:<8}{path}"), soft_wrap=True)
    console.print(Text.assemble("again   ", (gate.reproduce, "bold")), soft_wrap=True)
