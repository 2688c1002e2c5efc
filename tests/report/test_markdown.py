"""summary.md is short, says the same as the verdict, and holds nothing that acts as Markdown."""

import re
from pathlib import Path

from peakproof.outcomes import Verdict
from peakproof.report import write_reports
from peakproof.report.markdown import CHARACTERS_MAX, summary
from peakproof.report.records import FindingRecord
from tests.report.story import NASTY, SECRET, gate


def test_the_page_of_a_gate(golden):
    golden("summary.md", summary(gate()[0]))


def test_it_is_written_beside_the_verdict_without_secrets(tmp_path: Path):
    record, histories = gate()
    record.runs[0].notes = [f"the token {SECRET} was seen"]
    paths = write_reports(record, histories, tmp_path)
    assert paths.summary == tmp_path / "summary.md"
    assert "the token" in paths.summary.read_text()
    assert SECRET not in paths.summary.read_text()


def test_what_the_run_says_is_no_markdown_and_no_html():
    record = gate()[0]
    odd = FindingRecord(subject=f"#1001 `{NASTY}`", expected="a\n| b |", found="@somebody")
    record.runs[0].results[0].verdict = Verdict.VIOLATED
    record.runs[0].results[0].findings = [odd]
    page = summary(record)
    outside = re.sub(r"`[^`\n]*`", "", page)
    for word in ("#1001", "<script>", "@somebody", "| b |"):
        assert word in page
        assert word not in outside


def test_a_page_too_long_for_a_comment_ends_early():
    record = gate()[0]
    finding = FindingRecord(subject="order", expected="x" * 900, found="y" * 900)
    for result in record.runs[0].results:
        result.verdict, result.findings = Verdict.VIOLATED, [finding] * 3
    record.runs = [record.runs[0]] * 20
    page = summary(record)
    assert CHARACTERS_MAX - 2000 < len(page) <= CHARACTERS_MAX + 100
    assert "There is more in the report." in page
    assert page.endswith(f"Again: `{record.reproduce}`\n")
