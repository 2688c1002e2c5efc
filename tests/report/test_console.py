"""The console answer: golden text, narrow terminals, terminals without Unicode, no colour."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from peakproof.outcomes import Verdict
from peakproof.report.console import print_gate, print_gates
from peakproof.report.records import ReportPaths
from tests.report.story import SECRET, gate, run

PATHS = ReportPaths(
    html=Path("runs/gate/report.html"),
    junit=Path("runs/gate/junit.xml"),
    verdict=Path("runs/gate/verdict.json"),
    summary=Path("runs/gate/summary.md"),
)


def printed(record, width=110, encoding="utf-8", paths=PATHS, **console):
    """Return what is printed for a gate, as a terminal of that encoding would get it."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    print_gate(record, paths, Console(file=file, width=width, highlight=False, **console), [SECRET])
    file.flush()
    return raw.getvalue().decode(encoding)


def test_golden(golden):
    golden("console.txt", printed(gate()[0]))


def test_golden_pass(golden):
    record, _ = gate()
    record.runs = [run("quiet_day", {})]
    record.verdict, record.exit_code = Verdict.PASS, 0
    golden("console_pass.txt", printed(record))


def test_narrow_terminal_splits_the_table():
    text = printed(gate()[0], width=56)
    assert text.count("orders_exactly_once") == 3  # two blocks and a paragraph
    assert max(map(len, text.split("flash_sale /")[0].splitlines())) <= 60
    for word in ("flash sale", "quiet day"):
        assert word in text


def test_terminal_without_unicode_gets_words():
    text = printed(gate()[0], encoding="ascii")
    assert "violated" in text
    assert "not claimed" in text


def test_pipe_gets_no_colour_and_terminal_does():
    assert "\x1b" not in printed(gate()[0])
    assert "\x1b[1;31m" in printed(gate()[0], force_terminal=True, color_system="standard")


def test_reproduce_command_is_last_and_whole():
    record, _ = gate()
    record.reproduce = "peakproof gate --connector " + "long/" * 40 + "name --seed 7"
    last = printed(record, width=60).rstrip().splitlines()[-1]
    assert last == f"again   {record.reproduce}"


def test_markup_and_terminal_escapes_of_a_run_are_inert():
    record, _ = gate()
    record.runs[0].results[0].findings[0].found = "[bold]x[/bold] \x1b[2J wiped [/]"
    text = printed(record)
    assert "[bold]x[/bold]  wiped [/]" in text
    assert "\x1b[2J" not in text


@pytest.mark.parametrize("empty", [True, False])
def test_gate_without_runs(empty):
    record, _ = gate()
    record.runs, record.verdict, record.exit_code = [], Verdict.UNKNOWN, 2
    text = printed(record, paths=None if empty else PATHS)
    assert "nothing was tested" in text
    assert "exit code 2" in text


def test_several_connectors_end_with_a_line_each():
    first, second = gate()[0], gate()[0]
    second.connector.name, second.verdict = "another", Verdict.PASS
    file = io.StringIO()
    print_gates([first, second], Console(file=file, width=110, highlight=False))
    lines = file.getvalue().splitlines()
    assert any(first.connector.name in line and "violated" in line for line in lines)
    assert any("another" in line and "pass" in line for line in lines)
