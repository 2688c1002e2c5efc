"""report.html: one self-contained page, everything escaped, everything that matters in it."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from peakproof.history import Event, History
from peakproof.outcomes import Verdict
from peakproof.report.html import FINDINGS_SHOWN, render_html
from peakproof.report.records import TrailStep
from peakproof.report.scrub import scrub
from tests.report.story import NASTY, gate, run
from tests.report.story_events import flash_sale_events

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Collects elements, ids, links and text, and checks that elements nest."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.ids, self.open, self.text = [], [], [], []
        self.scripts = []
        self.feed(source)
        assert self.open == [], "elements left open"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif not self.open or self.open[-1] != "style":
            self.text.append(data)

    def shown(self):
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def source():
    record, histories = gate()
    return render_html(scrub(record), histories)


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def test_asks_the_network_for_nothing(source, page):
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            if name in ("src", "href", "action", "xlink:href", "srcset", "poster", "data"):
                assert value.startswith("#"), (tag, name, value)
        assert tag not in ("link", "iframe", "object", "embed", "img", "base", "form")
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL).group(1)
    assert "@import" not in style
    assert "url(" not in style
    assert not re.findall(r"https?://(?!127\.0\.0\.1)", source)


def test_policy_allows_only_our_script(page):
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv"))
    assert "default-src 'none'" in policy
    (script,) = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert not [a for _, a in page.elements for name in a if name.startswith("on")]


def test_a_customer_called_script_is_only_text(source, page):
    assert NASTY not in source
    assert NASTY in page.shown()


def test_ids_are_unique_and_links_lead_somewhere(page):
    assert len(page.ids) == len(set(page.ids))
    links = [a["href"][1:] for t, a in page.elements if t == "a"]
    assert len(links) > 30
    assert set(links) <= set(page.ids)


def test_head_says_what_was_tested_and_how_to_repeat_it(page):
    shown = page.shown()
    for told in (
        "oca_shopify",
        "19.0.1.2.0",
        "Odoo 19.0-20261020",
        "peakproof gate --connector connectors/oca_shopify --seed 7",
        "1: at least one invariant was violated",
        "8.1 % of it the harness itself",
        "Payout day (payouts are not claimed)",
    ):
        assert told in shown, told


def test_every_violation_has_its_evidence(page):
    shown = page.shown()
    record, _ = gate()
    for result in record.runs[0].results:
        for finding in result.findings:
            assert finding.expected in shown
            assert finding.found in shown
            for row in finding.evidence:
                assert all(str(value) in shown for value in row.values())
            for step in finding.trail:
                assert step.what in shown
    assert "3 further findings" in shown
    assert "peakproof run flash_sale --connector connectors/oca_shopify --seed 7" in shown


def test_figures_crashes_and_limits_are_told(page):
    shown = page.shown()
    assert shown.count("not exercised") == 12  # two runs of nothing, a card and a flow of one
    for told in ("98.6 %", "UniqueViolation", "exit code 1", "Flow, B2B catalogues", "never fired"):
        assert told in shown, told


def test_same_input_same_page(source):
    record, histories = gate()
    assert render_html(scrub(record), histories) == source


def test_size_stays_bounded_however_much_happened():
    record, _ = gate()
    run_record = record.runs[0]
    finding = run_record.results[0].findings[0]
    finding.found = "x" * 100_000
    finding.trail = [TrailStep(time=1.0 * i, system="odoo", what="w" * 5000) for i in range(5000)]
    finding.evidence = [{"column": "e" * 5000, "row": i} for i in range(5000)]
    run_record.results[0].findings = [finding] * 1000
    run_record.crashes = [run_record.crashes[1]] * 1000
    events = flash_sale_events()
    many = [
        Event(time=12 + i / 2000, source="shopify", kind="request", name="order", outcome="ok")
        for i in range(160_000)
    ]
    swarm = [
        Event(time=12 + i / 500, source="shopify", kind="state", name="order", key=str(i),
              value={"change": "create"})
        for i in range(40_000)
    ]  # fmt: skip
    text = render_html(record, [History([*events, *many, *swarm])])
    assert len(text) < 1_500_000
    assert text.count('class="finding"') <= FINDINGS_SHOWN + 5
    assert "988 further findings" in text


@pytest.mark.parametrize("history", [None, History([])])
def test_run_without_history_says_so(history):
    record, _ = gate()
    record.runs = [run("quiet_day", {})]
    assert "holds nothing to draw" in render_html(record, [history])


def test_gate_without_runs_is_a_page_too():
    record, _ = gate()
    record.runs, record.verdict, record.exit_code = [], Verdict.UNKNOWN, 2
    assert "nothing was tested" in Page(render_html(record, [])).shown()


def test_timeline_shows_faults_curves_and_accidents(page):
    shown = page.shown()
    for told in (
        "Timeline of flash_sale",
        "lost acknowledgement",
        "fired 3 times",
        "140 placed",
        "141 in Odoo",
        "2 failed",
        "channel API calls",
        "killed",
        "crashed",
    ):
        assert told in shown, told
