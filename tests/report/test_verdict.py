"""verdict.json holds the whole record, is the same for the same record, and scrubbed."""

import json

import pytest

from peakproof.errors import BadFile
from peakproof.report import write_reports
from peakproof.report.records import SCHEMA, GateRecord
from peakproof.report.verdict import read_verdict, write_verdict
from tests.report.story import SECRET, gate


def test_round_trip(tmp_path):
    record, _ = gate()
    write_verdict(record, tmp_path / "verdict.json")
    assert read_verdict(tmp_path / "verdict.json") == record


def test_documented_fields_are_there(tmp_path):
    record, _ = gate()
    write_verdict(record, tmp_path / "verdict.json")
    data = json.loads((tmp_path / "verdict.json").read_text())
    assert (data["schema"], data["verdict"], data["exit_code"]) == (SCHEMA, "violated", 1)
    run = data["runs"][0]
    assert run["results"][0]["findings"][0]["trail"][0]["system"] == "shopper-3"
    assert run["plan"]["options"] == {"orders": 140, "articles": 3}
    assert run["figures"][2]["value"] is None


def test_same_record_same_bytes(tmp_path):
    for name in "ab":
        write_verdict(gate()[0], tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 1}', "[]"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "verdict.json").write_text(content)
    with pytest.raises(BadFile, match="expected a verdict"):
        read_verdict(tmp_path / "verdict.json")


def test_newer_schema_is_refused(tmp_path):
    record, _ = gate()
    record.schema = SCHEMA + 1
    write_verdict(record, tmp_path / "verdict.json")
    with pytest.raises(BadFile, match="newer peakproof"):
        read_verdict(tmp_path / "verdict.json")


def test_write_reports_leaves_no_secret_and_no_control_character(tmp_path):
    record, histories = gate()
    record.runs[0].versions["api key"] = "plain-word-key"
    record.runs[0].results[0].findings[0].evidence.append({"password": "hunter22", "n": 3})
    paths = write_reports(record, histories, tmp_path / "new", secrets=["plain-word-key"])
    for path in (paths.html, paths.junit, paths.verdict):
        text = path.read_text()
        for secret in (SECRET, "plain-word-key", "hunter22", "\x1b", "\x00"):
            assert secret not in text, (path.name, secret)
        assert "S00064" in text
    assert isinstance(read_verdict(paths.verdict), GateRecord)
    assert record.runs[0].versions["api key"] == "plain-word-key"  # the caller's is untouched
