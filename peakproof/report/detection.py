"""What the self-test found: its record, the table on a terminal, the page docs/detection.md.

``caught``: an invariant that the defect names was violated (or its service level missed).
``unrelated``: only others were. ``missed``: none. Story seconds count from the run's beginning
to the first evidence, run seconds are what all runs took until the one that caught it.
"""

from collections.abc import Iterable

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from peakproof.outcomes import ExitCode, Verdict

__all__ = [
    "CAUGHT",
    "MISSED",
    "UNRELATED",
    "DetectionRecord",
    "SelftestRecord",
    "page",
    "print_selftest",
    "selftest_code",
]

CAUGHT, UNRELATED, MISSED = "caught", "unrelated", "missed"


class DetectionRecord(msgspec.Struct, kw_only=True):
    """What became of one defect. ``violated`` includes missed service levels."""

    defect: str
    title: str
    flow: str
    cases: list[str]
    scenario: str
    options: dict[str, str]
    expected: list[str]
    violated: list[str]
    outcome: str
    seed: int
    runs: int
    run_seconds: float
    story_seconds: float | None
    found: str
    folder: str
    started: str


class SelftestRecord(msgspec.Struct, kw_only=True):
    """A whole self-test; ``reference`` is None where only some defects were played.

    ``played_seconds`` are those of every run, as if one had been played after the other.
    """

    started: str
    seed: int
    seeds: int
    detections: list[DetectionRecord]
    reference: Verdict | None
    reference_scenarios: list[str]
    played_seconds: float
    versions: dict[str, str] = {}

    def caught(self) -> int:
        """Return how many defects were caught as they should be."""
        return sum(found.outcome == CAUGHT for found in self.detections)


def selftest_code(record: SelftestRecord) -> ExitCode:
    """Return the exit code: pass only if every defect was caught and the reference clean."""
    if record.caught() < len(record.detections):
        return ExitCode.VIOLATED
    if record.reference in (None, Verdict.PASS):
        return ExitCode.PASS
    return ExitCode.VIOLATED if record.reference is Verdict.VIOLATED else ExitCode.UNKNOWN


def print_selftest(record: SelftestRecord, console: Console) -> None:
    """Print a line a defect, and the sum."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("flow", "defect", "outcome", "by", "seed", "in the story", "played"):
        table.add_column(heading, overflow="fold")
    styles = {CAUGHT: "green", UNRELATED: "bold red", MISSED: "bold red"}
    for found in _in_order(record.detections):
        table.add_row(
            found.flow,
            found.defect,
            f"[{styles[found.outcome]}]{found.outcome}[/]",
            ", ".join(_by(found)) or "-",
            str(found.seed),
            _seconds(found.story_seconds),
            _seconds(found.run_seconds),
        )
    console.print(table)
    for found in record.detections:
        if found.outcome != CAUGHT:
            console.print(
                f"{found.defect}: expected {' or '.join(found.expected)} in {found.scenario}, "
                f"found {', '.join(found.violated) or 'nothing'}; {found.folder}",
                markup=False,
            )
    console.print(_sum(record))


def page(record: SelftestRecord) -> str:
    """Return docs/detection.md."""
    lines = [
        "# Power of detection",
        "",
        "Written by `make selftest`; do not edit. Every defect is a variant of the reference "
        "connector that is broken in one place (`connectors/defects/`), after a case that was "
        "seen in public. It counts as caught only if an invariant that has to do with it is "
        "violated.",
        "",
        _sum(record),
        "",
        "Versions: " + ", ".join(f"{name} {value}" for name, value in record.versions.items()),
        "",
        "Seconds in the story count from the beginning of the run (the world's start included) "
        "to the first evidence; played seconds are those of all runs up to the one that caught "
        "the defect, one after the other.",
        "",
        "| flow | defect | what the connector does wrong | cases | scenario | outcome | by | "
        "seed | in the story | played |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for found in _in_order(record.detections):
        options = "".join(f" `{name}={value}`" for name, value in found.options.items())
        lines.append(
            f"| {found.flow} | [`{found.defect}`](../connectors/defects/{found.defect}.py) | "
            f"{found.title} | {', '.join(found.cases) or '-'} | {found.scenario}{options} | "
            f"{found.outcome} | {', '.join(_by(found)) or '-'} | {found.seed} | "
            f"{_seconds(found.story_seconds)} | {_seconds(found.run_seconds)} |"
        )
    return "\n".join([*lines, "", *_matrix(record)]) + "\n"


def _matrix(record: SelftestRecord) -> list[str]:
    """Return the table defect by invariant: who catches what, asked for or besides."""
    seen = {name for found in record.detections for name in found.violated}
    columns = sorted(seen | {name for found in record.detections for name in found.expected})
    lines = ["## Defect by invariant", "", "● expected and violated, ◌ expected and not violated, "]
    lines[-1] += "○ violated besides."
    lines += [""] + [f"{number}. {name}" for number, name in enumerate(columns, 1)] + [""]
    lines.append("| defect | " + " | ".join(str(n) for n in range(1, len(columns) + 1)) + " |")
    lines.append("| --- |" + " --- |" * len(columns))
    for found in _in_order(record.detections):
        cells = []
        for name in columns:
            expected, violated = name in found.expected, name in found.violated
            cells.append("●" if expected and violated else "◌" if expected else "○" * violated)
        lines.append(f"| {found.defect} | " + " | ".join(cells) + " |")
    return lines


def _sum(record: SelftestRecord) -> str:
    reference = ""
    if record.reference is not None:
        count = len(record.reference_scenarios)
        reference = f" The reference: {record.reference} in {count} scenarios."
    last = record.seed + record.seeds - 1
    return (
        f"{record.caught()} of {len(record.detections)} defects caught, seeds {record.seed} to "
        f"{last}; {record.played_seconds / 60:.0f} minutes were played.{reference}"
    )


def _by(found: DetectionRecord) -> list[str]:
    return [name for name in found.expected if name in found.violated]


def _in_order(detections: Iterable[DetectionRecord]) -> list[DetectionRecord]:
    return sorted(detections, key=lambda found: (found.flow, found.defect))


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} s"
