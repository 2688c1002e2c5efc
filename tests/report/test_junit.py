"""junit.xml is valid XML whatever a run holds, and says the same as the verdict."""

import xml.etree.ElementTree as ElementTree

import pytest

from peakproof.outcomes import Verdict
from peakproof.report.junit import junit_xml, write_junit
from peakproof.report.records import ResultRecord
from tests.report.story import gate


def parsed(record):
    """Return the root of the document."""
    return ElementTree.fromstring(junit_xml(record))


def case(root, suite, name):
    """Return one test case."""
    found = root.find(f"testsuite[@name='{suite}']/testcase[@name='{name}']")
    assert found is not None, (suite, name)
    return found


def test_verdicts_become_outcomes():
    root = parsed(gate()[0])
    failure = case(root, "flash_sale", "orders_exactly_once").find("failure")
    assert failure.get("type") == "violated"
    assert "order #1063" in failure.get("message")
    for told in ("expected: exactly one", "S00064", "webhook orders/create", "--seed 7"):
        assert told in failure.text
    assert case(root, "flash_sale", "service_levels").find("failure").get("type") == "service_level"
    assert case(root, "flash_sale", "refunds_conserved").find("error").get("message") == (
        "no refund took place"
    )
    skipped = case(root, "quiet_day", "refunds_conserved").find("skipped")
    assert "does not claim" in skipped.get("message")
    assert list(case(root, "quiet_day", "identity")) == []


def test_counts_add_up():
    root = parsed(gate()[0])
    cases = root.findall("testsuite/testcase")
    assert int(root.get("tests")) == len(cases) == 33
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(root.get(key)) == sum(c.find(tag) is not None for c in cases)
        assert int(root.get(key)) == sum(int(s.get(key)) for s in root.findall("testsuite"))


def test_properties_hold_seed_and_command():
    suite = parsed(gate()[0]).find("testsuite")
    told = {p.get("name"): p.get("value") for p in suite.findall("properties/property")}
    assert told["seed"] == "7"
    assert told["reproduce"].startswith("peakproof run flash_sale")


def test_run_that_cannot_be_trusted_is_an_error():
    record, _ = gate()
    quiet = record.runs[2]
    quiet.verdict, quiet.notes = Verdict.UNKNOWN, ["The run broke off: Odoo died."]
    error = case(parsed(record), "quiet_day", "run_is_sound").find("error")
    assert error.get("message") == "The run broke off: Odoo died."


@pytest.mark.parametrize("place", ["reason", "invariant", "statement"])
def test_every_character_gives_valid_xml(place, tmp_path):
    nasty = "".join(map(chr, range(0x120))) + "\ud800\ufffe\uffff]]>\x1b[31m<&\"'\U0001f600"
    record, _ = gate()
    result = ResultRecord(invariant="x", verdict=Verdict.UNKNOWN, reason="r")
    setattr(result, place, nasty)
    record.runs[0].results.append(result)
    record.runs[0].scenario = nasty
    write_junit(record, tmp_path / "junit.xml")
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert "\U0001f600" in root.find("testsuite").get("name")


def test_scenario_played_twice_is_told_apart_by_seed():
    record, _ = gate()
    record.runs = [record.runs[0], record.runs[0], record.runs[2]]
    names = [suite.get("name") for suite in parsed(record).findall("testsuite")]
    assert names == ["flash_sale_(seed_7)", "flash_sale_(seed_7)", "quiet_day"]
