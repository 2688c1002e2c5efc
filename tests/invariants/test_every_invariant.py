"""What holds for every invariant of the registry: its examples, purity, honesty on failure."""

import msgspec
import pytest

from peakproof import invariants
from peakproof.errors import UnknownName
from peakproof.evidence import Claims, Example, Story
from peakproof.history import History
from peakproof.invariants import REGISTRY, judge
from peakproof.outcomes import Verdict

EVERY = sorted(REGISTRY)
CASES = [
    pytest.param(name, example, id=f"{name}: {example.name}")
    for name in EVERY
    for example in REGISTRY[name].EXAMPLES
]
ONE_OF = {name: getattr(module, "FLOWS_ANY", ()) for name, module in REGISTRY.items()}
ALL_FLOWS = {flow for name, module in REGISTRY.items() for flow in (*module.FLOWS, *ONE_OF[name])}


@pytest.mark.parametrize(("name", "example"), CASES)
def test_example_gives_its_verdict(name: str, example: Example) -> None:
    story = example.tell()
    (result,) = judge(story.history(), example.claims, story.plan(), [name])
    assert result.verdict is example.verdict, result
    if example.says:
        texts = [result.summary, *(str(finding) for finding in result.findings)]
        assert any(example.says in text for text in texts), texts


@pytest.mark.parametrize("name", EVERY)
def test_examples_show_pass_failure_and_unknown(name: str) -> None:
    verdicts = {example.verdict for example in REGISTRY[name].EXAMPLES}
    assert {Verdict.PASS, Verdict.UNKNOWN} <= verdicts
    assert verdicts & {Verdict.VIOLATED, Verdict.SLOW}


@pytest.mark.parametrize(("name", "example"), CASES)
def test_check_is_pure(name: str, example: Example) -> None:
    story = example.tell()
    history, plan = story.history(), story.plan()
    before = msgspec.json.encode([history.events, plan, sorted(example.claims.flows)])
    first = REGISTRY[name].check(history, example.claims, plan)
    assert msgspec.json.encode(REGISTRY[name].check(history, example.claims, plan)) == (
        msgspec.json.encode(first)
    )
    fresh = REGISTRY[name].check(History(history.events), example.claims, plan)
    assert msgspec.json.encode(fresh) == msgspec.json.encode(first)
    after = msgspec.json.encode([history.events, plan, sorted(example.claims.flows)])
    assert after == before


@pytest.mark.parametrize(("name", "example"), CASES)
def test_a_failing_verdict_comes_with_evidence(name: str, example: Example) -> None:
    story = example.tell()
    (result,) = judge(story.history(), example.claims, story.plan(), [name])
    assert result.summary
    assert result.name == name
    if result.verdict in (Verdict.VIOLATED, Verdict.SLOW):
        assert result.finding_count >= len(result.findings) > 0
        for finding in result.findings:
            assert finding.what
            assert finding.subject
            assert finding.expected
            assert finding.found
            assert finding.expected != finding.found
    else:
        assert result.finding_count == 0
    if result.verdict is Verdict.PASS:
        assert result.tested > 0


@pytest.mark.parametrize("name", EVERY)
def test_a_check_that_fails_is_unknown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("first line\nthe last line")

    monkeypatch.setattr(REGISTRY[name], "check", broken)
    story = Story()
    (result,) = judge(story.history(), Claims(flows=ALL_FLOWS), story.plan(), [name])
    assert result.verdict is Verdict.UNKNOWN
    assert "ValueError: the last line" in result.summary


@pytest.mark.parametrize("name", [name for name in EVERY if REGISTRY[name].FLOWS or ONE_OF[name]])
def test_an_unclaimed_flow_is_not_judged(name: str) -> None:
    story = Story()
    (result,) = judge(story.history(), Claims(), story.plan(), [name])
    assert result.verdict is Verdict.NOT_CLAIMED


@pytest.mark.parametrize("name", EVERY)
def test_module_explains_itself(name: str) -> None:
    module = REGISTRY[name]
    text = (module.__doc__ or "").lower()
    assert module.TITLE.endswith(".")
    assert "unknown" in text
    assert "seen in public" in text


def test_an_unknown_name_offers_the_nearest() -> None:
    story = Story()
    with pytest.raises(UnknownName, match="orders_exactly_once"):
        judge(story.history(), Claims(), story.plan(), ["order_exactly_once"])


def test_exports() -> None:
    assert all(hasattr(invariants, name) for name in invariants.__all__)
